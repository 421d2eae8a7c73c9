"""Class Interpretation Error Score, equation 1 of Bäuerle, Neumann and Ropinski (2020)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import IntArray


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
    label, prediction = checked_indices(label, prediction, classes)
    pairs = label * classes + prediction
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def checked_indices(label: IntArray, prediction: IntArray, classes: int) -> tuple[Any, Any]:
    """Labels and predictions as int64 (n,), or ValueError where they are no class indices."""
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
