"""One pass over vectors: kept on disk or in memory for later, with the moments of each class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..arrays import Labels, Vectors
from ..progress import Report, silent
from ..vectors.axes import random_axes
from .moments import ClassMoments

MOMENT_NUMBERS = 33_554_432
"""So many numbers at most in the scatter matrices of all classes: 256 MB."""

BLOCK_NUMBERS = 4_000_000


@dataclass(frozen=True)
class Spool:
    """What one pass leaves.

    Attributes:
        vectors: float (n, w), w at most ``widest(C)``: the vectors, or a projection of them
        moments: of each class
        projected: whether the vectors were projected
    """

    vectors: Vectors
    moments: ClassMoments
    projected: bool


def widest(classes: int) -> int:
    """The length from which vectors are projected, so that the classes' scatters stay in memory.

    Example:
        >>> widest(10), widest(1_000)
        (1831, 183)
    """
    return max(1, isqrt(MOMENT_NUMBERS // classes))


def blocks(vectors: Vectors) -> Iterator[Vectors]:
    """The rows of an array in order, some at a time."""
    size = max(1, BLOCK_NUMBERS // max(vectors.shape[1], 1))
    for start in range(0, len(vectors), size):
        yield vectors[start : start + size]


def spooled(
    source: Vectors | Iterable[Vectors],
    label: Labels,
    classes: int,
    folder: Path | None = None,
    report: Report = silent,
) -> Spool:
    """Take in all vectors in one pass.

    Args:
        source: float (n, d), or its consecutive parts, each read once; an array is not copied
            unless it must be projected
        label: int (n,), class indices, negative for none
        classes: number of classes
        folder: where the vectors of a source in parts are kept, as float32; in memory if None
        report: told how far it is

    Raises:
        ValueError: if the source has not one vector a label
    """
    out = source if isinstance(source, np.ndarray) else None
    moments: ClassMoments | None = None
    basis: npt.NDArray[np.float64] | None = None
    done = 0
    for part in blocks(source) if isinstance(source, np.ndarray) else source:
        if moments is None:
            width = min(part.shape[1], widest(classes))
            moments = ClassMoments(classes, width)
            if width < part.shape[1]:
                basis, out = random_axes(part.shape[1], width), None
            if out is None:
                out = _room(len(label), width, folder)
        stop = done + len(part)
        if stop > len(label):
            done = stop
            break
        rows = part if basis is None else part @ basis
        if out is not source:
            assert out is not None
            out[done:stop] = rows
        moments.add(rows, label[done:stop])
        done = stop
        report(done / max(len(label), 1), "Reading vectors")
    if moments is None or out is None or done != len(label) or len(out) != len(label):
        raise ValueError(f"expected {len(label)} vectors, one a label, got another number")
    return Spool(out, moments, basis is not None)


def _room(n: int, width: int, folder: Path | None) -> Vectors:
    if folder is None:
        return np.empty((n, width), np.float32)
    return np.memmap(folder / "vectors", np.float32, "w+", shape=(n, width))
