"""Photographs with tags: what is on them, what a detector says of it, and planted errors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from object_data import load_coco

SHARE = 0.05
"""Of the tags that are dropped, and as many put where they do not belong."""


@dataclass(frozen=True)
class Tagged:
    """Photographs and what is on them.

    Attributes:
        files: n
        classes: C
        truth: bool (n, C), whether an object of the class has a box there
        scores: float (n, C), the highest score that a detection there gives the class
        listed: float (n, C), the highest confidence of a detection of the class, NaN without one
    """

    files: list[str]
    classes: list[str]
    truth: np.ndarray
    scores: np.ndarray
    listed: np.ndarray


@dataclass(frozen=True)
class Planted:
    """Tags with errors, bool (n, C) each."""

    tag: np.ndarray
    missing: np.ndarray
    spurious: np.ndarray


def load_tags(folder: Path) -> Tagged:
    """The presence of each class on each photograph, and the detector's scores."""
    photographs = load_coco(folder)
    n, c = len(photographs.files), len(photographs.classes)
    truth, scores, listed = np.zeros((n, c), bool), np.zeros((n, c)), np.zeros((n, c))
    truth[photographs.objects.image, photographs.objects.label] = True
    boxes = photographs.detections.boxes
    np.maximum.at(scores, boxes.image, photographs.class_scores)
    np.maximum.at(listed, (boxes.image, boxes.label), photographs.detections.confidence)
    listed = np.where(listed > 0, listed, np.nan)
    return Tagged(photographs.files, photographs.classes, truth, scores, listed)


def plant(truth: np.ndarray, seed: int) -> Planted:
    """Drop a twentieth of the tags, and put as many of the same classes elsewhere."""
    generator = np.random.default_rng(seed)
    tag, there = truth.copy(), np.argwhere(truth)
    count = round(SHARE * len(there))
    missing, spurious = np.zeros_like(truth), np.zeros_like(truth)
    image, of = there[generator.permutation(len(there))[:count]].T
    missing[image, of] = True
    tag[image, of] = False
    while spurious.sum() < count:
        of = there[generator.integers(len(there)), 1]
        at = generator.integers(len(truth))
        if not truth[at, of] and not tag[at, of]:
            tag[at, of] = spurious[at, of] = True
    return Planted(tag, missing, spurious)
