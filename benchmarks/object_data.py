"""Photographs with boxes, what a detector says of them, and errors planted in the boxes.

The folder that ``DECONFUSE_DATA`` names holds ``coco128_labels.csv`` (file, label, x, y, width,
height relative to the image) and ``coco128_predictions.npz`` (files, classes; image, box, label,
confidence and class_scores of each detection).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plugin.objects.boxes import Boxes, by_image, iou, within_image
from plugin.objects.detections import Detections, of_detector
from plugin.objects.overlaps import overlaps

SHARE = 0.05
"""Of the boxes that get each kind of error."""

FOUND = 0.5
"""IoU from which a detection is of an object."""


@dataclass(frozen=True)
class Photographs:
    """Boxes as they were given, and detections."""

    files: list[str]
    classes: list[str]
    objects: Boxes
    detections: Detections
    class_scores: np.ndarray


@dataclass(frozen=True)
class Planted:
    """Labels with errors.

    Attributes:
        labels: n labels
        kind: n texts: empty, ``class``, ``spurious`` or ``placement``
        dropped: the objects that lost their label
    """

    labels: Boxes
    kind: np.ndarray
    dropped: Boxes


def load_coco(folder: Path) -> Photographs:
    """Read the photographs' boxes and detections."""
    said = np.load(folder / "coco128_predictions.npz")
    files, classes = said["files"].tolist(), said["classes"].tolist()
    with (folder / "coco128_labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    box = np.array([[float(r[k]) for k in ("x", "y", "width", "height")] for r in rows])
    label = np.array([classes.index(r["label"]) for r in rows])
    image = np.array([files.index(r["file"]) for r in rows])
    order = np.argsort(said["image"], kind="stable")
    cut, problem = within_image(said["box"][order])
    assert not problem.any()
    scores = said["class_scores"][order].astype(np.float32)
    boxes = by_image(cut, said["label"][order], said["image"][order], len(files))
    return Photographs(
        files,
        classes,
        by_image(box, label, image, len(files)),
        of_detector(boxes, said["confidence"][order], scores),
        scores,
    )


def shifted(box: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A box at an IoU of .3 to .65 with the right one."""
    for _ in range(2_000):
        low = box[:2] + generator.normal(0, 0.35, 2) * box[2:]
        high = low + box[2:] * np.exp(generator.normal(0, 0.25, 2))
        low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
        moved = np.concatenate([low, high - low])
        if (high > low).all() and 0.3 <= iou(box[None], moved[None])[0] <= 0.65:
            return moved
    raise ValueError(f"{box} cannot be shifted")


def plant(photographs: Photographs, seed: int) -> Planted:
    """Drop, swap, shift and spawn a twentieth of the boxes each."""
    generator = np.random.default_rng(seed)
    objects, classes = photographs.objects, len(photographs.classes)
    n, images = len(objects), objects.images
    count = round(SHARE * n)
    drop, swap, shift = np.split(generator.permutation(n)[: 3 * count], 3)
    box, label, kind = objects.box.copy(), objects.label.copy(), np.full(n, "", "U10")
    for i in swap:
        label[i] = generator.choice(np.delete(np.arange(classes), label[i]))
    for i in shift:
        box[i] = shifted(objects.box[i].astype(float), generator)
    kind[swap], kind[shift] = "class", "placement"
    source = generator.choice(n, count, replace=False)
    elsewhere = (objects.image[source] + generator.integers(1, images, count)) % images
    keep = np.setdiff1d(np.arange(n), drop)
    image = np.concatenate([objects.image[keep], elsewhere])
    labels = by_image(
        np.concatenate([box[keep], objects.box[source]]),
        np.concatenate([label[keep], objects.label[source]]),
        image,
        images,
    )
    kinds = np.concatenate([kind[keep], np.full(count, "spurious")])
    dropped = np.isin(np.arange(n), drop)
    return Planted(labels, kinds[np.argsort(image, kind="stable")], objects.only(dropped))


def hits(boxes: Boxes, score: np.ndarray, lost: Boxes) -> np.ndarray:
    """Whether each box is the first in the order of a score that finds a lost object: bool (n,)."""
    pairs = overlaps(boxes, lost, FOUND)
    found, taken = np.zeros(len(boxes), bool), np.zeros(len(lost), bool)
    for i in np.lexsort((-pairs.iou, -score[pairs.one])):
        one, other = pairs.one[i], pairs.other[i]
        if not found[one] and not taken[other]:
            found[one] = taken[other] = True
    return found


def average_precision(score: np.ndarray, wrong: np.ndarray, all_wrong: int) -> float:
    """Of a ranking that may leave some out: those are found at a precision of 0."""
    right = wrong[np.argsort(-score, kind="stable")]
    return float((np.cumsum(right) / np.arange(1, len(right) + 1) * right).sum() / all_wrong)


def effort(score: np.ndarray, wrong: np.ndarray, all_wrong: int, share: float) -> float:
    """How many items are looked at to find a share of the errors; infinite where it never is."""
    at = np.flatnonzero(wrong[np.argsort(-score, kind="stable")])
    needed = int(np.ceil(share * all_wrong))
    return float(at[needed - 1] + 1) if needed <= len(at) else float("inf")
