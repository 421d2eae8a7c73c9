"""Boxes of many images in columns, and which of them can be worked with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, FloatArray, IntArray

USABLE, NOT_A_BOX, EMPTY, OUTSIDE = range(4)
REASONS: Mapping[int, str] = {
    NOT_A_BOX: "no box of four finite numbers",
    EMPTY: "a box without width or height",
    OUTSIDE: "a box outside of its image",
}
"""Why a box is left out."""


@dataclass(frozen=True)
class Boxes:
    """Boxes of ``m`` images, those of one image side by side.

    Attributes:
        box: float32 (n, 4): x, y, width and height relative to the image, top left first
        label: int32 (n,), class index
        start: int64 (m + 1,), first box of each image; the last entry is n
    """

    box: npt.NDArray[np.float32]
    label: npt.NDArray[np.int32]
    start: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.box)
        if self.box.shape != (n, 4) or self.label.shape != (n,):
            raise ValueError(
                f"box must have shape (n, 4) and label (n,), got {self.box.shape} and "
                f"{self.label.shape}"
            )
        start = self.start
        if len(start) == 0 or start[0] != 0 or start[-1] != n or (np.diff(start) < 0).any():
            raise ValueError(f"start must rise from 0 to the number of boxes, {n}")

    def __len__(self) -> int:
        return len(self.box)

    @property
    def images(self) -> int:
        """The number of images m."""
        return len(self.start) - 1

    @property
    def image(self) -> npt.NDArray[np.int64]:
        """The image of each box: int64 (n,)."""
        return np.repeat(np.arange(self.images), np.diff(self.start))

    def of_images(self, first: int, stop: int) -> Boxes:
        """The boxes of some consecutive images."""
        low, high = int(self.start[first]), int(self.start[stop])
        return Boxes(self.box[low:high], self.label[low:high], self.start[first : stop + 1] - low)

    def only(self, wanted: BoolArray) -> Boxes:
        """Those boxes that are wanted, bool (n,), of the same images."""
        count = np.bincount(self.image[wanted], minlength=self.images)
        return Boxes(self.box[wanted], self.label[wanted], starts(count))


def starts(count: IntArray) -> npt.NDArray[np.int64]:
    """Where each image begins, for a number of boxes an image: int64 (m + 1,).

    Example:
        >>> starts(np.array([2, 0, 3])).tolist()
        [0, 2, 2, 5]
    """
    return np.concatenate([[0], np.cumsum(count)]).astype(np.int64)


def by_image(box: FloatArray, label: IntArray, image: IntArray, images: int) -> Boxes:
    """Boxes whose images are given one by one, in any order."""
    order = np.argsort(image, kind="stable")
    return Boxes(
        np.asarray(box, np.float32)[order],
        np.asarray(label, np.int32)[order],
        starts(np.bincount(image, minlength=images)),
    )


def within_image(box: FloatArray) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
    """The part of each box that lies in its image, and whether it can be worked with.

    Args:
        box: float (n, 4), relative to the image

    Returns:
        float32 (n, 4), all zero where the box cannot be used; int8 (n,): ``USABLE`` or a key of
        ``REASONS``

    Example:
        >>> box = [[0.5, 0.5, 1, 0.25], [0, 0, 0, 1], [2, 0, 1, 1], [0, 0, 1, np.nan]]
        >>> cut, found = within_image(np.array(box))
        >>> cut[0].tolist(), found.tolist()
        ([0.5, 0.5, 0.5, 0.25], [0, 2, 3, 1])
    """
    given = np.asarray(box, np.float64)
    finite = np.asarray(np.isfinite(given).all(axis=1))
    given = np.where(finite[:, None], given, 0.0)
    low = np.clip(given[:, :2], 0.0, 1.0)
    high = np.clip(given[:, :2] + given[:, 2:], 0.0, 1.0)
    cut = np.concatenate([low, high - low], axis=1).astype(np.float32)
    found = np.full(len(given), USABLE, np.int8)
    found[np.any(cut[:, 2:] <= 0, axis=1)] = OUTSIDE
    found[np.any(given[:, 2:] <= 0, axis=1)] = EMPTY
    found[~finite] = NOT_A_BOX
    cut[found != USABLE] = 0
    return cut, found


def iou(one: FloatArray, other: FloatArray) -> npt.NDArray[np.float32]:
    """Intersection over union of boxes, pair by pair; 0 where neither has an area.

    Args:
        one: float (n, 4)
        other: float (n, 4)

    Returns:
        float32 (n,)

    Example:
        >>> float(iou(np.array([[0, 0, 1, 1.0]]), np.array([[0, 0, 0.5, 1.0]]))[0])
        0.5
    """
    shared = intersection(one, other)
    union = one[:, 2] * one[:, 3] + other[:, 2] * other[:, 3] - shared
    return np.where(union > 0, shared / np.where(union > 0, union, 1), 0).astype(np.float32)


def intersection(one: FloatArray, other: FloatArray) -> FloatArray:
    """The area that each pair of boxes shares, float (n,)."""
    low = np.maximum(one[:, :2], other[:, :2])
    high = np.minimum(one[:, :2] + one[:, 2:], other[:, :2] + other[:, 2:])
    size = np.maximum(high - low, 0)
    return size[:, 0] * size[:, 1]
