"""The 11 x 11 Gaussian window of SSIM: means in every whole window, and images in tiles."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from ..images.working_size import WINDOW

SIGMA = 1.5
# Larger images are worked on in tiles of this side: each blur is then one small matrix product.
TILE = 64


def check_shape(shape: tuple[int, ...]) -> None:
    """Raise ValueError unless `shape` is (n, h, w) or (n, h, w, c), h and w at least the window.

    >>> check_shape((5, 28, 28))
    """
    if len(shape) not in (3, 4):
        raise ValueError(
            "images must have shape (n, height, width) or (n, height, width, channels), "
            f"got {shape}"
        )
    if min(shape[1:3]) < WINDOW:
        raise ValueError(
            f"SSIM needs images of at least {WINDOW} x {WINDOW} pixels (its window), "
            f"got {shape[1]} x {shape[2]}"
        )


def as_planes(images: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Images of shape (n, h, w) or (n, h, w, c) as planes of shape (n, c, h, w) of `dtype`."""
    planes = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2)
    return planes.to(dtype, memory_format=torch.contiguous_format)


def blur(planes: torch.Tensor) -> torch.Tensor:
    """The Gaussian mean in every whole window of planes, *transposed*.

    Planes (..., h, w) give (..., w - 10, h - 10).

    The transpose costs nothing and changes no mean over windows; all maps here are transposed
    alike.

    >>> blur(torch.ones(1, 12, 15, dtype=torch.float64)).shape
    torch.Size([1, 5, 2])
    """
    height, width = planes.shape[-2:]
    rows = planes @ _band(width, planes.dtype, planes.device)
    return rows.mT @ _band(height, planes.dtype, planes.device)


def windows_of(height: int, width: int) -> int:
    """How many whole windows an image has.

    >>> windows_of(11, 13)
    3
    """
    return (height - WINDOW + 1) * (width - WINDOW + 1)


def tiles(height: int, width: int) -> Iterator[tuple[slice, slice, int]]:
    """Overlapping tiles (rows, columns, windows in it) that hold each window of an image once."""
    for rows in _spans(height):
        for columns in _spans(width):
            windows = (rows.stop - rows.start - WINDOW + 1) * (
                columns.stop - columns.start - WINDOW + 1
            )
            yield rows, columns, windows


def _spans(length: int) -> list[slice]:
    windows = length - WINDOW + 1
    count = -(-windows // (TILE - WINDOW + 1))
    edges = np.linspace(0, windows, count + 1).round().astype(int).tolist()
    return [slice(a, b + WINDOW - 1) for a, b in pairwise(edges)]


@lru_cache(maxsize=64)
def _band(length: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """The window's weights as a matrix (length, length - 10), each column a row further down."""
    band = np.zeros((length, length - WINDOW + 1))
    for column in range(band.shape[1]):
        band[column : column + WINDOW, column] = _weights()
    return torch.from_numpy(band).to(dtype).to(device)


def _weights() -> NDArray[np.float64]:
    weights = np.exp(-0.5 * ((np.arange(WINDOW) - WINDOW // 2) / SIGMA) ** 2)
    return weights / weights.sum()
