"""Samples that show nearly the same, by features of a network."""

from __future__ import annotations

import numpy as np

from ..arrays import Int64Array, Vectors
from ..progress import Report, silent
from .neighbours import NeighbourIndex

LEAST_COSINE = 0.85
"""Of features without their mean. Measured on 3,068 photographs: of those that were compressed
again all are nearer to the first, of those made brighter or mirrored 94 %, of halved ones 61 %, of
those cut by a tenth 49 %; and 5 pairs of different ones."""
MUCH_NEARER = 0.65
"""Of the distance to the tenth nearest: how near copies are to each other. Where a class lies close
together as a whole, as in features that were trained on it, its samples are no copies of each
other: the nearest is hardly nearer than the tenth. It costs none of the copies above."""
NEIGHBOURS = 10
ASKED_AT_ONCE = 5_000


def near_pairs(
    features: Vectors,
    report: Report = silent,
    least: float = LEAST_COSINE,
) -> Int64Array:
    """Pairs of samples that are much nearer to each other than to others, seen from the mean.

    Args:
        features: (n, d), finite
        report: told how far it is
        least: their cosine at least

    Returns:
        int64 (m, 2): each sample with those of its ten nearest that are near enough

    Example:
        >>> near_pairs(np.array([[9.0, 0.0], [9.1, 0.1], [-9.0, 5.0], [-9.0, -5.0]])).tolist()
        [[0, 1]]
    """
    rows = np.asarray(features, np.float32) - np.mean(features, axis=0, dtype=np.float64)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = (rows / np.maximum(length, 1e-12)).astype(np.float32)
    index = NeighbourIndex(rows)
    found: list[Int64Array] = []
    for start in range(0, len(rows), ASKED_AT_ONCE):
        asked = np.arange(start, min(start + ASKED_AT_ONCE, len(rows)))
        near, distance = index.nearest(NEIGHBOURS, asked)
        usual = np.where(np.isfinite(distance), distance, 0).max(axis=1, keepdims=True)
        alike = (1 - distance**2 / 2 >= least) & (distance <= MUCH_NEARER * usual)
        at, rank = np.nonzero((near >= 0) & alike)
        found.append(np.stack([asked[at], near[at, rank]], axis=1))
        report(start / len(rows), "Looking for bursts")
    pairs = np.concatenate(found) if found else np.empty((0, 2), np.int64)
    return np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64).reshape(-1, 2)
