"""Squared distances and leverages within classes, and both brought up to date after few changes.

With a class's mean μ, n samples and centred scatter S, the leverage of x in the design matrix with
an intercept is ``1/n + (x − μ)ᵀ (S + λI)⁻¹ (x − μ)``. The ridge λ makes it defined where a class
has fewer samples than dimensions. Samples that come and go change S by a matrix of low rank, so
the inverse follows by Sherman, Morrison and Woodbury's formula, and so do the leverages of all
others, without a look at what else is in the inverse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from ..arrays import Float64Array, Vectors
from .moments import ClassMoments


@dataclass(frozen=True)
class Change:
    """What some samples that came to a class and went from it do to the quantities of the others.

    Attributes:
        mean: float64 (d,), the class's mean before
        moved: float64 (d,), how far it moved
        directions: float64 (d, k), columns to be multiplied with centred vectors
        middle: float64 (k, k), between them in the quadratic form
        pull: float64 (d,), the old inverse times ``moved``
    """

    mean: Float64Array
    moved: Float64Array
    directions: Float64Array
    middle: Float64Array
    pull: Float64Array

    def applied(
        self, vectors: Vectors, distance: Float64Array, quadratic: Float64Array
    ) -> tuple[Float64Array, Float64Array]:
        """Squared distances and quadratic forms (m,) of vectors (m, d) after the change.

        Costs m · d · k, where computing them anew costs m · d². Only float64 vectors are multiplied
        in float64: what single precision rounds off is far below what it rounds off the vectors.
        """
        precision = np.float64 if vectors.dtype == np.float64 else np.float32
        centred = vectors.astype(precision) - self.mean.astype(precision)
        columns = np.column_stack([self.directions, self.pull, self.moved])
        products = (centred @ columns.astype(precision)).astype(np.float64)
        shift = self.moved @ columns
        inner = products[:, :-2] - shift[:-2]
        turned = quadratic - 2.0 * products[:, -2] + shift[-2]
        turned -= np.einsum("ij,ij->i", inner @ self.middle, inner)
        moved = distance - 2.0 * products[:, -1] + shift[-1]
        return np.maximum(moved, 0.0), np.maximum(turned, 0.0)


class ClassGeometry:
    """Mean and inverse scatter of each class, from which distances and leverages follow.

    Args:
        moments: of one pass over all samples; its ``scatter`` is overwritten by the inverses
        ridge: λ as a multiple of the average variance within classes; it stays as it is when
            samples come and go

    Attributes:
        count: int64 (C,)
        mean: float64 (C, d)
        inverse: float64 (C, d, d), of ``scatter + λI``
    """

    def __init__(self, moments: ClassMoments, ridge: float = 1.0):
        width = moments.mean.shape[1]
        total = float(moments.spread().sum())
        self.strength = max(ridge * total / max(int(moments.count.sum()) * width, 1), 1e-12)
        self.count, self.mean, self.inverse = moments.count, moments.mean, moments.scatter
        # Many small inversions: on a busy machine BLAS's threads would wait for each other.
        with threadpool_limits(1, user_api="blas"):
            for name in range(len(self.count)):
                self.inverse[name] = self._inverted(self.inverse[name])

    def _inverted(self, scatter: Float64Array) -> Float64Array:
        inverse = np.linalg.inv(scatter + self.strength * np.eye(len(scatter)))
        return (inverse + inverse.T) / 2.0

    def measured(self, name: int, vectors: Vectors) -> tuple[Float64Array, Float64Array]:
        """Squared distance from the mean of a class, and ``zᵀ (S + λI)⁻¹ z``, of vectors (m, d)."""
        centred = np.asarray(vectors, np.float64) - self.mean[name]
        quadratic = np.einsum("ij,ij->i", centred @ self.inverse[name], centred)
        return np.einsum("ij,ij->i", centred, centred), np.maximum(quadratic, 0.0)

    def leverage(self, name: int, quadratic: Float64Array) -> Float64Array:
        """Leverages from the quadratic forms of samples of a class."""
        return quadratic + 1.0 / max(int(self.count[name]), 1)

    def change(self, name: int, added: Vectors, removed: Vectors) -> Change:
        """Let samples come to a class and go from it.

        Args:
            name: the class
            added: float (a, d), vectors that the class gets
            removed: float (r, d), vectors of the class that it loses

        Returns:
            what that does to the distances and quadratic forms of those that stay
        """
        mean = self.mean[name].copy()
        come = np.asarray(added, np.float64) - mean
        gone = np.asarray(removed, np.float64) - mean
        count = int(self.count[name]) + len(come) - len(gone)
        total = come.sum(axis=0) - gone.sum(axis=0)
        moved = total / count if count else np.zeros_like(mean)
        columns = np.vstack([come, gone, moved[None]]).T
        signs = np.concatenate([np.ones(len(come)), -np.ones(len(gone)), [-1.0]])
        scale = np.concatenate([np.ones(len(come) + len(gone)), [np.sqrt(count)]])
        columns = columns * scale
        pull = self.inverse[name] @ moved
        directions = self.inverse[name] @ columns
        middle = np.linalg.inv(np.diag(signs) + columns.T @ directions)
        self.inverse[name] -= directions @ middle @ directions.T
        self.count[name] = count
        self.mean[name] = mean + moved if count else 0.0
        return Change(mean, moved, directions, middle, pull)

    def rebuild(self, name: int, scatter: Float64Array, mean: Float64Array, count: int) -> None:
        """Put a class's moments, counted anew, in place of what is known of it."""
        self.count[name], self.mean[name] = count, mean
        self.inverse[name] = self._inverted(scatter)
