"""Vectors as FiftyOne stores them, decoded many at a time."""

from __future__ import annotations

import ast
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

NPY_MAGIC = b"\x93NUMPY"
SHORTEST_HEADER = 12
LONGEST_HEADER = 10_000
LONGEST_BYTES = 1 << 24
"""Of one vector: two million numbers. A few bytes can be made to unpack to as many as one likes."""


def decode_vector(value: Any) -> npt.NDArray[np.float64] | None:
    """One stored vector: compressed ``.npy`` bytes or a list of numbers; None if it is neither.

    Example:
        >>> decode_vector([1, 2.5]).tolist()
        [1.0, 2.5]
    """
    try:
        if isinstance(value, bytes):
            raw = _unpacked(value)
            dtype, offset = _layout(raw)
            return np.frombuffer(raw, dtype, offset=offset).astype(np.float64)
        if isinstance(value, (list, tuple, np.ndarray)):
            return np.asarray(value, np.float64).ravel()
    except Exception:  # damaged bytes raise whatever the part that they hit raises
        return None
    return None


def _unpacked(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    raw = unpacking.decompress(packed, LONGEST_BYTES)
    if not unpacking.eof:
        raise ValueError("cut off, or longer than a vector is")
    return raw


def _layout(raw: bytes) -> tuple[np.dtype[Any], int]:
    if not raw.startswith(NPY_MAGIC) or len(raw) < SHORTEST_HEADER:
        raise ValueError("not in .npy format")
    width = 2 if raw[6] == 1 else 4
    offset = 8 + width + int.from_bytes(raw[8 : 8 + width], "little")
    if offset > LONGEST_HEADER:
        raise ValueError("no header of an array")
    return _dtype(raw[8 + width : offset]), offset


@lru_cache(maxsize=64)
def _dtype(header: bytes) -> np.dtype[Any]:
    # numpy.load parses this header anew for each array, which costs more than all the rest.
    description = ast.literal_eval(header.decode("latin1"))
    dtype = np.dtype(description["descr"])
    if dtype.kind not in "fiub":
        raise ValueError(f"numbers expected, found {dtype}")
    return dtype


def common_length(values: Sequence[Any]) -> int | None:
    """The most frequent length of the vectors among ``values``, None if there is no vector."""
    decoded = (decode_vector(v) for v in values if v is not None)
    lengths = Counter(len(v) for v in decoded if v is not None)
    return lengths.most_common(1)[0][0] if lengths else None


def decode_rows(
    values: Sequence[Any], length: int
) -> tuple[npt.NDArray[np.float64], list[str | None]]:
    """Stored vectors as rows of one matrix.

    Args:
        values: stored vectors, None where there is none
        length: the length that each should have

    Returns:
        float64 (n, length), zero where a row is unusable, and for each row None or what is wrong
        with it
    """
    matrix = np.zeros((len(values), length))
    problems: list[str | None] = [None] * len(values)
    for i, value in enumerate(values):
        vector = None if value is None else decode_vector(value)
        if vector is None:
            problems[i] = "is missing" if value is None else "is not a vector of numbers"
        elif len(vector) != length:
            problems[i] = f"has length {len(vector)}, expected {length}"
        else:
            matrix[i] = vector
    finite = np.isfinite(matrix).all(axis=1)
    for i in np.flatnonzero(~finite):
        matrix[i] = 0.0
        problems[i] = "holds NaN or infinite numbers"
    return matrix, problems
