"""A layout on a grid: every picture has a place of its own, and neighbours stay near.

Places are divided as points are, by halves (a k-d tree); within a block of the grid the points go
to the places that lie nearest in sum (Kuhn 1955, by SciPy), which takes too long for all at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

BLOCK = 256
"""Places that are assigned at once: 10 ms; the time grows with the cube."""


def grid_shape(count: int, aspect: float) -> tuple[int, int]:
    """Columns and lines of a grid of about square places, in a window of an aspect.

    Args:
        count: places that are needed, at least one
        aspect: width over height of the window

    Example:
        >>> grid_shape(10, 2.0)
        (5, 2)
    """
    found = [(columns, -(-count // columns)) for columns in range(1, count + 1)]
    # The largest square places; of equal ones the fewest columns.
    return max(found, key=lambda grid: (min(aspect / grid[0], 1 / grid[1]), -grid[0]))


def on_grid(points: npt.NDArray[np.floating[Any]], columns: int, lines: int) -> npt.NDArray[Any]:
    """The place of each point on a grid.

    Args:
        points: float (n, 2)
        columns: of the grid
        lines: of the grid, with at least n places in all

    Returns:
        int64 (n, 2): column and line of each point, no two the same

    Example:
        >>> on_grid(np.array([[0.0, 0.0], [0.1, 0.0], [9.0, 0.0]]), 3, 1).tolist()
        [[0, 0], [1, 0], [2, 0]]
    """
    place = np.zeros((len(points), 2), np.int64)
    x = np.nan_to_num(np.asarray(points, np.float64))
    todo = [(np.arange(len(x)), 0, 0, columns, lines)]
    while todo:
        rows, left, top, wide, tall = todo.pop()
        if wide * tall <= BLOCK:
            place[rows] = _assigned(x[rows], wide, tall) + np.array([left, top])
            continue
        axis = 0 if wide >= tall else 1
        half = (wide, tall)[axis] // 2
        share = half / (wide, tall)[axis]
        here = round(len(rows) * share)
        order = rows[np.argsort(x[rows, axis], kind="stable")]
        if axis == 0:
            todo.append((order[:here], left, top, half, tall))
            todo.append((order[here:], left + half, top, wide - half, tall))
        else:
            todo.append((order[:here], left, top, wide, half))
            todo.append((order[here:], left, top + half, wide, tall - half))
    return place


def _assigned(x: npt.NDArray[np.float64], wide: int, tall: int) -> npt.NDArray[np.int64]:
    """Points of a block, stretched to fill it, on its places with the least squared distances."""
    if not len(x):
        return np.zeros((0, 2), np.int64)
    low, span = x.min(axis=0), np.ptp(x, axis=0)
    size = np.array([wide - 1, tall - 1])
    at = np.where(span > 0, (x - low) / np.where(span > 0, span, 1.0), 0.5) * size
    places = np.stack(np.meshgrid(np.arange(wide), np.arange(tall)), -1).reshape(-1, 2)
    cost = ((at[:, None] - places[None]) ** 2).sum(axis=2)
    return places[linear_sum_assignment(cost)[1]]
