"""Preview of an import: what the decisions of a file would do, with nothing written.

Each decision is planned as it would be made. What decisions before it in the file would have
changed is not in the dataset yet, so it is remembered here, sample by sample or item by item.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from ..errors import InputError
from ..progress import Report
from ..store.dataset_now import DatasetNow, dataset_now
from ..store.declared import check_writable
from ..store.label_field import check_current
from ..store.runs import Run
from .draft import Draft, written_by
from .import_report import ImportReport
from .journal import OBJECTS, Entry, Header, entries, key_of, unit_of, was_lost
from .lock import Lock
from .made_again import Matcher, Planned, all_here, header_for, undoing
from .object_changes import PUT, TAKE, same_box
from .trail_decisions import UNDO, TrailDecision, TrailRow
from .trail_matching import After, Matched


class _Unwritten(Draft):
    """A draft that is written nowhere; it holds what it would change."""

    def __init__(self, run: Run, header: Header, now: DatasetNow):
        lock = Lock(run.owner["dataset_id"], 0, datetime.now(UTC), "preview", None, False)
        super().__init__(run, lock, header, now, -1)
        self.planned: list[Entry] = []

    def add(self, new: Sequence[Entry]) -> None:
        """Hold the changes of samples."""
        paths = {path for entry in new for path in written_by(entry)}
        check_writable(self.run.dataset, paths, self.now.declared)
        self.header["samples"] += len(new)
        self.planned += [{k: v for k, v in entry.items() if k != "document"} for entry in new]


@dataclass(frozen=True)
class _Change:
    """What a previewed decision does to a sample or item; None: as the dataset has it."""

    row: TrailRow
    item: ObjectId
    before: After | None
    after: After | None


def preview_decisions(
    run: Run,
    decisions: Sequence[TrailDecision],
    matcher: Matcher,
    planned: Planned,
    classes: Collection[str],
    report: Report,
) -> ImportReport:
    """What ``make_decisions`` would do, with the same parameters; nothing is written.

    Raises:
        InputError: if the run's label field is gone
        Cancelled: if ``report`` says so
    """
    named = {i for d in decisions for i in (d.id, d.values["undoes"]) if i is not None}
    preview = _Preview(run, matcher, planned, all_here(run, named))
    preview.result.known = frozenset(classes)
    preview.result.rows = sum(len(decision.rows) for decision in decisions)
    for number, decision in enumerate(decisions, start=1):
        preview.look_at(decision)
        report(number / len(decisions), f"Looked at {number:,} of {len(decisions):,} decisions")
    return preview.result.end(decisions)


class _Preview:
    """What the decisions that were looked at so far would have done."""

    def __init__(self, run: Run, matcher: Matcher, planned: Planned, there: Mapping[str, Header]):
        self._run, self._matcher, self._planned = run, matcher, planned
        self._there = there
        self._now = dataset_now(run)
        self._header = {"on": OBJECTS} if check_current(run, self._now) else {}
        self._after: dict[ObjectId, After] = {}
        self._made: dict[str, dict[str, _Change]] = {}
        self.result = ImportReport(preview=True)

    def look_at(self, decision: TrailDecision) -> None:
        """Plan a decision, and count what it would do."""
        undone = self._there.get(decision.values["undoes"])
        matched, changes = self._found(decision, undone), list[_Change]()
        if decision.id in self._there:
            self.result.already_here += 1
            return
        conflicts: list[dict[str, Any]] = []
        count = 0
        try:
            if decision.values["undoes"] in self._made and undone is None:
                changes = list(self._taken_back(decision, matched))
            elif matched.samples:
                changes, conflicts, count = self._changes(decision, matched, undone)
        except InputError as error:
            self.result.refused.append({"decision": decision.id, "reason": str(error)})
        self.result.leave(decision, matched)
        self.result.count(decided=bool(changes), applied=len(changes), left=count, why=conflicts)
        self.result.give(change.row for change in changes)
        for change in changes:
            self._remember(change)
        if changes:
            self._made[decision.id] = {change.row.about: change for change in changes}

    def _found(self, decision: TrailDecision, undone: Header | None) -> Matched:
        """What a decision is about."""
        made = self._made.get(decision.values["undoes"] or "")
        if undone is not None:
            return self._matcher.find_decided(decision.rows, undone["_id"])
        if made is None:
            return self._matcher.find(decision.rows)
        out = Matched([(row, made[row.about].item) for row in decision.rows if row.about in made])
        if decision.rows[0].label_id is None:
            rest = self._matcher.find([row for row in decision.rows if row.about not in made])
            out.unmatched, out.why = rest.unmatched, rest.why
        return out

    def _changes(
        self, decision: TrailDecision, matched: Matched, undone: Header | None
    ) -> tuple[list[_Change], list[dict[str, Any]], int]:
        """What a decision would change; the conflicts, the first of them and how many."""
        touched = [(row, i) for row, i in matched.samples if i in self._after]
        fresh = Matched([(row, i) for row, i in matched.samples if i not in self._after])
        again = [] if undone is None else self._back_again(touched, undone)
        touched = touched if undone is None else []
        draft = _Unwritten(self._run, header_for(self._run, decision, matched), self._now)
        draft.header |= {"_id": ObjectId(decision.id), **self._header}
        if fresh.samples or undone is not None or decision.action == UNDO:
            self._plan(decision, fresh, undone)(draft)
        rows = {i: row for row, i in fresh.samples}
        changes = [
            _Change(rows[key_of(e)], key_of(e), None, _after(e, decision)) for e in draft.planned
        ]
        changes += again
        self._note_boxes(draft.planned, rows)
        conflicts, count = list(draft.conflicts), draft.header["conflicts"]
        for row, item in touched:
            now = self._after[item]
            why = self._conflict(row, now, decision)
            if why is None:
                changes.append(_Change(row, item, now, _later(now, row, decision)))
            else:
                conflicts.append(_told(row, item, why, now))
                count += 1
        return changes, conflicts, count

    def _back_again(
        self, touched: Sequence[tuple[TrailRow, ObjectId]], undone: Header
    ) -> list[_Change]:
        """What undoing changes where the undoing of a later decision is only previewed.

        Raises:
            InputError: if decisions that are only previewed stand on what would be taken back
        """
        covered = [i for _, i in touched if isinstance(self._after[i].top, str)]
        if covered:
            raise InputError(_covered(undone["_id"], len(covered)))
        rows, unit = {i: row for row, i in touched}, unit_of(undone)
        query = {"decision": undone["_id"], unit: {"$in": list(rows)}}
        changes: list[_Change] = []
        for entry in entries().find(query, {"document": 0}) if touched else ():
            now = self._after[entry[unit]]
            if now.top == entry["top_after"] and not was_lost(entry, undone):
                before = After(
                    entry["top_before"],
                    not _is_new(entry),
                    entry["label_before"],
                    entry.get("box_before"),
                )
                changes.append(_Change(rows[entry[unit]], entry[unit], now, before))
        return changes

    def _plan(
        self, decision: TrailDecision, fresh: Matched, undone: Header | None
    ) -> Callable[[Draft], None]:
        return undoing(decision, fresh, undone) or self._planned(decision, fresh)

    def _note_boxes(self, planned: Sequence[Entry], rows: dict[ObjectId, TrailRow]) -> None:
        for entry in planned:
            item = key_of(entry)
            self._matcher.foresee(rows[item], item, entry.get("box_before"), None)

    def _conflict(self, row: TrailRow, now: After, decision: TrailDecision) -> str | None:
        """Why a row's decision cannot be made on what an earlier one would have changed."""
        if not now.here:  # a label that is off its image can be put back, or left off
            again = decision.action in ("add", "remove") and row.label_before is None
            return None if again and row.label_id is not None else "deleted"
        given = decision.action == "relabel" and row.label_after == now.label
        if row.label_before != now.label and not given:
            return "relabeled"
        return None if same_box(now.box, self._matcher.box_here(row)) else "moved"

    def _taken_back(self, decision: TrailDecision, matched: Matched) -> Iterator[_Change]:
        """What undoing a decision that is only previewed would change.

        Raises:
            InputError: if a later decision stands on it, or it was undone before
        """
        made = self._made[decision.values["undoes"]]
        changes = [made[row.about] for row, _ in matched.samples]
        standing = [c for c in changes if self._after.get(c.item) == c.after]
        covered = [c for c in changes if self._after.get(c.item) not in (c.after, c.before)]
        if covered:
            raise InputError(_covered(decision.values["undoes"], len(covered)))
        if changes and not standing:
            raise InputError(f"Decision {decision.values['undoes']} was already undone")
        rows = {row.about: row for row, _ in matched.samples}
        return (_Change(rows[c.row.about], c.item, c.after, c.before) for c in standing)

    def _remember(self, change: _Change) -> None:
        if change.after is None:
            self._after.pop(change.item, None)
        else:
            self._after[change.item] = change.after
        box = None if change.before is None else change.before.box
        self._matcher.foresee(change.row, change.item, box, change.after)


def _after(entry: Entry, decision: TrailDecision) -> After:
    """How what an entry is about would be after it."""
    out = entry["labels"] == TAKE and entry.get("missing") != PUT if "labels" in entry else False
    top = entry["top_after"] if decision.action == UNDO else decision.id
    gone = out or entry["op"] == "delete"
    return After(top, not gone, entry["label_after"], entry.get("box_after"))


def _later(now: After, row: TrailRow, decision: TrailDecision) -> After:
    """How what a row is about would be after its decision, by what the file says."""
    if decision.action == "remove":
        return After(decision.id, False, None)
    box = row.box_after if decision.action in ("add", "move") else now.box
    return After(decision.id, True, row.label_after, box)


def _told(row: TrailRow, item: ObjectId, why: str, now: After) -> dict[str, Any]:
    """A conflict, as ``resolve`` tells of it."""
    on_object = {"label_id": str(item)} if row.label_id else {}
    about = row.sample_id if row.label_id else str(item)
    found = now.label if now.here else None
    told = {"sample_id": about, "reason": why, "expected": row.label_before, "found": found}
    return told | on_object


def _is_new(entry: Entry) -> bool:
    """Whether what an entry is about was not there before it."""
    if "labels" in entry:
        return entry["labels"] == PUT and entry.get("missing") is None
    return entry["op"] == "insert"


def _covered(decision: object, count: int) -> str:
    return (
        f"Decision {decision} cannot be undone: a later decision stands on {count} of its samples "
        "or objects."
    )
