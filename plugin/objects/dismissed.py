"""Missing objects of a new iteration that were dismissed before: one class at one place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray, IntArray
from .boxes import Boxes, by_image
from .matching import match
from .overlaps import overlaps

SAME_OBJECT = 0.5
"""Boxes of one class with this IoU are of one object."""


def same_objects(
    box: FloatArray,
    label: IntArray,
    image: IntArray,
    old_box: FloatArray,
    old_label: IntArray,
    old_image: IntArray,
) -> npt.NDArray[np.int64]:
    """Which of some earlier objects each object is, one to one, the best overlap first.

    Args:
        box: float (n, 4), relative to the image
        label: int (n,), class index
        image: int (n,), from 0
        old_box: float (m, 4), of the earlier objects
        old_label: int (m,)
        old_image: int (m,)

    Returns:
        int64 (n,), the index of the earlier object, −1 for none

    Example:
        >>> one, two = np.array([[0, 0, 1, 1.0]]), np.array([[0, 0, 1, 0.6], [0, 0, 1, 0.9]])
        >>> zero, zeros = np.zeros(1, int), np.zeros(2, int)
        >>> same_objects(one, zero, zero, two, zeros, zeros).tolist()
        [1]
    """
    if not len(box) or not len(old_box):
        return np.full(len(box), -1, np.int64)
    images = 1 + int(max(np.max(image), np.max(old_image)))
    order = np.argsort(image, kind="stable")
    old_order = np.argsort(old_image, kind="stable")
    new = by_image(box, label, image, images)
    old: Boxes = by_image(old_box, old_label, old_image, images)
    pairs = overlaps(new, old, SAME_OBJECT)
    pairs = pairs.only(new.label[pairs.one] == old.label[pairs.other])
    of_new, _ = match(pairs, pairs.iou, len(new), len(old))
    found = np.full(len(box), -1, np.int64)
    found[order] = np.where(of_new >= 0, old_order[of_new], -1)
    return found
