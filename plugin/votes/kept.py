"""The votes as an iteration found them, beside its rows: whose they are, and how likely wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId
from cachetools import LRUCache

from ..arrays import BoolArray, Float32Array, Int32Array, IntArray
from ..decisions.ranking import Ranking, ranking_of
from ..errors import InputError
from ..scoring.cells import HISTOGRAM_BINS
from ..store.iterations import Iteration
from ..store.runs import Run
from ..store.scores import read_table, write_rank, write_table

TABLE = "votes"
WORST_VOTE = "vote_wrong"
"""The kept score of each row: the probability that the least likely vote on it is wrong."""

PROBABLY = 0.5
"""A vote is probably wrong above it."""

KEPT_IN_MEMORY = 2


@dataclass(frozen=True)
class Given:
    """Votes of one person, all or those for one class where the consensus is another one.

    Attributes:
        annotator: their name
        meant: class index of the consensus, None for any
        said: class index of the vote, None for any
    """

    annotator: str
    meant: int | None = None
    said: int | None = None


@dataclass(frozen=True, eq=False)
class KeptVotes:
    """Votes by row.

    Attributes:
        iteration: whose rows they are on
        people: what is known of each annotator, as ``records`` gives it
        row: int32 (m,), ascending
        annotator: int32 (m,), index into ``people``
        label: int32 (m,), the class that was voted for
        wrong: float32 (m,), probability that it is not the class, given model and all votes
    """

    iteration: Iteration
    people: list[dict[str, Any]]
    row: Int32Array
    annotator: Int32Array
    label: Int32Array
    wrong: Float32Array

    def of(self, given: Given) -> IntArray:
        """Which votes are meant: places in ``row``, ascending.

        Raises:
            InputError: if nobody of that name voted, or a class is none of the iteration
        """
        mine = self.annotator == self._index(given.annotator)
        for name, value in (("meant", given.meant), ("said", given.said)):
            if value is not None and not 0 <= value < self.iteration.outcomes:
                raise InputError(
                    f"{name} must be a class index below {self.iteration.outcomes}, got {value}"
                )
        if given.said is not None:
            mine &= self.label == given.said
        if given.meant is not None:
            mine &= self.iteration.likeliest()[self.row] == given.meant
        return np.flatnonzero(mine)

    def on_rows(self, rows: IntArray) -> list[list[tuple[str, int]]]:
        """Who said what of each of some rows: name and class index."""
        low, high = np.searchsorted(self.row, rows), np.searchsorted(self.row, rows, side="right")
        return [
            [
                (str(self.people[a]["name"]), c)
                for a, c in zip(self.annotator[i:j].tolist(), self.label[i:j].tolist(), strict=True)
            ]
            for i, j in zip(low.tolist(), high.tolist(), strict=True)
        ]

    def probably_wrong(self, is_open: BoolArray) -> npt.NDArray[np.int64]:
        """How many votes of each annotator are probably wrong, on rows that are open (n,)."""
        counted = (self.wrong > PROBABLY) & is_open[self.row]
        return np.bincount(self.annotator[counted], minlength=len(self.people))

    def _index(self, name: str) -> int:
        for at, one in enumerate(self.people):
            if one["name"] == name:
                return at
        raise InputError(
            f"annotator: nobody called {name!r} voted in iteration {self.iteration.number}"
        )


@dataclass(frozen=True)
class Confusions:
    """What one annotator said, by the class that it most probably is: one entry a pair of classes.

    Attributes:
        meant, said: int64 (k,), class indices
        votes: int64 (k,), how many
        open: int64 (k,), those on rows on which no decision stands
        histogram: int64 (k, 20), the open ones by the probability that the vote is wrong, 0 to 1
    """

    meant: npt.NDArray[np.int64]
    said: npt.NDArray[np.int64]
    votes: npt.NDArray[np.int64]
    open: npt.NDArray[np.int64]
    histogram: npt.NDArray[np.int64]


def confusions_of(kept: KeptVotes, annotator: str, is_open: BoolArray) -> Confusions:
    """One annotator's votes in the overview's order.

    Classes whose votes are most often another one come first; in each what was meant comes first,
    then the others by count.
    """
    at = kept.of(Given(annotator))
    classes = kept.iteration.outcomes
    meant = kept.iteration.likeliest()[kept.row[at]].astype(np.int64)
    pair, inverse = np.unique(meant * classes + kept.label[at], return_inverse=True)
    here = is_open[kept.row[at]]
    bins = np.minimum(kept.wrong[at] * HISTOGRAM_BINS, HISTOGRAM_BINS - 1).astype(np.int64)
    histogram = np.bincount(
        (inverse * HISTOGRAM_BINS + bins)[here], minlength=len(pair) * HISTOGRAM_BINS
    ).reshape(-1, HISTOGRAM_BINS)
    meant, said = np.divmod(pair, classes)
    votes, opened = np.bincount(inverse, minlength=len(pair)), histogram.sum(axis=1)
    off = np.bincount(meant, np.where(meant != said, opened, 0), minlength=classes)
    order = np.lexsort((said, -opened, meant != said, meant, -off[meant]))
    return Confusions(meant[order], said[order], votes[order], opened[order], histogram[order])


def keep_votes(
    run: Run,
    iteration: Iteration,
    columns: Mapping[str, npt.NDArray[Any]],
) -> None:
    """Keep the votes of an iteration; ``columns`` are those of :class:`KeptVotes`, in any order."""
    order = np.argsort(columns["row"], kind="stable")
    write_table(run, iteration, TABLE, {name: values[order] for name, values in columns.items()})
    worst = np.full(iteration.samples, np.nan, np.float32)
    np.fmax.at(worst, columns["row"], columns["wrong"])
    write_rank(run, iteration, WORST_VOTE, worst)


def find_votes(run: Run, iteration: Iteration) -> KeptVotes | None:
    """The votes of an iteration, None where it keeps none."""
    with _lock:
        if iteration.id in _kept:
            return _kept[iteration.id]
    table = read_table(run, iteration, TABLE)
    if table is None:
        return None
    people = list(iteration.document["votes"]["annotators"])
    found = KeptVotes(iteration, people, **table)
    with _lock:
        _kept[iteration.id] = found
    return found


def kept_votes(run: Run, iteration: Iteration) -> KeptVotes:
    """The votes of an iteration.

    Raises:
        InputError: if it was made without votes, or by a version that did not keep them
    """
    found = find_votes(run, iteration)
    if found is None:
        raise InputError(
            f"Iteration {iteration.number} of run '{run.key}' keeps no votes. Call "
            "find_label_errors with vote_fields first."
        )
    return found


def rows_given(run: Run, iteration: Iteration, given: Given) -> BoolArray:
    """The rows that somebody voted on so: bool (n,).

    Raises:
        InputError: as ``kept_votes`` and ``KeptVotes.of``
    """
    kept = kept_votes(run, iteration)
    rows = np.zeros(iteration.samples, bool)
    rows[kept.row[kept.of(given)]] = True
    return rows


def ranking_of_votes(run: Run, iteration: Iteration, given: Given) -> Ranking | None:
    """The rows that somebody voted on so, by the probability that this vote is wrong."""
    kept = kept_votes(run, iteration)

    def values() -> Float32Array:
        at = kept.of(given)
        found = np.full(iteration.samples, np.nan, np.float32)
        found[kept.row[at]] = kept.wrong[at]
        return found

    return ranking_of((str(iteration.id), WORST_VOTE, repr(given)), values)


_kept: LRUCache[ObjectId, KeptVotes] = LRUCache(KEPT_IN_MEMORY)
_lock = Lock()
