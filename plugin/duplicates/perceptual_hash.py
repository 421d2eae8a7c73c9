"""64-bit perceptual hashes of images, and the pairs of images whose hashes differ in few bits.

The hash is the usual DCT one: the signs, against their median, of the 8 x 8 lowest frequencies of
    the grey image.
Neighbours are found by sorting the hashes under several rotations of their bits and comparing each
with the next few
(Charikar, "Similarity estimation techniques from rounding algorithms", 2002, section 3): n log n
time, n memory.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

_SIDE = 8
_STEP = 2000


def perceptual_hashes(
    images: NDArray[np.uint8], *, device: torch.device | str = "cpu"
) -> NDArray[np.uint64]:
    """A 64-bit hash of each image that small changes of its pixels leave nearly as it is.

    Args:
        images: shape (n, height, width) or (n, height, width, channels), uint8, sides of at least
            8 pixels; may
            be a memory map.
        device: where to compute.

    Returns:
        Shape (n,), uint64.

    Raises:
        ValueError: another shape, or a side below 8 pixels.

    >>> ramp = np.tile(np.arange(0, 256, 16, dtype=np.uint8), (16, 1))
    >>> one, other = perceptual_hashes(np.stack([ramp, ramp // 2]))
    >>> bool(one == other)
    True
    """
    if images.ndim not in (3, 4) or min(images.shape[1:3]) < _SIDE:
        raise ValueError(
            "images must have shape (n, height, width) or (n, height, width, channels) with sides "
            f"of at least {_SIDE} pixels, got {images.shape}"
        )
    rows = _cosines(images.shape[1]).to(device)
    columns = _cosines(images.shape[2]).to(device).mT
    out = np.empty(len(images), dtype=np.uint64)
    for start in range(0, len(images), _STEP):
        batch = torch.from_numpy(np.array(images[start : start + _STEP])).to(device).float()
        grey = batch.mean(-1) if batch.ndim == 4 else batch
        frequencies = (rows @ grey @ columns).flatten(1)
        # A small dead zone keeps the bits of empty frequencies from being decided by rounding.
        bits = frequencies > frequencies[:, 1:].median(1, keepdim=True).values + 1e-3
        packed = np.packbits(bits.cpu().numpy(), axis=1)
        out[start : start + _STEP] = packed.view(np.uint64).ravel()
    return out


def hash_neighbours(
    hashes: NDArray[np.uint64], *, bits: int = 6, tables: int = 8, reach: int = 4
) -> NDArray[np.int64]:
    """Pairs of images whose hashes differ in at most `bits` bits.

    A pair is found when, under one of the `tables` rotations, the two are at most `reach` places
    apart in
    sorted order; most close pairs are, all are not.

    Args:
        hashes: shape (n,), uint64.
        bits: the largest Hamming distance of a pair, 0 to 64.
        tables: number of rotations, 1 to 64.
        reach: how many followers in sorted order each hash is compared with, at least 1.

    Returns:
        Shape (m, 2), int64, each pair once, smaller index first, sorted.

    Raises:
        ValueError: an option is out of its range.

    >>> hash_neighbours(np.array([0b1111, 1 << 40, 0b0111], dtype=np.uint64), bits=1).tolist()
    [[0, 2]]
    >>> hash_neighbours(np.array([7, 7], dtype=np.uint64), bits=99)
    Traceback (most recent call last):
    ...
    ValueError: bits must be 0 to 64, got 99
    """
    for name, value, low in (("bits", bits, 0), ("tables", tables, 1)):
        if not low <= value <= 64:
            raise ValueError(f"{name} must be {low} to 64, got {value}")
    if reach < 1:
        raise ValueError(f"reach must be at least 1, got {reach}")
    count = len(hashes)
    found = [np.empty(0, dtype=np.int64)]
    for table in range(tables):
        turn = np.uint64(64 * table // tables)
        turned = (hashes << turn) | (hashes >> (np.uint64(64) - turn)) if turn else hashes
        order = np.argsort(turned, kind="stable")
        ordered = hashes[order]
        for step in range(1, min(reach, count - 1) + 1):
            near = np.bitwise_count(ordered[step:] ^ ordered[:-step]) <= bits
            a, b = order[:-step][near], order[step:][near]
            found.append(np.minimum(a, b) * count + np.maximum(a, b))
    keys = np.unique(np.concatenate(found))
    return np.stack([keys // max(count, 1), keys % max(count, 1)], axis=1)


def _cosines(length: int) -> torch.Tensor:
    """The first eight rows of the orthonormal DCT-II, shape (8, length)."""
    k, x = np.arange(_SIDE)[:, None], np.arange(length)[None]
    basis = np.cos(np.pi * k * (2 * x + 1) / (2 * length)) * np.sqrt(2 / length)
    basis[0] /= np.sqrt(2)
    return torch.from_numpy(basis.astype(np.float32))
