"""Which boxes that annotators left are which of those that they were sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..objects.boxes import iou, within_image

SAME_OBJECT = 0.5
"""Boxes without a known id that overlap by so much (IoU) are one object."""
UNMOVED = 0.99
"""Boxes that overlap by so much are one box: servers round, and cut at the edges of an image."""


@dataclass(frozen=True)
class Region:
    """A box that an annotator left.

    Attributes:
        id: that the server has for it; that of the label where it was sent and kept
        label: its class
        box: x, y, width and height relative to the image
    """

    id: str
    label: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Understood:
    """One annotator's answer on one image.

    Attributes:
        kept: by the id of what was sent: what became of it, None where it is gone
        new: boxes that are none of those that were sent
    """

    kept: Mapping[str, Region | None]
    new: list[Region] = field(default_factory=list)

    @property
    def recognised(self) -> bool:
        """Whether any of the boxes that were sent is among those that came back."""
        return any(region is not None for region in self.kept.values())


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes, as far as they lie in the image.

    Example:
        >>> overlap([0, 0, 0.5, 1], [0, 0, 1, 1])
        0.5
    """
    boxes, _ = within_image(np.array([one, other], np.float64))
    return float(iou(boxes[:1], boxes[1:])[0])


def understood(
    sent: Mapping[str, tuple[str | None, Sequence[float]]], regions: Sequence[Region]
) -> Understood:
    """Match what came back with what was sent: by id, else by overlap, the same class first.

    Args:
        sent: class and box by id
        regions: what an annotator left

    Example:
        >>> sent = {"a": ("cat", [0, 0, 0.5, 0.5]), "b": ("dog", [0.5, 0.5, 0.5, 0.5])}
        >>> one = Region("a", "dog", (0, 0, 0.5, 0.5))
        >>> found = understood(sent, [one, Region("x", "cat", (0, 0.5, 0.2, 0.2))])
        >>> found.kept["a"].label, found.kept["b"], [r.id for r in found.new]
        ('dog', None, ['x'])
    """
    kept: dict[str, Region | None] = dict.fromkeys(sent)
    left: list[Region] = []
    for region in regions:
        if region.id in kept and kept[region.id] is None:
            kept[region.id] = region
        else:
            left.append(region)
    pairs = [
        (overlap(sent[i][1], region.box), sent[i][0] == region.label, i, at)
        for i, region_kept in kept.items()
        if region_kept is None
        for at, region in enumerate(left)
    ]
    pairs = [pair for pair in pairs if pair[0] >= SAME_OBJECT]
    used: set[int] = set()
    for _, _, i, at in sorted(pairs, key=lambda p: (-p[1], -p[0], p[2], p[3])):
        if kept[i] is None and at not in used:
            kept[i] = left[at]
            used.add(at)
    return Understood(kept, [region for at, region in enumerate(left) if at not in used])


def agree(one: Region | None, other: Region | None) -> bool:
    """Whether two annotators say the same of one object."""
    if one is None or other is None:
        return one is other
    return one.label == other.label and overlap(one.box, other.box) >= SAME_OBJECT


def shared(answers: Sequence[Understood]) -> tuple[Understood, list[str], int]:
    """What several annotators say of one image together.

    A box counts as the first of them has it; new boxes where all have one of the class there.

    Returns:
        the answer, the ids of what they disagree on, and how many new boxes not all have
    """
    first, others = answers[0], answers[1:]
    split = [i for i in first.kept if not all(agree(first.kept[i], o.kept[i]) for o in others)]
    new = [r for r in first.new if all(any(agree(r, q) for q in o.new) for o in others)]
    alone = sum(not any(agree(q, r) for r in new) for a in answers for q in a.new)
    kept = {i: region for i, region in first.kept.items() if i not in split}
    return Understood(kept, new), split, alone
