"""A layout of very many samples: some are laid out with care, the others go where those lead them.

UMAP's time grows faster than its use: 10,000 landmarks show the shape of a million samples. The
others are placed between their nearest landmarks, as umap-learn itself begins when it places new
points (McInnes, Healy and Melville 2018), without its optimisation, which would take minutes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray
from ..vectors.neighbours import NeighbourIndex

LANDMARKS = 10_000
NEAREST = 5
BLOCK = 8_192
SEED = 51


def draw_landmarks(count: int, most: int = LANDMARKS, seed: int = SEED) -> npt.NDArray[np.int64]:
    """Rows to be landmarks, ascending: all where there are few, otherwise a random part.

    >>> draw_landmarks(3).tolist()
    [0, 1, 2]
    """
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def placed(
    vectors: FloatArray, landmarks: FloatArray, layout: FloatArray
) -> Iterator[npt.NDArray[np.float32]]:
    """Where vectors go among landmarks that have been laid out, a block at a time.

    Each goes to the mean of its five nearest landmarks' places, weighted by exp(−(d − d₁) / d̄),
    with d₁ the distance of the nearest and d̄ the mean distance of the five. A vector equal to a
    landmark gets close to its place, and all stay inside of the landmarks' hull.

    Args:
        vectors: float (n, d)
        landmarks: float (m, d), at least one
        layout: float (m, 2), the landmarks' places

    Yields:
        float32 (b, 2), blocks of at most 8,192 that together have n rows

    Example:
        >>> line = np.arange(6.0)[:, None]
        >>> blocks = placed(np.array([[2.5]]), line, np.repeat(line, 2, axis=1))
        >>> next(blocks).astype(float).round(2).tolist()
        [[2.33, 2.33]]
    """
    index = NeighbourIndex(landmarks)
    places = np.asarray(layout, np.float32)
    k = min(NEAREST, len(places))
    for start in range(0, len(vectors), BLOCK):
        near, distance = index.nearest_to(vectors[start : start + BLOCK], k)
        scale = np.maximum(distance.mean(axis=1, keepdims=True), 1e-12)
        weight = np.exp(-(distance - distance[:, :1]) / scale)
        weight /= weight.sum(axis=1, keepdims=True)
        yield np.einsum("ij,ijk->ik", weight, places[near], dtype=np.float32)
