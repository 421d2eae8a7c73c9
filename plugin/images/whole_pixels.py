"""Exact copies by all of their pixels, at full size and depth, with their transparency.

Images are compared at a common size in 8 bits, where different ones may have become equal. Those
alone, few as a rule, are decoded here once more in full.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..progress import Report
from .decode import UnreadableImageError, has_transparency, readable, upright
from .deep import KINDS

_DIGEST = 16
MOST_FRAMES = 1_000
LOSSY_TO_DECODE = {"JPEG2000", "AVIF"}
"""Formats of up to 16 bits a channel that Pillow brings to 8 without saying so."""

PLAIN = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX"}
"""Modes that RGBA holds without loss."""


def whole_digest(path: str) -> bytes | None:
    """A digest of all pixels of an image file: of each frame, upright, with its transparency.

    A palette or grey picture has the digest of the same picture in colour, and a picture without
    transparency that of an opaque one.

    Returns:
        16 bytes; None where not all that the file holds can be had: it is damaged, has more than
        1,000 frames, or colours of more than 8 bits, which Pillow reduces
    """
    digest = hashlib.blake2b(digest_size=_DIGEST)
    try:
        with warnings.catch_warnings(), readable(path), Image.open(path) as image:
            warnings.simplefilter("ignore")
            frames = getattr(image, "n_frames", 1)
            if frames > MOST_FRAMES:
                return None
            for frame in range(frames):
                if frames > 1:
                    image.seek(frame)
                if _is_reduced(image):
                    return None
                _add(digest, image)
    except UnreadableImageError:
        return None
    return digest.digest()


def _is_reduced(image: Any) -> bool:
    if image.mode in KINDS:
        return False
    for tile in image.tile:
        args = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        deep = any(";16" in str(argument) for argument in args)
        if deep or (tile.codec_name.startswith("ppm") and args[-1] > 255):
            return True
    return image.format in LOSSY_TO_DECODE


def _add(digest: hashlib.blake2b, image: Image.Image) -> None:
    image.load()
    standing = upright(image)
    kind = KINDS.get(standing.mode)
    if kind is not None:
        values = np.asarray(standing)
        pixels = values.astype(np.float32 if kind == "F" else np.int32)
        mode = "F" if kind == "F" else "I"
    else:
        plain = standing.mode in PLAIN or has_transparency(standing)
        mode = "RGBA" if plain else standing.mode
        pixels = np.asarray(standing.convert(mode))
    digest.update(f"{mode} {standing.width} {standing.height};".encode())
    digest.update(np.ascontiguousarray(pixels).data)


def exact_digests(
    reduced: npt.NDArray[np.void],
    files: npt.NDArray[np.void],
    paths: Sequence[str],
    report: Report,
) -> npt.NDArray[np.void]:
    """Digests that are equal for images with equal pixels only.

    Args:
        reduced: shape (n,), 16 bytes each: digests of the pixels as they are compared
        files: shape (n,), 16 bytes each: digests of the files
        paths: the n files
        report: told of progress; what it raises ends the work

    Returns:
        shape (n,): of images that share their reduced pixels with another file the digest of all
        their pixels, or of the file where those cannot be had; of all others `reduced`
    """
    out = reduced.copy()
    doubtful = _doubtful(reduced, files)
    _, first, place = np.unique(files[doubtful], return_index=True, return_inverse=True)
    chosen = doubtful[first]
    found: list[bytes | None] = []
    with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
        futures = [pool.submit(whole_digest, str(paths[i])) for i in chosen.tolist()]
        try:
            for done, future in enumerate(futures, 1):
                while not wait([future], 0.5).done:
                    report(None, "Looking at copies in full")
                found.append(future.result())
                report(done / len(futures), f"Looked at {done:,} of {len(futures):,} copies")
        finally:
            for future in futures:
                future.cancel()
    for i, at in zip(doubtful.tolist(), place.ravel().tolist(), strict=True):
        out[i] = np.void(found[at] or _of_file(files[i].tobytes()))
    return out


def _doubtful(reduced: npt.NDArray[np.void], files: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
    """Rows whose reduced pixels some other file has too."""
    _, place = np.unique(reduced, return_inverse=True)
    _, content = np.unique(files, return_inverse=True)
    pairs = np.unique(np.stack([place.ravel(), content.ravel()], axis=1), axis=0)
    contents = np.bincount(pairs[:, 0], minlength=int(place.max(initial=-1)) + 1)
    return np.flatnonzero(contents[place.ravel()] > 1)


def _of_file(digest: bytes) -> bytes:
    return hashlib.blake2b(b"file" + digest, digest_size=_DIGEST).digest()
