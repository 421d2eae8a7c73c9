"""Two images alone: how alike they are, and where they differ, as a picture."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ..images.decode import UInt8, open_image
from ..images.deep import Windows

MOST_AMPLIFIED = 64.0
"""Single grey levels are made visible, not glaring."""


@dataclass(frozen=True)
class Difference:
    """Two images at one size, and where they differ; each as a PNG.

    Attributes:
        first, second: the images
        difference: absolute difference by channel, amplified; black where they are equal
        width, height: of all three
        amplified: the factor
        largest: the largest difference before that, 0 to 255
    """

    first: bytes
    second: bytes
    difference: bytes
    width: int
    height: int
    amplified: float
    largest: int


def difference_of(first: str, second: str, size: int, windows: Windows | None = None) -> Difference:
    """Compare two image files pixel by pixel.

    Where their sizes differ the larger one is brought to the smaller's, stretched where the aspect
    ratio differs, as for the Similarity Error Score.

    Args:
        first: an image file
        second: another
        size: the longest side of the pictures, at most
        windows: of the dataset's deep pictures, as for ``images.decode_image``

    Raises:
        UnreadableImageError: if one of them cannot be read
    """
    pictures = [open_image(path, size, windows).convert("RGB") for path in (first, second)]
    width, height = min((picture.size for picture in pictures), key=lambda wh: wh[0] * wh[1])
    scale = min(1.0, size / max(width, height))
    to = max(1, round(width * scale)), max(1, round(height * scale))
    one, two = (_resized(picture, to) for picture in pictures)
    apart, factor = amplified_difference(one, two)
    return Difference(
        first=_png(one),
        second=_png(two),
        difference=_png(apart),
        width=to[0],
        height=to[1],
        amplified=factor,
        largest=int(np.abs(one.astype(int) - two.astype(int)).max()),
    )


def similarity(first: UInt8, second: UInt8) -> float:
    """SSIM of one pair, as `ssim.py` measures it of many; without torch, which takes seconds.

    Args:
        first: (height, width) or (height, width, channels), sides of at least 11 pixels
        second: of the same shape

    Raises:
        ValueError: shapes differ, or a side is shorter than the window

    >>> flat = np.full((11, 11), 9, np.uint8)
    >>> similarity(flat, flat)
    1.0
    """
    from skimage.metrics import structural_similarity  # takes a second

    value: Any = structural_similarity(
        first,
        second,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        channel_axis=-1 if first.ndim == 3 else None,
    )
    return float(value)


def amplified_difference(first: UInt8, second: UInt8) -> tuple[UInt8, float]:
    """The absolute difference of two arrays, amplified to the full range, at most 64 times.

    >>> amplified_difference(np.array([9, 5], np.uint8), np.array([4, 5], np.uint8))
    (array([255,   0], dtype=uint8), 51.0)
    """
    apart = np.abs(first.astype(np.int16) - second.astype(np.int16))
    largest = int(apart.max(initial=0))
    factor = 1.0 if largest == 0 else min(MOST_AMPLIFIED, 255.0 / largest)
    return np.rint(apart * factor).astype(np.uint8), factor


def _resized(picture: Image.Image, to: tuple[int, int]) -> UInt8:
    if picture.size != to:
        picture = picture.resize(to, Image.Resampling.BOX)
    return np.asarray(picture)


def _png(pixels: UInt8) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()
