"""What detectors say of many images: boxes, the classes of each with scores, and whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, FloatArray, IntArray
from .boxes import Boxes, starts

CLASSES_A_BOX = 8
LEAST_SCORE = 1e-3


@dataclass(frozen=True)
class Detections:
    """Detections of one or several detectors on the same m images.

    Attributes:
        boxes: n boxes; the label of each is its most probable class
        confidence: float32 (n,), in [0, 1]
        detector: int16 (n,), whose detection it is, from 0
        detectors: their number
        entry_box: int64 (e,), ascending: the box of each entry; an entry is one class of one box
        entry_class: int32 (e,)
        entry_score: float32 (e,), in [0, 1]
    """

    boxes: Boxes
    confidence: npt.NDArray[np.float32]
    detector: npt.NDArray[np.int16]
    detectors: int
    entry_box: IntArray
    entry_class: IntArray
    entry_score: FloatArray

    def __len__(self) -> int:
        return len(self.boxes)

    def of_images(self, first: int, stop: int) -> Detections:
        """Those of some consecutive images."""
        low, high = self.boxes.start[first], self.boxes.start[stop]
        a, b = np.searchsorted(self.entry_box, [low, high])
        return Detections(
            self.boxes.of_images(first, stop),
            self.confidence[low:high],
            self.detector[low:high],
            self.detectors,
            self.entry_box[a:b] - low,
            self.entry_class[a:b],
            self.entry_score[a:b],
        )

    def only(self, wanted: BoolArray) -> Detections:
        """Those that are wanted, bool (n,)."""
        entries = wanted[self.entry_box]
        return Detections(
            self.boxes.only(wanted),
            self.confidence[wanted],
            self.detector[wanted],
            self.detectors,
            (np.cumsum(wanted) - 1)[self.entry_box[entries]],
            self.entry_class[entries],
            self.entry_score[entries],
        )


@dataclass(frozen=True)
class Entries:
    """Classes of some boxes with their scores, at least the predicted one of each.

    Attributes:
        box: int64 (e,), ascending
        label: int32 (e,)
        score: float32 (e,), in [0, 1]
    """

    box: IntArray
    label: IntArray
    score: FloatArray

    def moved(self, by: int) -> Entries:
        """The same of boxes that are numbered from elsewhere."""
        return Entries(self.box + by, self.label, self.score)

    @staticmethod
    def joined(parts: Sequence[Entries]) -> Entries:
        """Those of consecutive boxes as one."""
        return Entries(
            np.concatenate([p.box for p in parts]),
            np.concatenate([p.label for p in parts]),
            np.concatenate([p.score for p in parts]),
        )


def of_detector(
    boxes: Boxes, confidence: FloatArray, class_scores: FloatArray | Entries | None = None
) -> Detections:
    """The detections of one detector.

    Args:
        boxes: n boxes with their classes
        confidence: float (n,), in [0, 1]
        class_scores: float (n, C), in [0, 1], if the detector tells more than one class a box; the
            most probable ``CLASSES_A_BOX`` of each box are used. Or those already.
    """
    sure = np.clip(np.asarray(confidence, np.float32), 0, 1)
    n = len(boxes)
    if class_scores is None:
        entries = Entries(np.arange(n), boxes.label.astype(np.int32), sure)
    elif isinstance(class_scores, Entries):
        entries = class_scores
    else:
        columns = np.arange(class_scores.shape[1], dtype=np.int32)
        entries = top_entries(boxes.label, sure, class_scores, columns)
    detector = np.zeros(n, np.int16)
    return Detections(boxes, sure, detector, 1, entries.box, entries.label, entries.score)


def top_entries(
    label: IntArray, confidence: FloatArray, scores: FloatArray, columns: IntArray
) -> Entries:
    """The likeliest classes of some boxes; the predicted one has the confidence at least.

    Args:
        label: int (n,), the predicted class
        confidence: float (n,), in [0, 1]
        scores: float (n, k), in [0, 1]
        columns: int32 (k,), the class of each column
    """
    sure = np.asarray(confidence, np.float32)
    n, most = len(label), min(CLASSES_A_BOX, scores.shape[1])
    if not n:
        return Entries(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    top = np.argpartition(-scores, most - 1, axis=1)[:, :most]
    score = np.take_along_axis(scores, top, axis=1).astype(np.float32)
    named = columns[top]
    own = named == label[:, None]
    score = np.where(own, np.maximum(score, sure[:, None]), score)
    row, at = np.nonzero((score >= LEAST_SCORE) & (score > 0))
    lacking = np.flatnonzero(~(own & (score >= LEAST_SCORE)).any(axis=1))
    box = np.concatenate([row, lacking])
    order = np.argsort(box, kind="stable")
    classes = np.concatenate([named[row, at], label[lacking]])[order].astype(np.int32)
    score = np.concatenate([np.clip(score[row, at], 0, 1), sure[lacking]])[order]
    return Entries(box[order], classes, score.astype(np.float32))


def together(detectors: Sequence[Detections]) -> Detections:
    """Several detectors on the same images as one.

    Raises:
        ValueError: if there is none, or they are not of as many images
    """
    images = {d.boxes.images for d in detectors}
    if len(images) != 1:
        raise ValueError(f"detections of one number of images are needed, got {sorted(images)}")
    if len(detectors) == 1:
        return detectors[0]
    image = np.concatenate([d.boxes.image for d in detectors])
    order = np.argsort(image, kind="stable")
    now = np.empty(len(order), np.int64)
    now[order] = np.arange(len(order))
    before = starts(np.array([len(d) for d in detectors]))
    owner = [d.detector + sum(e.detectors for e in detectors[:i]) for i, d in enumerate(detectors)]
    box = now[np.concatenate([d.entry_box + before[i] for i, d in enumerate(detectors)])]
    by_box = np.argsort(box, kind="stable")
    return Detections(
        boxes=Boxes(
            np.concatenate([d.boxes.box for d in detectors])[order],
            np.concatenate([d.boxes.label for d in detectors])[order],
            starts(np.bincount(image, minlength=images.pop())),
        ),
        confidence=np.concatenate([d.confidence for d in detectors])[order],
        detector=np.concatenate(owner)[order].astype(np.int16),
        detectors=sum(d.detectors for d in detectors),
        entry_box=box[by_box],
        entry_class=np.concatenate([d.entry_class for d in detectors])[by_box],
        entry_score=np.concatenate([d.entry_score for d in detectors])[by_box],
    )
