"""What detectors say of each box: how sure they are of each class near it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray, IntArray
from .detections import Detections
from .overlaps import Overlaps


@dataclass(frozen=True)
class Evidence:
    """How sure the detectors together are of the classes of n boxes; what is not listed is 0.

    Attributes:
        item: int64 (e,), ascending: the box
        label: int64 (e,), class index, ascending within each box
        score: float64 (e,), in [0, 1]
        items: n
    """

    item: npt.NDArray[np.int64]
    label: npt.NDArray[np.int64]
    score: npt.NDArray[np.float64]
    items: int

    def top(self, but: IntArray | None = None) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """The class with most evidence of each box and how much, -1 and 0 where there is none.

        Args:
            but: int (n,), a class that does not count, such as the label
        """
        use = np.ones(len(self.item), bool) if but is None else self.label != but[self.item]
        order = np.lexsort((self.label[use], -self.score[use], self.item[use]))
        item, label = self.item[use][order], self.label[use][order]
        first = np.flatnonzero(np.diff(item, prepend=-1))
        found, score = np.full(self.items, -1, np.int64), np.zeros(self.items)
        found[item[first]], score[item[first]] = label[first], self.score[use][order][first]
        return found, score


def evidence(pairs: Overlaps, detections: Detections, items: int) -> Evidence:
    """How sure the detectors together are of each class near each box.

    A detector's best score for the class among its detections near the box counts once, however
    many of them there are; the mean over the detectors is taken, in which a silent one counts as 0.

    Args:
        pairs: boxes and the detections near them
        detections: of all detectors
        items: the number of boxes
    """
    low = np.searchsorted(detections.entry_box, pairs.other)
    width = np.searchsorted(detections.entry_box, pairs.other, "right") - low
    at = np.repeat(low - np.cumsum(width) + width, width) + np.arange(width.sum())
    owner = pairs.one * detections.detectors + detections.detector[pairs.other]
    owner, label = np.repeat(owner, width), detections.entry_class[at].astype(np.int64)
    score = detections.entry_score[at].astype(np.float64)
    classes = int(label.max(initial=0)) + 1
    key, best = _grouped(np.maximum, owner * classes + label, score)
    item, label = key // classes // detections.detectors, key % classes
    key, total = _grouped(np.add, item * classes + label, best)
    return Evidence(key // classes, key % classes, total / detections.detectors, items)


def _grouped(
    how: np.ufunc, key: npt.NDArray[np.int64], value: FloatArray
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """The distinct keys, ascending, and the values of each brought together."""
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    if not len(first):
        return key, value
    return key[first], how.reduceat(value[order], first)


def own_score(detections: Detections, box: IntArray, label: IntArray) -> FloatArray:
    """The score that each of some detections gives a class: float64 (p,), 0 where it gives none.

    Args:
        detections: of all detectors
        box: int (p,), indices of detections
        label: int (p,), class indices
    """
    if not len(detections.entry_box):
        return np.zeros(len(box))
    classes = 1 + max(int(detections.entry_class.max()), int(np.max(label, initial=0)))
    keys = detections.entry_box * classes + detections.entry_class
    order = np.argsort(keys)
    wanted = np.asarray(box) * classes + label
    at = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    found = order[at]
    return np.where(keys[found] == wanted, detections.entry_score[found], 0.0)
