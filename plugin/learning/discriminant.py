"""Linear discriminant analysis with the within-class covariance shrunk as Ledoit and Wolf do."""

from __future__ import annotations

import numpy as np
from sklearn.covariance import ledoit_wolf

from ..arrays import Int64Array, Vectors
from ..scoring.probabilities import LogProbabilities, from_logits

_ABSENT = -1e3
"""The logit of a class that has no sample."""


class LinearDiscriminant:
    """Classes as Gaussians of one covariance, fitted in closed form.

    scikit-learn's has one shrinkage a class, which fails for classes of one sample; here all
    classes share one, of what is left of each row without its class's mean.

    Args:
        rows: (n, d), at least one
        label: (n,), class indices
        classes: number of classes; one without a sample is never predicted
    """

    def __init__(self, rows: Vectors, label: Int64Array, classes: int):
        count = np.bincount(label, minlength=classes)
        spread = float(rows.std(dtype=np.float64))  # one for all: axes stay as wide as they are
        self._scale = spread if spread > 1e-12 else 1.0
        even = rows / self._scale
        sums = np.zeros((classes, rows.shape[1]))
        np.add.at(sums, label, even)
        means = sums / np.maximum(count, 1)[:, None]
        covariance = ledoit_wolf(even - means[label], assume_centered=True)[0]
        covariance[np.diag_indices(len(covariance))] += 1e-6  # where all rows of a class are equal
        self._weights = np.linalg.solve(covariance, means.T)
        prior = np.log(np.maximum(count, 1) / len(label))
        bias = prior - 0.5 * np.einsum("cd,dc->c", means, self._weights)
        self._bias = np.where(count > 0, bias, _ABSENT)
        self._weights[:, count == 0] = 0.0

    def log_probabilities(self, rows: Vectors) -> LogProbabilities:
        """Log-probabilities of rows (n, d): float64 (n, classes).

        Example:
            >>> rows = np.array([[0.0], [1.0], [9.0], [10.0]])
            >>> head = LinearDiscriminant(rows, np.array([0, 0, 1, 1]), 2)
            >>> head.log_probabilities(rows).argmax(axis=1).tolist()
            [0, 0, 1, 1]
        """
        return from_logits((rows / self._scale) @ self._weights + self._bias)
