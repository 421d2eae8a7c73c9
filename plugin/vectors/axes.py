"""Axes that vectors are projected to: those of largest variance, or random ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits

from ..arrays import Float64Array, Vectors

_SLOPE = 1e-12
_NOTHING = 1e-10
_SMALL = 4_000_000


class Axes(NamedTuple):
    """Principal axes of some vectors."""

    mean: Float64Array
    """Shape (d,)."""
    axes: Float64Array
    """Shape (d, k): orthonormal columns, that of the largest variance first."""


def principal_axes(vectors: Vectors, most: int) -> Axes:
    """The directions of largest variance; signs are fixed, so that equal input gives equal axes.

    Args:
        vectors: float (n, d), finite, n at least 1
        most: how many, d at most; beyond those in which the vectors differ any others follow

    Example:
        >>> line = np.outer(np.arange(3.0), [3.0, 4.0])
        >>> principal_axes(line, 1).axes.round(3).tolist()
        [[0.6], [0.8]]
    """
    rows = np.asarray(vectors, np.float64)
    mean = rows.mean(axis=0)
    most = min(most, rows.shape[1])
    axes = _completed(_largest(rows - mean, most), most) if most else np.empty((0, 0))
    at = np.abs(axes).argmax(axis=0) if most else np.empty(0, np.int64)
    return Axes(mean, axes * np.where(axes[at, np.arange(most)] < 0, -1.0, 1.0))


def _largest(rows: Float64Array, most: int) -> Float64Array:
    n, d = rows.shape
    spread = product(rows.T, rows) if d <= n else product(rows, rows.T)
    size = len(spread)
    # Equal eigenvalues, as of equal images, would keep the search for them from an end.
    spread[np.diag_indices(size)] += np.linspace(0.0, _SLOPE, size) * np.trace(spread)
    last = max(0, size - most), size - 1
    # It holds Python's lock: threads that wait for each other on a busy machine stop all else.
    with threadpool_limits(1, user_api="blas"):
        values, axes = eigh(spread, subset_by_index=last, overwrite_a=True, check_finite=False)
    values, axes = values[::-1], axes[:, ::-1]
    if d <= n:
        return axes
    # With more numbers than vectors, from the vectors' products with each other.
    there = values > _NOTHING * max(values[0], 1e-300)
    return product(rows.T, axes[:, there]) / np.sqrt(values[there])


def _completed(axes: Float64Array, most: int) -> Float64Array:
    """As many orthonormal axes as are wanted."""
    known = axes.shape[1]
    if known == most:
        return axes
    others = np.random.default_rng(51).normal(size=(len(axes), most - known))
    others = np.linalg.qr(np.hstack([axes, others]))[0][:, known:]
    return np.hstack([axes, others])


def random_axes(width: int, narrow: int) -> Float64Array:
    """A random projection that keeps distances (Johnson and Lindenstrauss), the same each time.

    Returns:
        float64 (width, narrow)
    """
    return np.random.default_rng(51).normal(size=(width, narrow)) / np.sqrt(narrow)


def product(a: Float64Array, b: Float64Array) -> Float64Array:
    """The matrix product; a small one without BLAS, whose threads a busy machine stalls."""
    small = a.shape[0] * a.shape[1] * b.shape[1] <= _SMALL
    return np.einsum("ij,jk->ik", a, b) if small else a @ b
