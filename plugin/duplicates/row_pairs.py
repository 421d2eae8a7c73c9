"""The kept pairs as rows of an iteration, at a threshold and in a scope."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..store.iterations import Iteration
from .pairs import Pairs, pairs_in_scope
from .store import KeptDuplicates


@lru_cache(maxsize=8)
def rows_of_compared(kept: KeptDuplicates, iteration: Iteration) -> npt.NDArray[np.int64]:
    """The row of each compared sample, -1 where the iteration does not hold it."""
    wanted, ids = kept.column("sample_id"), iteration.column("id_sorted")
    if not len(ids):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    rows = iteration.column("id_row")[at].astype(np.int64)
    return np.where(ids[at] == wanted, rows, -1)


def pairs_of_rows(
    kept: KeptDuplicates,
    iteration: Iteration,
    threshold: float,
    scope: str,
    left_out: npt.NDArray[np.bool_] | None = None,
    touching: slice | None = None,
) -> Pairs:
    """The pairs at a threshold and in a scope, as rows of an iteration.

    What it costs depends on the number of pairs, hardly on that of samples.

    Args:
        kept: the comparison
        iteration: what the rows are of, and the predictions
        threshold: from ``kept.floor`` to 1
        scope: ``same_prediction`` or ``all``
        left_out: shape (rows,): rows without which the pairs are made; of three equal images of
            which the first is left out, the other two are a pair
        touching: consecutive rows: enough to know the pairs that one of them is in
    """
    stop = int(np.searchsorted(-kept.ses, -threshold, side="right"))
    near, ses, copies = kept.near[:stop], kept.ses[:stop], kept.with_copies
    rows = rows_of_compared(kept, iteration)
    if touching is not None:
        near, ses, copies = _touching(
            kept, near, ses, (rows >= touching.start) & (rows < touching.stop)
        )
    images = np.union1d(near, copies)
    rows = rows[images]
    group = np.zeros(len(images), np.int64)
    if scope == "same_prediction" and iteration.samples:
        group[:] = _predictions(iteration)[rows]
    group[rows < 0] = -1
    if left_out is not None and len(left_out):
        group[left_out[rows]] = -1
    local = pairs_in_scope(
        np.searchsorted(images, near),
        ses,
        np.searchsorted(images, kept.first_copy[images]),
        group,
    )
    return Pairs(np.sort(rows[local.pair], axis=1), local.ses, local.exact)


def _touching(
    kept: KeptDuplicates,
    near: npt.NDArray[np.int64],
    ses: npt.NDArray[np.float64],
    wanted: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The pairs that the wanted images or their copies are in, and the copies in these."""
    first = kept.first_copy
    touched = np.zeros(len(first), bool)
    touched[first[wanted]] = True
    which = touched[near].any(axis=1)
    near, ses = near[which], ses[which]
    touched[near.ravel()] = True
    return near, ses, kept.with_copies[touched[first[kept.with_copies]]]


@lru_cache(maxsize=2)
def _predictions(iteration: Iteration) -> npt.NDArray[np.int32]:
    return iteration.column("prediction")
