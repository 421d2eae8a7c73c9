"""Two labels on one object: pairs of boxes of one image that nearly coincide."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .boxes import Boxes
from .overlaps import among

Ids = npt.NDArray[np.bytes_]
Pairs = dict[str, npt.NDArray[Any]]

COINCIDE = 0.8
"""IoU from which two labels of one image are probably on one object, whatever their classes."""

DOUBLES = ("double_sample", "double_one", "double_other", "double_iou")
"""Columns of an iteration, one row a pair: S12 (p,) thrice, and float32 (p,), falling."""


def doubles(labels: Boxes, label_id: Ids, image_id: Ids) -> Pairs:
    """The pairs of labels that nearly coincide, by the names in ``DOUBLES``.

    Args:
        labels: n labels of m images
        label_id: S12 (n,)
        image_id: S12 (m,)

    Example:
        >>> two = Boxes(np.float32([[0, 0, 1, 1]] * 2), np.int32([0, 1]), np.array([0, 2]))
        >>> found = doubles(two, np.array([b"one", b"two"]), np.array([b"image"]))
        >>> found["double_one"].tolist(), found["double_other"].tolist()
        ([b'one'], [b'two'])
    """
    pairs = among(labels, COINCIDE)
    pairs = pairs.only(pairs.one < pairs.other)
    return {
        "double_sample": image_id[labels.image[pairs.one]],
        "double_one": label_id[pairs.one],
        "double_other": label_id[pairs.other],
        "double_iou": pairs.iou,
    }


def joined(parts: list[Pairs]) -> Pairs:
    """Pairs of several parts of the images, those that coincide most first."""
    names = DOUBLES[:-1]
    if not parts:
        empty = {name: np.empty(0, "S12") for name in names}
        return empty | {"double_iou": np.empty(0, np.float32)}
    found = {name: np.concatenate([p[name] for p in parts]) for name in DOUBLES}
    order = np.argsort(-found["double_iou"], kind="stable")
    return {name: values[order] for name, values in found.items()}
