"""Objects that detectors see, and which of them a label is missing for.

What counts as an object that people label is read off the labels: a logistic regression tells how
often detections of a confidence, of a class, so close to others, in an image labelled so completely
carry a label. One that does not although such ones do is a candidate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from ..arrays import BoolArray, FloatArray, IntArray
from .boxes import Boxes, intersection
from .detections import Detections
from .error_model import SOLVER
from .evidence import Evidence, evidence
from .features import NEAR
from .matching import NONE, match, representatives
from .overlaps import Overlaps, among, overlaps

SAME = 0.5
"""Detections with this IoU are of one object."""

FOLDED = 2.0
"""Detections of a class that are made up, as often labelled as any: what few ones are drawn to."""

LEAST_CONFIDENCE = 1e-4


@dataclass(frozen=True)
class Objects:
    """What the detectors together see: n objects.

    Attributes:
        boxes: the box of the surest detection of each, its class the one with most evidence
        confidence: float64 (n,), the evidence of that class
        evidence: of every class of each
    """

    boxes: Boxes
    confidence: FloatArray
    evidence: Evidence

    def __len__(self) -> int:
        return len(self.boxes)


def seen_objects(detections: Detections) -> Objects:
    """Group the detections of all detectors into objects, each confidence counted once."""
    boxes = detections.boxes
    of, chosen = representatives(among(boxes, SAME), detections.confidence, len(boxes))
    number = np.cumsum(chosen) - 1
    member = np.lexsort((np.arange(len(boxes)), of))
    pairs = Overlaps(number[of[member]], member, np.ones(len(boxes), np.float32))
    found = evidence(pairs, detections, int(chosen.sum()))
    label, confidence = found.top()
    kept = boxes.only(chosen)
    named = np.where(label >= 0, label, kept.label).astype(np.int32)
    return Objects(Boxes(kept.box, named, kept.start), confidence, found)


@dataclass(frozen=True)
class Matched:
    """Which object is which label's.

    Attributes:
        label_of: int64 (objects,), -1 for none
        object_of: int64 (labels,), -1 for none
        iou: float32 (labels,), 0 for none
        pairs: all that overlap by ``NEAR``, or by a little
    """

    label_of: npt.NDArray[np.int64]
    object_of: npt.NDArray[np.int64]
    iou: npt.NDArray[np.float32]
    pairs: Overlaps


def matched(objects: Objects, labels: Boxes) -> Matched:
    """Match objects to labels of any class, one to one, from an IoU of ``NEAR``.

    The surest object chooses first, as COCO's evaluation has it; a label of its own class is
    preferred, then the one with the larger IoU.
    """
    pairs = overlaps(objects.boxes, labels, 0.01)
    near = pairs.only(pairs.iou >= NEAR)
    label_of, object_of = match(near, weight_of(near, objects, labels), len(objects), len(labels))
    shared = np.zeros(len(labels), np.float32)
    together = label_of[near.one] == near.other
    shared[near.other[together]] = near.iou[together]
    return Matched(label_of, object_of, shared, pairs)


def weight_of(pairs: Overlaps, objects: Objects, labels: Boxes) -> FloatArray:
    """What pairs of objects and labels are matched by: float64 (p,)."""
    same = objects.boxes.label[pairs.one] == labels.label[pairs.other]
    return 3 * objects.confidence[pairs.one] + pairs.iou + same


def in_crowd(boxes: Boxes, crowd: Boxes) -> BoolArray:
    """Whether half of a box lies within a region that is not labelled one by one: bool (n,)."""
    pairs = overlaps(boxes, crowd, 1e-6)
    one, other = boxes.box[pairs.one], crowd.box[pairs.other]
    share = intersection(one, other) / np.maximum(one[:, 2] * one[:, 3], 1e-12)
    found = np.zeros(len(boxes), bool)
    found[pairs.one[share >= 0.5]] = True
    return found


@dataclass(frozen=True)
class LabelledModel:
    """How often objects that detectors see carry a label.

    Attributes:
        base: float64 (2,), bias and slope of the log-odds by those of the confidence alone
        of_class: float64 (C,), how much more often than that, as a logarithm
        mean, scale: float64 (d,)
        weight: float64 (folds, d)
        bias: float64 (folds,)
    """

    base: FloatArray
    of_class: FloatArray
    mean: FloatArray
    scale: FloatArray
    weight: FloatArray
    bias: FloatArray

    def log_odds(self, objects: Objects, found: Matched, fold: IntArray) -> FloatArray:
        """Log-odds that each object would be labelled, whether it is or not: float64 (n,)."""
        features = (_features(objects, found, self.of_class) - self.mean) / self.scale
        return (features * self.weight[fold]).sum(axis=1) + self.bias[fold]


def fit_labelled(
    objects: Objects, found: Matched, fold: IntArray, folds: int, classes: int
) -> LabelledModel:
    """Learn how often objects carry a label; the images of a fold are judged by the others.

    Args:
        objects: of some images
        found: their labels
        fold: int (n,), that of each object's image
        folds: their number
        classes: the number of classes
    """
    y = found.label_of != NONE
    odds = _log_odds(objects.confidence)
    base = _logistic(odds[:, None], y)
    expected = 1 / (1 + np.exp(-(base[0] + base[1] * odds)))
    label = objects.boxes.label
    of_class = np.log(
        (np.bincount(label, y, classes) + FOLDED) / (np.bincount(label, expected, classes) + FOLDED)
    )
    features = _features(objects, found, of_class)
    some = features if len(features) else np.zeros((1, features.shape[1]))
    mean, scale = some.mean(axis=0), some.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    standard = (features - mean) / scale
    each = np.stack([_logistic(standard[fold != k], y[fold != k]) for k in range(folds)])
    return LabelledModel(base, of_class, mean, scale, each[:, 1:], each[:, 0])


def _logistic(features: FloatArray, y: BoolArray) -> FloatArray:
    """Bias and weights, float64 (1 + d,)."""
    if y.all() or not y.any():
        share = (y.sum() + 0.5) / (len(y) + 1)
        return np.concatenate([[np.log(share / (1 - share))], np.zeros(features.shape[1])])
    model = LogisticRegression(solver=SOLVER).fit(features, y)
    return np.concatenate([model.intercept_, model.coef_[0]])


def _log_odds(share: FloatArray) -> FloatArray:
    within = np.clip(share, LEAST_CONFIDENCE, 1 - LEAST_CONFIDENCE)
    return np.log(within) - np.log1p(-within)


def _features(objects: Objects, found: Matched, of_class: FloatArray) -> FloatArray:
    """Confidence, overlaps with other labels and surer objects, class, neighbours: (n, 6)."""
    n, label = len(objects), objects.boxes.label
    others = found.pairs.only(found.label_of[found.pairs.one] != found.pairs.other)
    beside_label = np.zeros(n)
    np.maximum.at(beside_label, others.one, others.iou)
    rivals = among(objects.boxes, 0.01)
    surer = objects.confidence[rivals.other] > objects.confidence[rivals.one]
    beside_object = np.zeros(n)
    np.maximum.at(beside_object, rivals.one[surer], rivals.iou[surer])
    image = objects.boxes.image
    of_kind = np.unique(image * len(of_class) + label, return_inverse=True)[1]
    labelled = found.label_of != NONE
    return np.stack(
        [
            _log_odds(objects.confidence),
            beside_label,
            beside_object,
            of_class[label],
            _completeness(of_kind, objects.confidence, labelled),
            _completeness(image, objects.confidence, labelled),
        ],
        axis=1,
    )


def _completeness(group: IntArray, weight: FloatArray, labelled: BoolArray) -> FloatArray:
    """Log-odds that the other objects of a group are labelled, by their confidence: (n,)."""
    yes = np.bincount(group, weight * labelled)[group] - weight * labelled
    no = np.bincount(group, weight * ~labelled)[group] - weight * ~labelled
    return np.log(np.maximum(yes, 0) + 0.5) - np.log(np.maximum(no, 0) + 0.5)
