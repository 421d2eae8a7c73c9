"""Which boxes of an image overlap: the pairs above a least IoU, for many images at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, FloatArray, Int64Array
from .boxes import Boxes

PAIRS_AT_ONCE = 1_000_000
"""Pairs that are compared at a time: what bounds the memory, also for images of 2,000 boxes."""


@dataclass(frozen=True)
class Overlaps:
    """Pairs of overlapping boxes, sorted by the first and then the second.

    Attributes:
        one, other: int64 (p,), indices of the two boxes
        iou: float32 (p,)
    """

    one: npt.NDArray[np.int64]
    other: npt.NDArray[np.int64]
    iou: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.one)

    def only(self, wanted: BoolArray) -> Overlaps:
        """Those pairs that are wanted, bool (p,)."""
        return Overlaps(self.one[wanted], self.other[wanted], self.iou[wanted])

    def turned(self) -> Overlaps:
        """The same pairs seen from the other side."""
        order = np.lexsort((self.one, self.other))
        return Overlaps(self.other[order], self.one[order], self.iou[order])


def overlaps(one: Boxes, other: Boxes, least: float) -> Overlaps:
    """The pairs of boxes of the same image with at least a certain IoU.

    Args:
        one: boxes of m images
        other: boxes of the same images
        least: the least IoU, above 0

    Raises:
        ValueError: if the two are not of as many images

    Example:
        >>> one = Boxes(np.float32([[0, 0, 1, 1]]), np.int32([0]), np.array([0, 1]))
        >>> found = overlaps(one, one, 0.5)
        >>> found.one.tolist(), found.other.tolist(), found.iou.tolist()
        ([0], [0], [1.0])
    """
    if one.images != other.images:
        raise ValueError(f"boxes of {one.images} and of {other.images} images")
    left, right = _corners(one), _corners(other)
    width = np.repeat(np.diff(other.start), np.diff(one.start))  # pairs of each box of one
    first = np.repeat(other.start[:-1], np.diff(one.start))
    ends = np.cumsum(width)
    found: list[Overlaps] = []
    at = 0
    while at < len(one):
        done = int(ends[at - 1]) if at else 0
        stop = max(at + 1, int(np.searchsorted(ends, done + PAIRS_AT_ONCE, side="right")))
        rows = np.arange(at, stop)
        a = np.repeat(rows, width[at:stop])
        b = np.arange(len(a)) - np.repeat(ends[at:stop] - width[at:stop] - done, width[at:stop])
        b += np.repeat(first[at:stop], width[at:stop])
        found.append(_near(left, right, a, b, least))
        at = stop
    empty = np.empty(0, np.int64)
    if not found:
        return Overlaps(empty, empty, np.empty(0, np.float32))
    return Overlaps(
        np.concatenate([f.one for f in found]),
        np.concatenate([f.other for f in found]),
        np.concatenate([f.iou for f in found]),
    )


def _corners(boxes: Boxes) -> npt.NDArray[np.float32]:
    """Left, top, right, bottom and area, float32 (5, n)."""
    x, y, width, height = boxes.box.T
    return np.stack([x, y, x + width, y + height, width * height])


def _near(
    left: FloatArray, right: FloatArray, a: Int64Array, b: Int64Array, least: float
) -> Overlaps:
    """Those of some pairs that overlap enough; most are told apart by one coordinate."""
    across = np.minimum(left[2][a], right[2][b]) - np.maximum(left[0][a], right[0][b])
    near = np.flatnonzero(across > 0)
    a, b, across = a[near], b[near], across[near]
    down = np.minimum(left[3][a], right[3][b]) - np.maximum(left[1][a], right[1][b])
    near = np.flatnonzero(down > 0)
    a, b, shared = a[near], b[near], across[near] * down[near]
    shared = shared / (left[4][a] + right[4][b] - shared)
    enough = shared >= least
    return Overlaps(a[enough], b[enough], shared[enough])


def among(boxes: Boxes, least: float) -> Overlaps:
    """The pairs of different boxes of one image with at least a certain IoU, both ways round."""
    found = overlaps(boxes, boxes, least)
    return found.only(found.one != found.other)
