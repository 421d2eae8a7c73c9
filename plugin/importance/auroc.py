"""The area under the ROC curve of each class against all others."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def auroc_by_class(
    probability: npt.NDArray[np.floating[Any]], label: npt.NDArray[np.integer[Any]]
) -> npt.NDArray[np.float64]:
    """How well each class's probability tells its samples from all others.

    Args:
        probability: float (n, C)
        label: int (n,), class indices

    Returns:
        float64 (C,), in [0, 1]; NaN where a class has no sample, or all of them

    Example:
        >>> p = np.array([[0.9, 0.1, 0.0], [0.4, 0.6, 0.0], [0.6, 0.4, 0.0], [0.1, 0.9, 0.0]])
        >>> auroc_by_class(p, np.array([0, 0, 1, 1])).tolist()
        [0.75, 0.75, nan]
    """
    from sklearn.metrics import roc_auc_score

    out = np.full(probability.shape[1], np.nan)
    size = np.bincount(label, minlength=len(out))
    for name in np.flatnonzero((size > 0) & (size < len(label))):
        out[name] = roc_auc_score(label == name, probability[:, name])
    return out
