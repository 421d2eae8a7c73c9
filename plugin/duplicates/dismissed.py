"""Groups of duplicates that a person has dismissed: kept on purpose, or relabelled alike.

They are read from the journal: a decision to keep all, and one whose header says ``settles``,
concerns all samples, or labels, of its entries, as long as it is not undone.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from bson import ObjectId
from cachetools import LRUCache, cached

from ..decisions.changes import KEEP_ALL
from ..decisions.journal import Header, applied_headers, entries_of, unit_of, was_lost
from ..store.iterations import Iteration
from ..store.runs import Run

FOLLOWED = 8


@dataclass(frozen=True)
class Dismissed:
    """The dismissed groups as of one revision of the journal.

    Attributes:
        revision: the last decision that is in it
        groups: the rows of each
    """

    revision: int
    groups: tuple[npt.NDArray[np.int64], ...]

    def holds(self, pair: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which pairs of rows (m, 2) lie inside of one dismissed group."""
        inside = np.zeros(len(pair), bool)
        if not self.groups:
            return inside
        doubtful = np.flatnonzero(np.isin(pair, np.concatenate(self.groups)).all(axis=1))
        belongs: dict[int, set[int]] = {}
        for number, rows in enumerate(self.groups):
            for row in rows.tolist():
                belongs.setdefault(row, set()).add(number)
        for at in doubtful.tolist():
            first, second = pair[at].tolist()
            inside[at] = not belongs[first].isdisjoint(belongs[second])
        return inside


class _Follower:
    """Follows the journal, for one iteration's rows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[ObjectId, npt.NDArray[np.int64]] = {}
        self._stands: dict[ObjectId, bool] = {}
        # What an undo, or the undo of an undo, was about, and whether it let that stand.
        self._about: dict[ObjectId, tuple[ObjectId, bool]] = {}
        self._dismissed = Dismissed(0, ())

    def follow(self, run: Run, iteration: Iteration) -> Dismissed:
        """The dismissed groups with all decisions that are in the journal by now."""
        with self._lock:
            new = applied_headers(run, after=self._dismissed.revision)
            for header in new:
                self._take(header, iteration)
            if new:
                groups = tuple(self._rows[i] for i, stands in self._stands.items() if stands)
                self._dismissed = Dismissed(new[-1]["seq"], groups)
            return self._dismissed

    def _take(self, header: Header, iteration: Iteration) -> None:
        decision, undoes = header["_id"], header["undoes"]
        if header["action"] == KEEP_ALL or header.get("settles"):
            self._rows[decision] = _rows(header, iteration)
            self._stands[decision] = True
        elif undoes in self._stands:
            self._about[decision] = (undoes, False)
        elif undoes in self._about:
            target, stood = self._about[undoes]
            self._about[decision] = (target, not stood)
        if decision in self._about and header["applied"]:
            target, stands = self._about[decision]
            self._stands[target] = stands


def _rows(header: Header, iteration: Iteration) -> npt.NDArray[np.int64]:
    unit = unit_of(header)
    found = entries_of(header["_id"], {"sample_id": 1, unit: 1, "lost": 1})
    ids = [str(entry[unit]) for entry in found if not was_lost(entry, header)]
    rows = iteration.rows_of(ids)
    return rows[rows >= 0]


@cached(LRUCache(FOLLOWED), lock=threading.Lock())
def _follower(iteration_id: ObjectId) -> _Follower:
    del iteration_id
    return _Follower()


def dismissed_groups(run: Run, iteration: Iteration) -> Dismissed:
    """The dismissed groups of a run as of now, all processes' decisions included.

    What a call costs depends on the number of decisions since the last one in this process.
    """
    return _follower(iteration.id).follow(run, iteration)
