"""The nearest neighbours of one row, without an index: as quick as reading the vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

CHUNK = 16_384


def nearest_rows(
    vectors: npt.NDArray[np.floating[Any]], row: int, count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """The rows nearest to one of them, nearest first; it itself is left out.

    Args:
        vectors: float (n, d), of any precision; distances are computed in float32
        row: whose neighbours
        count: how many; there are fewer where there are no more rows

    Returns:
        int64 (k,) rows and float32 (k,) Euclidean distances, k = min(count, n - 1)

    Example:
        >>> rows, distances = nearest_rows(np.array([[0.0], [1.0], [5.0], [-2.0]]), 0, 2)
        >>> rows.tolist(), distances.tolist()
        ([1, 3], [1.0, 2.0])
    """
    own = np.asarray(vectors[row], np.float32)
    squared = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), CHUNK):
        away = np.asarray(vectors[start : start + CHUNK], np.float32) - own
        squared[start : start + CHUNK] = np.einsum("ij,ij->i", away, away)
    squared[row] = np.inf
    count = min(count, len(vectors) - 1)
    near = np.argpartition(squared, count)[: count + 1] if count else np.empty(0, np.int64)
    near = near[near != row]
    order = np.lexsort((near, squared[near]))[:count]
    return near[order].astype(np.int64), np.sqrt(squared[near[order]])
