"""Pairs of near vectors, by faiss: HNSW where there are many, exact search where there are few.

faiss is maintained, comes as one wheel without dependencies but numpy on Linux, macOS and Windows,
and needs no compilation at first use (pynndescent: a minute) and no compiler at installation
(hnswlib). HNSW builds and searches in about n log n.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

EXACT_UP_TO = 4096
_LINKS = 16  # HNSW's M
_BUILD_BREADTH = 80  # HNSW's efConstruction


class NeighbourIndex:
    """An index of vectors that answers which of them are near.

    Args:
        vectors: shape (n, d), finite; kept as float32.
        exact: search exactly; by default where n is at most 4,096.

    Raises:
        ValueError: the shape is another, or a value is NaN or infinite (the row is named).

    >>> index = NeighbourIndex(np.array([[0.0], [1.0], [5.0]]))
    >>> rows, distances = index.nearest(1)
    >>> rows.tolist(), distances.tolist()
    ([[1], [0], [1]], [[1.0], [1.0], [4.0]])
    """

    def __init__(
        self,
        vectors: NDArray[np.floating[Any]],
        *,
        exact: bool | None = None,
    ) -> None:
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if self._vectors.ndim != 2:
            raise ValueError(f"vectors must have shape (n, d), got {self._vectors.shape}")
        broken = np.flatnonzero(~np.isfinite(self._vectors).all(axis=1))
        if len(broken):
            raise ValueError(
                f"vectors must be finite; {len(broken)} are not, the first is row {broken[0]}"
            )
        few = len(self._vectors) <= EXACT_UP_TO
        self._search = _searched(self._vectors, exact=few if exact is None else exact)

    def nearest(
        self, k: int, queries: NDArray[np.integer[Any]] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The `k` nearest other vectors of each one asked for, nearest first.

        Args:
            k: how many, at least 1.
            queries: rows to ask for; all where None.

        Returns:
            Rows, shape (q, k), int64, and their Euclidean distances, float32. Where fewer than `k`
            others are
            found, -1 and infinity fill the end.

        Raises:
            ValueError: `k` is below 1.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        rows = np.arange(len(self._vectors)) if queries is None else np.asarray(queries, np.int64)
        ids = np.full((len(rows), k), -1, dtype=np.int64)
        distances = np.full((len(rows), k), np.inf, dtype=np.float32)
        ask = min(k + 1, len(self._vectors))
        if ask < 2 or not len(rows):
            return ids, distances
        squared, found = self._search(self._vectors[rows], ask)
        # The vector itself goes last, or the farthest does where equal vectors crowd it out.
        itself = found == rows[:, None]
        itself[~itself.any(axis=1), -1] = True
        ids[:, : ask - 1] = found[~itself].reshape(len(rows), ask - 1)
        distances[:, : ask - 1] = np.sqrt(
            np.maximum(squared[~itself], 0.0).reshape(len(rows), ask - 1)
        )
        distances[ids < 0] = np.inf
        return ids, distances

    def nearest_to(
        self, vectors: NDArray[np.floating[Any]], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The `k` nearest vectors of the index of others that are not in it, nearest first.

        Args:
            vectors: shape (q, d), finite.
            k: how many, from 1 to the number of vectors in the index.

        Returns:
            Rows, shape (q, k), int64, and their Euclidean distances, float32.

        Raises:
            ValueError: `k` is not in that range.

        >>> NeighbourIndex(np.array([[0.0], [1.0], [5.0]])).nearest_to(np.array([[4.0]]), 1)
        (array([[2]]), array([[1.]], dtype=float32))
        """
        if not 1 <= k <= len(self._vectors):
            raise ValueError(f"k must be from 1 to {len(self._vectors)}, got {k}")
        squared, found = self._search(np.ascontiguousarray(vectors, np.float32), k)
        return found, np.sqrt(np.maximum(squared, 0.0))


def _searched(vectors: NDArray[np.float32], *, exact: bool) -> Any:
    import faiss

    if exact:
        index: Any = faiss.IndexFlatL2(vectors.shape[1])
        index.add(vectors)
        return index.search
    index = faiss.IndexHNSWFlat(vectors.shape[1], _LINKS)
    index.hnsw.efConstruction = _BUILD_BREADTH
    index.add(vectors)

    def search(
        queries: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        index.hnsw.efSearch = max(48, k + 32)
        return index.search(queries, k)

    return search
