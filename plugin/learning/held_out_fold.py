"""One fold of a training: which images teach and which are asked, and what is seen of the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import BoolArray, Float32Array, Int64Array
from ..progress import Report
from ..scoring.probabilities import LogProbabilities
from .memorised import Agreement
from .training import Trainer

FEATURE_ROWS = 4_096
SEEN_ROWS = 500
"""Of each fold's training images, so many are classified as well, to notice what was learnt by
heart."""


def sides(fold: Int64Array, k: int, folds: int) -> tuple[Int64Array, Int64Array]:
    """The images that fold ``k`` learns from, and those that it is asked of.

    Args:
        fold: (n,), the fold of each image, -1 for those that cannot be used
        k: the fold
        folds: how many there are; a single one learns from all images and is asked of all

    Example:
        >>> [side.tolist() for side in sides(np.array([0, 1, -1, 1]), 1, 2)]
        [[0], [1, 3]]
        >>> [side.tolist() for side in sides(np.array([0, 0, -1]), 0, 1)]
        [[0, 1], [0, 1]]
    """
    usable = np.flatnonzero(fold >= 0)
    if folds == 1:
        return usable, usable
    return usable[fold[usable] != k], usable[fold[usable] == k]


def some_embeddings(
    trainer: Trainer, usable: Int64Array, seed: int, report: Report
) -> Float32Array:
    """Embeddings of at most 4,096 of the images, for finding principal axes."""
    generator = np.random.default_rng(seed)
    some = np.sort(generator.permutation(usable)[:FEATURE_ROWS])
    return np.concatenate([embedding for _, _, embedding in trainer.classify(some, report)])


def agreement_with_learned(
    trainer: Trainer, learned: Int64Array, label: Int64Array, seed: int, report: Report
) -> Agreement:
    """With how many of the labels that it learnt from a classifier agrees, of 500."""
    generator = np.random.default_rng(seed)
    some = np.sort(generator.permutation(learned)[:SEEN_ROWS])
    found = Agreement()
    for part, models, _ in trainer.classify(some, report):
        found.add(agrees(models, label[part]))
    return found


def agrees(models: Sequence[LogProbabilities], label: Int64Array) -> BoolArray:
    """Whether models together predict each label."""
    together = np.mean([np.exp(m) for m in models], axis=0)
    return together.argmax(axis=1) == label
