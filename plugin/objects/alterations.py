"""Labels made wrong on purpose: what an error of each kind would look like in this dataset."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray, IntArray
from .boxes import Boxes, by_image, iou

MOVED_TO = (0.2, 0.7)
"""IoU with the right box that a badly placed one has."""

TRIES = 60


def other_class(label: IntArray, generator: np.random.Generator) -> npt.NDArray[np.int32]:
    """Another class for each label, drawn as often as classes occur; there must be two."""
    changed = label.copy()
    for _ in range(TRIES):
        same = changed == label
        if not same.any():
            break
        changed[same] = generator.choice(label, same.sum())
    same = changed == label
    if same.any():  # one class is nearly all there is
        names = np.unique(label)
        at = np.searchsorted(names, label[same])
        changed[same] = names[(at + generator.integers(1, len(names), same.sum())) % len(names)]
    return changed.astype(np.int32)


def moved(box: FloatArray, generator: np.random.Generator) -> npt.NDArray[np.float32]:
    """Each box shifted and stretched at random, to an IoU with itself within ``MOVED_TO``."""
    found = np.asarray(box, np.float32).copy()
    left = np.arange(len(box))
    for _ in range(TRIES):
        before = found[left]
        shift = generator.normal(0.0, 0.35, (len(left), 2)) * before[:, 2:]
        size = before[:, 2:] * np.exp(generator.normal(0.0, 0.25, (len(left), 2)))
        low = np.clip(before[:, :2] + shift, 0, 1)
        high = np.clip(before[:, :2] + shift + size, 0, 1)
        after = np.concatenate([low, high - low], axis=1).astype(np.float32)
        shared = iou(before, after)
        right = (shared >= MOVED_TO[0]) & (shared <= MOVED_TO[1])
        found[left[right]] = after[right]
        left = left[~right]
    return found


def to_other_images(
    labels: Boxes, generator: np.random.Generator
) -> tuple[Boxes, npt.NDArray[np.int64]]:
    """Each label on another image, where nothing of it is; and whose label each is now."""
    step = generator.integers(1, labels.images, len(labels))
    image = (labels.image + step) % labels.images
    order = np.argsort(image, kind="stable")
    return by_image(labels.box, labels.label, image, labels.images), order
