"""Near-duplicates: pairs of images with a high Similarity Error Score, without trying all pairs.

The SES of a pair is its SSIM (paper, eq. 3). Copies with equal files or pixels are found by
digest; all others are
looked for among neighbours (structure features, perceptual hashes, and a classifier's embeddings
where there are
any) and judged by SSIM. Pairs are kept down to a floor, so that the threshold can be moved
afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from .content_hash import first_equal, pixel_digests
from .neighbours import NeighbourIndex
from .perceptual_hash import hash_neighbours, perceptual_hashes
from .ssim import check_shape, ssim_pairs
from .structure_features import StructureBasis, fit_basis, structure_features

LOWEST_FLOOR, HIGHEST_FLOOR = 0.75, 0.95
LOWEST_THRESHOLD, HIGHEST_THRESHOLD = 0.80, 0.98
SHARE_LISTED = 0.01  # of the images, listed by default
PAIRS_KEPT = 2.0  # an image, at most, on average, before the floor is raised
_SAMPLE = 2000
_BLOCK = 8192
_SLACK = 2.5  # for pairs that other signals propose; see StructureBasis.radius
FIRST_NEIGHBOURS, MOST_NEIGHBOURS, EMBEDDING_NEIGHBOURS = 8, 512, 5
_ENOUGH = 500  # pairs, to measure from how far apart near-duplicates are
_MARGIN = 1e-3  # float32 is off by less; what it lets through is scored again in float64

Scope = Literal["same_prediction", "all"]
Progress = Callable[[str, int, int], None]
Inner = Callable[[int, int], None]


class Signals(NamedTuple):
    """What is known of each image alone, one row an image; kept to compare later images."""

    digests: NDArray[np.void]
    """Shape (n,), 16 bytes each: digest of the pixels."""
    hashes: NDArray[np.uint64]
    """Shape (n,): perceptual hash."""
    structure: NDArray[np.float32]
    """Shape (n, d): structure features."""
    basis: StructureBasis
    """What `structure` was projected with."""


class Duplicates(NamedTuple):
    """Pairs of images with their SES, each pair once, sorted by falling SES."""

    pairs: NDArray[np.int64]
    """Shape (m, 2), smaller index first. Equal images: each is paired with the first only."""
    ses: NDArray[np.float64]
    """Shape (m,)."""
    exact: NDArray[np.bool_]
    """Shape (m,): equal files or equal pixels."""
    floor: float
    """Pairs with less SES are not listed."""
    threshold: float
    """The threshold to begin with; any from `floor` to 1 can be applied afterwards."""

    def at(self, threshold: float) -> Duplicates:
        """The pairs with at least this SES.

        Raises:
            ValueError: `threshold` is below the floor, or above 1.
        """
        if not self.floor <= threshold <= 1:
            raise ValueError(
                f"threshold must be from the floor {self.floor:.4g} to 1, got {threshold}"
            )
        kept = self.ses >= threshold
        return Duplicates(self.pairs[kept], self.ses[kept], self.exact[kept], self.floor, threshold)

    def joined(self, other: Duplicates) -> Duplicates:
        """Both lists as one, such as old pairs and new ones; floor is the higher."""
        floor = max(self.floor, other.floor)
        pairs = np.concatenate([self.pairs, other.pairs])
        ses = np.concatenate([self.ses, other.ses])
        exact = np.concatenate([self.exact, other.exact])
        kept = ses >= floor
        return _sorted(pairs[kept], ses[kept], exact[kept], floor, max(self.threshold, floor))


class Found(NamedTuple):
    """Pairs while they are collected: row a and row b of n as the number a n + b, and their SES."""

    keys: NDArray[np.int64]
    ses: NDArray[np.float64]


def compute_signals(
    images: NDArray[np.uint8],
    *,
    known: Signals | None = None,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
) -> Signals:
    """The signals of all images; those that `known` covers are not looked at again.

    Args:
        images: shape (n, height, width) or (n, height, width, channels), uint8, sides of at least
            11 pixels
            (`working_size.to_size` brings images to one size); may be a memory map. The first
            images are those of `known`.
        known: signals of the first images, from an earlier call.
        device: where to compute.
        progress: called with (stage, done, all); what it raises ends the work.

    Raises:
        ValueError: `images` has another shape, or fewer images than `known`.
    """
    check_shape(images.shape)
    old = 0 if known is None else len(known.hashes)
    if len(images) < old:
        raise ValueError(f"images must begin with the {old} that are known, got {len(images)}")
    new = images[old:]
    basis = known.basis if known is not None else fit_basis(images, device=device)
    features = structure_features(new, basis, device=device, progress=_stage("features", progress))
    digests = np.array([np.void(digest) for digest in pixel_digests(new)], dtype="V16")
    fresh = Signals(digests, perceptual_hashes(new, device=device), features, basis)
    if known is None:
        return fresh
    return Signals(
        np.concatenate([known.digests, fresh.digests]),
        np.concatenate([known.hashes, fresh.hashes]),
        np.concatenate([known.structure, fresh.structure]),
        basis,
    )


def find_duplicates(
    images: NDArray[np.uint8],
    signals: Signals,
    *,
    predictions: NDArray[np.integer] | None = None,
    scope: Scope = "same_prediction",
    embeddings: NDArray[np.floating[Any]] | None = None,
    file_digests: Sequence[bytes | None] | None = None,
    threshold: float | None = None,
    floor: float | None = None,
    first_new: int = 0,
    device: torch.device | str = "cpu",
    memory: int = 256 << 20,
    progress: Progress | None = None,
) -> Duplicates:
    """The pairs of images with a high SES.

    Time grows with n log n and the number of pairs kept. Memory beside `images`, `signals` and
    `embeddings` is
    `memory`, an index of about 0.4 KB an image, and 32 bytes a candidate pair, of which an image
    has at most 256.

    Args:
        images: as in `compute_signals`.
        signals: of the same images.
        predictions: shape (n,), the predicted class of each; needed for `scope="same_prediction"`.
        scope: `"same_prediction"` is the paper's eq. 3, pairs with one predicted class; `"all"`
            also finds
            copies that the classifier tells apart.
        embeddings: shape (n, d), a classifier's features, as a further source of candidates.
        file_digests: of the files (`content_hash.file_digests`): equal files are exact copies,
            whatever was
            decoded from them.
        threshold: of the result; chosen from a sample of the images where None (`choose_levels`).
        floor: the lowest SES that is kept; likewise.
        first_new: only pairs with a member of at least this index: what new images bring.
        device: where SSIM is computed.
        memory: bytes of working memory for SSIM, about.
        progress: called with (stage, done, all); stages are `"sample"` and `"pairs"`. What it
            raises ends the work.

    Raises:
        ValueError: arrays are not aligned, predictions are missing, or an option is out of its
            range.
    """
    classes = _checked(images, signals, predictions, scope, embeddings, file_digests)
    copies = _copies(signals, file_digests, classes)
    firsts = np.flatnonzero(copies == np.arange(len(images)))
    search = _Search(images, signals, firsts, classes, device, memory)
    floor, threshold = _levels(search, floor, threshold, progress)
    first = int(np.searchsorted(firsts, first_new))
    found = search.near(np.arange(first, len(firsts)), floor, _stage("pairs", progress))
    found = _united([found, search.proposed(first, floor, embeddings, found)])
    found = search.in_scope(found)
    pairs, ses = search.pairs(found.keys), found.ses
    others = np.flatnonzero(
        (copies != np.arange(len(images))) & (np.arange(len(images)) >= first_new)
    )
    equal = np.stack([copies[others], others], axis=1)
    return _sorted(
        np.concatenate([equal, pairs]),
        np.concatenate([np.ones(len(equal)), ses]),
        np.concatenate([np.ones(len(equal), dtype=bool), np.zeros(len(pairs), dtype=bool)]),
        floor,
        threshold,
    )


def choose_levels(
    ses: NDArray[np.floating[Any]], owner: NDArray[np.integer], count: int
) -> tuple[float, float]:
    """Floor and threshold to begin with, from the pairs that a sample of the images is in.

    The threshold is where one image in a hundred is in a pair, but from 0.80 to 0.98: in
    photographs
    pairs above 0.8 are copies, while two handwritten ones easily reach 0.95 without being any. The
    floor
    is 0.75, or higher where an image would have more than two pairs on average, but at most 0.95.

    Args:
        ses: shape (m,), SES of each pair.
        owner: shape (m,), which of the sampled images the pair was found for.
        count: number of images sampled.

    Returns:
        (floor, threshold), floor at most threshold.

    >>> choose_levels(np.array([0.9, 0.99]), np.array([0, 0]), 1000)
    (0.75, 0.8)
    """
    highest = np.zeros(max(count, 1))
    np.maximum.at(highest, owner, ses)
    threshold = float(
        np.clip(np.quantile(highest, 1 - SHARE_LISTED), LOWEST_THRESHOLD, HIGHEST_THRESHOLD)
    )
    allowed = int(PAIRS_KEPT * 2 * count)  # a pair is seen from both its ends
    limit = float(np.sort(ses)[-allowed]) if len(ses) > allowed else LOWEST_FLOOR
    floor = float(np.clip(limit, LOWEST_FLOOR, HIGHEST_FLOOR))
    return min(floor, threshold), threshold


class _Search:
    """Looks for pairs among the images that are no exact copies of an earlier one."""

    def __init__(
        self,
        images: NDArray[np.uint8],
        signals: Signals,
        rows: NDArray[np.int64],
        classes: NDArray[np.integer] | None,
        device: torch.device | str,
        memory: int,
    ) -> None:
        self.images, self.signals, self.rows, self.classes = images, signals, rows, classes
        self.device, self.memory = device, memory
        self.index = NeighbourIndex(signals.structure[rows])
        self.sample = _nothing()

    def near(self, asked: NDArray[np.int64], floor: float, progress: Inner | None = None) -> Found:
        """Pairs of the images asked for with their neighbours in structure.

        An image gets twice as many neighbours as long as one of the farther half of them is a
        duplicate.
        """
        radius = self.radius(floor)
        found = [_nothing()]
        for start in range(0, len(asked), _BLOCK):
            active, done, k = asked[start : start + _BLOCK], 0, FIRST_NEIGHBOURS
            while len(active):
                ids, distances = self.index.nearest(k, active)
                keys = self._keys(active, ids)
                keys[distances > radius] = -1
                hits = self.judged(np.unique(keys[:, done:]), floor)
                found.append(hits)
                if k >= MOST_NEIGHBOURS:
                    break
                crowded = np.isin(keys[:, max(done, k // 2) :], hits.keys).any(axis=1)
                active, done, k = active[crowded], k, min(2 * k, MOST_NEIGHBOURS)
            if progress is not None:
                progress(min(start + _BLOCK, len(asked)), len(asked))
        return _united(found)

    def proposed(
        self, first: int, floor: float, embeddings: NDArray[np.floating[Any]] | None, known: Found
    ) -> Found:
        """Further pairs, that perceptual hashes and embeddings propose."""
        count = len(self.rows)
        by_hash = hash_neighbours(self.signals.hashes[self.rows])
        keys = [by_hash[by_hash[:, 1] >= first] @ np.array([count, 1])]
        if embeddings is not None:
            asked = np.arange(first, count)
            ids, _ = NeighbourIndex(embeddings[self.rows]).nearest(EMBEDDING_NEIGHBOURS, asked)
            keys.append(self._keys(asked, ids).ravel())
        new = np.setdiff1d(np.concatenate(keys), known.keys)
        new = new[new >= 0]
        return self.judged(new[self._possible(new, floor)], floor)

    def judged(self, keys: NDArray[np.int64], floor: float) -> Found:
        """Those of the pairs that have at least `floor`, and their SES."""
        keys = keys[keys >= 0]
        pairs = self.pairs(keys)
        rough = ssim_pairs(self.images, pairs, device=self.device, memory=self.memory)
        high = rough >= floor - _MARGIN
        keys, pairs = keys[high], pairs[high]
        device = "cpu" if torch.device(self.device).type == "mps" else self.device
        ses = ssim_pairs(self.images, pairs, device=device, dtype=torch.float64, memory=self.memory)
        return Found(keys[ses >= floor], ses[ses >= floor])

    def pairs(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """The pairs of images that keys stand for."""
        return self.rows[np.stack(np.divmod(keys, max(len(self.rows), 1)), axis=1)]

    def levels(self, progress: Inner | None) -> tuple[float, float]:
        """Floor and threshold from the neighbours of some images."""
        count = len(self.rows)
        drawn = np.sort(np.random.default_rng(51).permutation(count)[:_SAMPLE])
        found = self.near(drawn, LOWEST_FLOOR, progress)
        self.sample = found
        found = self.in_scope(found)
        place = np.full(count, -1)
        place[drawn] = np.arange(len(drawn))
        owners = place[np.concatenate(np.divmod(found.keys, max(count, 1)))]
        seen = owners >= 0
        return choose_levels(np.tile(found.ses, 2)[seen], owners[seen], len(drawn))

    def in_scope(self, found: Found) -> Found:
        """The pairs with one predicted class, where that is asked.

        The others are judged like any: an image's neighbours of another class may hide nearer ones.
        """
        if self.classes is None:
            return found
        same = np.equal(*self.classes[self.pairs(found.keys)].T)
        return Found(found.keys[same], found.ses[same])

    def radius(self, floor: float) -> float:
        """How far apart pairs of at least `floor` are: as the sample says, where it has enough."""
        usual = self.signals.basis.radius(floor)
        alike = self.sample.keys[self.sample.ses >= floor]
        if len(alike) < _ENOUGH:
            return usual
        return min(usual, float(np.sqrt(1.15 * np.quantile(self._squared(alike), 0.998))))

    def _keys(self, asked: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """A pair of rows as one number; -1 where there is none."""
        asked = np.broadcast_to(asked[:, None], ids.shape)
        keys = np.minimum(asked, ids) * len(self.rows) + np.maximum(asked, ids)
        return np.where(ids < 0, -1, keys)

    def _possible(self, keys: NDArray[np.int64], floor: float) -> NDArray[np.bool_]:
        """Whether the pair's structure leaves room for an SES of `floor`."""
        return self._squared(keys) <= self.signals.basis.radius(floor, _SLACK) ** 2

    def _squared(self, keys: NDArray[np.int64]) -> NDArray[np.float32]:
        """Squared distance of the pairs in structure."""
        squared = np.empty(len(keys), dtype=np.float32)
        for start in range(0, len(keys), 1 << 18):
            a, b = self.pairs(keys[start : start + (1 << 18)]).T
            apart = self.signals.structure[a] - self.signals.structure[b]
            squared[start : start + (1 << 18)] = np.square(apart).sum(1)
        return squared


def _nothing() -> Found:
    return Found(np.empty(0, dtype=np.int64), np.empty(0))


def _united(found: list[Found]) -> Found:
    keys, places = np.unique(np.concatenate([part.keys for part in found]), return_index=True)
    return Found(keys, np.concatenate([part.ses for part in found])[places])


def _levels(
    search: _Search, floor: float | None, threshold: float | None, progress: Progress | None
) -> tuple[float, float]:
    for name, value in (("floor", floor), ("threshold", threshold)):
        if value is not None and not 0 <= value <= 1:
            raise ValueError(f"{name} must be from 0 to 1, got {value}")
    if floor is not None and threshold is not None:
        if floor > threshold:
            raise ValueError(f"floor must be at most the threshold {threshold}, got {floor}")
        return floor, threshold
    usual_floor, usual = search.levels(_stage("sample", progress))
    if threshold is None:
        threshold = max(usual, floor or 0.0)
    return (min(usual_floor, threshold) if floor is None else floor), threshold


def _copies(
    signals: Signals,
    file_digests: Sequence[bytes | None] | None,
    classes: NDArray[np.integer] | None,
) -> NDArray[np.int64]:
    """For each image the first with equal pixels or file (and prediction, where that counts)."""
    digests = signals.digests.tolist()
    groups = classes.tolist() if classes is not None else [None] * len(digests)
    by_pixels = first_equal(list(zip(digests, groups, strict=True)))
    if file_digests is None:
        return by_pixels
    keys: list[Hashable] = [
        None if digest is None else (digest, group)
        for digest, group in zip(file_digests, groups, strict=True)
    ]
    # Equal files that were decoded alike agree with by_pixels; the rest join the first of their
    # file.
    return by_pixels[first_equal(keys)]


def _checked(
    images: NDArray[np.uint8],
    signals: Signals,
    predictions: NDArray[np.integer] | None,
    scope: str,
    embeddings: NDArray[np.floating[Any]] | None,
    file_digests: Sequence[bytes | None] | None,
) -> NDArray[np.integer] | None:
    if scope not in ("same_prediction", "all"):
        raise ValueError(f'scope must be "same_prediction" or "all", got {scope!r}')
    if scope == "same_prediction" and predictions is None:
        raise ValueError('predictions are needed for scope "same_prediction"; "all" does without')
    aligned: list[tuple[str, Any]] = [
        ("signals", signals.hashes),
        ("predictions", predictions),
        ("embeddings", embeddings),
        ("file_digests", file_digests),
    ]
    for name, rows in aligned:
        if rows is not None and len(rows) != len(images):
            raise ValueError(
                f"{name} must have one row for each of the {len(images)} images, got {len(rows)}"
            )
    return predictions if scope == "same_prediction" else None


def _sorted(
    pairs: NDArray[np.int64],
    ses: NDArray[np.float64],
    exact: NDArray[np.bool_],
    floor: float,
    threshold: float,
) -> Duplicates:
    order = np.lexsort((pairs[:, 1], pairs[:, 0], ~exact, -ses))
    return Duplicates(pairs[order], ses[order], exact[order], floor, threshold)


def _stage(name: str, progress: Progress | None) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)
