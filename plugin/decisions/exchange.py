"""Exchange: a run's decisions out to a file, and from a file into another copy of a dataset."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from bson import ObjectId

from ..errors import Cancelled, InputError
from ..outside.exported_file import export_path
from ..progress import Report, silent
from ..store.database import connection
from ..store.runs import Run
from .commit import commit, header_of
from .decision_file import FORMATS, Row, write_rows
from .draft import Draft
from .journal import Header, applied_headers, entries_of, headers, was_lost
from .plan import plan_resolve
from .recovery import recover_abandoned
from .request import Request
from .resolution import Resolution, utc_text
from .trail_decisions import UNDO, TrailDecision, read_decisions
from .trail_matching import Matched, TrailMatcher
from .undo import plan_undo

MATCHES = ("auto", "id", "filepath")
UNMATCHED_SHOWN = 100
UNKNOWN = "unknown"
"""The author of a decision whose file names none."""

LAST = [("seq", -1)]


def export_decisions(
    run: Run,
    path: str | Path,
    form: str = "csv",
    *,
    overwrite: bool = False,
    report: Report = silent,
) -> dict[str, Any]:
    """Write the audit trail of a run: one row a sample and decision, oldest first, times in UTC.

    Args:
        run: the run
        path: the file; an earlier export is replaced
        form: ``csv`` or ``json``
        overwrite: replace an ordinary file that is no earlier export
        report: told how far it is

    Returns:
        ``path``, ``format``, ``decisions`` and ``rows``

    Raises:
        InputError: if the format is unknown or the path cannot be written, or what is there may
            not be replaced
    """
    if form not in FORMATS:
        raise InputError(f"format must be one of {', '.join(FORMATS)}, got {form!r}")
    target = export_path(path)
    recover_abandoned(run)
    made = applied_headers(run)
    rows = write_rows(_rows(run, made, report), target, form, overwrite=overwrite)
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
        ambiguous: rows that were found by file path alone, and several samples hold that file
        ambiguous_rows: the first of them
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
    ambiguous: int = 0
    ambiguous_rows: list[dict[str, Any]] = field(default_factory=list)
    conflict_count: int = 0
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def add(self, made: Resolution) -> None:
        """Count one decision."""
        self.decisions += made.decision is not None
        self.applied += made.applied
        self.conflict_count += made.conflict_count
        self.conflicts = [*self.conflicts, *made.conflicts][:UNMATCHED_SHOWN]

    def leave(self, decision: TrailDecision, matched: Matched) -> None:
        """Count the rows of a decision whose sample was not found."""
        self.unmatched += len(matched.unmatched)
        self.ambiguous += len(matched.ambiguous)
        for rows, listed in (
            (matched.unmatched, self.unmatched_rows),
            (matched.ambiguous, self.ambiguous_rows),
        ):
            for row in rows[: UNMATCHED_SHOWN - len(listed)]:
                named = {"sample_id": row.sample_id, "filepath": row.filepath}
                listed.append({"decision": decision.id, **named})


class _AlreadyHere(Exception):
    """Somebody else has made the decision since it was looked for."""


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

    The whole file is checked before the first is made. Each keeps its author, time and note and
    carries the original's id: it is made once, however often and by however many the file is
    imported, and an import that was ended goes on where it stopped when it is made again. A sample
    whose label is not what the file says that its author saw is left alone.

    Args:
        run: the run
        path: a file that :func:`export_decisions` wrote
        match: find samples by ``id``, by ``filepath``, or (``auto``) by id and else by file path
        old_root: the folder that file paths begin with in the file, if it is another one here
        new_root: the folder that takes its place
        report: told how far it is

    Raises:
        InputError: if anything in the file or an option cannot be used; nothing is changed
        Cancelled: if ``report`` says so; the decisions made by then stay
    """
    if match not in MATCHES:
        raise InputError(f"match must be one of {', '.join(MATCHES)}, got {match!r:.80}")
    if (old_root is None) != (new_root is None):
        raise InputError("old_root and new_root must be given together")
    for name, root in (("old_root", old_root), ("new_root", new_root)):
        if not isinstance(root, str | Path | None):
            raise InputError(f"{name} must be a folder, got {root!r:.80}")
    decisions = read_decisions(path, run.key, run.label_field)
    recover_abandoned(run)
    _ensure_index(connection())
    roots = (None, None) if old_root is None else (str(old_root), str(new_root))
    named = {row.sample_id for decision in decisions for row in decision.rows}
    matcher = TrailMatcher(run, match, roots, named)
    result = ImportReport(rows=sum(len(decision.rows) for decision in decisions))
    for number, decision in enumerate(decisions, start=1):
        _import_one(run, decision, matcher, result)
        try:
            report(number / len(decisions), f"Imported {number:,} of {len(decisions):,} decisions")
        except Cancelled:
            raise Cancelled(
                f"Importing decisions was cancelled; {number:,} of {len(decisions):,} were made "
                "and stay. Import the file again for the rest."
            ) from None
    return result


@cache
def _ensure_index(client: Any) -> None:
    """Make the index by which a decision from a file is found again, once a connection."""
    headers().create_index([("dataset_id", 1), ("run_key", 1), ("origin", 1)])


def _here(run: Run, decision: str) -> Header | None:
    """The decision of this run that has an id in files; the last one where there are several."""
    names = [{"_id": ObjectId(decision)}, {"origin": decision}]
    found = [headers().find_one({**run.owner, "state": "applied", **n}, sort=LAST) for n in names]
    return next((header for header in found if header is not None), None)


def _import_one(
    run: Run, decision: TrailDecision, matcher: TrailMatcher, result: ImportReport
) -> None:
    undone = _here(run, decision.values["undoes"]) if decision.action == UNDO else None
    if undone is None:
        matched = matcher.find(decision.rows)
    else:
        matched = matcher.find_decided(decision.rows, undone["_id"])
    # Looked for after its samples: what others have made since can have changed those.
    if _here(run, decision.id) is not None:
        result.already_here += 1
        return
    try:
        made = _make(run, decision, matched, undone) if matched.samples else None
    except _AlreadyHere:
        result.already_here += 1
        return
    except InputError as error:
        result.refused.append({"decision": decision.id, "reason": str(error)})
        made = None
    result.leave(decision, matched)
    if made is not None:
        result.add(made)


def _make(run: Run, decision: TrailDecision, matched: Matched, undone: Header | None) -> Resolution:
    """Make a decision, unless it is here by the time that the lock is ours."""
    values, action = decision.values, decision.action
    author = values["author"] if values["author"] is not None else UNKNOWN
    header = header_of(run, action, author, values["note"], None) | {
        "created_at": decision.time,
        "origin": decision.id,
        "tag": values["tag"],
        "label": decision.label,
        "basis": decision.basis,
    }
    ids = [str(sample_id) for _, sample_id in matched.samples]
    if action == UNDO:
        if undone is None:
            raise InputError(f"the decision that it undoes, {values['undoes']}, is not here")
        target, only = undone, [ObjectId(i) for i in ids]

        def carry_over(draft: Draft) -> None:
            plan_undo(draft, target, only=only)

    else:
        expected = {str(i): row.label_before for row, i in matched.samples}
        request = Request.checked(action, ids, decision.label, values["tag"], expected)

        def carry_over(draft: Draft) -> None:
            plan_resolve(draft, request)

    def plan(draft: Draft) -> None:
        if _here(run, decision.id) is not None:
            raise _AlreadyHere
        carry_over(draft)

    return commit(run, header, plan)
