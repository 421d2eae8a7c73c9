"""What a model's score of a tag is worth: calibrated per class on the labels, out of fold.

The log-odds that a tag is there are linear in the model's score, with a bias and a slope of each
class that are drawn to those of all classes together; how strongly is chosen by the likelihood of
the labels. A tag that a model does not list has a score that nobody knows: how often such tags are
labelled is counted, class by class, and drawn to the share among all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from ..arrays import BoolArray, Float32Array, Float64Array, FloatArray, IntArray

SPREADS = (0.1, 0.3, 1.0)
"""How far a class's bias may lie from that of all; its slope a third of that."""
COUNTED = 2.0
"""Images that are made up for each class, tagged as often as any that a model does not list."""
STEPS = 30
LARGEST_STEP = 2.0
LARGEST_SCORE = 15.0


@dataclass(frozen=True)
class Calibration:
    """Log-odds that a tag is there, by what a model says of it.

    Attributes:
        bias, slope: float64 (folds, C), for tags that the model has a score for
        unlisted: float64 (folds, C), log-odds of a tag that it has none for
    """

    bias: Float64Array
    slope: Float64Array
    unlisted: Float64Array

    def log_odds(self, score: FloatArray, fold: IntArray) -> Float32Array:
        """Log-odds that each tag is there.

        Args:
            score: float (n, C), log-odds as the model gives them; NaN for a tag that it has none
                for
            fold: int (n,), which of the folds judges each image

        Returns:
            float32 (n, C)
        """
        held = _held(score)
        found = self.bias[fold] + self.slope[fold] * held
        return np.where(np.isnan(score), self.unlisted[fold], found).astype(np.float32)


def calibrate(score: FloatArray, tag: BoolArray, fold: IntArray, folds: int) -> Calibration:
    """Learn what scores are worth; the images of a fold are judged by the others.

    Args:
        score: float (n, C), NaN for a tag that the model has no score for
        tag: bool (n, C), whether the image is labelled with it
        fold: int (n,)
        folds: their number
    """
    tried = [_with_spread(score, tag, fold, folds, spread) for spread in SPREADS]
    loss = [mean_loss(one.log_odds(score, fold), tag) for one in tried]
    return tried[int(np.argmin(loss))]


def mean_loss(log_odds: FloatArray, tag: BoolArray) -> float:
    """Mean negative log-likelihood of the labels, in nats."""
    return float(np.logaddexp(0, np.where(tag, -log_odds, log_odds)).mean()) if tag.size else 0.0


def _with_spread(
    score: FloatArray, tag: BoolArray, fold: IntArray, folds: int, spread: float
) -> Calibration:
    parts = [_fitted(score[fold != k], tag[fold != k], spread) for k in range(folds)]
    return Calibration(*(np.stack(column) for column in zip(*parts, strict=True)))


def _fitted(
    score: FloatArray, tag: BoolArray, spread: float
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Bias, slope and log-odds of what is not listed: float64 (C,) each."""
    listed = ~np.isnan(score)
    held, y = _held(score), tag.astype(np.float64)
    loose = np.array([1e-3, 1e-2])
    every = newton(held.reshape(-1, 1), y.reshape(-1, 1), listed.reshape(-1, 1), [0.0, 1.0], loose)
    tight = np.array([spread**-2, (spread / 3) ** -2])
    each = newton(held, y, listed, every[0], tight)
    of_class, labelled = (~listed).sum(axis=0), (tag & ~listed).sum(axis=0)
    share = (labelled.sum() + 0.5) / (of_class.sum() + 1.0)
    unlisted = logit((labelled + COUNTED * share) / (of_class + COUNTED))
    return each[:, 0], each[:, 1], unlisted


def newton(
    score: FloatArray,
    y: FloatArray,
    use: BoolArray,
    centre: FloatArray | list[float],
    precision: FloatArray,
) -> Float64Array:
    """Logistic regressions on one score, of all classes at once, drawn to a centre.

    Args:
        score: float (n, C)
        y: float (n, C), 0 or 1
        use: bool (n, C), which count
        centre: float (2,), bias and slope
        precision: float (2,), how strongly they are drawn there

    Returns:
        float64 (C, 2)
    """
    found = np.tile(np.asarray(centre, np.float64), (score.shape[1], 1))
    for _ in range(STEPS):
        p = expit(found[:, 0] + found[:, 1] * score)
        error, weight = (y - p) * use, p * (1 - p) * use
        slope = np.stack([error.sum(axis=0), (error * score).sum(axis=0)], axis=1)
        slope -= precision * (found - centre)
        curve = np.empty((len(found), 2, 2))
        curve[:, 0, 0] = weight.sum(axis=0) + precision[0]
        curve[:, 1, 1] = (weight * score * score).sum(axis=0) + precision[1]
        curve[:, 0, 1] = curve[:, 1, 0] = (weight * score).sum(axis=0)
        step = np.linalg.solve(curve, slope[..., None])[..., 0]
        found += np.clip(step, -LARGEST_STEP, LARGEST_STEP)
        if np.abs(step).max(initial=0) < 1e-6:
            break
    return found


def _held(score: FloatArray) -> Float32Array:
    finite = np.nan_to_num(score, nan=0.0, posinf=LARGEST_SCORE, neginf=-LARGEST_SCORE)
    return np.clip(finite, -LARGEST_SCORE, LARGEST_SCORE).astype(np.float32)
