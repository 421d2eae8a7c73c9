"""Deep pictures: values of more than 8 bits, and the window of them that becomes black to white.

Scanners, thermal and depth cameras write 10 or 12 bits into 16, reflectances from 0 to 10,000, or
Hounsfield units from -1,000: the type of the numbers says nothing of their range, so that it is
taken from the pictures. One window serves all pictures of a dataset: a darker picture stays darker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

KINDS = {"I;16": "I;16", "I;16B": "I;16", "I;16L": "I;16", "I;16N": "I;16", "I": "I", "F": "F"}
"""Pillow's modes of deep pictures, and under which name each one's window is kept."""

INNER, OUTER = (1.0, 99.0), (0.01, 99.99)
NO_NUMBER = 1e30
"""Floating point numbers beyond this stand for "no data"."""

Windows = Mapping[str, Sequence[float]]
"""The window (lowest, highest value) of each kind of deep picture in a dataset."""


def window_of(values: npt.NDArray[np.number]) -> tuple[float, float] | None:
    """The window of some values; None where none of them is a number.

    It reaches from the 1st to the 99th percentile, and beyond to the 0.01st and 99.99th, but by no
    more than its own width on either side: single hot pixels do not darken all the rest, and a
    small bright object is not cut off.

    >>> window_of(np.arange(29_000, 31_001))
    (29000.2, 30999.8)
    >>> window_of(np.r_[np.arange(1_000), 65_535])
    (0.1, 1970.0)
    """
    numbers = values[usable(values)].astype(np.float64)
    if not len(numbers):
        return None
    low, inner_low, inner_high, high = np.percentile(numbers, (OUTER[0], *INNER, OUTER[1]))
    width = inner_high - inner_low
    if width == 0:  # nearly all is background
        return float(numbers.min()), float(numbers.max())
    return float(max(low, inner_low - width)), float(min(high, inner_high + width))


def usable(values: npt.NDArray[np.number]) -> npt.NDArray[np.bool_]:
    """Which values are numbers, and no sign that there is none."""
    if values.dtype.kind != "f":
        return np.ones(values.shape, bool)
    return np.abs(values) < NO_NUMBER  # False for NaN


def to_8_bit(
    values: npt.NDArray[np.number], window: Sequence[float] | None
) -> npt.NDArray[np.uint8]:
    """Values as grey levels: 0 at the lower end of the window and below, 255 at the upper.

    Args:
        values: of any shape; infinite ones are far outside of the window, NaN is black
        window: lowest and highest value; None: that of these values alone

    >>> to_8_bit(np.array([-2000, -1000, 0, 1000, 3000]), (-1000, 1000)).tolist()
    [0, 0, 128, 255, 255]
    >>> to_8_bit(np.array([np.nan, 0.5, np.inf]), (0, 1)).tolist()
    [0, 128, 255]
    """
    chosen = window_of(values) if window is None else window
    if chosen is None:
        return np.zeros(values.shape, np.uint8)
    from skimage.exposure import rescale_intensity  # imported where a picture is deep: most are not

    low, high = float(chosen[0]), float(chosen[1])
    numbers = np.nan_to_num(values.astype(np.float64), nan=low)
    if high <= low:  # one value only: it is neither dark nor bright
        return np.where(numbers < low, 0, np.where(numbers > low, 255, 128)).astype(np.uint8)
    ranges: Any = {"in_range": (low, high), "out_range": (0, 255)}
    scaled = rescale_intensity(numbers, **ranges)
    return (scaled + 0.5).astype(np.uint8)
