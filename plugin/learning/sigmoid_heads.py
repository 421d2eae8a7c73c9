"""Classifiers of tags on features, one sigmoid a class, out of fold.

Two heads, each a line through the features a class: Fisher's discriminant, a closed form for any
number of classes, which does well where a tag is on few images, and logistic regression.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.covariance import ledoit_wolf
from torch.nn import functional as F

from ..abandonable import abandonable
from ..arrays import BoolArray, Float32Array, Int64Array, Vectors
from ..progress import Report, part_of, silent
from .folds import stratified_folds
from .heads import FOLDS, ROWS_A_PENALTY, on_axes
from .linear_head import LinearHead

STEPS = 40
LEAST_SHARE = 0.1
"""A discriminant is made at most so much shorter for what chance makes of few images."""
ROWS_AT_ONCE = 4_000
DISCRIMINANT, LOGISTIC = "linear discriminant", "logistic regressions"

Said = npt.NDArray[np.float16]


class SigmoidHead(LinearHead):
    """A logistic regression of each class by itself, with an L2 penalty; see ``LinearHead``."""

    def fit_tags(self, features: Vectors, tag: BoolArray, report: Report = silent) -> None:
        """Fit to features (n, d) and which tags each image has, (n, C)."""
        self.fit(features, np.asarray(tag, np.uint8), report)  # pyright: ignore

    def _add(
        self, rows: torch.Tensor, target: torch.Tensor, weights: torch.Tensor, n: int
    ) -> torch.Tensor:
        score, y = rows @ weights, target.to(rows.dtype)
        loss = F.binary_cross_entropy_with_logits(score, y, reduction="sum") / n
        loss.backward()
        return loss.detach()

    def log_odds(self, features: Vectors) -> Float32Array:
        """Log-odds of each tag: float32 (n, C)."""
        assert self._weights is not None, "fit first"
        found = self._rows(features) @ self._weights
        return found.cpu().numpy().astype(np.float32)


class TagDiscriminant:
    """Fisher's discriminant of each tag, of one shrunk covariance.

    Args:
        features: (n, d), at least one row
        tag: bool (n, C); one that no image has, or all have, is never told apart
    """

    def __init__(self, features: Vectors, tag: BoolArray):
        n, width = features.shape
        rows = np.asarray(features, np.float64)
        mean, count = rows.mean(axis=0), tag.sum(axis=0)
        sums = np.zeros((tag.shape[1], width))
        for start in range(0, n, ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            sums += tag[part].astype(np.float64).T @ rows[part]
        there = sums / np.maximum(count, 1)[:, None]
        absent = (n * mean - sums) / np.maximum(n - count, 1)[:, None]
        covariance = ledoit_wolf(rows - mean, assume_centered=True)[0]
        covariance[np.diag_indices(width)] += 1e-6
        apart = there - absent
        weights = np.linalg.solve(covariance, apart.T).T
        # Means of few rows lie apart by chance as well, by as much as this.
        chance = width * (1 / np.maximum(count, 1) + 1 / np.maximum(n - count, 1))
        distance = np.maximum((weights * apart).sum(axis=1), 1e-9)
        weights *= np.clip(1 - chance / distance, LEAST_SHARE, 1.0)[:, None]
        weights[(count == 0) | (count == n)] = 0.0
        self._weights = weights
        self._bias = ((there + absent) / 2 * weights).sum(axis=1)

    def log_odds(self, features: Vectors) -> Float32Array:
        """Evidence for each tag: float32 (n, C)."""
        return (features @ self._weights.T - self._bias).astype(np.float32)


def tags_out_of_fold(
    features: Vectors,
    tag: BoolArray,
    groups: Int64Array | None,
    seed: int,
    folder: Path,
    *,
    folds: int = FOLDS,
    device: torch.device | str = "cpu",
    report: Report = silent,
) -> dict[str, Said]:
    """Judge the tags of every image by heads that were fitted on the other folds.

    Args:
        features: (n, d)
        tag: bool (n, C)
        groups: (n,), images with one number stay in one fold; None: each alone
        seed: of the folds
        folder: where what is said is written, so that memory does not grow with it
        folds: their number, at least 2
        device: where to compute
        report: told how far it is

    Returns:
        float16 (n, C) of each head, log-odds
    """
    fold = stratified_folds(rarest_tag(tag), folds, seed, groups)
    rows = abandonable(lambda _: on_axes(features, seed), report, "Reducing features", 0.0)
    said: dict[str, Any] = {}
    for k in range(folds):
        learned, asked = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        for i, (name, work) in enumerate(_heads(tag.shape[1], device).items()):
            if name not in said:
                path = folder / f"said{i}"
                said[name] = np.memmap(path, np.float16, "w+", shape=tag.shape)
            stage = part_of(report, (k + i / 2) / folds, (k + (i + 1) / 2) / folds)
            judge = abandonable(
                lambda told, w=work, at=learned: w(rows[at], tag[at], told), stage, name, 0.0
            )
            for start in range(0, len(asked), ROWS_AT_ONCE):
                part = asked[start : start + ROWS_AT_ONCE]
                said[name][part] = np.clip(judge(rows[part]), -6e4, 6e4)
    return said


def rarest_tag(tag: BoolArray) -> Int64Array:
    """The rarest tag of each image, C for one without any: so that each is spread over the folds.

    Example:
        >>> rarest_tag(np.array([[True, True], [True, False], [False, False]])).tolist()
        [1, 0, 2]
    """
    count = tag.sum(axis=0)
    order = np.argsort(count, kind="stable")
    first = tag[:, order].argmax(axis=1)
    return np.where(tag.any(axis=1), order[first], tag.shape[1]).astype(np.int64)


Judge = Callable[[Vectors], Float32Array]


def _heads(
    classes: int, device: torch.device | str
) -> dict[str, Callable[[Vectors, BoolArray, Report], Judge]]:
    def discriminant(rows: Vectors, tag: BoolArray, report: Report) -> Judge:
        report(0.0, "Fitting the linear discriminant")
        return TagDiscriminant(rows, tag).log_odds

    def logistic(rows: Vectors, tag: BoolArray, report: Report) -> Judge:
        penalty = max(1.0, len(rows) / ROWS_A_PENALTY)
        width = rows.shape[1]
        head = SigmoidHead(
            classes,
            penalty,
            device,
            torch.float32,
            standard=(np.zeros(width), np.ones(width)),
            steps=STEPS,
        )
        head.fit_tags(rows, tag, report)
        return head.log_odds

    return {DISCRIMINANT: discriminant, LOGISTIC: logistic}
