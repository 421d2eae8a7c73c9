"""Dense groups, such as bursts of frames: which of their pairs need not be compared.

`n` frames that differ by noise alone are `n (n - 1) / 2` pairs. Here an image that was found to be
alike with very many becomes a representative, and one that is alike with several representatives is
*settled*: two settled images that pairs of at least some SES connect already are in one group at
that SES, whatever their own is, so that they need not be compared. Whoever is not settled is
compared with all that are near. In data without dense groups nobody is ever settled.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..arrays import BoolArray, Int64Array
from .groups import connected

SURE = 0.95
"""From here on a dense group is one of copies. Of MNIST's digits none has more than 30 others."""
MANY_SURE, MANY_LISTED, MANY_KEPT = 48, 128, 256
"""Images that one is alike with, to be a representative: from `SURE`, the threshold, the floor."""
REPRESENTATIVES = 4
"""Those that an image must be alike with to be settled."""
CROWDED = MANY_SURE
_JOINING = 4  # pairs of an image with those of its class that nothing connects it with
_ACROSS = 4  # pairs of an image with those of another dense group, of each batch
_TRIED_AT_ONCE = 8


class DenseGroups:
    """Representatives, and which images they settle, as pairs are found.

    A pair of rows a and b of `count` is the number a count + b.

    Args:
        count: number of images
        floor: the lowest SES that is kept
        threshold: the lowest SES that is listed

    >>> dense = DenseGroups(60, 0.75, 0.8)
    >>> every = np.stack(np.triu_indices(60, 1), axis=1)
    >>> few = every[every[:, 0] < 4] @ np.array([60, 1])  # the first four with all others
    >>> dense.add(few, np.full(len(few), 0.99))
    >>> int(dense.settled.sum()), len(dense.open(every[every[:, 0] >= 4] @ np.array([60, 1])))
    (60, 0)
    """

    def __init__(self, count: int, floor: float, threshold: float) -> None:
        needed = {floor: MANY_KEPT, max(floor, threshold): MANY_LISTED, max(floor, SURE): MANY_SURE}
        self.levels = sorted(needed, reverse=True)
        self._needed = [needed[level] for level in self.levels]
        self._count = count
        self._alike = np.zeros((len(self.levels), count), np.int32)
        self._representative = np.zeros((len(self.levels), count), bool)
        self._links = np.zeros((len(self.levels), count), np.int32)
        self.group = np.full((len(self.levels), count), -1, np.int32)
        """Shape (levels, count): what connects a settled image, -1 for all others."""
        self._keys, self._ses = [np.zeros(0, np.int64)], [np.zeros(0)]

    @property
    def found(self) -> bool:
        """Whether there is a dense group."""
        return bool(self._representative[-1].any())

    @property
    def representative(self) -> BoolArray:
        """Shape (count,)."""
        return self._representative[-1]

    @property
    def settled(self) -> BoolArray:
        """Shape (count,)."""
        return self.group[-1] >= 0

    @property
    def keys(self) -> Int64Array:
        """Shape (m,): the pairs that were found."""
        return np.concatenate(self._keys)

    def ends(self, keys: Int64Array) -> tuple[Int64Array, Int64Array]:
        """The two rows of each pair."""
        return np.divmod(keys, max(self._count, 1))

    def add(self, keys: Int64Array, ses: NDArray[np.float64]) -> None:
        """Take note of pairs that were found, each once."""
        self._keys.append(keys)
        self._ses.append(ses)
        a, b = self.ends(keys)
        for at, level in enumerate(self.levels):
            high = ses >= level
            for side in (a[high], b[high]):
                np.add.at(self._alike[at], side, 1)
        self._representative |= self._alike >= np.array(self._needed)[:, None]
        # What holds at a higher level holds at a lower one, too.
        self._representative = np.logical_or.accumulate(self._representative, axis=0)
        if self.found and len(keys):
            self._settle()

    def _settle(self) -> None:
        keys, ses = np.concatenate(self._keys), np.concatenate(self._ses)
        self._keys, self._ses = [keys], [ses]
        a, b = self.ends(keys)
        settled = np.zeros(self._count, bool)
        for at, level in enumerate(self.levels):
            chosen = self._representative[at]
            high = (ses >= level) & (chosen[a] | chosen[b])
            left, right = a[high], b[high]
            self._links[at] = 0
            np.add.at(self._links[at], left[chosen[right]], 1)
            np.add.at(self._links[at], right[chosen[left]], 1)
            settled = settled | chosen | (self._links[at] >= REPRESENTATIVES)
            group = connected(np.stack([left, right], axis=1), self._count)
            self.group[at] = np.where(settled, group, -1)

    def needless(self, a: Int64Array, b: Int64Array) -> BoolArray:
        """Which pairs of rows would connect what is connected; the shapes broadcast."""
        found = np.zeros(np.broadcast_shapes(a.shape, b.shape), bool)
        for group in self.group if self.found else ():
            found |= (group[a] == group[b]) & (group[a] >= 0)
        return found

    def open(self, keys: Int64Array) -> Int64Array:
        """The pairs that are still to be compared, of keys from the nearest on.

        Two dense groups that come near each other are compared by a few pairs of each image.
        """
        if not self.found:
            return keys
        a, b = self.ends(keys)
        keys = keys[~self.needless(a, b)]
        a, b = self.ends(keys)
        across = np.flatnonzero(self.settled[a] & self.settled[b])
        few = np.minimum(_rank(a[across]), _rank(b[across])) < _ACROSS
        kept = np.ones(len(keys), bool)
        kept[across[~few]] = False
        return keys[kept]

    def with_representatives(self, keys: Int64Array) -> BoolArray:
        """Which pairs bring an image together with representatives, as many as settle it."""
        if not self.found:
            return np.zeros(len(keys), bool)
        a, b = self.ends(keys)
        chosen, free = self.representative, ~self.settled
        image = np.where(chosen[b] & free[a], a, np.where(chosen[a] & free[b], b, -1))
        asked = np.flatnonzero(image >= 0)
        short = np.maximum(REPRESENTATIVES - self._links.max(0)[image[asked]], 1)
        wanted = np.zeros(len(keys), bool)
        wanted[asked[_rank(image[asked]) < short]] = True
        return wanted

    def crowded(self, keys: Int64Array, tried: BoolArray) -> Int64Array:
        """Rows with many open pairs, to be tried as representatives; no two near each other."""
        a, b = self.ends(keys)
        pairs = np.bincount(a, minlength=self._count) + np.bincount(b, minlength=self._count)
        may = (pairs > CROWDED) & ~tried & ~self.representative
        # Ties are broken by the row.
        rank = np.where(may, pairs * np.int64(self._count) + np.arange(self._count), -1)
        best = np.full(self._count, -1, np.int64)
        np.maximum.at(best, a, rank[b])
        np.maximum.at(best, b, rank[a])
        rows = np.flatnonzero(may & (rank > best))
        return rows[np.argsort(-rank[rows])][:_TRIED_AT_ONCE]

    def joining(
        self,
        at: int,
        rows: Int64Array,
        classes: NDArray[np.integer[Any]],
        vectors: NDArray[np.float32],
    ) -> Int64Array:
        """Pairs that may connect images of one class and dense group, where none does so far.

        Args:
            at: the level
            rows: shape (m,)
            classes: shape (m,): the class of each; a row may be there with several
            vectors: shape (count, d): near ones are alike
        """
        keys, high = self.keys, np.concatenate(self._ses) >= self.levels[at]
        group = self.group[at]
        a, b = self.ends(keys[high])
        inside = (group[a] >= 0) & (group[a] == group[b])
        pairs = np.stack([a, b], axis=1)[inside]
        by_group = _slices(group[pairs[:, 0]])
        wanted = [np.zeros(0, np.int64)]
        rows, classes = rows[group[rows] >= 0], classes[group[rows] >= 0]
        for number, members in _slices(group[rows]).items():
            linked = pairs[by_group.get(number, slice(0))]
            for mine in _slices(classes[members]).values():
                images = np.unique(rows[members][mine])
                local = _within(linked, images)
                parts = connected(local, len(images))
                outside = np.flatnonzero(parts != np.bincount(parts).argmax())
                near = nearest_outside(vectors[images], parts, outside, _JOINING)
                wanted.append(images[near] @ np.array([self._count, 1]))
        return np.unique(np.concatenate(wanted))

    def standing(self) -> BoolArray:
        """Which images remain where one of each dense group stands for all of it."""
        _, first = np.unique(self.group[-1], return_index=True)
        standing = ~self.settled
        standing[first] = True
        return standing

    def touching(self, keys: Int64Array, rows: Int64Array) -> BoolArray:
        """Which pairs one of the rows is in."""
        wanted = np.zeros(self._count, bool)
        wanted[rows] = True
        a, b = self.ends(keys)
        return wanted[a] | wanted[b]


def without_dense(
    pairs: NDArray[np.integer[Any]], ses: NDArray[np.floating[Any]], count: int
) -> NDArray[np.bool_]:
    """Which of `count` images remain where one image stands for each dense group of copies.

    >>> every = np.stack(np.triu_indices(60, 1), axis=1)
    >>> np.flatnonzero(without_dense(every, np.full(len(every), 0.99), 70)).tolist()
    [0, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69]
    """
    high = np.asarray(ses) >= SURE
    dense = DenseGroups(count, SURE, SURE)
    keys = np.asarray(pairs, np.int64)[high] @ np.array([count, 1])
    dense.add(keys, np.asarray(ses, np.float64)[high])
    return dense.standing()


def nearest_outside(
    vectors: NDArray[np.float32], parts: NDArray[np.integer[Any]], rows: Int64Array, most: int
) -> NDArray[np.int64]:
    """Pairs of each of the rows with the nearest vectors of other parts.

    Args:
        vectors: shape (n, d)
        parts: shape (n,): which part each vector belongs to
        rows: those that are asked for
        most: how many each, at most

    Returns:
        Shape (m, 2), smaller row first, each pair once.

    >>> vectors = np.array([[0.0], [1.0], [5.0]], np.float32)
    >>> nearest_outside(vectors, np.array([0, 0, 1]), np.array([2]), 1).tolist()
    [[1, 2]]
    """
    every = torch.from_numpy(np.ascontiguousarray(vectors))
    part = torch.from_numpy(np.asarray(parts, np.int64))
    norms, most = every.square().sum(1), min(most, len(vectors))
    found = [np.empty((0, 2), np.int64)]
    for some in torch.from_numpy(rows).split(max(1, (1 << 22) // max(len(vectors), 1))):
        apart = norms - 2 * (every[some] @ every.T)
        apart[part[some][:, None] == part] = torch.inf
        near = apart.topk(most, largest=False)
        a, k = torch.isfinite(near.values).nonzero().unbind(1)
        ends = torch.stack([some[a], near.indices[a, k]], dim=1)
        found.append(ends.sort(dim=1).values.numpy())
    return np.unique(np.concatenate(found), axis=0)


def _slices(numbers: NDArray[np.integer[Any]]) -> dict[int, Any]:
    """The places of each number."""
    order = np.argsort(numbers, kind="stable")
    known, start = np.unique(numbers[order], return_index=True)
    return dict(zip(known.tolist(), np.split(order, start[1:]), strict=False))


def _within(pairs: NDArray[np.int64], images: Int64Array) -> NDArray[np.int64]:
    """The pairs between images of a sorted list, as places in it."""
    if not len(images):
        return np.empty((0, 2), np.int64)
    at = np.minimum(np.searchsorted(images, pairs), len(images) - 1)
    return at[(images[at] == pairs).all(axis=1)]


def _rank(images: Int64Array) -> Int64Array:
    """How many equal entries come before each.

    >>> _rank(np.array([5, 5, 3, 5])).tolist()
    [0, 1, 0, 2]
    """
    order = np.argsort(images, kind="stable")
    ordered = images[order]
    new = np.ones(len(images), bool)
    new[1:] = ordered[1:] != ordered[:-1]
    start = np.maximum.accumulate(np.where(new, np.arange(len(images)), 0))
    rank = np.empty(len(images), np.int64)
    rank[order] = np.arange(len(images)) - start
    return rank
