"""The windows of a dataset's deep pictures, from a sample of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from PIL import Image

from .decode import UnreadableImageError, readable
from .deep import KINDS, usable, window_of

LOOKED_AT = 200
DECODED = 48
VALUES = 20_000
"""Of each picture that is decoded, at most about this many."""

Found = dict[str, list[float]]


def windows_of(paths: Sequence[str], seed: int = 0) -> Found:
    """The window of each kind of deep picture among some files, for all of them alike.

    The headers of 200 files are read, and up to 48 deep pictures of each kind are decoded. Pictures
    count alike, whatever their size.

    Args:
        paths: the files; those that cannot be read are passed over
        seed: of the choice

    Returns:
        lowest and highest value by kind (``deep.KINDS``); empty where no picture is deep
    """
    chosen = np.random.default_rng(seed).permutation(len(paths))[:LOOKED_AT]
    by_kind: dict[str, list[str]] = {}
    for path in (str(paths[i]) for i in chosen):
        kind = _kind(path)
        if kind is not None:
            by_kind.setdefault(kind, []).append(path)
    found = {kind: _window(files[:DECODED]) for kind, files in sorted(by_kind.items())}
    return {kind: list(window) for kind, window in found.items() if window is not None}


def _kind(path: str) -> str | None:
    try:
        with readable(path), Image.open(path) as image:
            return KINDS.get(image.mode)
    except UnreadableImageError:
        return None


def _window(paths: list[str]) -> tuple[float, float] | None:
    with ThreadPoolExecutor(max(1, min(8, os.cpu_count() or 1))) as pool:
        values = [v for v in pool.map(_values, paths) if len(v)]
    if not values:
        return None
    generator = np.random.default_rng(0)
    count = max(len(v) for v in values)
    alike = [v if len(v) == count else generator.choice(v, count) for v in values]
    return window_of(np.concatenate(alike))


def _values(path: str) -> npt.NDArray[np.float64]:
    """Some values of a picture, drawn evenly from all of it."""
    try:
        with readable(path), Image.open(path) as image:
            image.load()
            values = np.asarray(image).ravel()
    except UnreadableImageError:
        return np.empty(0)
    values = values[usable(values)]
    if len(values) > VALUES:
        # Drawn, since a step could fall in with the width of the picture.
        values = values[np.random.default_rng(0).integers(0, len(values), VALUES)]
    return values.astype(np.float64)
