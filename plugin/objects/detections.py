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


def of_detector(
    boxes: Boxes, confidence: FloatArray, class_scores: FloatArray | None = None
) -> Detections:
    """The detections of one detector.

    Args:
        boxes: n boxes with their classes
        confidence: float (n,), in [0, 1]
        class_scores: float (n, C), in [0, 1], if the detector tells more than one class a box; the
            most probable ``CLASSES_A_BOX`` of each box are used
    """
    sure = np.clip(np.asarray(confidence, np.float32), 0, 1)
    n = len(boxes)
    if class_scores is None or not n:
        entries = (np.arange(n), boxes.label.astype(np.int32), sure)
    else:
        k = min(CLASSES_A_BOX, class_scores.shape[1])
        top = np.argpartition(-class_scores, k - 1, axis=1)[:, :k]
        score = np.take_along_axis(class_scores, top, axis=1).astype(np.float32)
        own = top == boxes.label[:, None]
        score = np.where(own, np.maximum(score, sure[:, None]), score)
        row, column = np.nonzero((score >= LEAST_SCORE) & (score > 0))
        entries = (row, top[row, column].astype(np.int32), np.clip(score[row, column], 0, 1))
        lacking = np.flatnonzero(~own.any(axis=1))
        entries = _with(entries, lacking, boxes.label[lacking], sure[lacking])
    return Detections(boxes, sure, np.zeros(n, np.int16), 1, *entries)


def _with(
    entries: tuple[IntArray, IntArray, FloatArray],
    box: IntArray,
    label: IntArray,
    score: FloatArray,
) -> tuple[IntArray, IntArray, FloatArray]:
    boxes = np.concatenate([entries[0], box])
    order = np.argsort(boxes, kind="stable")
    classes = np.concatenate([entries[1], label])[order].astype(np.int32)
    return boxes[order], classes, np.concatenate([entries[2], score])[order].astype(np.float32)


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
