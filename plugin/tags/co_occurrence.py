"""What the other tags of an image say of a tag: which are found together and which are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import BoolArray, Float32Array, Float64Array, IntArray

FAINTEST = 1e-6
LARGEST = 5.0
"""Tags are not independent of each other, so that together they say less than their sum."""


@dataclass(frozen=True)
class CoOccurrence:
    """Evidence of every tag for every other one, as if they were independent.

    Attributes:
        bias: float64 (folds, C), where an image has no tag
        weight: float32 (folds, C, C): at [k, a, b] what tag a adds for tag b
    """

    bias: Float64Array
    weight: Float32Array

    def evidence(self, tag: BoolArray, fold: IntArray) -> Float32Array:
        """Log-likelihood ratio of the other tags, for each tag: float32 (n, C)."""
        found = np.empty(tag.shape, np.float32)
        for k in range(len(self.bias)):
            rows = np.flatnonzero(fold == k)
            said = tag[rows].astype(np.float32) @ self.weight[k] + self.bias[k]
            found[rows] = np.clip(said, -LARGEST, LARGEST)
        return found


def co_occurrence(tag: BoolArray, fold: IntArray, folds: int) -> CoOccurrence:
    """Count which tags are found together; the images of a fold are judged by the others.

    Args:
        tag: bool (n, C)
        fold: int (n,)
        folds: their number
    """
    parts = [_counted(tag[fold != k].astype(np.float32)) for k in range(folds)]
    bias, weight = (np.stack(column) for column in zip(*parts, strict=True))
    return CoOccurrence(bias, weight)


def _counted(tag: Float32Array) -> tuple[Float64Array, Float32Array]:
    """Bias (C,) and weight (C, C); an image is made up for each tag, tagged as any."""
    n, count = len(tag), tag.sum(axis=0, dtype=np.float64)
    both = (tag.T @ tag).astype(np.float64)
    share = (count + 0.5) / (n + 1.0)
    # At [a, b]: how frequent a is where b is, and where b is not.
    beside = np.clip((both + share[:, None]) / (count + 1.0), FAINTEST, 1 - FAINTEST)
    without = (count[:, None] - both + share[:, None]) / (n - count + 1.0)
    without = np.clip(without, FAINTEST, 1 - FAINTEST)
    there = np.log(beside / without)
    absent = np.log1p(-beside) - np.log1p(-without)
    np.fill_diagonal(there, 0.0)
    np.fill_diagonal(absent, 0.0)
    return absent.sum(axis=0), (there - absent).astype(np.float32)
