"""Exchange: a run's decisions out to a file, and from a file into another copy of a dataset."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from bson import ObjectId

from ..errors import Cancelled, InputError
from ..outside.exported_file import export_path, with_ending
from ..progress import Report, silent
from ..store.database import connection
from ..store.runs import Run
from .commit import commit, header_of
from .decision_file import COLUMNS, EVERY, FORMATS, Row, write_rows
from .draft import Draft
from .import_report import ImportReport, Options
from .journal import (
    ITEM,
    OBJECTS,
    Entry,
    Header,
    applied_headers,
    entries_of,
    headers,
    was_lost,
)
from .plan import plan_resolve
from .recovery import recover_abandoned
from .request import Label, Request
from .resolution import Resolution, utc_text
from .resolve import labels_of
from .trail_decisions import UNDO, TrailDecision, TrailRow, read_decisions
from .trail_matching import Matched, TrailMatcher
from .undo import plan_undo

UNKNOWN = "unknown"
"""The author of a decision whose file names none."""

LAST = [("seq", -1)]

Planned = Callable[[TrailDecision, Matched], Callable[[Draft], None]]
"""Gives what plans a decision of a file on what was found for its rows."""


class Matcher(Protocol):
    """Finds what rows are about: samples, or items."""

    def find(self, rows: Sequence[TrailRow]) -> Matched:
        """What rows are about, as the dataset stands."""
        ...

    def find_decided(self, rows: Sequence[TrailRow], decision: ObjectId) -> Matched:
        """What rows are about among what a decision of this run is about."""
        ...


def export_decisions(
    run: Run,
    path: str | Path,
    form: str | None = None,
    *,
    overwrite: bool = False,
    report: Report = silent,
) -> dict[str, Any]:
    """Write the audit trail of a run, oldest first, times in UTC.

    One row a sample and decision; of a run on objects one a label or missing object and decision.

    Args:
        run: the run
        path: the file; an earlier export is replaced. Without an ending it gets that of the format
        form: ``csv`` or ``json``; None for the one that the path ends in, else CSV
        overwrite: replace an ordinary file that is no earlier export
        report: told how far it is

    Returns:
        ``path``, ``format``, ``decisions`` and ``rows``

    Raises:
        InputError: if the format is unknown or the path cannot be written, or what is there may
            not be replaced
    """
    target = export_path(path)
    if form is None:
        ending = target.suffix.lower().removeprefix(".")
        form = ending if ending in FORMATS else FORMATS[0]
    if form not in FORMATS:
        raise InputError(f"format must be one of {', '.join(FORMATS)}, got {form!r}")
    target = with_ending(target, [f".{form}"], form.upper())
    recover_abandoned(run)
    made = applied_headers(run)
    on_objects = any(header.get("on") == OBJECTS for header in made)
    columns = EVERY if on_objects else COLUMNS
    found = _rows(run, made, report)
    rows = write_rows(found, target, form, overwrite=overwrite, columns=columns)
    return {"path": str(target), "format": form, "decisions": len(made), "rows": rows}


def _rows(run: Run, made: list[Header], report: Report) -> Iterator[Row]:
    of_object = (ITEM, "box_before", "box_after", "proposed")
    named = ("sample_id", "filepath", "label_before", "label_after", "lost", *of_object)
    keep: dict[str, int] = dict.fromkeys(named, 1)
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
                values |= _of_object(entry) if ITEM in entry else {}
                yield {**common, **values, "sample_id": str(entry["sample_id"])}


def _of_object(entry: Entry) -> Row:
    """The columns that only objects have."""
    boxes = {name: entry[name] for name in ("box_before", "box_after")}
    return {
        "label_id": str(entry[ITEM]),
        **{name: None if box is None else json.dumps(box) for name, box in boxes.items()},
        "proposed": entry.get("proposed"),
    }


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
    options = Options(match, old_root, new_root)
    options.check()
    decisions = read_decisions(path, run.key, run.label_field)
    recover_abandoned(run)
    named = {row.sample_id for decision in decisions for row in decision.rows}
    matcher = TrailMatcher(run, match, options.roots, named)
    return make_decisions(run, decisions, matcher, _planned, report)


def make_decisions(
    run: Run,
    decisions: Sequence[TrailDecision],
    matcher: Matcher,
    planned: Planned,
    report: Report,
) -> ImportReport:
    """Make the decisions of a file that was checked, in their order, each once.

    Args:
        run: the run
        decisions: those of the file
        matcher: finds what they are about
        planned: what plans one of them on what was found
        report: told how far it is

    Raises:
        Cancelled: if ``report`` says so; the decisions made by then stay
    """
    _ensure_index(connection())
    result = ImportReport(rows=sum(len(decision.rows) for decision in decisions))
    for number, decision in enumerate(decisions, start=1):
        _import_one(run, decision, matcher, planned, result)
        try:
            report(number / len(decisions), f"Imported {number:,} of {len(decisions):,} decisions")
        except Cancelled:
            raise Cancelled(
                f"Importing decisions was cancelled; {number:,} of {len(decisions):,} were made "
                "and stay. Import the file again for the rest."
            ) from None
    return result


def _planned(decision: TrailDecision, matched: Matched) -> Callable[[Draft], None]:
    """What plans a decision on samples."""
    expected = {str(i): row.label_before for row, i in matched.samples}
    tag = decision.values["tag"]
    request = Request.checked(
        decision.action, list(expected), _given(decision, matched), tag, expected
    )
    return lambda draft: plan_resolve(draft, request)


def _given(decision: TrailDecision, matched: Matched) -> Label:
    """What a relabel gives: one label, or one a sample where it accepts a consensus."""
    if not decision.of_consensus:
        return decision.label
    return {str(i): str(row.label_after) for row, i in matched.samples}


def _undoing(
    decision: TrailDecision, matched: Matched, undone: Header | None
) -> Callable[[Draft], None] | None:
    """What plans the undoing of a decision; None for other decisions."""
    if decision.action != UNDO:
        return None
    if undone is None:
        raise InputError(f"the decision that it undoes, {decision.values['undoes']}, is not here")
    return lambda draft: plan_undo(draft, undone, only=[i for _, i in matched.samples])


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
    run: Run,
    decision: TrailDecision,
    matcher: Matcher,
    planned: Planned,
    result: ImportReport,
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
        made = _make(run, decision, matched, undone, planned) if matched.samples else None
    except _AlreadyHere:
        result.already_here += 1
        return
    except InputError as error:
        result.refused.append({"decision": decision.id, "reason": str(error)})
        made = None
    result.leave(decision, matched)
    if made is not None:
        result.add(made)


def _make(
    run: Run,
    decision: TrailDecision,
    matched: Matched,
    undone: Header | None,
    planned: Planned,
) -> Resolution:
    """Make a decision, unless it is here by the time that the lock is ours."""
    values, action = decision.values, decision.action
    author = values["author"] if values["author"] is not None else UNKNOWN
    header = header_of(run, action, author, values["note"], None) | {
        "created_at": decision.time,
        "origin": decision.id,
        "tag": values["tag"],
        "basis": decision.basis,
        **labels_of(_given(decision, matched)),
    }
    carry_over = _undoing(decision, matched, undone)
    if carry_over is None:
        carry_over = planned(decision, matched)

    def plan(draft: Draft) -> None:
        if _here(run, decision.id) is not None:
            raise _AlreadyHere
        carry_over(draft)

    return commit(run, header, plan)
