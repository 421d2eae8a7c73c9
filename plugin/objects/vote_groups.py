"""Boxes that several people drew, grouped into objects, with everybody's vote on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, IntArray
from .boxes import Boxes, by_image, iou
from .matching import NONE, match
from .overlaps import overlaps

SAME_OBJECT = 0.5
"""Boxes that overlap by so much (IoU) may be of one object."""


@dataclass(frozen=True)
class Grouped:
    """Objects of m images: first the labels, in their order, then those that no label covers.

    Attributes:
        image: int64 (g,), the image of each object
        box: float32 (g, 4), the label's box, else the first that somebody drew
        group: int64 (v,), the object of each vote
        annotator: int32 (v,), whose vote it is
        label: int32 (v,), the class, or C where who looked at the image drew nothing there
        drawn: float32 (v, 4), the box that was drawn, NaN where none was
    """

    image: npt.NDArray[np.int64]
    box: npt.NDArray[np.float32]
    group: npt.NDArray[np.int64]
    annotator: npt.NDArray[np.int32]
    label: npt.NDArray[np.int32]
    drawn: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.image)

    def agreed_boxes(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The box that those who drew an object agree on, the median of each edge.

        Returns:
            float32 (g, 4), NaN where nobody drew one; float32 (v,), the overlap (IoU) of each
            vote's box with it, NaN where none was drawn
        """
        there = np.isfinite(self.drawn).all(axis=1)
        group, drawn = self.group[there], self.drawn[there].astype(np.float64)
        corners = np.concatenate([drawn[:, :2], drawn[:, :2] + drawn[:, 2:]], axis=1)
        middle = np.full((len(self), 4), np.nan)
        for side in range(4):
            order = np.lexsort((corners[:, side], group))
            value, of = corners[order, side], group[order]
            first = np.searchsorted(of, np.arange(len(self)))
            count = np.bincount(of, minlength=len(self))
            some = count > 0
            low = value[(first + (count - 1) // 2)[some]]
            middle[some, side] = (low + value[(first + count // 2)[some]]) / 2
        box = np.concatenate([middle[:, :2], middle[:, 2:] - middle[:, :2]], axis=1)
        agreed = box.astype(np.float32)
        shared = np.full(len(self.group), np.nan, np.float32)
        shared[there] = iou(drawn, box[group])
        return agreed, shared


@dataclass(frozen=True)
class Told:
    """What people said of single objects of m images, of whom it is not said that they looked.

    Attributes:
        image: int64 (t,)
        who: int64 (t,), the annotator
        label: int64 (t,), the class, C for nothing
        box: float32 (t, 4), where it is
        item: int64 (t,), what tells objects from each other
        label_at: int64 (t,), the label that it is of, -1 for none
    """

    image: npt.NDArray[np.int64]
    who: npt.NDArray[np.int64]
    label: npt.NDArray[np.int64]
    box: npt.NDArray[np.float32]
    item: npt.NDArray[np.int64]
    label_at: npt.NDArray[np.int64]


def grouped(
    labels: Boxes,
    drawn: Boxes,
    who: IntArray,
    looked: BoolArray,
    classes: int,
    told: Told | None = None,
    free: BoolArray | None = None,
) -> Grouped:
    """Group what annotators drew: one box of each a group, matched as predictions are to labels.

    What people said of single objects is their vote on that object, in place of what they drew
    there. What is of no label is of an object that no label covers, one that somebody drew if one
    is there; to say that nothing is where nobody drew anything says nothing.

    Args:
        labels: of m images
        drawn: boxes on the same images, of all annotators
        who: int (n,), the annotator of each of them, below A
        looked: bool (m, A), who looked at each image
        classes: C
        told: what was said of single objects beside
        free: bool (len(labels),), which of the labels are none but missing objects; None for none

    Example:
        >>> box = np.float32([[0, 0, 0.5, 0.5]])
        >>> labels = by_image(box[:0], np.int32([]), np.int64([]), 1)
        >>> drawn = by_image(np.repeat(box, 2, axis=0), np.int32([0, 1]), np.int64([0, 0]), 1)
        >>> found = grouped(labels, drawn, np.array([0, 2]), np.ones((1, 3), bool), 2)
        >>> len(found), found.annotator.tolist(), found.label.tolist()
        (1, [0, 1, 2], [0, 2, 1])
    """
    image = labels.image
    box, label = labels.box, labels.label
    votes: list[tuple[IntArray, IntArray, IntArray, npt.NDArray[np.float32]]] = []
    for annotator in np.unique(who).tolist():
        mine = np.asarray(who == annotator)
        his = drawn.only(mine)
        order = np.argsort(image, kind="stable")
        known = by_image(box, label, image, labels.images)
        pairs = overlaps(known, his, SAME_OBJECT)
        same = known.label[pairs.one] == his.label[pairs.other]
        _, back = match(pairs, pairs.iou + same, len(known), len(his))
        new = np.flatnonzero(back == NONE)
        group = np.where(back == NONE, 0, order[np.maximum(back, 0)] if len(order) else 0)
        group[new] = len(image) + np.arange(len(new))
        image = np.concatenate([image, his.image[new]])
        box, label = np.concatenate([box, his.box[new]]), np.concatenate([label, his.label[new]])
        votes.append((group, np.full(len(his), annotator), his.label, his.box))
    if told is not None and len(told.image):
        open_ = np.ones(len(image), bool)
        open_[: len(labels)] = False if free is None else free
        image, box, votes = _with_told(image, box, votes, told, open_, classes)
    return _with_absent(image, box, votes, looked, classes)


_Votes = list[tuple[IntArray, IntArray, IntArray, npt.NDArray[np.float32]]]


def _with_told(
    image: IntArray,
    box: npt.NDArray[np.float32],
    votes: _Votes,
    told: Told,
    free: BoolArray,
    classes: int,
) -> tuple[IntArray, npt.NDArray[np.float32], _Votes]:
    """Add what was said of single objects, in place of what the same people drew there."""
    group = np.full(len(told.image), NONE, np.int64)
    new_image, new_box = list[int](), list[npt.NDArray[np.float32]]()
    known: dict[int, int] = {}
    # Who names a class first: where somebody does there is an object, that others say is none.
    for at in np.argsort(told.label == classes, kind="stable").tolist():
        item = int(told.item[at])
        if told.label_at[at] >= 0:
            group[at] = told.label_at[at]
        elif item not in known:
            near = np.flatnonzero(free & (image == told.image[at]))
            shared = iou(np.repeat(told.box[at : at + 1], len(near), axis=0), box[near])
            if len(near) and shared.max() >= SAME_OBJECT:
                known[item] = int(near[shared.argmax()])
            elif told.label[at] < classes:
                known[item] = len(image) + len(new_image)
                new_image.append(int(told.image[at]))
                new_box.append(told.box[at])
        group[at] = group[at] if told.label_at[at] >= 0 else known.get(item, NONE)
    heard = np.flatnonzero(group != NONE)
    # Of several words of one person on one object the last counts.
    pairs = np.stack([group[heard], told.who[heard]], axis=1)[::-1]
    heard = heard[::-1][np.unique(pairs, axis=0, return_index=True)[1]]
    replaced = set(zip(group[heard].tolist(), told.who[heard].tolist(), strict=True))
    kept: _Votes = []
    for of, who, said, drawn in votes:
        stays = np.array(
            [pair not in replaced for pair in zip(of.tolist(), who.tolist(), strict=True)], bool
        )
        kept.append((of[stays], who[stays], said[stays], drawn[stays]))
    nowhere = (told.label[heard] == classes)[:, None]
    seen = np.where(nowhere, np.float32(np.nan), told.box[heard])
    kept.append((group[heard], told.who[heard], told.label[heard], seen))
    image = np.concatenate([image, np.array(new_image, np.int64)])
    return image, np.concatenate([box, *(b[None] for b in new_box)]), kept


def _with_absent(
    image: IntArray,
    box: npt.NDArray[np.float32],
    votes: Sequence[tuple[IntArray, IntArray, IntArray, npt.NDArray[np.float32]]],
    looked: BoolArray,
    classes: int,
) -> Grouped:
    """Add the votes of those who looked at an image and drew nothing at an object of it."""
    empty = (np.empty(0, np.int64),) * 3 + (np.empty((0, 4), np.float32),)
    group, who, said, drawn = (np.concatenate(part) for part in zip(empty, *votes, strict=True))
    silent = looked[image].copy()
    silent[group, who] = False
    absent, absent_who = np.nonzero(silent)
    nothing = np.full((len(absent), 4), np.nan, np.float32)
    every = np.concatenate([group, absent])
    order = np.lexsort((np.concatenate([who, absent_who]), every))
    return Grouped(
        np.asarray(image, np.int64),
        np.asarray(box, np.float32),
        every[order].astype(np.int64),
        np.concatenate([who, absent_who])[order].astype(np.int32),
        np.concatenate([said, np.full(len(absent), classes)])[order].astype(np.int32),
        np.concatenate([drawn, nothing])[order].astype(np.float32),
    )
