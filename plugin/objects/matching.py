"""One to one: which box belongs to which, in many images at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, FloatArray
from .overlaps import Overlaps

NONE = -1


def match(
    pairs: Overlaps, weight: FloatArray, ones: int, others: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Match greedily: the heaviest pair first, then the heaviest of what is left, and so on.

    All pairs that are the heaviest of both their boxes can be taken at once, whatever image they
    are in; a few rounds of that give what taking them one by one would. Of equally heavy pairs the
    one that stands first is taken.

    Greedy and not the assignment of the greatest sum (Hungarian): that gives up a sure pair for two
    doubtful ones. On planted errors the two differ by less than the noise
    (``docs/benchmarks/objects.md``), and this one is fifty times as fast.

    Args:
        pairs: which boxes could belong together
        weight: float (p,), of each pair
        ones: the number of boxes on the first side
        others: and on the other

    Returns:
        int64 (ones,) the box of the other side that each belongs to, -1 for none; and int64
        (others,) likewise

    Example:
        >>> pairs = Overlaps(np.array([0, 0, 1]), np.array([0, 1, 0]), np.float32([0.9, 0.8, 0.5]))
        >>> match(pairs, pairs.iou, 2, 2)[0].tolist()
        [0, -1]
    """
    partner, back = np.full(ones, NONE), np.full(others, NONE)
    # Places in the order of weight stand for weights: no two are equal.
    place = np.empty(len(pairs), np.int64)
    place[np.argsort(-np.asarray(weight), kind="stable")] = np.arange(len(pairs))
    a, b = pairs.one, pairs.other
    while len(a):
        first, last = np.full(ones, len(pairs)), np.full(others, len(pairs))
        np.minimum.at(first, a, place)
        np.minimum.at(last, b, place)
        taken = (first[a] == place) & (last[b] == place)
        partner[a[taken]], back[b[taken]] = b[taken], a[taken]
        left = (partner[a] == NONE) & (back[b] == NONE)
        a, b, place = a[left], b[left], place[left]
    return partner, back


def representatives(
    pairs: Overlaps, rank: FloatArray, boxes: int
) -> tuple[npt.NDArray[np.int64], BoolArray]:
    """Group overlapping boxes round the best of them, as non-maximum suppression does.

    Args:
        pairs: which boxes are close to each other, both ways round, no box with itself
        rank: float (boxes,), such as a confidence: the highest represents those close to it
        boxes: their number

    Returns:
        int64 (boxes,) the representative of each, itself for one that is; bool (boxes,) whether
        it is one

    Example:
        >>> pairs = Overlaps(np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1]), np.ones(4, np.float32))
        >>> representatives(pairs, np.array([0.9, 0.8, 0.7]), 3)[0].tolist()
        [0, 0, 2]
    """
    place = np.empty(boxes, np.int64)
    place[np.argsort(-np.asarray(rank), kind="stable")] = np.arange(boxes)
    better = place[pairs.other] < place[pairs.one]
    near, head = pairs.one[better], pairs.other[better]  # head could represent near
    a, b = near, head
    chosen, settled = np.zeros(boxes, bool), np.zeros(boxes, bool)
    while not settled.all():
        beaten = settled.copy()
        beaten[a] = True  # by somebody who is not settled yet
        chosen |= ~beaten
        settled |= chosen
        settled[a[chosen[b]]] = True
        left = ~settled[a] & ~settled[b]
        a, b = a[left], b[left]
    best = np.where(chosen, place, boxes)
    led = chosen[head] & ~chosen[near]
    np.minimum.at(best, near[led], place[head[led]])
    return np.argsort(place)[best], chosen
