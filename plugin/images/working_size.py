"""One size for all images of a dataset, since SSIM compares pixel with pixel.

Images that all have one size of at most 96 pixels a side keep it: what is measured is then exactly
    the paper's.
Otherwise each image is averaged or enlarged to 64 x 64, *stretched* where its aspect ratio
differs: a copy that was resized, in
proportion or not, then lies pixel on pixel with its original, which cutting or padding would
prevent. SSIM is
defined for equal sizes only, and is advised to be taken at viewing size, not at full resolution
(https://ece.uwaterloo.ca/~z70wang/research/ssim/). A side below SSIM's window of 11 is enlarged to
11.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WINDOW = 11  # SSIM's; it is here because ssim.py takes seconds to import
LARGEST_KEPT = 96
COMMON_SIDE = 64


def working_size(sizes: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The (height, width) at which images of these (height, width) are compared.

    Raises:
        ValueError: there are no sizes.

    >>> working_size([(28, 28), (28, 28)])
    (28, 28)
    >>> working_size([(480, 640), (640, 480)])
    (64, 64)
    >>> working_size([(1, 20)])
    (11, 20)
    """
    different = set(sizes)
    if not different:
        raise ValueError("sizes must hold at least one (height, width), got none")
    height, width = next(iter(different))
    if len(different) > 1 or max(height, width) > LARGEST_KEPT:
        return COMMON_SIDE, COMMON_SIDE
    return max(WINDOW, height), max(WINDOW, width)


def to_size(image: NDArray[np.uint8], size: tuple[int, int], *, colour: bool) -> NDArray[np.uint8]:
    """The image at this size, with one or three channels.

    Args:
        image: shape (height, width) or (height, width, 3), uint8.
        size: (height, width) to come to; an image that has it keeps its pixels.
        colour: True: shape (height, width, 3), grey is repeated. False: (height, width); colour,
            if any, becomes luma.

    Raises:
        ValueError: `image` has another shape or type.

    >>> to_size(np.zeros((100, 50), np.uint8), (64, 64), colour=True).shape
    (64, 64, 3)
    """
    if image.dtype != np.uint8 or not (
        image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    ):
        raise ValueError(
            "image must be uint8 of shape (height, width) or (height, width, 3),"
            f" got {image.dtype} of shape {image.shape}"
        )
    picture = Image.fromarray(image)
    if colour != (image.ndim == 3):
        picture = picture.convert("RGB" if colour else "L")
    height, width = size
    if picture.size != (width, height):
        shrinks = picture.width >= width and picture.height >= height
        how = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
        picture = picture.resize((width, height), how)
    return np.asarray(picture)
