"""Current state: an iteration with the journal applied, brought up to date decision by decision."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId
from cachetools import LRUCache, cached

from ..scoring.cells import HISTOGRAM_BINS, histogram_bin
from ..scoring.iies import iies
from ..store.iterations import Iteration
from ..store.runs import Run
from ..store.samples import Schema
from .changes import KINDS
from .deleted_samples import DeletedSamples
from .journal import BY_SEQ, Header, applied_headers, entries, was_lost
from .recovery import recover_abandoned

STATES_KEPT = 8
DELETED = 255
"""In place of a kind: nothing stands on the sample, and it is in the dataset no more."""
_REMOVED = 1 + KINDS.index("removed")
_CODE = {kind: code for code, kind in enumerate(KINDS, start=1)}


@dataclass(frozen=True)
class RunState:
    """What is open and what is decided in a run; a snapshot that no later decision changes.

    Attributes:
        iteration: the iteration whose rows and cells the arrays are aligned with
        revision: the place of the last decision that is in it; 0 before the first
        open_count: int64 (m,), samples of each cell on which no decision stands
        open_histogram: int32 (m, 20), the same by IIES
        kind: uint8 (n,), 0 where a row is open, ``DELETED`` where somebody deleted its sample past
            the journal, else 1 + the index in ``KINDS``
        elsewhere: what stands on samples that the iteration does not hold, by sample id
        deleted: int64 (d,), the rows whose samples were deleted, decided or not
    """

    iteration: Iteration
    revision: int
    open_count: npt.NDArray[np.int64]
    open_histogram: npt.NDArray[np.int32]
    kind: npt.NDArray[np.uint8]
    elsewhere: Mapping[str, str]
    deleted: npt.NDArray[np.int64] = field(default_factory=lambda: _NONE, kw_only=True)

    def decided_rows(self, start: int = 0, stop: int | None = None) -> npt.NDArray[np.int64]:
        """The rows from ``start`` to ``stop`` that are not open, ascending."""
        return np.flatnonzero(self.kind[start:stop]) + start

    def cell_of(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The index of each row's cell."""
        return np.searchsorted(self.iteration.cells.start, rows, side="right") - 1

    def decided(self, sample_ids: Sequence[str]) -> dict[str, str]:
        """What stands on those of the samples that carry a decision."""
        found = {i: self.elsewhere[i] for i in sample_ids if i in self.elsewhere}
        rows = self.iteration.rows_of(sample_ids)
        codes = np.where(rows >= 0, self.kind[rows], 0) if self.iteration.samples else rows * 0
        for at in np.flatnonzero((codes > 0) & (codes < DELETED)).tolist():
            found[sample_ids[at]] = KINDS[codes[at] - 1]
        return found

    def counts(self) -> dict[str, Any]:
        """How far the run is.

        Returns:
            ``samples``, ``reviewed``, ``open`` and ``misclassified_open`` of the iteration (without
            classes that are set apart, and without samples that somebody deleted before anything
            was decided on them), and ``by_kind``: what stands on all samples of the run,
            those included that the iteration does not hold, such as samples removed before it
        """
        suspect = self.iteration.suspect_cells
        numbers = np.bincount(self.kind, minlength=len(KINDS) + 1)
        is_open, by_kind = int(numbers[0]), numbers[1 : len(KINDS) + 1]
        outside = list(self.elsewhere.values())
        reviewed = int(by_kind.sum())
        return {
            "samples": is_open + reviewed,
            "reviewed": reviewed,
            "open": is_open,
            "misclassified_open": int(self.open_count[suspect].sum()),
            "by_kind": {
                kind: int(by_kind[at]) + outside.count(kind) for at, kind in enumerate(KINDS)
            },
        }


@dataclass(frozen=True)
class Made:
    """A decision that this process has just made, which need not be read back.

    Attributes:
        decision: its id
        seq: its place among the dataset's decisions
        kinds: what stands on its samples by now, by sample id
        last: the run's last iteration when it was written
        schema: what the dataset declared then
    """

    decision: ObjectId
    seq: int
    kinds: Mapping[str, str | None]
    last: Iteration | None
    schema: Schema


_NONE: npt.NDArray[np.int64] = np.zeros(0, np.int64)


class _Follower:
    """Keeps the state of one iteration up to date in this process."""

    def __init__(self, run: Run, iteration: Iteration):
        self._lock = threading.Lock()
        cells = iteration.cells
        self._state = RunState(
            iteration,
            revision=0,
            open_count=cells.count.copy(),
            open_histogram=cells.histogram.copy(),
            kind=np.zeros(iteration.samples, np.uint8),
            elsewhere={},
        )
        self._bins: npt.NDArray[np.uint8] | None = None
        self._shown = self._state
        self._deleted = DeletedSamples(
            lambda: iteration.column("sample_id"),
            iteration.created_at,
            iteration.document.get("dataset_samples"),
        )

    def follow(self, run: Run, made: Made | None = None) -> RunState:
        """The state with all decisions that are in the journal by now."""
        with self._lock:
            if made is not None and made.seq == self._state.revision + 1:  # nothing lies between
                self._state = self._with(made.kinds, made.seq)
                return self._without_deleted(self._deleted.known())
            new = applied_headers(run, after=self._state.revision)
            if new:
                if made is not None and [header["_id"] for header in new] == [made.decision]:
                    changed = made.kinds
                else:
                    changed = _changed(run, self._state.revision, new)
                self._state = self._with(changed, new[-1]["seq"])
            if made is not None:  # a click sends no more commands than it must
                return self._without_deleted(self._deleted.known())
            return self._without_deleted(self._deleted.rows(run, self._state.kind == _REMOVED))

    def _without_deleted(self, rows: npt.NDArray[np.int64]) -> RunState:
        """The state in which samples that somebody deleted are not open."""
        state, shown = self._state, self._shown
        if not len(rows):
            return state
        same = shown.deleted is rows and shown.revision == state.revision
        if not same:
            kind = state.kind.copy()
            was_open = rows[kind[rows] == 0]
            kind[was_open] = DELETED
            count, histogram = self._recounted(was_open, np.full(len(was_open), -1, np.int64))
            self._shown = replace(
                state, open_count=count, open_histogram=histogram, kind=kind, deleted=rows
            )
        return self._shown

    def _with(self, changed: Mapping[str, str | None], revision: int) -> RunState:
        state = self._state
        ids = list(changed)
        rows = state.iteration.rows_of(ids)
        elsewhere = dict(state.elsewhere) if (rows < 0).any() else state.elsewhere
        if isinstance(elsewhere, dict):
            for at in np.flatnonzero(rows < 0).tolist():
                kind = changed[ids[at]]
                elsewhere.pop(ids[at], None)
                if kind is not None:
                    elsewhere[ids[at]] = kind
        codes = np.array([_CODE.get(changed[i] or "", 0) for i in ids], np.uint8)
        inside = rows >= 0
        rows, codes = rows[inside], codes[inside]
        opened = (codes == 0).astype(np.int64) - (state.kind[rows] == 0)
        kind = state.kind.copy()
        kind[rows] = codes
        count, histogram = self._recounted(rows, opened)
        return replace(
            state,
            revision=revision,
            open_count=count,
            open_histogram=histogram,
            kind=kind,
            elsewhere=elsewhere,
        )

    def _recounted(self, rows: npt.NDArray[np.int64], opened: npt.NDArray[np.int64]) -> Any:
        """Counts and histograms after rows were opened (1), decided (−1) or neither (0)."""
        state = self._state
        count, histogram = state.open_count.copy(), state.open_histogram.copy()
        rows, opened = rows[opened != 0], opened[opened != 0]
        if len(rows):
            cell = state.cell_of(rows)
            np.add.at(count, cell, opened)
            np.add.at(histogram, (cell, self._bin_of(rows)), opened.astype(np.int32))
        return count, histogram

    def _bin_of(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        if self._bins is None:
            iteration = self._state.iteration
            score = iies(iteration.column("p_max"), iteration.column("p_label"))
            assert HISTOGRAM_BINS <= 256
            self._bins = histogram_bin(score, len(iteration.classes)).astype(np.uint8)
        return self._bins[rows]


def said_of(kinds: Sequence[str], codes: npt.NDArray[np.uint8]) -> list[str]:
    """What is said of rows: their kinds by name, ``deleted``, or nothing where one is open."""
    names = {0: "", DELETED: "deleted", **dict(enumerate(kinds, start=1))}
    return [names[code] for code in codes.tolist()]


def standing_decisions(run: Run) -> dict[str, str]:
    """What stands on each sample of a run on which a decision stands, from the journal alone."""
    new = applied_headers(run)
    return {i: kind for i, kind in _changed(run, 0, new).items() if kind} if new else {}


def _changed(run: Run, after: int, new: Sequence[Header]) -> dict[str, str | None]:
    """What stands on each sample that the decisions touched, None where nothing does any more."""
    by_id = {header["_id"]: header for header in new}
    query = {**run.owner, "seq": {"$gt": after, "$lte": new[-1]["seq"]}}
    keep = {"_id": 0, "decision": 1, "sample_id": 1, "kind_after": 1, "lost": 1}
    changed: dict[str, str | None] = {}
    for entry in entries().find(query, keep).sort("seq", 1).hint(BY_SEQ).batch_size(20_000):
        header = by_id.get(entry["decision"])
        if header is not None and not was_lost(entry, header):
            changed[str(entry["sample_id"])] = entry["kind_after"]
    return changed


_followers: LRUCache[ObjectId, _Follower] = LRUCache(STATES_KEPT)
_follower = cached(_followers, key=lambda _, iteration: iteration.id, lock=threading.Lock())(
    _Follower
)


def current_state(
    run: Run, iteration: Iteration | int | None = None, made: Made | None = None
) -> RunState:
    """The state of a run as of now, all processes' decisions included.

    What a call costs depends on the number of decisions since the last call in this process, not
    on the number of samples.

    Args:
        run: the run
        iteration: an iteration or its number, by default the run's last
        made: a decision that this process has just made: nothing can have been left before it

    Raises:
        InputError: if there is no such iteration
    """
    if not isinstance(iteration, Iteration):
        iteration = run.iteration(iteration)
    if made is None:
        recover_abandoned(run)
    return _follower(run, iteration).follow(run, made)
