"""Which samples of an iteration are near-duplicates of each other, as a group for each row."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..store.iterations import Iteration
from ..store.runs import Run
from .row_pairs import rows_of_compared
from .store import KeptDuplicates, load_duplicates


def groups_of_rows(run: Run, iteration: Iteration) -> npt.NDArray[np.int64]:
    """For each row a number that its near-duplicates share, at the threshold in force.

    Decisions, predictions and dismissed groups are left aside: what looks alike goes on doing so.
    Rows that were not compared are groups of their own.
    """
    kept = load_duplicates(run)
    if kept is None:
        return np.arange(iteration.samples)
    return _groups(kept, kept.threshold, iteration)


@lru_cache(maxsize=2)
def _groups(kept: KeptDuplicates, threshold: float, iteration: Iteration) -> npt.NDArray[np.int64]:
    stop = int(np.searchsorted(-kept.ses, -threshold, side="right"))
    first, second = kept.near[:stop].T
    images = kept.samples
    graph = coo_array((np.ones(stop, np.int8), (first, second)), shape=(images, images))
    of_image = connected_components(graph, directed=False)[1][kept.first_copy]
    rows = rows_of_compared(kept, iteration)
    groups = images + np.arange(iteration.samples)
    groups[rows[rows >= 0]] = of_image[rows >= 0]
    return groups
