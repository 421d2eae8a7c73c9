"""The square around an object, and its pixels for a network."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from .decode import open_image
from .deep import Windows

MARGIN = 0.15
"""Of the longer side of a box, on each side: what is around an object tells what it is."""

LEAST = 24
"""Pixels of the picture that a crop shows at least: of smaller ones nobody can tell what it is."""

Box = tuple[float, float, float, float]
"""Left, top, width and height, from 0 to 1 of the image."""

_opened = threading.local()


def crop_square(
    boxes: Sequence[Box], width: int, height: int, margin: float
) -> tuple[float, float, float, float]:
    """The part of a picture that is shown of an object: left, top, right and bottom in pixels.

    A square around all of its boxes, moved into the picture, and cut where it is larger.

    Args:
        boxes: at least one
        width: of the picture in pixels
        height: the same
        margin: on each side, as a share of the longer side

    Example:
        >>> crop_square([(0.25, 0.5, 0.125, 0.25)], 1024, 1024, 0.5)
        (64.0, 384.0, 576.0, 896.0)
    """
    left = min(b[0] for b in boxes) * width
    top = min(b[1] for b in boxes) * height
    right = max(b[0] + b[2] for b in boxes) * width
    bottom = max(b[1] + b[3] for b in boxes) * height
    side = max(max(right - left, bottom - top) * (1 + 2 * margin), LEAST)
    spans = []
    for low, high, room in ((left, right, width), (top, bottom, height)):
        size = min(side, float(room))
        start = min(max((low + high - size) / 2, 0.0), room - size)
        spans.append((start, start + size))
    (x, right), (y, bottom) = spans
    return x, y, right, bottom


def decode_crop(
    path: str, box: Sequence[float], size: int, windows: Windows | None = None
) -> npt.NDArray[np.uint8]:
    """Decode the square around a box, as far as it lies in the image.

    The last image of each thread is kept, so that its objects, one after the other, decode it once.

    Args:
        path: the file
        box: x, y, width and height, from 0 to 1 of the image
        size: side of the result in pixels
        windows: as for ``decode_image``

    Returns:
        uint8 (3, size, size)

    Raises:
        UnreadableImageError: as ``decode_image``
    """
    image = _image(path, windows)
    x, y, width, height = box
    square = crop_square([(x, y, width, height)], *image.size, MARGIN)
    found = image.resize((size, size), Image.Resampling.BILINEAR, box=square, reducing_gap=2.0)
    return np.moveaxis(np.asarray(found), -1, 0)


def _image(path: str, windows: Windows | None) -> Image.Image:
    key = (path, id(windows))
    if getattr(_opened, "key", None) != key:
        _opened.key = None
        _opened.image = open_image(path, None, windows).convert("RGB")
        _opened.key = key
    return _opened.image
