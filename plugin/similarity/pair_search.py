"""The search for pairs with a high SES: proposed by several signals, judged by SSIM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from .cells import Cells
from .levels import LOWEST_FLOOR, choose_levels, most_kept
from .neighbours import NeighbourIndex
from .perceptual_hash import hash_neighbours
from .signals import Signals
from .ssim import ssim_pairs

EMBEDDING_NEIGHBOURS = 5
SAMPLE = 2000  # images whose neighbours say which floor and threshold suit
_SLACK = 2.5  # for pairs that other signals propose; see StructureBasis.radius
_JUDGED_AT_ONCE = 1 << 15
_SAMPLED_AT_ONCE = 4096
_HARDLY = 0.01  # of a batch
_ENOUGH = 500  # pairs, to measure from how far apart near-duplicates are
_MARGIN = 1e-3  # float32 is off by less; what it lets through is scored again in float64
_CHANNEL = 0.1  # CIFAR-10, SES from 0.65: green alone is at most 0.06 below the mean of channels

Progress = Callable[[int, int], None]


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
    ) -> None:
        self._images, self._signals, self._rows, self._classes = images, signals, rows, classes
        self._device, self._memory = device, memory
        self._structure = signals.structure[rows]
        self._cells = Cells(self._structure)
        self._sample = Found(np.empty(0, np.int64), np.empty(0))

    def levels(self, progress: Progress | None = None) -> tuple[float, float]:
        """Floor and threshold from the neighbours of some images.

        Neighbours are judged from the nearest on, until there are as many pairs as the floor may
        leave, and hardly any of those that follow is more similar.
        """
        count = len(self._rows)
        drawn = np.sort(np.random.default_rng(51).permutation(count)[:SAMPLE])
        near = self._cells.around(drawn, self._signals.basis.radius(LOWEST_FLOOR))
        keys = self._keys(near.pairs)[np.argsort(near.squared, kind="stable")]
        found, allowed = self._sample, most_kept(len(drawn))
        for start in range(0, len(keys), _SAMPLED_AT_ONCE):
            more = self.judged(keys[start : start + _SAMPLED_AT_ONCE], LOWEST_FLOOR)
            found = united([found, more])
            if progress is not None:
                progress(len(drawn) * start // len(keys), len(drawn))
            if len(found.ses) >= allowed:
                limit = np.partition(found.ses, -allowed)[-allowed]
                if (more.ses >= limit).sum() < _HARDLY * _SAMPLED_AT_ONCE:
                    break
        if progress is not None:
            progress(len(drawn), len(drawn))
        self._sample = found
        found = self.in_scope(found)
        place = np.full(count, -1)
        place[drawn] = np.arange(len(drawn))
        owners = place[np.concatenate(np.divmod(found.keys, max(count, 1)))]
        seen = owners >= 0
        return choose_levels(np.tile(found.ses, 2)[seen], owners[seen], len(drawn))

    def near(self, first: int, floor: float, progress: Progress | None = None) -> Found:
        """Pairs that are near in structure, one of each at least row `first`."""
        found, waiting, size = [self.judged(np.empty(0, np.int64), floor)], [], 0
        for near, done in self._cells.within(self._radius(floor), first):
            waiting.append(self._keys(near.pairs))
            size += len(near.pairs)
            # Cell after cell, so that the images of a batch are in few pairs with others.
            if size >= _JUDGED_AT_ONCE or done == len(self._rows):
                found.append(self.judged(np.concatenate(waiting), floor))
                waiting, size = [], 0
                if progress is not None:
                    progress(done, len(self._rows))
        return united(found)

    def proposed(
        self, first: int, floor: float, embeddings: NDArray[np.floating[Any]] | None, known: Found
    ) -> Found:
        """Further pairs, that perceptual hashes and embeddings propose."""
        by_hash = hash_neighbours(self._signals.hashes[self._rows])
        keys = [self._keys(by_hash[by_hash[:, 1] >= first])]
        if embeddings is not None:
            asked = np.arange(first, len(self._rows))
            ids, _ = NeighbourIndex(embeddings[self._rows]).nearest(EMBEDDING_NEIGHBOURS, asked)
            asked = np.broadcast_to(asked[:, None], ids.shape)[ids >= 0]
            keys.append(self._keys(np.sort(np.stack([asked, ids[ids >= 0]], axis=1), axis=1)))
        new = np.setdiff1d(np.concatenate(keys), known.keys)
        widest = self._signals.basis.radius(floor, _SLACK) ** 2
        return self.judged(new[self._squared(new) <= widest], floor)

    def judged(self, keys: NDArray[np.int64], floor: float) -> Found:
        """Those of the pairs that have at least `floor`, and their SES."""
        pairs = self.pairs(keys)
        colour = len(self._images.shape) == 4 and self._images.shape[3] == 3
        for channel, margin in [(1, _CHANNEL), (None, _MARGIN)] if colour else [(None, _MARGIN)]:
            rough = ssim_pairs(
                self._images, pairs, device=self._device, channel=channel, memory=self._memory
            )
            high = rough >= floor - margin
            keys, pairs = keys[high], pairs[high]
        device = "cpu" if torch.device(self._device).type == "mps" else self._device
        ses = ssim_pairs(
            self._images, pairs, device=device, dtype=torch.float64, memory=self._memory
        )
        return Found(keys[ses >= floor], ses[ses >= floor])

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
