"""Where an item stands in the overview: under its label, in the column of its likeliest error."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, FloatArray, IntArray
from .scoring import KIND_NAMES

WORTH_A_LOOK = -1.0
"""Items of a higher suspicion are shown as suspects: wrong with a probability above a quarter.

On photographs with planted errors about half of them are wrong.
"""

SPURIOUS, PLACEMENT = KIND_NAMES.index("spurious"), KIND_NAMES.index("placement")


def is_suspect(suspicion: FloatArray) -> BoolArray:
    """Whether each item is worth a look: bool (n,)."""
    return np.asarray(suspicion) > WORTH_A_LOOK


def seen_class(
    label: IntArray, kind: IntArray, top_class: IntArray, classes: int
) -> npt.NDArray[np.int32]:
    """What the likeliest error of each item says is there: int32 (n,), ``classes`` for *nothing*.

    Args:
        label: int (n,), class index, ``classes`` for a missing label
        kind: int (n,), index into ``scoring.KIND_NAMES``
        top_class: int (n, k), the classes and *nothing*, most probable first
        classes: C

    Example:
        >>> kinds, probable = np.arange(4), np.tile([0, 3, 2], (4, 1))
        >>> seen_class(np.array([0, 0, 0, 3]), kinds, probable, 3)
        array([2, 3, 0, 0], dtype=int32)
    """
    own = np.asarray(label)[:, None]
    other = (top_class != own) & (top_class != classes)
    best = np.take_along_axis(top_class, other.argmax(axis=1)[:, None], axis=1)[:, 0]
    best = np.where(other.any(axis=1), best, label)
    best = np.where(kind == PLACEMENT, label, best)
    return np.where(kind == SPURIOUS, classes, best).astype(np.int32)


def shown_class(label: IntArray, suspicion: FloatArray, seen: IntArray) -> npt.NDArray[np.int32]:
    """The column of each item: what is seen of suspects, the label of all others. int32 (n,)."""
    return np.where(is_suspect(suspicion), seen, label).astype(np.int32)


def bar_share(
    label: IntArray,
    shown: IntArray,
    suspicion: FloatArray,
    iou: FloatArray,
    p_label: FloatArray,
    classes: int,
) -> npt.NDArray[np.float64]:
    """What the overview's bars of each item count, from 0 to 1: float64 (n,).

    How likely it is wrong; where label and column are one class 1 − IoU, and where both are
    *nothing* how likely a label is missing.

    Args:
        label: int (n,), class index, ``classes`` for a missing label
        shown: int (n,), as ``shown_class`` gives it
        suspicion: float (n,)
        iou: float (n,), of the label and what is seen there, 0 without
        p_label: float (n,), probability of the label
        classes: C

    Example:
        >>> one = np.zeros(1)
        >>> bar_share(one, one, one, np.array([0.75]), one, 3).tolist()
        [0.25]
    """
    likely = 1.0 / (1.0 + np.exp(-np.clip(np.asarray(suspicion, np.float64), -500, 500)))
    off = np.where(np.asarray(label) == classes, 1.0 - p_label, 1.0 - iou)
    return np.where(np.asarray(label) == np.asarray(shown), off, likely)
