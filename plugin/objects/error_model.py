"""How likely a label is right or wrong in one of three ways, learnt from labels made wrong.

The labels as they are stand for right ones, most of which they are; each is made wrong in each way
(``alterations.py``), and a logistic regression tells the four apart by what the detectors say
(``features.py``). So nothing is decided by a confidence that somebody wrote down: what a confidence
is worth, for which size of object and beside which overlap, is read off the dataset. A label is
judged by a regression that has not seen its image. How frequent each kind of error is comes from
the dataset too, by expectation maximisation over the kinds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from ..arrays import FloatArray, IntArray
from .alterations import moved, other_class, to_other_images
from .boxes import Boxes
from .detections import Detections
from .features import label_features

RIGHT, CLASS, SPURIOUS, PLACEMENT = range(4)
KINDS = ("right", "class", "spurious", "placement")
FOLDS = 3
SOLVER = "newton-cholesky"
"""Few features and many rows: five steps instead of a hundred."""
ROUNDS = 200
CLOSE_ENOUGH = 1e-7
RAREST, MOST_FREQUENT = 0.02, 0.3
"""How rare and how frequent a kind of error is believed to be at least and at most."""


@dataclass(frozen=True)
class Regression:
    """A multinomial logistic regression of standardised features.

    Attributes:
        mean, scale: float64 (d,)
        weight: float64 (4, d), all zero for a kind that cannot occur
        bias: float64 (4,), -inf for a kind that cannot occur
    """

    mean: FloatArray
    scale: FloatArray
    weight: FloatArray
    bias: FloatArray

    def log_probabilities(self, features: FloatArray) -> FloatArray:
        """float64 (n, 4), were all kinds equally frequent."""
        score = (features - self.mean) / self.scale @ self.weight.T + self.bias
        score = score - score.max(axis=1, keepdims=True)
        return score - np.log(np.exp(score).sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class ErrorModel:
    """What tells right labels from wrong ones in one dataset.

    Attributes:
        folds: a regression for the images of each fold, fitted on the others
        rate: float64 (4,), how frequent each kind is
    """

    folds: tuple[Regression, ...]
    rate: npt.NDArray[np.float64]

    def log_posterior(self, features: FloatArray, fold: IntArray) -> FloatArray:
        """Logarithms of the probability of each of ``KINDS``: float64 (n, 4).

        Args:
            features: float (n, d), as ``label_features`` gives them
            fold: int (n,), that of each label's image
        """
        found = np.empty((len(features), len(KINDS)))
        for k, regression in enumerate(self.folds):
            of_fold = fold == k
            found[of_fold] = regression.log_probabilities(features[of_fold])
        return weighed(found, self.rate)


def fit(labels: Boxes, detections: Detections, fold: IntArray, seed: int) -> ErrorModel:
    """Learn what errors look like.

    Args:
        labels: of some images, two of them at least with labels
        detections: on the same images
        fold: int (m,), fold of each image, from 0 to ``FOLDS`` - 1
        seed: of what is altered how
    """
    generator = np.random.default_rng(seed)
    as_it_is = label_features(labels, detections)[0]
    of_label = fold[labels.image]
    parts = [(as_it_is, of_label, RIGHT)]
    if len(np.unique(labels.label)) > 1:
        swapped = Boxes(labels.box, other_class(labels.label, generator), labels.start)
        parts.append((label_features(swapped, detections)[0], of_label, CLASS))
    if labels.images > 1:
        elsewhere, order = to_other_images(labels, generator)
        # Left out with the image that it came from: its own size and class are known there.
        parts.append((label_features(elsewhere, detections)[0], of_label[order], SPURIOUS))
    shifted = Boxes(moved(labels.box, generator), labels.label, labels.start)
    parts.append((label_features(shifted, detections)[0], of_label, PLACEMENT))
    features = np.concatenate([p[0] for p in parts])
    folds = np.concatenate([p[1] for p in parts])
    kind = np.repeat([p[2] for p in parts], [len(p[0]) for p in parts])
    regressions = tuple(_regression(features, kind, folds != k) for k in range(FOLDS))
    model = ErrorModel(regressions, np.full(len(KINDS), 1 / len(KINDS)))
    return ErrorModel(regressions, rates(model.log_posterior(as_it_is, of_label)))


def _regression(features: FloatArray, kind: IntArray, use: npt.NDArray[np.bool_]) -> Regression:
    if len(np.unique(kind[use])) < len(np.unique(kind)):
        use = np.ones(len(kind), bool)  # too few images to leave some out
    mean, scale = features[use].mean(axis=0), features[use].std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    model = LogisticRegression(solver=SOLVER).fit((features[use] - mean) / scale, kind[use])
    weight = np.zeros((len(KINDS), features.shape[1]))
    bias = np.full(len(KINDS), -np.inf)
    if len(model.classes_) == 2:  # then one row of weights is kept, that of the second
        weight[model.classes_[1]], bias[model.classes_] = model.coef_[0], [0, model.intercept_[0]]
    else:
        weight[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    return Regression(mean, scale, weight, bias)


def weighed(log_likelihood: FloatArray, rate: FloatArray) -> FloatArray:
    """Log-probabilities of kinds that are as frequent as ``rate`` says: float64 (n, 4)."""
    with np.errstate(divide="ignore"):
        score = log_likelihood + np.log(rate)
    return score - np.logaddexp.reduce(score, axis=1, keepdims=True)


def rates(log_likelihood: FloatArray) -> npt.NDArray[np.float64]:
    """How frequent each kind is, by expectation maximisation: float64 (4,), which sum to 1.

    Args:
        log_likelihood: float (n, 4), -inf for a kind that cannot occur
    """
    able = np.asarray(np.any(np.isfinite(log_likelihood), axis=0))
    rate = np.where(able, RAREST, 0.0)
    rate[RIGHT] = 1 - rate[1:].sum()
    for _ in range(ROUNDS):
        before = rate
        rate = np.exp(weighed(log_likelihood, rate)).mean(axis=0)
        rate[1:] = np.where(able[1:], np.clip(rate[1:], RAREST, MOST_FREQUENT), 0.0)
        rate[RIGHT] = 1 - rate[1:].sum()
        if np.abs(rate - before).max() < CLOSE_ENOUGH:
            break
    return rate
