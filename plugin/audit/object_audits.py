"""Audits of a run on objects: of labels and candidates, whose number is known, and whole images.

Labels and candidates for missing objects are one population of items, drawn and estimated as
samples are, and their verdicts are decisions. What no detector proposed is in no such list: it is
counted in whole images that are drawn at random, with the labels that they have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..arrays import BoolArray
from ..decisions.object_changes import by_id, labels_in
from ..decisions.state import DELETED, RunState
from ..errors import InputError
from ..objects.items import known_items
from ..objects.iteration import ObjectIteration, object_iteration
from ..objects.state import KINDS, ItemsState, items_state
from ..store.iterations import unpack_ids
from ..store.runs import Run
from ..store.samples import samples_of
from . import verdicts as reading
from .audits import OpenedAudit
from .counted import interval_of_counts
from .estimator import Interval
from .object_store import (
    ObjectAuditRecord,
    Verdict,
    load_object_audit,
    verdicts_of,
)

SPURIOUS, PLACEMENT, MISSING = range(reading.GONE + 1, reading.GONE + 4)
OF_LABELS = {"class": reading.WRONG, "spurious": SPURIOUS, "placement": PLACEMENT}
"""What can be wrong with a label, and the verdict that says so."""

_OF_LABEL = np.zeros(1 + DELETED, np.int64)
_OF_CANDIDATE = np.zeros(1 + DELETED, np.int64)
_OF_LABEL[DELETED] = _OF_CANDIDATE[DELETED] = reading.GONE
for _kind, _label, _candidate in (
    ("relabeled", reading.WRONG, MISSING),
    ("confirmed", reading.RIGHT, reading.RIGHT),
    ("removed", SPURIOUS, reading.RIGHT),
    ("tagged", reading.UNCLEAR, MISSING),
    ("added", reading.RIGHT, MISSING),
    ("moved", PLACEMENT, MISSING),
):
    _OF_LABEL[1 + KINDS.index(_kind)] = _label
    _OF_CANDIDATE[1 + KINDS.index(_kind)] = _candidate

_ADDED = 1 + KINDS.index("added")


@dataclass(frozen=True)
class Left:
    """Errors of a kind: at the draw, and left by now."""

    at_draw: Interval
    left: Interval


class OpenedObjectAudit(OpenedAudit):
    """An audit of objects with the journal applied.

    ``verdict`` and ``waiting`` are those of all its places; ``reading``, ``parts`` and what they
    say are those of its items.
    """

    record: ObjectAuditRecord  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, run: Run, record: ObjectAuditRecord):
        iteration = object_iteration(run, record.iteration)
        self.run, self.record = run, record
        self.items: ItemsState = items_state(run, iteration.document)
        self.iteration: ObjectIteration = iteration
        self.state = RunState(
            iteration=iteration,
            revision=self.items.revision,
            open_count=np.zeros(0, np.int64),
            open_histogram=np.zeros((0, 0), np.int32),
            kind=self.items.kind,
            elsewhere={},
        )

    @cached_property
    def is_candidate(self) -> BoolArray:
        """Whether each row of the iteration is a missing object: bool (N,)."""
        return np.asarray(self.iteration.column("label") == self.iteration.nothing)

    @cached_property
    def _row_verdict(self) -> npt.NDArray[np.int64]:
        """What stands on each row of the iteration."""
        kind, known = self.items.kind, self.items.items
        verdict = np.where(self.is_candidate, _OF_CANDIDATE[kind], _OF_LABEL[kind])
        # A label that was removed and put back may have come back with another class.
        for row in np.flatnonzero((kind == _ADDED) & ~self.is_candidate).tolist():
            item = unpack_ids(known.column("item_id")[row : row + 1])[0]
            if self.items.standing[item].label != known.class_of(row):
                verdict[row] = reading.WRONG
        return verdict

    @cached_property
    def kept(self) -> dict[int, Verdict]:
        """Verdicts that no decision tells of, by place, without those that were taken back."""
        standing = self.items.standing
        return {
            place: given
            for place, given in verdicts_of(self.record).items()
            if all(i in standing for i in given.items)
        }

    @cached_property
    def item_verdict(self) -> npt.NDArray[np.int64]:
        """What stands on each drawn item: int64 (k,)."""
        verdict = self._row_verdict[self.record.row].copy()
        for place, given in self.kept.items():
            if place < len(verdict) and given.unclear and verdict[place] == reading.WAITING:
                verdict[place] = reading.UNCLEAR
        waiting = np.flatnonzero(verdict == reading.WAITING)
        labels = _items_there(self.run, self.record.sample_id[waiting])
        missing = _items_there(self.run, self.record.sample_id[waiting], self.run.field("missing"))
        item, sample = (
            unpack_ids(of[waiting]) for of in (self.record.item_id, self.record.sample_id)
        )
        proposed = _proposed(self.run, item)
        for at, name, image in zip(waiting.tolist(), item, sample, strict=True):
            there = image in labels and name in labels[image]
            if image in labels and self.is_candidate[self.record.row[at]]:
                there = there or name in missing[image] or name in proposed
            if not there:
                verdict[at] = reading.GONE
        return verdict

    @cached_property
    def image_verdict(self) -> npt.NDArray[np.int64]:
        """Of each image: ``WAITING``, ``RIGHT`` where it was looked at, ``UNCLEAR`` or ``GONE``."""
        first, ids = len(self.record.row), unpack_ids(self.record.image_id)
        there = _items_there(self.run, self.record.image_id)
        verdict = np.full(len(ids), reading.WAITING, np.int64)
        for at, image in enumerate(ids):
            given = self.kept.get(first + at)
            if given is not None:
                verdict[at] = reading.UNCLEAR if given.unclear else reading.RIGHT
            elif image not in there:
                verdict[at] = reading.GONE
        return verdict

    @cached_property
    def verdict(self) -> npt.NDArray[np.int64]:
        """What stands on each place: items, then images."""
        return np.concatenate([self.item_verdict, self.image_verdict])

    def require_place(self, place: object) -> None:
        """Refuse what names no place of the audit. InputError if there is no such place."""
        last = self.record.places - 1
        if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place <= last:
            raise InputError(f"place must lie between 0 and {last}, got {place!r}")

    def sample_at(self, place: int) -> str:
        """The id of the sample that a place is on, or is."""
        ids = np.concatenate([self.record.sample_id, self.record.image_id])
        return unpack_ids(ids[place : place + 1])[0]

    @cached_property
    def reading(self) -> reading.Audit:
        """The items as arrays; every kind of error counts."""
        return self._reading((*OF_LABELS.values(), MISSING))

    def _reading(self, kinds: tuple[int, ...], among: BoolArray | None = None) -> reading.Audit:
        """The items as arrays: some verdicts as errors, and what of ``among`` is open."""
        verdict = self.item_verdict
        others = (verdict > reading.GONE) | (verdict == reading.WRONG)
        as_read = np.where(others, reading.RIGHT, verdict)
        as_read = np.where(np.isin(verdict, kinds), reading.WRONG, as_read)
        stratum, drawn_from = self._stratum, self._stratum >= 0
        size = len(self.record.draw.population)
        found = drawn_from & np.isin(self._row_verdict, kinds)
        open_ = drawn_from & (self.items.kind == 0)
        open_ &= True if among is None else among
        return reading.Audit(
            stratum=self.record.draw.stratum,
            round=self.record.draw.round,
            verdict=as_read,
            population=self.record.draw.population,
            found=np.bincount(stratum[found], minlength=size),
            open=np.bincount(stratum[open_], minlength=size),
        )

    def _counts(self, rows: slice) -> tuple[npt.NDArray[np.int64], ...]:
        """Of some rows, by stratum: open at the draw, errors found since, open now."""
        stratum, kind = self._stratum[rows], self.items.kind[rows]
        drawn_from = stratum >= 0
        errors = np.isin(self._row_verdict[rows], (*OF_LABELS.values(), MISSING))
        size = len(self.record.draw.population)
        return tuple(
            np.bincount(stratum[drawn_from & what], minlength=size)
            for what in (kind >= 0, errors, kind == 0)
        )

    def of_labels(self, *names: str) -> Left | None:
        """Errors of some kinds, by default all, among labels; None while too few are judged.

        Args:
            names: of ``OF_LABELS``
        """
        kinds = tuple(OF_LABELS[name] for name in names or OF_LABELS)
        return _left(self._reading(kinds, ~self.is_candidate))

    def of_candidates(self) -> Left | None:
        """Missing objects among candidates."""
        return _left(self._reading((MISSING,), self.is_candidate))

    def unclear(self) -> Interval | None:
        """Items of which nobody can tell."""
        return self.reading.errors_at_draw(reading.UNCLEAR)

    @cached_property
    def missed(self) -> npt.NDArray[np.int64]:
        """Objects in each image that lack a label and were no candidates: int64 (n − k,)."""
        first = len(self.record.row)
        given = (self.kept.get(first + at) for at in range(len(self.record.image_id)))
        return np.array([len(g.items) - g.candidates if g else 0 for g in given], np.int64)

    @property
    def looked(self) -> BoolArray:
        """The images that count: all, or those of the rounds that are finished."""
        draw = self.record.image_draw
        if draw is None:
            return np.zeros(0, bool)
        waiting = draw.round[self.image_verdict == reading.WAITING]
        finished = int(waiting.min()) if len(waiting) else int(draw.round.max()) + 1
        return np.asarray(draw.round < finished)

    def without_candidate(self) -> Left | None:
        """Missing objects that are no candidates; None while too few images were looked at."""
        draw, used = self.record.image_draw, self.looked
        if draw is None:
            return None
        rounds = int(draw.round[used].max(initial=-1)) + 1
        few = rounds < reading.FEWEST_ROUNDS or used.sum() < reading.FEWEST_VERDICTS
        if few and not used.all():
            return None
        at_draw = interval_of_counts(self.missed[used], draw.stratum[used], draw.population)
        return Left(at_draw, at_draw.less(float(self.missed.sum()), np.inf))


def _left(read: reading.Audit) -> Left | None:
    at_draw, left = read.errors_at_draw(), read.left()
    return None if at_draw is None or left is None else Left(at_draw, left)


def _items_there(
    run: Run, sample_id: npt.NDArray[np.bytes_], field: str | None = None
) -> dict[str, set[str]]:
    """The ids in a field, by default of labels, of those samples that are there, by sample id."""
    name = run.label_field if field is None else field
    ids = [ObjectId(i) for i in dict.fromkeys(unpack_ids(sample_id))]
    found = samples_of(run.dataset).find({"_id": {"$in": ids}}, {f"{name}.detections._id": 1})
    return {str(d["_id"]): {str(i) for i in by_id(labels_in(d, name))} for d in found}


def _proposed(run: Run, items: Sequence[str]) -> set[str]:
    """Those of some items that the run's last iteration holds as missing objects."""
    last = known_items(run)
    if last is None:
        return set()
    rows = last.rows_of(items).tolist()
    return {
        i for i, row in zip(items, rows, strict=True) if row >= 0 and last.class_of(row) is None
    }


def open_object_audit(run: Run, audit: str | None = None) -> OpenedObjectAudit | None:
    """An audit as it stands, the last if none is named; None where the run has none."""
    record = load_object_audit(run, audit)
    return None if record is None else OpenedObjectAudit(run, record)
