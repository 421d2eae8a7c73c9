"""The pairs that are listed: those found once, at the threshold and in the scope that are asked.

Pairs are found whatever their images' predictions are, and exact copies are found by digest, with
one image of each set of copies standing for all of them. Which pairs that makes in a scope is
worked out here, so that a threshold, a scope or new predictions cost no second search.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

MOST_PARTNERS = 100
"""Partners that are listed of one image: a thousand equal images would make a million entries."""


class Pairs(NamedTuple):
    """Pairs of images, sorted by falling SES."""

    pair: npt.NDArray[np.int64]
    """Shape (m, 2), smaller index first. Of equal images each is paired with the first only."""
    ses: npt.NDArray[np.float64]
    """Shape (m,)."""
    exact: npt.NDArray[np.bool_]
    """Shape (m,): equal files or equal pixels."""

    def at(self, threshold: float) -> Pairs:
        """Those with at least this SES."""
        stop = int(np.searchsorted(-self.ses, -threshold, side="right"))
        return Pairs(self.pair[:stop], self.ses[:stop], self.exact[:stop])


def first_copies(
    pixels: npt.NDArray[np.void], files: npt.NDArray[np.void]
) -> npt.NDArray[np.int64]:
    """For each image the first one that is connected to it by equal pixels or equal files.

    Args:
        pixels: shape (n,), digests of the pixels
        files: shape (n,), digests of the files

    >>> pixels = np.array([np.void(x) for x in (b"a", b"b", b"a", b"c")])
    >>> files = np.array([np.void(x) for x in (b"1", b"2", b"3", b"2")])
    >>> first_copies(pixels, files).tolist()
    [0, 1, 0, 1]
    """
    first = np.arange(len(pixels))
    kinds = [_first_equal(pixels), _first_equal(files)]
    while True:
        before = first
        for kind in kinds:
            lowest = np.full(len(first), len(first), np.int64)
            np.minimum.at(lowest, kind, first)
            first = np.minimum(first, lowest[kind])
        if (first == before).all():
            return first


def _first_equal(values: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
    _, first, place = np.unique(values, return_index=True, return_inverse=True)
    return first[place.ravel()]


def pairs_in_scope(
    near: npt.NDArray[np.integer[Any]],
    ses: npt.NDArray[np.floating[Any]],
    first_copy: npt.NDArray[np.integer[Any]],
    predictions: npt.NDArray[np.integer[Any]] | None = None,
) -> Pairs:
    """The pairs of a scope.

    Args:
        near: shape (m, 2), pairs of different images, each the first of its copies
        ses: shape (m,), their SES
        first_copy: shape (n,), the first copy of each image, itself where it is the first
        predictions: shape (n,): only pairs with one prediction; negative where there is none.
            None for all pairs

    >>> near, ses, first_copy = np.array([[0, 2]]), np.array([0.9]), np.array([0, 0, 2])
    >>> pairs_in_scope(near, ses, first_copy).pair.tolist()
    [[0, 1], [0, 2]]
    >>> pairs_in_scope(near, ses, first_copy, np.array([5, 7, 7])).pair.tolist()
    [[1, 2]]
    """
    group = np.zeros(len(first_copy), np.int64) if predictions is None else predictions
    images = np.flatnonzero(np.asarray(group) >= 0)
    span = int(np.max(group, initial=0)) + 1
    keys = np.asarray(first_copy, np.int64)[images] * span + np.asarray(group, np.int64)[images]
    known, at, place = np.unique(keys, return_index=True, return_inverse=True)
    first = images[at]
    standing_for = first[place.ravel()]
    later = standing_for != images
    copies = np.stack([standing_for[later], images[later]], axis=1)
    apart, owner = _joined(np.asarray(near, np.int64).reshape(-1, 2), known, first, span)
    pair = np.concatenate([copies, np.sort(apart, axis=1)])
    value = np.concatenate([np.ones(len(copies)), np.asarray(ses, np.float64)[owner]])
    exact = np.arange(len(pair)) < len(copies)
    order = np.lexsort((pair[:, 1], pair[:, 0], ~exact, -value))
    return Pairs(pair[order], value[order], exact[order])


def _joined(
    near: npt.NDArray[np.int64],
    known: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    span: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Each pair for every prediction that both sides have, and the pair that it comes from.

    Args:
        near: pairs of first copies
        known: sorted, first copy times ``span`` plus prediction, of all that there are
        first: the first image of each of these
        span: more than the highest prediction
    """
    start, stop = (np.searchsorted(known, (near[:, 0] + i) * span) for i in (0, 1))
    count = stop - start
    owner = np.repeat(np.arange(len(near)), count)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    left = start[owner] + within
    wanted = near[owner, 1] * span + known[left] % span
    right = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    both = known[right] == wanted if len(known) else np.zeros(0, bool)
    return np.stack([first[left[both]], first[right[both]]], axis=1), owner[both]


def partners(pairs: Pairs) -> Iterator[tuple[int, list[int]]]:
    """Each image that is in a pair, and those that it is alike with, most similar first.

    At most `MOST_PARTNERS` of them; equal images are listed for each other.

    >>> pair = np.array([[0, 1], [0, 2]])
    >>> dict(partners(Pairs(pair, np.array([1.0, 0.9]), np.array([True, False]))))
    {0: [1, 2], 1: [0, 2], 2: [0, 1]}
    """
    copies: dict[int, list[int]] = {}
    near: dict[int, list[int]] = {}
    for (a, b), exact in zip(pairs.pair.tolist(), pairs.exact.tolist(), strict=True):
        if exact:
            copies.setdefault(a, [a]).append(b)
        else:
            near.setdefault(a, []).append(b)
            near.setdefault(b, []).append(a)
    for first in sorted({*copies, *near}):
        members = copies.get(first, [first])
        others = [x for other in near.get(first, ()) for x in copies.get(other, [other])]
        for image in members:
            alike = (x for x in (*members, *others) if x != image)
            yield image, list(islice(alike, MOST_PARTNERS))


def highest_ses(pairs: Pairs, count: int) -> npt.NDArray[np.float64]:
    """The highest SES of each of ``count`` images, NaN where it is in no pair.

    >>> pairs = Pairs(np.array([[0, 2]]), np.array([0.9]), np.array([False]))
    >>> highest_ses(pairs, 3).tolist()
    [0.9, nan, 0.9]
    """
    highest = np.full(count, np.nan)
    for side in (0, 1):
        np.fmax.at(highest, pairs.pair[:, side], pairs.ses)
    return highest
