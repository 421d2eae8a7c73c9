"""The search for pairs with a high SES: proposed by several signals, judged by SSIM."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ..arrays import Int64Array
from ..progress import Report, silent
from ..vectors.neighbours import NeighbourIndex
from .dense_groups import SURE, DenseGroups
from .judging import Judge, judge_pairs
from .levels import LOWEST_FLOOR, choose_levels, most_kept
from .radius_search import Cells, NearPairs
from .signals import Signals

EMBEDDING_NEIGHBOURS = 5
SAMPLE = 2000  # images whose neighbours say which floor and threshold suit
_SLACK = 2.5  # for pairs that embeddings propose; see StructureBasis.radius
_JUDGED_AT_ONCE = 1 << 15
_SAMPLED_AT_ONCE = 4096
_CHANCES = 2  # rounds of crowded images, none of which proves to be in a dense group
_NEAREST = 6  # that an image of a dense group is compared with, beside representatives
_ROUNDS = 12  # of connecting what one class has in a dense group
_HARDLY = 0.01  # of a batch
_ENOUGH = 500  # pairs, to measure from how far apart near-duplicates are


class Found(NamedTuple):
    """Pairs while they are collected: row a and row b of n as the number a n + b, and their SES."""

    keys: NDArray[np.int64]
    ses: NDArray[np.float64]


class PairSearch:
    """Looks for pairs among the images that are no exact copies of an earlier one.

    Args:
        images: all images
        signals: of all images
        rows: the images to be searched
        classes: of all images, where only pairs of one class count
        device: where SSIM is computed
        memory: bytes of working memory for SSIM, about
        judge: who else may judge pairs; what it leaves is judged here
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        signals: Signals,
        rows: NDArray[np.int64],
        *,
        classes: NDArray[np.integer[Any]] | None,
        device: torch.device | str,
        memory: int,
        judge: Judge | None = None,
    ) -> None:
        self._images, self._signals, self._rows, self._classes = images, signals, rows, classes
        self._device, self._memory, self._judge = device, memory, judge
        self._structure = signals.structure[rows]
        self._cells = Cells(self._structure)
        self._sample = Found(np.empty(0, np.int64), np.empty(0))
        self._copies = self._sample

    def levels(self, report: Report = silent) -> tuple[float, float]:
        """Floor and threshold from the neighbours of some images.

        Neighbours are judged from the nearest on, until there are as many pairs as the floor may
        leave, and hardly any of those that follow is more similar. Of each dense group of copies
        one image counts.
        """
        count = len(self._rows)
        drawn = np.sort(np.random.default_rng(51).permutation(count)[:SAMPLE])
        near = self._cells.around(drawn, self._signals.basis.radius(LOWEST_FLOOR))
        keys = self._keys(near.pairs)[np.argsort(near.squared, kind="stable")]
        dense = DenseGroups(count, SURE, SURE)
        _, more = self._settle(keys, SURE, dense)
        if dense.found:
            self._copies = united(more)
            standing = dense.standing()
            a, b = dense.ends(keys)
            keys, drawn = keys[standing[a] & standing[b]], drawn[standing[drawn]]
        found, allowed = self._sample, most_kept(len(drawn))
        for start in range(0, len(keys), _SAMPLED_AT_ONCE):
            more = self.judged(keys[start : start + _SAMPLED_AT_ONCE], LOWEST_FLOOR)
            found = united([found, more])
            _measured(report, len(drawn) * start // len(keys), len(drawn))
            if len(found.ses) >= allowed:
                limit = np.partition(found.ses, -allowed)[-allowed]
                if (more.ses >= limit).sum() < _HARDLY * _SAMPLED_AT_ONCE:
                    break
        _measured(report, len(drawn), len(drawn))
        self._sample = found
        found = self.in_scope(found)
        place = np.full(count, -1)
        place[drawn] = np.arange(len(drawn))
        owners = place[np.concatenate(np.divmod(found.keys, max(count, 1)))]
        seen = owners >= 0
        return choose_levels(np.tile(found.ses, 2)[seen], owners[seen], len(drawn))

    def near(self, first: int, floor: float, dense: DenseGroups, report: Report = silent) -> Found:
        """Pairs that are near in structure, one of each at least row `first`.

        What dense groups need no comparison of is left out, and noted in `dense`.
        """
        copies = self._copies
        copies = Found(copies.keys[copies.ses >= floor], copies.ses[copies.ses >= floor])
        dense.add(copies.keys, copies.ses)
        found: list[Found] = [copies]
        waiting: list[NearPairs] = []
        size = 0
        for near, done in self._cells.within(self._radius(floor), first, dense):
            waiting.append(near)
            size += len(near.pairs)
            # Cell after cell, so that the images of a batch are in few pairs with others.
            if size >= _JUDGED_AT_ONCE or done == len(self._rows):
                found.append(self._judged_sparingly(waiting, floor, dense))
                waiting, size = [], 0
                share = done / max(len(self._rows), 1)
                report(share, f"Compared {done:,} of {len(self._rows):,} images")
        return united(found)

    def _judged_sparingly(self, near: list[NearPairs], floor: float, dense: DenseGroups) -> Found:
        """Those of the pairs that have at least `floor`, but for what dense groups do not need."""
        keys = np.concatenate([self._keys(part.pairs) for part in near])
        keys = keys[np.argsort(np.concatenate([part.squared for part in near]), kind="stable")]
        keys, found = self._settle(keys, floor, dense)
        while len(keys):
            stop = _JUDGED_AT_ONCE if dense.found else len(keys)
            found.append(self._noted(keys[:stop], floor, dense))
            keys, more = self._settle(keys[stop:], floor, dense)
            found += more
        return united([self.judged(keys, floor), *found])

    def _settle(
        self, keys: Int64Array, floor: float, dense: DenseGroups
    ) -> tuple[Int64Array, list[Found]]:
        """Compare crowded images with all that are near, and what these represent with them.

        Args:
            keys: pairs, from the nearest on
            floor: the lowest SES that is kept
            dense: what is known; takes note of what is found

        Returns:
            the pairs that are left to be compared, and what was found
        """
        found: list[Found] = []
        tried, chances = np.zeros(len(self._rows), bool), _CHANCES
        while len(keys := dense.open(keys)):
            now = dense.with_representatives(keys)
            trying = not now.any()
            if trying:
                rows = dense.crowded(keys, tried) if chances else np.zeros(0, np.int64)
                if not len(rows):
                    break
                tried[rows] = True
                now = dense.touching(keys, rows)
            before = int(dense.representative.sum())
            found.append(self._noted(keys[now], floor, dense, likely=not trying))
            keys = keys[~now]
            if trying and int(dense.representative.sum()) == before:
                chances -= 1
        return keys, found

    def _noted(
        self, keys: Int64Array, floor: float, dense: DenseGroups, *, likely: bool = False
    ) -> Found:
        found = self.judged(np.sort(keys), floor, likely=likely)
        dense.add(found.keys, found.ses)
        return found

    def spanned(
        self, floor: float, dense: DenseGroups, rows: Int64Array, classes: NDArray[np.integer[Any]]
    ) -> Found:
        """Further pairs in dense groups: nearest ones, and those that connect each class.

        Args:
            floor: the lowest SES that is kept
            dense: the groups; takes note of what is found
            rows: a row for each class that the image or an exact copy of it has
            classes: shape (len(rows),)
        """
        found = [self.judged(np.zeros(0, np.int64), floor)]
        if dense.found:
            settled = np.flatnonzero(dense.settled)
            ids, _ = NeighbourIndex(self._structure[settled]).nearest(_NEAREST)
            asked = np.broadcast_to(settled[:, None], ids.shape)[ids >= 0]
            near = np.stack([asked, settled[ids[ids >= 0]]], axis=1)
            keys = np.setdiff1d(self._keys(np.sort(near, axis=1)), dense.keys)
            found.append(self._noted(keys, floor, dense, likely=True))
            for at in range(len(dense.levels)):
                for _ in range(_ROUNDS):
                    pairs = dense.joining(at, rows, classes, self._structure)
                    new = np.setdiff1d(pairs, dense.keys)
                    found.append(self._noted(new, floor, dense, likely=True))
                    if not len(found[-1].keys):
                        break
        return united(found)

    def near_in_embeddings(
        self,
        first: int,
        floor: float,
        embeddings: NDArray[np.floating[Any]],
        known: Found,
        dense: DenseGroups,
    ) -> Found:
        """Further pairs: those that are near in a classifier's embeddings."""
        asked = np.arange(first, len(self._rows))
        ids, _ = NeighbourIndex(embeddings[self._rows]).nearest(EMBEDDING_NEIGHBOURS, asked)
        asked = np.broadcast_to(asked[:, None], ids.shape)[ids >= 0]
        keys = self._keys(np.sort(np.stack([asked, ids[ids >= 0]], axis=1), axis=1))
        new = dense.open(np.setdiff1d(keys, known.keys))
        widest = self._signals.basis.radius(floor, _SLACK) ** 2
        return self._noted(new[self._squared(new) <= widest], floor, dense)

    def judged(self, keys: Int64Array, floor: float, *, likely: bool = False) -> Found:
        """Those of the pairs that have at least `floor`, and their SES.

        `likely` says that most have: then nothing is gained by a rough look first.
        """
        pairs = self.pairs(keys)
        told = None if self._judge is None else self._judge(pairs, floor, likely)
        kept, ses = told or judge_pairs(
            self._images, pairs, floor, likely=likely, device=self._device, memory=self._memory
        )
        return Found(keys[kept], ses)

    def in_scope(self, found: Found) -> Found:
        """The pairs with one predicted class, where that is asked."""
        if self._classes is None:
            return found
        same = np.equal(*self._classes[self.pairs(found.keys)].T)
        return Found(found.keys[same], found.ses[same])

    def pairs(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """The pairs of images that keys stand for."""
        return self._rows[np.stack(np.divmod(keys, max(len(self._rows), 1)), axis=1)]

    def _radius(self, floor: float) -> float:
        """How far apart pairs of at least `floor` are: as the sample says, where it has enough."""
        alike = self._sample.keys[self._sample.ses >= floor]
        if len(alike) < _ENOUGH:
            return self._signals.basis.radius(floor)
        widest = self._signals.basis.radius(floor, _SLACK)
        return min(widest, float(np.sqrt(1.15 * np.quantile(self._squared(alike), 0.998))))

    def _keys(self, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
        return pairs @ np.array([len(self._rows), 1])

    def _squared(self, keys: NDArray[np.int64]) -> NDArray[np.float32]:
        """Squared distance of the pairs in structure."""
        squared = np.empty(len(keys), dtype=np.float32)
        for start in range(0, len(keys), 1 << 18):
            a, b = np.divmod(keys[start : start + (1 << 18)], max(len(self._rows), 1))
            apart = self._structure[a] - self._structure[b]
            squared[start : start + (1 << 18)] = np.square(apart).sum(1)
        return squared


def united(found: list[Found]) -> Found:
    """All pairs of several searches, each once, in the order of their keys."""
    keys, places = np.unique(np.concatenate([part.keys for part in found]), return_index=True)
    return Found(keys, np.concatenate([part.ses for part in found])[places])


def _measured(report: Report, done: int, total: int) -> None:
    report(done / max(total, 1), f"Measured {done:,} of {total:,} sampled images")
