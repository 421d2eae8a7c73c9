"""Pairs of near vectors, among many: faiss HNSW where there are many, exact search where there are few.

faiss was chosen because it is maintained, comes as one wheel without dependencies but numpy on Linux, macOS and Windows,
and needs no compilation at first use (pynndescent: a minute) and no compiler at installation (hnswlib). HNSW
builds and searches in about n log n. Without faiss the exact search serves any number, in n^2 time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

EXACT_UP_TO = 4096
_LINKS = 16  # HNSW's M
_BUILD_BREADTH = 80  # HNSW's efConstruction
_STEP = 4096

Progress = Callable[[int, int], None]


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
    >>> index.within(1.5).tolist()
    [[0, 1]]
    >>> index.nearest(1).tolist()
    [[0, 1], [1, 2]]
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

    def within(
        self,
        radius: float,
        *,
        first_query: int = 0,
        k: int = 8,
        max_k: int = 256,
        progress: Progress | None = None,
    ) -> NDArray[np.int64]:
        """Pairs at most `radius` apart.

        A vector is asked for more neighbours, four times as many each time, as long as its farthest one is
        still inside; so that crowded places cost more and the rest little.

        Args:
            radius: the largest Euclidean distance of a pair.
            first_query: only pairs with a member of at least this index.
            k: neighbours asked for at first.
            max_k: neighbours of one vector at most; the nearest win.
            progress: called with (vectors done, vectors asked).

        Returns:
            Shape (m, 2), int64, each pair once, smaller index first, sorted.
        """
        count = len(self._vectors)
        asked = count - first_query
        found: list[NDArray[np.int64]] = []
        for start in range(first_query, count, _STEP):
            active = np.arange(start, min(start + _STEP, count))
            wanted = k
            while len(active):
                ask = min(wanted + 1, count)
                distances, ids = self._search(self._vectors[active], ask)
                inside = (distances <= radius * radius) & (ids >= 0)
                full = inside[:, -1] & (ask < count)
                done = ~full if wanted < max_k else np.ones(len(active), dtype=bool)
                found.append(_keys(active[done], ids[done], inside[done], count))
                active, wanted = active[~done], min(max_k, wanted * 4)
            if progress is not None:
                progress(min(start + _STEP, count) - first_query, asked)
        return _pairs(found, count)

    def nearest(
        self, k: int, *, first_query: int = 0, progress: Progress | None = None
    ) -> NDArray[np.int64]:
        """Pairs of each vector with its `k` nearest, shaped as in `within`."""
        return self.within(float("inf"), first_query=first_query, k=k, max_k=k, progress=progress)


def _keys(
    queries: NDArray[np.int64], ids: NDArray[np.int64], inside: NDArray[np.bool_], count: int
) -> NDArray[np.int64]:
    a, b = np.broadcast_to(queries[:, None], ids.shape)[inside], ids[inside]
    return (np.minimum(a, b) * count + np.maximum(a, b))[a != b]


def _pairs(keys: list[NDArray[np.int64]], count: int) -> NDArray[np.int64]:
    unique = np.unique(np.concatenate(keys)) if keys else np.empty(0, dtype=np.int64)
    return np.stack([unique // max(count, 1), unique % max(count, 1)], axis=1)


def _exact_search(vectors: NDArray[np.float32], threads: int | None) -> _Search:
    del threads  # torch's own setting holds
    base = torch.from_numpy(vectors)
    norms = base.square().sum(1)

    def search(queries: NDArray[np.float32], k: int):
        distances = np.empty((len(queries), k), dtype=np.float32)
        ids = np.empty((len(queries), k), dtype=np.int64)
        step = max(1, (1 << 23) // max(len(base), 1))
        for start in range(0, len(queries), step):
            q = torch.from_numpy(queries[start : start + step])
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
        index.hnsw.efSearch = max(48, 2 * k)
        return index.search(queries, k)

    return search
