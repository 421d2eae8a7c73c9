"""Near-duplicates: pairs of images with a high Similarity Error Score, without trying all pairs.

The SES of a pair is its SSIM (paper, eq. 3). Copies with equal files or pixels are found by digest.
All others are proposed by their structure features, and a classifier's embeddings where there are
any (`candidates.py`), and judged by SSIM. Pairs are kept down to a floor, so that the threshold can
be moved afterwards.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ..images.digests import first_equal
from ..progress import Report, part_of, silent
from .candidates import PairSearch, united
from .dense_groups import DenseGroups, without_dense
from .judging import MEMORY, Judge
from .levels import choose_levels
from .signals import Signals, compute_signals

__all__ = [
    "Duplicates",
    "Scope",
    "Signals",
    "choose_levels",
    "compute_signals",
    "find_duplicates",
    "without_dense",
]

Scope = Literal["same_prediction", "all"]
SAMPLED = 0.2
"""The share of the work after which the levels are chosen."""


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
    known: Duplicates | None = None,
    device: torch.device | str = "cpu",
    memory: int = MEMORY,
    judge: Judge | None = None,
    report: Report = silent,
) -> Duplicates:
    """The pairs of images with a high SES.

    Time grows with n log n and the number of pairs kept. Memory beside `images`, `signals` and
    `embeddings` is `memory`, cells of about 0.8 KB an image, and 32 bytes a candidate pair, of
    which an image has at most 512 at a time. In a dense group (an image with 48 others from 0.95,
    with 128 from the threshold or with 256 from the floor) an image is compared with some
    representatives and its nearest alone: the group is the same, its list of pairs is not whole,
    and an image's highest SES is that of the pairs that were measured.

    Args:
        images: as in `compute_signals`.
        signals: of the same images.
        predictions: shape (n,), the predicted class of each; needed for `scope="same_prediction"`.
            In the scope "all", dense groups are connected within each class as well.
        scope: `"same_prediction"` is the paper's eq. 3, pairs with one predicted class; `"all"`
            also finds
            copies that the classifier tells apart.
        embeddings: shape (n, d), a classifier's features, as a further source of candidates.
        file_digests: of the files (`digests.file_digest`): equal files are exact copies,
            whatever was
            decoded from them.
        threshold: of the result; chosen from a sample of the images where None (`choose_levels`).
        floor: the lowest SES that is kept; likewise.
        first_new: only pairs with a member of at least this index: what new images bring. In dense
            groups pairs of earlier images can be among them, which connect those of one class.
        known: the pairs of the earlier images, where there are any: what is known of dense groups.
        device: where SSIM is computed.
        memory: bytes of working memory for SSIM, about.
        judge: who else may judge pairs; what it leaves is judged here.
        report: told of progress; what it raises ends the work.

    Raises:
        ValueError: arrays are not aligned, predictions are missing, or an option is out of its
            range.
    """
    classes = _checked(images, signals, predictions, scope, embeddings, file_digests)
    copies = _copies(signals, file_digests, classes)
    firsts = np.flatnonzero(copies == np.arange(len(images)))
    search = PairSearch(
        images, signals, firsts, classes=classes, device=device, memory=memory, judge=judge
    )
    floor, threshold = _levels(search, floor, threshold, part_of(report, 0.0, SAMPLED))
    first = int(np.searchsorted(firsts, first_new))
    dense = DenseGroups(len(firsts), floor, threshold)
    stands = np.minimum(np.searchsorted(firsts, copies), max(len(firsts) - 1, 0))
    there = firsts[stands] == copies
    if known is not None:
        ends = np.sort(stands[known.pairs], axis=1)
        apart = there[known.pairs].all(axis=1) & (ends[:, 0] < ends[:, 1])
        dense.add(ends[apart] @ np.array([len(firsts), 1]), known.ses[apart])
    found = search.near(first, floor, dense, part_of(report, SAMPLED, 1.0))
    if embeddings is not None:
        found = united([found, search.near_in_embeddings(first, floor, embeddings, found, dense)])
    of_class = np.zeros(len(images), np.int64) if predictions is None else predictions
    spanned = search.spanned(floor, dense, stands[there], np.asarray(of_class)[there])
    found = search.in_scope(united([found, spanned]))
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


def _levels(
    search: PairSearch, floor: float | None, threshold: float | None, report: Report
) -> tuple[float, float]:
    for name, value in (("floor", floor), ("threshold", threshold)):
        if value is not None and not 0 <= value <= 1:
            raise ValueError(f"{name} must be from 0 to 1, got {value}")
    if floor is not None and threshold is not None:
        if floor > threshold:
            raise ValueError(f"floor must be at most the threshold {threshold}, got {floor}")
        return floor, threshold
    usual_floor, usual = search.levels(report)
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
        ("signals", signals.digests),
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
