"""What tells a right label from a wrong one, in numbers: the detections near it."""

from __future__ import annotations

import numpy as np

from ..arrays import FloatArray
from .boxes import Boxes
from .detections import Detections
from .evidence import Evidence, evidence, own_score
from .overlaps import Overlaps, overlaps

FAR, NEAR, CLOSE = 0.1, 0.3, 0.5
"""IoU from which a detection may be of the same object, probably is, and is for COCO."""

SILENT = 3e-3
"""What stands for a score of 0 before a logarithm is taken."""


def label_features(labels: Boxes, detections: Detections) -> tuple[FloatArray, Evidence]:
    """Numbers of each label, and how sure the detectors are of each class near it.

    Args:
        labels: n labels
        detections: on the same images

    Returns:
        float64 (n, d); and the evidence of each class within ``NEAR``
    """
    pairs = overlaps(labels, detections.boxes, FAR)
    near = pairs.iou >= NEAR
    found = evidence(pairs.only(near), detections, len(labels))
    sure = detections.confidence[pairs.other]
    own = own_score(detections, pairs.other, labels.label[pairs.one])
    close = pairs.iou >= CLOSE

    def best(value: FloatArray) -> FloatArray:
        return _best(pairs, value, detections, len(labels))

    fit, certainty = _best_fit(pairs, detections, len(labels))
    log_own = np.log(best(own * near) + SILENT)
    log_other = np.log(found.top(labels.label)[1] + SILENT)
    log_close = np.log(best(own * close) + SILENT)
    log_any = np.log(best(sure * close) + SILENT)
    log_far = np.log(best(own) + SILENT)
    overlap = best(pairs.iou)
    size = np.log(np.maximum(labels.box[:, 2] * labels.box[:, 3], 1e-6)) / 2
    columns = (
        log_own, log_other, log_close, log_any, log_far, fit, certainty, overlap, size,
        log_own - log_other, log_close - log_far, fit * certainty, fit**2, overlap**2,
        certainty * size, log_own * size, np.minimum(fit, 0.5) * certainty,
        np.maximum(log_own, log_other),
    )  # fmt: skip
    return np.stack(columns, axis=1), found


def _best(pairs: Overlaps, value: FloatArray, detections: Detections, items: int) -> FloatArray:
    """The highest value of each box by detector, the mean over the detectors: float64 (items,)."""
    of_each = np.zeros(items * detections.detectors)
    owner = pairs.one * detections.detectors + detections.detector[pairs.other]
    np.maximum.at(of_each, owner, value)
    return of_each.reshape(items, detections.detectors).mean(axis=1)


def _best_fit(pairs: Overlaps, detections: Detections, items: int) -> tuple[FloatArray, FloatArray]:
    """IoU and confidence of each detector's best detection by their product, then the mean."""
    sure = detections.confidence[pairs.other]
    owner = pairs.one * detections.detectors + detections.detector[pairs.other]
    order = np.lexsort((-pairs.iou * sure, owner))
    first = order[np.flatnonzero(np.diff(owner[order], prepend=-1))]
    shape = (items, detections.detectors)
    fit, certainty = np.zeros(shape), np.zeros(shape)
    fit.reshape(-1)[owner[first]] = pairs.iou[first]
    certainty.reshape(-1)[owner[first]] = sure[first]
    return fit.mean(axis=1), certainty.mean(axis=1)
