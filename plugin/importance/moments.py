"""The count, mean and scatter of each class, accumulated from chunks in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import Float64Array, Vectors


class ClassMoments:
    """What one pass over vectors keeps of each class; it grows with neither chunk nor dataset.

    Chunks are merged about their own means (Chan, Golub and LeVeque, The American Statistician 37,
    1983), so large offsets cost no digits.

    Args:
        classes: number of classes C
        width: length d of the vectors

    Attributes:
        count: int64 (C,)
        mean: float64 (C, d), zero where a class is empty
        scatter: float64 (C, d, d), ``Σ (x − mean)(x − mean)ᵀ``

    Example:
        >>> moments = ClassMoments(1, 1)
        >>> moments.add(np.array([[1.0], [2.0]]), np.array([0, 0]))
        >>> moments.add(np.array([[6.0], [9.0]]), np.array([0, -1]))
        >>> moments.count.tolist(), moments.mean.tolist(), moments.scatter.tolist()
        ([3], [[3.0]], [[[14.0]]])
    """

    def __init__(self, classes: int, width: int):
        self.count = np.zeros(classes, np.int64)
        self.mean = np.zeros((classes, width))
        self.scatter = np.zeros((classes, width, width))

    def add(self, vectors: Vectors, label: npt.NDArray[np.integer[Any]]) -> None:
        """Take a chunk: vectors (m, d) and class indices (m,); −1 belongs to no class."""
        for name, rows in by_class(label):
            part = np.asarray(vectors[rows], np.float64)
            mean = part.mean(axis=0)
            part -= mean
            before, new = int(self.count[name]), len(part)
            apart = mean - self.mean[name]
            self.scatter[name] += part.T @ part
            self.scatter[name] += np.outer(apart, apart) * (before * new / (before + new))
            self.mean[name] += apart * (new / (before + new))
            self.count[name] += new

    def spread(self) -> Float64Array:
        """float64 (C,): the sum of squared distances from the class's mean."""
        return np.trace(self.scatter, axis1=1, axis2=2)

    def pooled(self) -> tuple[Float64Array, Float64Array]:
        """Mean and standard deviation of each coordinate over all classes, float64 (d,) each."""
        total = max(int(self.count.sum()), 1)
        mean = self.count @ self.mean / total
        within = np.diagonal(self.scatter, axis1=1, axis2=2).sum(axis=0)
        between = self.count @ (self.mean - mean) ** 2
        return mean, np.sqrt((within + between) / total)


def by_class(
    label: npt.NDArray[np.integer[Any]],
) -> list[tuple[int, npt.NDArray[np.int64]]]:
    """The positions of each class that occurs, ascending; negative labels are left out.

    Example:
        >>> [(c, at.tolist()) for c, at in by_class(np.array([2, 0, -1, 2]))]
        [(0, [1]), (2, [0, 3])]
    """
    order = np.argsort(label, kind="stable")
    order = order[np.searchsorted(label[order], 0) :]
    if not len(order):
        return []
    starts = np.flatnonzero(np.diff(label[order], prepend=-1))
    return [(int(label[part[0]]), part) for part in np.split(order, starts[1:])]
