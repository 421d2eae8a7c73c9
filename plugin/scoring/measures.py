"""The scores of Bäuerle, Neumann and Ropinski (2020), equations 1 and 2, and suspicion."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SMALLEST_PROBABILITY = 1e-12
"""Probabilities are held at or above this before a logarithm is taken."""

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]


def cies(label: IntArray, prediction: IntArray, classes: int) -> npt.NDArray[np.int64]:
    """Class Interpretation Error Score of every cell (equation 1).

    Args:
        label: int (n,), class index that the dataset gives each sample, ``lbl(x)``
        prediction: int (n,), class index that the classifier gives it, ``argmax cls(x)``
        classes: number of classes C

    Returns:
        int64 (C, C): at [label, prediction] the number of samples with that pair

    Raises:
        ValueError: if the two differ in shape or an index is not in [0, C)

    Example:
        >>> cies(np.array([0, 0, 1]), np.array([0, 1, 1]), classes=2).tolist()
        [[1, 1], [0, 1]]
    """
    label, prediction = _checked_indices(label, prediction, classes)
    pairs = label * classes + prediction
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def iies(p_max: npt.ArrayLike, p_label: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Instance Interpretation Error Score (equation 2): ``(max p + 1 − p[label]) / 2``.

    It lies between 1/2 and 1, and is exactly 1/2 wherever the prediction is the label, so it ranks
    misclassified samples only. There it equals one minus cleanlab's normalized margin.

    Args:
        p_max: probability of the most probable class, any shape
        p_label: probability of the label, the same shape

    Returns:
        float64, the same shape

    Example:
        >>> iies([0.75, 0.9], [0.25, 0.9]).tolist()
        [0.75, 0.5]
    """
    # In this order the result is exactly 1/2 where the two are equal.
    return 0.5 + (np.asarray(p_max, np.float64) - np.asarray(p_label, np.float64)) / 2.0


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
    index = _checked_indices(np.asarray(label), np.asarray(label), classes)[0]
    rows = np.arange(n)
    own = scores[rows, index]
    others = scores.copy()
    others[rows, index] = -np.inf
    return others.max(axis=1) - own


def log_probabilities(p: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Logarithms of probabilities, held at or above ``SMALLEST_PROBABILITY``.

    Example:
        >>> bool(np.isfinite(log_probabilities([0.0, 1.0])).all())
        True
    """
    return np.log(np.maximum(np.asarray(p, np.float64), SMALLEST_PROBABILITY))


def _checked_indices(label: IntArray, prediction: IntArray, classes: int) -> tuple[Any, Any]:
    label, prediction = np.asarray(label, np.int64), np.asarray(prediction, np.int64)
    if label.shape != prediction.shape or label.ndim != 1:
        raise ValueError(
            "label and prediction must be vectors of one length, "
            f"got shapes {label.shape} and {prediction.shape}"
        )
    for name, values in (("label", label), ("prediction", prediction)):
        if len(values) and (values.min() < 0 or values.max() >= classes):
            raise ValueError(
                f"{name} must hold class indices from 0 to {classes - 1}, "
                f"got values from {values.min()} to {values.max()}"
            )
    return label, prediction
