"""Samples to look at beside another one: of many that look alike one is enough."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def one_of_each(
    rows: npt.NDArray[np.int64], groups: npt.NDArray[np.integer[Any]], avoid: int
) -> npt.NDArray[np.int64]:
    """The first row of each group of near-duplicates, in their order.

    Args:
        rows: int64 (m,), in the order of preference
        groups: integer (n,): for each row of the iteration the group that it is in
        avoid: the row that is looked at: its group is left out

    Returns:
        int64 (at most m,)

    Example:
        >>> one_of_each(np.array([3, 0, 1, 2]), np.array([5, 5, 8, 9]), avoid=2).tolist()
        [3, 0]
        >>> one_of_each(np.array([3, 0, 1, 2]), np.array([5, 5, 8, 9]), avoid=3).tolist()
        [0, 2]
    """
    _, first = np.unique(groups[rows], return_index=True)
    found = rows[np.sort(first)]
    return found[groups[found] != groups[avoid]]
