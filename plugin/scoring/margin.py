"""The log-odds margin between a label and the best other class: suspicion."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .cies import checked_indices


def suspicion(log_p: npt.ArrayLike, label: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Log-odds margin of each sample: ``log max_{j≠label} p_j − log p[label]``.

    Positive where the classifier prefers another class. Unlike IIES it ranks every sample. It is
    the same for logits and log-probabilities, since the two differ by a constant in each row.

    Args:
        log_p: float (n, C) log-probabilities or logits, or (models, n, C), then averaged
            over the models
        label: int (n,), class index of each label

    Returns:
        float64 (n,), in nats

    Raises:
        ValueError: if there are fewer than two classes or a label is not in [0, C)

    Example:
        >>> suspicion(np.log([[0.8, 0.2], [0.8, 0.2]]), [1, 0]).round(3).tolist()
        [1.386, -1.386]
    """
    scores = np.asarray(log_p, np.float64)
    if scores.ndim == 3:
        return np.mean([suspicion(model, label) for model in scores], axis=0)
    n, classes = scores.shape
    if classes < 2:
        raise ValueError(f"suspicion needs at least two classes, got {classes}")
    index = checked_indices(np.asarray(label), np.asarray(label), classes)[0]
    rows = np.arange(n)
    own = scores[rows, index]
    others = scores.copy()
    others[rows, index] = -np.inf
    return others.max(axis=1) - own
