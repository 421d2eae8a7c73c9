"""Decisions of a file made again on this dataset, in their order, each once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from typing import Any, Protocol

from bson import ObjectId

from ..errors import Cancelled, InputError
from ..progress import Report
from ..store.database import connection
from ..store.runs import Run
from .commit import commit, header_of
from .draft import Draft
from .import_report import ImportReport
from .journal import Header, chunked, headers
from .new_classes import check_classes
from .request import Label
from .resolution import Resolution
from .resolve import labels_of
from .trail_decisions import UNDO, TrailDecision, TrailRow
from .trail_matching import After, Matched
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

    def foresee(self, row: TrailRow, item: ObjectId, before: Any, after: After | None) -> None:
        """Take a sample or item to be as a decision would leave it that is only previewed.

        Args:
            row: the row that is about it
            item: its id here
            before: its box here before, of objects
            after: what it would be; None: what it is
        """
        ...

    def box_here(self, row: TrailRow) -> Any:
        """The box here of what a row is about, as its author saw it; None where it has none."""
        ...


class _AlreadyHere(Exception):
    """Somebody else has made the decision since it was looked for."""


def make_decisions(
    run: Run,
    decisions: Sequence[TrailDecision],
    matcher: Matcher,
    planned: Planned,
    classes: Collection[str],
    report: Report,
) -> ImportReport:
    """Make the decisions of a file that was checked, in their order, each once.

    Args:
        run: the run
        decisions: those of the file
        matcher: finds what they are about
        planned: what plans one of them on what was found
        classes: those that the run and its dataset know
        report: told how far it is

    Raises:
        Cancelled: if ``report`` says so; the decisions made by then stay
    """
    rows = sum(len(decision.rows) for decision in decisions)
    result = ImportReport(rows=rows, known=frozenset(classes))
    for number, decision in enumerate(decisions, start=1):
        _import_one(run, decision, matcher, planned, result)
        try:
            report(number / len(decisions), f"Imported {number:,} of {len(decisions):,} decisions")
        except Cancelled:
            raise Cancelled(
                f"Importing decisions was cancelled; {number:,} of {len(decisions):,} were made "
                "and stay. Import the file again for the rest."
            ) from None
    return result.end(decisions)


def undoing(
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


def here(run: Run, decision: str) -> Header | None:
    """The decision of this run that has an id in files; the last one where there are several."""
    _ensure_index(connection())
    names = [{"_id": ObjectId(decision)}, {"origin": decision}]
    found = [headers().find_one({**run.owner, "state": "applied", **n}, sort=LAST) for n in names]
    return next((header for header in found if header is not None), None)


def all_here(run: Run, decisions: Iterable[str]) -> dict[str, Header]:
    """What :func:`here` finds for each of many ids, without those that it finds nothing for."""
    _ensure_index(connection())
    by_id, by_origin = dict[str, Header](), dict[str, Header]()
    for part in chunked(list(decisions)):
        wanted = [{"_id": {"$in": [ObjectId(i) for i in part]}}, {"origin": {"$in": list(part)}}]
        query = {**run.owner, "state": "applied", "$or": wanted}
        for header in headers().find(query).sort("seq", 1):
            by_id[str(header["_id"])] = by_origin[str(header.get("origin"))] = header
    return by_origin | by_id


def _import_one(
    run: Run,
    decision: TrailDecision,
    matcher: Matcher,
    planned: Planned,
    result: ImportReport,
) -> None:
    undone = here(run, decision.values["undoes"]) if decision.action == UNDO else None
    if undone is None:
        matched = matcher.find(decision.rows)
    else:
        matched = matcher.find_decided(decision.rows, undone["_id"])
    # Looked for after its samples: what others have made since can have changed those.
    if here(run, decision.id) is not None:
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
    if made is not None and made.decision is not None:
        result.give(row for row, _ in matched.samples)


def _make(
    run: Run,
    decision: TrailDecision,
    matched: Matched,
    undone: Header | None,
    planned: Planned,
) -> Resolution:
    """Make a decision, unless it is here by the time that the lock is ours."""
    header = header_for(run, decision, matched)
    carry_over = undoing(decision, matched, undone)
    if carry_over is None:
        carry_over = planned(decision, matched)

    def plan(draft: Draft) -> None:
        if here(run, decision.id) is not None:
            raise _AlreadyHere
        carry_over(draft)

    return commit(run, header, plan)


def check_classes_of(
    run: Run, decisions: Iterable[TrailDecision], classes: Collection[str]
) -> None:
    """Raise InputError where a file gives a class that only looks like one that is here.

    Args:
        run: the run
        decisions: those of the file
        classes: those that the run and its dataset know
    """
    gives = [d for d in decisions if d.action in ("relabel", "add")]
    first: dict[str | None, str] = {}
    for decision in gives:
        for row in decision.rows:
            where = f"label_after of {row.about} in decision {decision.id}"
            first.setdefault(row.label_after, where)
    check_classes(run, {where: label for label, where in first.items()}, classes)


def header_for(run: Run, decision: TrailDecision, matched: Matched) -> Header:
    """What the journal is to say of a decision of a file, on what was found for its rows."""
    values = decision.values
    author = values["author"] if values["author"] is not None else UNKNOWN
    return header_of(run, decision.action, author, values["note"], None) | {
        "created_at": decision.time,
        "origin": decision.id,
        "tag": values["tag"],
        "basis": decision.basis,
        **labels_of(given(decision, matched)),
    }


def given(decision: TrailDecision, matched: Matched) -> Label:
    """What a relabel gives: one label, or one a sample where it accepts a consensus."""
    if not decision.of_consensus:
        return decision.label
    return {str(i): str(row.label_after) for row, i in matched.samples}
