"""Exchange: a run's decisions out to a file, and from a file into another copy of a dataset."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from bson import ObjectId

from ..errors import InputError
from ..keeping.runs import Run
from ..keeping.samples import samples_of
from ..progress import Report, silent
from .audit_trail import FORMATS, Row, read_rows, write_rows
from .changes import ACTIONS, KEEP_ALL
from .completion import recover_abandoned
from .decisions import Resolution, commit, header_of, utc_text
from .journal import Header, applied_headers, chunked, entries_of, headers, was_lost
from .planning import Draft, Request, plan_resolve, plan_undo

MATCHES = ("auto", "id", "filepath")
UNMATCHED_SHOWN = 100
UNDO = "undo"


def export_decisions(
    run: Run, path: str | Path, form: str = "csv", *, report: Report = silent
) -> dict[str, Any]:
    """Write the audit trail of a run: one row a sample and decision, oldest first, times in UTC.

    Returns:
        ``path``, ``format``, ``decisions`` and ``rows``

    Raises:
        InputError: if the format is unknown or the path cannot be written
    """
    if form not in FORMATS:
        raise InputError(f"format must be one of {', '.join(FORMATS)}, got {form!r}")
    recover_abandoned(run)
    target = Path(path).expanduser().absolute()
    made = applied_headers(run)
    rows = write_rows(_rows(run, made, report), target, form)
    return {"path": str(target), "format": form, "decisions": len(made), "rows": rows}


def _rows(run: Run, made: list[Header], report: Report) -> Iterator[Row]:
    keep = {"sample_id": 1, "filepath": 1, "label_before": 1, "label_after": 1, "lost": 1}
    for number, header in enumerate(made, start=1):
        report(number / len(made), "Exporting decisions")
        common = {
            "decision": str(header["_id"]),
            "seq": header["seq"],
            "time": utc_text(header["created_at"]),
            "undoes": str(header["undoes"]) if header["undoes"] else None,
            "dataset": run.dataset.name,
            "run_key": run.key,
            "label_field": run.label_field,
            "basis": json.dumps(header["basis"]) if header.get("basis") else None,
        } | {name: header[name] for name in ("author", "action", "tag", "note", "iteration")}
        for entry in entries_of(header["_id"], keep):
            if not was_lost(entry, header):
                values = {name: entry[name] for name in ("filepath", "label_before", "label_after")}
                yield {**common, **values, "sample_id": str(entry["sample_id"])}


@dataclass
class ImportReport:
    """What became of the decisions of a file.

    Attributes:
        decisions: decisions made here
        already_here: decisions of the file that this run had before
        applied: samples changed, over all decisions
        unmatched: rows whose sample this dataset does not have
        unmatched_rows: the first of them
        conflict_count: rows whose sample is here with another label than the file says, or gone
        conflicts: the first of them
        refused: decisions that could not be made here, each with the reason
    """

    rows: int = 0
    decisions: int = 0
    already_here: int = 0
    applied: int = 0
    unmatched: int = 0
    unmatched_rows: list[dict[str, Any]] = field(default_factory=list)
    conflict_count: int = 0
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def add(self, made: Resolution) -> None:
        """Count one decision."""
        self.decisions += made.decision is not None
        self.applied += made.applied
        self.conflict_count += made.conflict_count
        self.conflicts = [*self.conflicts, *made.conflicts][:UNMATCHED_SHOWN]

    def leave(self, row: Row) -> None:
        """Count a row whose sample is not here."""
        self.unmatched += 1
        if len(self.unmatched_rows) < UNMATCHED_SHOWN:
            kept = ("decision", "sample_id", "filepath")
            self.unmatched_rows.append({name: row[name] for name in kept})


def import_decisions(
    run: Run,
    path: str | Path,
    *,
    match: str = "auto",
    old_root: str | None = None,
    new_root: str | None = None,
    report: Report = silent,
) -> ImportReport:
    """Make the decisions of an exported file again, in their order, on this run's dataset.

    Each keeps its author, time and note and carries the original's id, so that a file can be
    imported again without doing anything twice. A sample whose label is not what the file says
    that its author saw is left alone.

    Args:
        run: the run
        path: a file that :func:`export_decisions` wrote
        match: find samples by ``id``, by ``filepath``, or (``auto``) by id and else by file path
        old_root: the folder that file paths begin with in the file, if it is another one here
        new_root: the folder that takes its place
        report: told how far it is

    Raises:
        InputError: if the file or an option cannot be used; nothing is changed
    """
    if match not in MATCHES:
        raise InputError(f"match must be one of {', '.join(MATCHES)}, got {match!r}")
    if (old_root is None) != (new_root is None):
        raise InputError("old_root and new_root must be given together")
    recover_abandoned(run)
    rows = list(read_rows(Path(path).expanduser()))
    decisions = _grouped(rows, run, Path(path))
    found = _matched(run, rows, match, (old_root, new_root))
    here = _made_here(run)
    result = ImportReport(rows=len(rows))
    for number, group in enumerate(decisions):
        _import_one(run, group, found, here, result)
        report((number + 1) / len(decisions), "Importing decisions")
    return result


def _grouped(rows: list[Row], run: Run, path: Path) -> list[list[Row]]:
    for number, row in enumerate(rows, start=1):
        problem = _problem(row)
        if problem:
            raise InputError(f"'{path}', row {number}: {problem}")
        if row["label_field"] not in (None, run.label_field):
            raise InputError(
                f"'{path}' holds decisions on label field '{row['label_field']}', and run "
                f"'{run.key}' cleans '{run.label_field}'"
            )
    ordered = sorted(rows, key=lambda row: (row["seq"], row["decision"]))
    return [list(group) for _, group in groupby(ordered, key=lambda row: row["decision"])]


def _problem(row: Row) -> str | None:
    known = (*ACTIONS, KEEP_ALL, UNDO)
    if row["action"] not in known:
        return f"action must be one of {', '.join(known)}, got {row['action']!r}"
    for name in ("decision", "sample_id"):
        if not ObjectId.is_valid(row[name]):
            return f"{name} must be an id, got {row[name]!r}"
    if row["action"] == UNDO and not ObjectId.is_valid(row["undoes"] or ""):
        return "undoes must be the id of a decision"
    if row["action"] == "relabel" and row["label_after"] is None:
        return "label_after is empty, and the action is relabel"
    if row["action"] == "tag" and not row["tag"]:
        return "tag is empty, and the action is tag"
    try:
        if row["basis"] and not isinstance(json.loads(row["basis"]), dict):
            return f"basis must be a JSON object, got {row['basis']!r}"
    except json.JSONDecodeError:
        return f"basis must be a JSON object, got {row['basis']!r}"
    try:
        datetime.fromisoformat(row["time"])
    except ValueError:
        return f"time must be a time in ISO 8601, got {row['time']!r}"
    return None


def _matched(
    run: Run, rows: list[Row], match: str, roots: tuple[str | None, str | None]
) -> dict[str, ObjectId]:
    """The sample of this dataset for each sample id of the file.

    A sample that a decision of the file removes is found before that, so it keeps its match.
    """
    files = {row["sample_id"]: _moved(row["filepath"], roots) for row in rows}
    found: dict[str, ObjectId] = {}
    if match in ("auto", "id"):
        for ids in chunked([ObjectId(i) for i in files]):
            for document in samples_of(run.dataset).find({"_id": {"$in": ids}}, {"_id": 1}):
                found[str(document["_id"])] = document["_id"]
    if match in ("auto", "filepath"):
        wanted = [path for i, path in files.items() if i not in found and path is not None]
        by_file: dict[str, ObjectId] = {}
        for paths in chunked(list(dict.fromkeys(wanted))):
            query = {"filepath": {"$in": paths}}
            for document in samples_of(run.dataset).find(query, {"filepath": 1}):
                by_file[document["filepath"]] = document["_id"]
        found |= {i: by_file[p] for i, p in files.items() if i not in found and p in by_file}
    return found


def _moved(path: str | None, roots: tuple[str | None, str | None]) -> str | None:
    old, new = roots
    if path is None or old is None or new is None:
        return path
    old = old.rstrip("/\\")
    inside = path.startswith(old) and path[len(old) : len(old) + 1] in ("/", "\\")
    return new.rstrip("/\\") + path[len(old) :] if inside else path


def _made_here(run: Run) -> dict[str, ObjectId]:
    """The decisions of this run by the id that they have in files."""
    made = {}
    for header in headers().find({**run.owner, "state": "applied"}, {"origin": 1}):
        made[str(header["_id"])] = header["_id"]
        if header.get("origin"):
            made[header["origin"]] = header["_id"]
    return made


def _import_one(
    run: Run,
    group: list[Row],
    found: Mapping[str, ObjectId],
    here: dict[str, ObjectId],
    result: ImportReport,
) -> None:
    first = group[0]
    if first["decision"] in here:
        result.already_here += 1
        return
    matched = [row for row in group if row["sample_id"] in found]
    for row in group:
        if row["sample_id"] not in found:
            result.leave(row)
    if not matched:
        return
    try:
        made = _again(run, matched, found, here)
    except InputError as error:
        result.refused.append({"decision": first["decision"], "reason": str(error)})
        return
    result.add(made)
    if made.decision is not None:
        here[first["decision"]] = ObjectId(made.decision)


def _again(
    run: Run, rows: list[Row], found: Mapping[str, ObjectId], here: Mapping[str, ObjectId]
) -> Resolution:
    first = rows[0]
    header = header_of(run, first["action"], first["author"], first["note"], None) | {
        "created_at": datetime.fromisoformat(first["time"]),
        "origin": first["decision"],
        "tag": first["tag"],
        "basis": json.loads(first["basis"]) if first["basis"] else None,
    }
    ids = [str(found[row["sample_id"]]) for row in rows]
    if first["action"] == UNDO:
        target = here.get(first["undoes"])
        if target is None:
            raise InputError(f"the decision that it undoes, {first['undoes']}, is not here")

        def plan(draft: Draft) -> None:
            known = headers().find_one({"_id": target})
            plan_undo(draft, known, only=[ObjectId(i) for i in ids])

        return commit(run, header, plan)
    label = first["label_after"] if first["action"] == "relabel" else None
    expected = {i: row["label_before"] for i, row in zip(ids, rows, strict=True)}
    request = Request.checked(first["action"], ids, label, first["tag"], expected)
    return commit(run, header | {"label": label}, lambda draft: plan_resolve(draft, request))
