"""Low-dimensional features of samples, for projection and for finding neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..scoring.probabilities import LogProbabilities
from .axes import principal_axes, random_axes

DIMENSIONS = 32
FLOOR = -12.0
FIT_ROWS = 20_000


def from_probabilities(models: list[LogProbabilities]) -> npt.NDArray[np.float16]:
    """Features of samples whose probabilities are all that is known.

    Centred log-probabilities averaged over the models; beyond 32 classes a fixed random projection
    keeps their distances (Johnson and Lindenstrauss), so that batches need not know of each other.

    Args:
        models: log-probabilities, float64 (n, C) each

    Returns:
        float16 (n, min(C, 32))
    """
    mean = np.maximum(np.mean(models, axis=0), FLOOR)
    centred = mean - mean.mean(axis=1, keepdims=True)
    classes = centred.shape[1]
    if classes > DIMENSIONS:
        centred = centred @ random_axes(classes, DIMENSIONS)
    return centred.astype(np.float16)


class PrincipalComponents:
    """Projection to the directions of largest variance, fitted on at most 20,000 rows.

    Args:
        vectors: float (n, d), the rows to fit on
        seed: chooses the rows where there are more than 20,000

    Example:
        >>> line = np.outer(np.arange(5.0), [3.0, 4.0])
        >>> abs(PrincipalComponents(line, seed=0)(line)[:, 0]).round(2).tolist()
        [10.0, 5.0, 0.0, 5.0, 10.0]
    """

    def __init__(self, vectors: npt.NDArray[np.floating[Any]], seed: int):
        if len(vectors) > FIT_ROWS:
            drawn = np.random.default_rng(seed).choice(len(vectors), FIT_ROWS, replace=False)
            vectors = vectors[drawn]
        self._mean, self._axes = principal_axes(vectors, DIMENSIONS)

    def __call__(self, vectors: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float16]:
        """Project rows: float (n, d) to float16 (n, min(d, 32))."""
        projected = (np.asarray(vectors, np.float64) - self._mean) @ self._axes
        return np.clip(projected, -60_000, 60_000).astype(np.float16)
