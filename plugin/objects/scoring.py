"""Missing, wrong, spurious and badly placed labels of many images, on one scale.

An item is a label, or an object that no label covers. Its probabilities are over the classes and
*nothing*, the index after the last class. Equations 1 and 2 are taken over them unchanged, and
suspicion is the log-odds margin as for images; where a label is more likely badly placed than
anything else, it is the log-odds of that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from ..arrays import BoolArray, FloatArray, IntArray
from ..scoring.scores import TOP_CLASSES, Scores
from .boxes import Boxes
from .candidates import (
    LabelledModel,
    Matched,
    Objects,
    fit_labelled,
    in_crowd,
    matched,
    seen_objects,
)
from .detections import Detections
from .error_model import CLASS, FOLDS, PLACEMENT, RIGHT, SPURIOUS, ErrorModel, fit
from .evidence import Evidence
from .features import label_features
from .matching import NONE

MISSING = "missing"
KIND_NAMES = ("class", "spurious", "placement", MISSING)
"""What an item's ``kind`` indexes."""

LABELS_TO_LEARN_FROM = 20_000
IMAGES_TO_LEARN_FROM = 4_000
LEAST_LIKELY = 0.005
"""Objects that are less likely than this to lack a label are no candidates."""


@dataclass(frozen=True)
class ItemScores(Scores):
    """Scores of n items over C classes and *nothing* (index C), k = min(C + 1, 5).

    Attributes:
        prediction: int32 (n,), most probable of the classes and *nothing*
        p_label, p_max: float32 (n,), probability of the label (*nothing* for an object without
            one) and of the prediction
        suspicion: float32 (n,), log-odds that the item is wrong in the likeliest way
        kind: int8 (n,), that way, an index into ``KIND_NAMES``
        iou: float32 (n,), of the label and the object that it was matched to; 0 without one
        partner: int64 (n,), that object, -1 for none
        top_class: int32 (n, k), most probable first
        top_probability: float32 (n, k)
    """

    kind: npt.NDArray[np.int8]
    iou: npt.NDArray[np.float32]
    partner: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Scored:
    """What was found in some images.

    Attributes:
        labels: scores of each label
        objects: what the detectors see
        missing: int64 (c,), the objects that no label covers
        candidates: scores of those
    """

    labels: ItemScores
    objects: Objects
    missing: npt.NDArray[np.int64]
    candidates: ItemScores


@dataclass(frozen=True)
class ObjectModel:
    """All that is learnt of a dataset before its items are scored.

    Attributes:
        errors: how likely a label is wrong, and how
        labelled: how often objects carry a label
        missing_rate: the share of objects that are believed to lack one
        classes: C
    """

    errors: ErrorModel
    labelled: LabelledModel
    missing_rate: float
    classes: int

    def score(
        self, labels: Boxes, detections: Detections, fold: IntArray, crowd: Boxes | None = None
    ) -> Scored:
        """Score the items of some images.

        Args:
            labels: of m images; those of a crowd are not among them
            detections: on the same images
            fold: int (m,), fold of each image
            crowd: regions that are not labelled one by one; what is seen there is not missing
        """
        objects = seen_objects(detections)
        found = matched(objects, labels)
        features, seen = label_features(labels, detections)
        log_p = self.errors.log_posterior(features, fold[labels.image])
        odds = self.labelled.log_odds(objects, found, fold[objects.boxes.image])
        odds = odds + np.log(self.missing_rate / (1 - self.missing_rate))
        p = 1 / (1 + np.exp(-odds))
        of_labels = _of_labels(labels, log_p, seen, found, self.classes)
        open_ = (found.label_of == NONE) & (p >= LEAST_LIKELY)
        open_[of_labels.partner[of_labels.partner != NONE]] = False
        if crowd is not None:
            open_ &= ~in_crowd(objects.boxes, crowd)
        missing = np.flatnonzero(open_)
        return Scored(
            labels=of_labels,
            objects=objects,
            missing=missing,
            candidates=_of_candidates(objects, missing, p[missing], self.classes),
        )


def learn(
    labels: Boxes, detections: Detections, fold: IntArray, classes: int, seed: int
) -> ObjectModel:
    """Learn what is right and wrong from some images of a dataset.

    Args:
        labels: of m images
        detections: on the same images
        fold: int (m,), fold of each image, from 0 to ``FOLDS`` - 1
        classes: C
        seed: of the labels that are made wrong

    Raises:
        ValueError: if there is no label
    """
    if not len(labels):
        raise ValueError("there is no label to learn from")
    with threadpool_limits(1):  # the matrices are small: threads would wait for each other
        errors = fit(labels, detections, fold, seed)
        objects = seen_objects(detections)
        found = matched(objects, labels)
        labelled = fit_labelled(objects, found, fold[objects.boxes.image], FOLDS, classes)
    # An object that nobody labelled cannot be told from one that nobody wanted labelled: people are
    # believed to miss as many as they get wrong in any other way.
    able = errors.rate[1:][errors.rate[1:] > 0]
    return ObjectModel(errors, labelled, float(able.mean()), classes)


def fold_of_images(images: int, first: int = 0) -> npt.NDArray[np.int64]:
    """A fold for each of some consecutive images: int64 (images,)."""
    return np.arange(first, first + images) % FOLDS


def _of_labels(
    labels: Boxes, log_p: FloatArray, seen: Evidence, found: Matched, classes: int
) -> ItemScores:
    """Spread what is likely of each label over the classes and *nothing*."""
    n, own = len(labels), labels.label.astype(np.int64)
    p = np.exp(log_p)
    wrong = p[:, CLASS]
    share, label, other = _shares(seen, own, wrong, classes)
    given = _Given(own, p[:, RIGHT] + p[:, PLACEMENT], np.full(n, classes), p[:, SPURIOUS])
    tops, probability = _top(given, share, label, other, n, classes)
    best_other = np.zeros(n)
    np.maximum.at(best_other, share, other)
    log_right = log_p[:, RIGHT]
    with np.errstate(divide="ignore"):
        ways = np.stack([np.log(best_other), log_p[:, SPURIOUS], log_p[:, PLACEMENT]], axis=1)
    kind = ways.argmax(axis=1)
    likeliest = ways[np.arange(n), kind]
    # The margin is taken over the probability of the label, in which a badly placed one counts.
    against = np.where(kind == 2, log_right, np.logaddexp(log_right, log_p[:, PLACEMENT]))
    partner, shared = _where_to(kind == 2, found)
    return ItemScores(
        prediction=tops[:, 0].astype(np.int32),
        p_label=given.p.astype(np.float32),
        p_max=probability[:, 0].astype(np.float32),
        suspicion=(likeliest - against).astype(np.float32),
        kind=kind.astype(np.int8),
        iou=shared,
        partner=partner,
        top_class=tops.astype(np.int32),
        top_probability=probability.astype(np.float32),
    )


def _where_to(
    misplaced: BoolArray, found: Matched
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """The object of each label and their IoU; of a misplaced one without, the nearest free one."""
    partner, shared = found.object_of.copy(), found.iou.copy()
    alone, pairs = misplaced & (partner == NONE), found.pairs
    use = np.flatnonzero(alone[pairs.other] & (found.label_of[pairs.one] == NONE))
    use = use[np.argsort(pairs.iou[use], kind="stable")]  # so that the largest is written last
    partner[pairs.other[use]], shared[pairs.other[use]] = pairs.one[use], pairs.iou[use]
    return partner, shared


def _of_candidates(objects: Objects, missing: IntArray, p: FloatArray, classes: int) -> ItemScores:
    """Spread how likely each object lacks a label over the classes."""
    n = len(missing)
    number = np.full(len(objects), NONE)
    number[missing] = np.arange(n)
    use = number[objects.evidence.item] != NONE
    seen = Evidence(
        number[objects.evidence.item[use]],
        objects.evidence.label[use],
        objects.evidence.score[use],
        n,
    )
    nothing = np.full(n, classes)
    share, label, other = _shares(seen, nothing, p, classes)
    given = _Given(nothing, 1 - p, np.full(n, -1), np.zeros(n))
    tops, probability = _top(given, share, label, other, n, classes)
    best = np.zeros(n)
    np.maximum.at(best, share, other)
    return ItemScores(
        prediction=tops[:, 0].astype(np.int32),
        p_label=given.p.astype(np.float32),
        p_max=probability[:, 0].astype(np.float32),
        suspicion=(np.log(np.maximum(best, 1e-12)) - np.log1p(-np.minimum(p, 1 - 1e-9))).astype(
            np.float32
        ),
        kind=np.full(n, KIND_NAMES.index(MISSING), np.int8),
        iou=np.zeros(n, np.float32),
        partner=np.asarray(missing, np.int64),
        top_class=tops.astype(np.int32),
        top_probability=probability.astype(np.float32),
    )


@dataclass(frozen=True)
class _Given:
    """Two entries of each item besides those of the evidence: its label, and *nothing*."""

    label: IntArray
    p: FloatArray
    other: IntArray
    p_other: FloatArray


def _shares(
    seen: Evidence, own: IntArray, mass: FloatArray, classes: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Divide a probability among the classes other than the label, by their evidence.

    Where there is none, all of them are equally likely: the lowest stands for them.

    Returns:
        item, class and probability, each (e,)
    """
    use = (seen.label != own[seen.item]) & (seen.score > 0)
    item, label, score = seen.item[use], seen.label[use], seen.score[use]
    total = np.bincount(item, score, len(own))
    none = np.flatnonzero((total <= 0) & (own < classes))
    if classes > 1 and len(none):
        item = np.concatenate([item, none])
        label = np.concatenate([label, np.where(own[none] == 0, 1, 0)])
        score = np.concatenate([score, np.full(len(none), 1 / (classes - 1))])
        total[none] = 1.0
    return item, label, score / np.maximum(total[item], 1e-300) * mass[item]


def _top(
    given: _Given, item: IntArray, label: IntArray, p: FloatArray, n: int, classes: int
) -> tuple[IntArray, FloatArray]:
    """The most probable of the classes and *nothing* of each item, most probable first."""
    k = min(classes + 1, TOP_CLASSES)
    rows = np.arange(n)
    two = given.other >= 0
    items = np.concatenate([rows, rows[two], item])
    labels = np.concatenate([given.label, given.other[two], label])
    shares = np.concatenate([given.p, given.p_other[two], p])
    order = np.lexsort((labels, -shares, items))
    items, labels, shares = items[order], labels[order], shares[order]
    place = np.arange(len(items)) - np.searchsorted(items, items)
    use = place < k
    tops, found = np.full((n, k), -1, np.int64), np.zeros((n, k))
    tops[items[use], place[use]], found[items[use], place[use]] = labels[use], shares[use]
    _fill(tops)
    return tops, found


def _fill(tops: IntArray) -> None:
    """Put classes that are not there yet, lowest first, where fewer than k have any probability."""
    rows = np.flatnonzero((tops < 0).any(axis=1))
    part, k = tops[rows], tops.shape[1]
    for _ in range(k):
        there = (part[:, :, None] == np.arange(k + 1)).any(axis=1)
        at = np.argmax(part < 0, axis=1)
        empty = part[np.arange(len(part)), at] < 0
        part[empty, at[empty]] = np.argmin(there[empty], axis=1)
    tops[rows] = part


def wanted_images(labels_of_image: IntArray, seed: int) -> npt.NDArray[np.int64]:
    """Some images to learn from, drawn at random: their indices, ascending."""
    order = np.random.default_rng(seed).permutation(len(labels_of_image))
    within = np.cumsum(labels_of_image[order]) <= LABELS_TO_LEARN_FROM
    within[: min(FOLDS, len(within))] = True
    chosen: BoolArray = np.zeros(len(order), bool)
    chosen[order[within][:IMAGES_TO_LEARN_FROM]] = True
    return np.flatnonzero(chosen)
