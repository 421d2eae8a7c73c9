"""Which boxes of an image overlap: the pairs above a least IoU, for many images at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray
from .boxes import Boxes, iou

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
        shared = iou(one.box[a], other.box[b])
        near = shared >= least
        found.append(Overlaps(a[near], b[near], shared[near]))
        at = stop
    empty = np.empty(0, np.int64)
    if not found:
        return Overlaps(empty, empty, np.empty(0, np.float32))
    return Overlaps(
        np.concatenate([f.one for f in found]),
        np.concatenate([f.other for f in found]),
        np.concatenate([f.iou for f in found]),
    )


def among(boxes: Boxes, least: float) -> Overlaps:
    """The pairs of different boxes of one image with at least a certain IoU, both ways round."""
    found = overlaps(boxes, boxes, least)
    return found.only(found.one != found.other)
