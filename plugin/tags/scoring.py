"""Scores of tags: missing and spurious ones on one scale.

An item is an image and a tag, over two outcomes: the tag, and *nothing*. What is believed of it
before anybody looked at its label comes from the models (``calibration.py``, ``pooling.py``); that
it is labelled, or not, is evidence too. People leave out a share of a tag's labels, and put about
as many where they do not belong, as far as that can be told: so a label of a rare tag is seldom
spurious, since few are put anywhere, and what is very likely and not labelled is missing.

    log-odds that a tag is missing   =   h + log μ − log(1 − ρ)
    log-odds that one is spurious    = − h + log ρ − log(1 − μ)

with h the log-odds that the tag applies, μ the share of its labels that are left out, and ρ how
often it is put onto an image that it does not apply to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from ..arrays import (
    BoolArray,
    Float32Array,
    Float64Array,
    FloatArray,
    Int32Array,
    Int64Array,
    IntArray,
)
from .calibration import Calibration, calibrate
from .co_occurrence import CoOccurrence, co_occurrence
from .pooling import MOST_ENTRIES, pool_weights

FOLDS = 5
MISSING, SPURIOUS = "missing", "spurious"
LEAST_LIKELY = 0.01
"""Tags that are less likely than this to be missing are no candidates."""
RAREST, MOST_FREQUENT = 0.02, 0.3
"""How rare and how frequent errors are believed to be at least and at most."""


@dataclass(frozen=True)
class ItemScores:
    """Scores of n items over the tag and *nothing*.

    Attributes:
        image: int64 (n,)
        tag: int32 (n,), class index
        labelled: bool (n,), whether the image is labelled with it
        p_label: float32 (n,), probability of the label: of the tag, or of *nothing* for one that
            is not labelled
        suspicion: float32 (n,), log-odds that the label is wrong
        p_tag: float32 (n,), how likely the tag applies as the models see it
    """

    image: Int64Array
    tag: Int32Array
    labelled: BoolArray
    p_label: Float32Array
    suspicion: Float32Array
    p_tag: Float32Array

    @property
    def p_max(self) -> Float32Array:
        """Probability of the likelier outcome: float32 (n,)."""
        return np.maximum(self.p_label, 1 - self.p_label)

    @property
    def predicted(self) -> BoolArray:
        """Whether the likelier outcome is the tag: bool (n,)."""
        return self.labelled == (self.suspicion <= 0)


@dataclass(frozen=True)
class TagModel:
    """All that is learnt of a dataset before its items are scored.

    Attributes:
        prior: float64 (C,), log-odds of each tag without any evidence
        calibrations: of each model
        known: bool (C,) each, the classes that a model can say something of
        others: what tags say of each other
        weights: float64 (models + 1,), what each model and the other tags count
        line: bias and slope from what is said together to log-odds that a tag applies
        share: of a tag's labels that are left out
    """

    prior: Float64Array
    calibrations: Sequence[Calibration]
    known: Sequence[BoolArray]
    others: CoOccurrence
    weights: Float64Array
    line: tuple[float, float]
    share: float

    def applies(self, scores: Sequence[FloatArray], tag: BoolArray, fold: IntArray) -> Float64Array:
        """Log-odds that each tag applies, whatever its own label says: float64 (n, C)."""
        together = self._together(scores, tag, fold)
        return self.line[0] + self.line[1] * together

    def score(self, scores: Sequence[FloatArray], tag: BoolArray, fold: IntArray) -> ItemScores:
        """Score the items of some images: every label, and what is likely enough to lack one.

        Args:
            scores: float (n, C) of each model, NaN for a tag that it has no score for
            tag: bool (n, C), whether each image is labelled with each tag
            fold: int (n,), fold of each image
        """
        applies = self.applies(scores, tag, fold)
        left_out, put = error_rates(self.prior, self.share)
        missing = applies + np.log(left_out) - np.log1p(-put)
        spurious = -applies + np.log(put) - np.log1p(-left_out)
        suspicion = np.where(tag, spurious, missing)
        image, of = np.nonzero(tag | (suspicion >= logit(LEAST_LIKELY)))
        chosen = suspicion[image, of]
        return ItemScores(
            image=image,
            tag=of.astype(np.int32),
            labelled=tag[image, of],
            p_label=expit(-chosen).astype(np.float32),
            suspicion=chosen.astype(np.float32),
            p_tag=expit(applies[image, of]).astype(np.float32),
        )

    def _together(
        self, scores: Sequence[FloatArray], tag: BoolArray, fold: IntArray
    ) -> Float64Array:
        evidence = _evidence(self.prior, self.calibrations, self.known, scores, fold)
        found = np.tile(self.prior, (len(tag), 1))
        for weight, part in zip(self.weights, evidence, strict=False):
            found += weight * part
        if self.weights[-1]:
            found += self.weights[-1] * self.others.evidence(tag, fold)
        return found


def learn(
    scores: Sequence[FloatArray],
    tag: BoolArray,
    fold: IntArray,
    prevalence: FloatArray,
    known: Sequence[BoolArray],
    seed: int,
) -> TagModel:
    """Learn what scores are worth from some images of a dataset.

    Args:
        scores: float (n, C) of each model, log-odds; NaN for a tag that it has no score for
        tag: bool (n, C), whether each image is labelled with each tag
        fold: int (n,), fold of each image, from 0 to ``FOLDS`` - 1
        prevalence: float (C,), share of all images that are labelled with each tag, within 0 and 1
        known: bool (C,) each, the classes that a model can say something of
        seed: of the entries that the models are weighed by

    Raises:
        ValueError: if there is no image, or no label
    """
    if not tag.any():
        raise ValueError("there is no label to learn from")
    prior = logit(np.asarray(prevalence, np.float64))
    calibrations = [
        calibrate(s[:, k], tag[:, k], fold, FOLDS) for s, k in zip(scores, known, strict=True)
    ]
    others = co_occurrence(tag, fold, FOLDS)
    evidence = _evidence(prior, calibrations, known, scores, fold)
    every = [*evidence, others.evidence(tag, fold)]
    weights = pool_weights(prior, every, tag, len(scores), seed)
    parts = zip(weights, every, strict=True)
    together = prior + sum(w * e.astype(np.float64) for w, e in parts)
    line, share = _line_and_share(together, prior, tag, seed)
    return TagModel(prior, calibrations, known, others, weights, line, share)


def error_rates(prior: FloatArray, share: float) -> tuple[Float64Array, Float64Array]:
    """The share of each tag's labels left out, and how often it is put where it does not apply.

    As many are expected of the one as of the other. Of a tag that most images have, errors are
    as rare as the images that lack it.

    Args:
        prior: float (C,), log-odds of each tag
        share: of the labels of rare tags that are left out

    Returns:
        float64 (C,) each
    """
    odds = np.exp(np.asarray(prior, np.float64))
    return share * np.minimum(1.0, 1.0 / odds), share * np.minimum(1.0, odds)


def _evidence(
    prior: FloatArray,
    calibrations: Sequence[Calibration],
    known: Sequence[BoolArray],
    scores: Sequence[FloatArray],
    fold: IntArray,
) -> list[Float32Array]:
    """By how much each model moves the log-odds of each tag; not at all for one it cannot know."""
    found: list[Float32Array] = []
    for calibration, able, score in zip(calibrations, known, scores, strict=True):
        part = np.zeros(score.shape, np.float32)
        part[:, able] = calibration.log_odds(score[:, able], fold) - prior[able]
        found.append(part)
    return found


def _line_and_share(
    together: FloatArray, prior: FloatArray, tag: BoolArray, seed: int
) -> tuple[tuple[float, float], float]:
    """The log-odds that a tag applies, and the share of errors, under which labels are likeliest.

    A label is there where the tag applies and was not left out, or does not and was put there. So
    what is surest tells the share: as often as it is not labelled all the same.
    """
    chosen = np.random.default_rng(seed).permutation(tag.size)[:MOST_ENTRIES]
    odds = np.asarray(together, np.float64).reshape(-1)[chosen]
    own = np.broadcast_to(prior, tag.shape).reshape(-1)[chosen]
    y = tag.reshape(-1)[chosen]

    def loss(parameters: Float64Array) -> float:
        left_out, put = error_rates(own, float(parameters[2]))
        applies = expit(parameters[0] + parameters[1] * odds)
        labelled = applies * (1 - left_out) + (1 - applies) * put
        return -float(np.log(np.where(y, labelled, 1 - labelled)).mean())

    bounds = [(-5.0, 5.0), (0.2, 3.0), (RAREST, MOST_FREQUENT)]
    found = minimize(loss, np.array([0.0, 1.0, 0.05]), method="L-BFGS-B", bounds=bounds)
    bias, slope, share = (float(v) for v in found.x)
    return (bias, slope), share
