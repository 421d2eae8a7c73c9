"""Pairs of near vectors: faiss HNSW where there are many, exact search where there are few.

faiss was chosen because it is maintained, comes as one wheel without dependencies but numpy on
Linux, macOS and Windows,
and needs no compilation at first use (pynndescent: a minute) and no compiler at installation
(hnswlib). HNSW
builds and searches in about n log n. Without faiss the exact search serves any number, in n^2 time.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..tensors import tensor_of

EXACT_UP_TO = 4096
_LINKS = 16  # HNSW's M
_BUILD_BREADTH = 80  # HNSW's efConstruction


class _Search(Protocol):
    def __call__(
        self, queries: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]: ...


class NeighbourIndex:
    """An index of vectors that answers which of them are near.

    Args:
        vectors: shape (n, d), finite; kept as float32.
        exact: search exactly; by default where n is at most 4,096 or faiss is not installed.
        threads: of faiss; its own default (all cores) where None.

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
        threads: int | None = None,
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
        build = _exact_search if (few if exact is None else exact) else _hnsw_search
        self._search = build(self._vectors, threads)

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
        distances[:, : ask - 1] = np.sqrt(squared[~itself].reshape(len(rows), ask - 1))
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


def _exact_search(vectors: NDArray[np.float32], threads: int | None) -> _Search:
    del threads  # torch's own setting holds
    base = tensor_of(vectors)
    norms = base.square().sum(1)

    def search(queries: NDArray[np.float32], k: int):
        distances = np.empty((len(queries), k), dtype=np.float32)
        ids = np.empty((len(queries), k), dtype=np.int64)
        step = max(1, (1 << 23) // max(len(base), 1))
        for start in range(0, len(queries), step):
            q = tensor_of(queries[start : start + step])
            squared = (q.square().sum(1, keepdim=True) + norms - 2 * (q @ base.mT)).clamp_(min=0)
            near = squared.topk(k, largest=False)
            distances[start : start + step] = near.values.numpy()
            ids[start : start + step] = near.indices.numpy()
        return distances, ids

    return search


def _hnsw_search(vectors: NDArray[np.float32], threads: int | None) -> _Search:
    try:
        import faiss
    except ImportError:
        return _exact_search(vectors, threads)
    if threads is not None:
        faiss.omp_set_num_threads(threads)
    index: Any = faiss.IndexHNSWFlat(vectors.shape[1], _LINKS)
    index.hnsw.efConstruction = _BUILD_BREADTH
    index.add(vectors)

    def search(queries: NDArray[np.float32], k: int):
        index.hnsw.efSearch = max(48, k + 32)
        return index.search(queries, k)

    return search
