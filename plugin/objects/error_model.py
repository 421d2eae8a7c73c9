"""How likely a label is right or wrong in one of three ways, learnt from labels made wrong.

Each label is made wrong in each way (``alterations.py``), and a logistic regression tells these and
the labels as they are apart by what the detectors say (``features.py``). So nothing is decided by a
confidence that somebody wrote down: what a confidence is worth, for which size of object and beside
which overlap, is read off the dataset. A label is judged by a regression that has not seen its
image.

Labels as they are hold the errors that are looked for: taken for right ones they would make every
error half as likely as not, however plain it is. So how many of each kind are among them is
estimated first (``shares.py``), and each then counts for a right one by how likely it is one.
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
from .shares import MOST_FREQUENT, RAREST, share_among

RIGHT, CLASS, SPURIOUS, PLACEMENT = range(4)
KINDS = ("right", "class", "spurious", "placement")
FOLDS = 3
SOLVER = "newton-cholesky"
"""Few features and many rows: five steps instead of a hundred."""
LEAST_RIGHT = 0.01
"""What the surest error still counts as a right label."""


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
    even, counted = np.full(len(KINDS), 1 / len(KINDS)), np.ones(len(features))
    mixed = ErrorModel(_regressions(features, kind, folds, counted), even)
    said = mixed.log_posterior(features, folds)
    rate = rates(said, kind)
    counted[kind == RIGHT] = _counted(said[kind == RIGHT], rate)
    return ErrorModel(_regressions(features, kind, folds, counted), rate)


def rates(said: FloatArray, kind: IntArray) -> npt.NDArray[np.float64]:
    """How frequent each kind is among the labels as they are: float64 (4,), which sum to 1.

    Args:
        said: float (n, 4), log-probabilities of each of ``KINDS``, were all equally frequent, by a
            regression that has not seen the row; -inf for a kind that cannot occur
        kind: int (n,), what each row is; ``RIGHT`` for labels as they are
    """
    rate = np.zeros(len(KINDS))
    there = kind == RIGHT
    for one in np.unique(kind[~there]).tolist():
        odds = said[:, one] - said[:, RIGHT]
        share = share_among(odds[there], odds[kind == one])
        rate[one] = np.clip(share, RAREST, MOST_FREQUENT)
    rate[RIGHT] = 1 - rate.sum()
    return rate


def _counted(said: FloatArray, rate: FloatArray) -> npt.NDArray[np.float64]:
    """What each label as it is counts as a right one: float64 (n,), 1 on average.

    Where labels as they are are a mixture with these rates, a kind's share in what looks like a
    label is its rate times how much more often the kind looks so.
    """
    wrong = (rate[1:] * np.exp(said[:, 1:] - said[:, RIGHT, None])).sum(axis=1)
    right = np.clip(1.0 - wrong, LEAST_RIGHT, 1.0)
    return right / right.mean()


def _regressions(
    features: FloatArray, kind: IntArray, folds: IntArray, counted: FloatArray
) -> tuple[Regression, ...]:
    return tuple(_regression(features, kind, folds != k, counted) for k in range(FOLDS))


def _regression(
    features: FloatArray, kind: IntArray, use: npt.NDArray[np.bool_], counted: FloatArray
) -> Regression:
    if len(np.unique(kind[use])) < len(np.unique(kind)):
        use = np.ones(len(kind), bool)  # too few images to leave some out
    mean, scale = features[use].mean(axis=0), features[use].std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    standardised = (features[use] - mean) / scale
    model = LogisticRegression(solver=SOLVER)
    model.fit(standardised, kind[use], sample_weight=counted[use])
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
