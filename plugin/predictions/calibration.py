"""Calibration: how often predictions of a certain confidence agree with the labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import Float64Array

BINS = 10


@dataclass(frozen=True)
class Calibration:
    """A reliability diagram, and one number for it.

    Attributes:
        samples: int64 (10,), predictions whose confidence lies in each of ten equal bins
        confidence: float64 (10,), their mean confidence; NaN where there are none
        agreement: float64 (10,), the share of them that equal the label; NaN where there are none
        error: the expected calibration error, from 0 to 1
    """

    samples: npt.NDArray[np.int64]
    confidence: Float64Array
    agreement: Float64Array
    error: float


def calibration(
    confidence: npt.NDArray[np.floating[Any]], agrees: npt.NDArray[np.bool_]
) -> Calibration:
    """The calibration of predictions, by their confidence.

    The expected calibration error of Guo et al. (2017), equation 3: the mean of |agreement −
    confidence| over the bins ((m − 1) / 10, m / 10], weighted by their samples.

    Args:
        confidence: float (n,), the probability of each prediction, in [0, 1]
        agrees: bool (n,), whether the prediction equals the label

    Raises:
        ValueError: if the two differ in length, or a confidence lies outside of [0, 1]

    Example:
        >>> found = calibration(np.array([0.95, 0.95, 0.55]), np.array([True, False, True]))
        >>> found.samples.tolist(), round(found.error, 3)
        ([0, 0, 0, 0, 0, 1, 0, 0, 0, 2], 0.45)
    """
    sure = np.asarray(confidence, np.float64)
    if sure.shape != agrees.shape or sure.ndim != 1:
        raise ValueError(f"one value a prediction expected, got {sure.shape} and {agrees.shape}")
    if len(sure) and not (sure.min() >= 0 and sure.max() <= 1 + 1e-6):
        raise ValueError(f"confidence must lie in [0, 1], got {sure.min()} to {sure.max()}")
    # A millionth of a bin is rounding: 0.3 belongs to the bin that ends there.
    bins = np.clip(np.ceil(sure * BINS - 1e-6).astype(np.int64) - 1, 0, BINS - 1)
    samples = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(bins, sure, BINS) / samples
        right = np.bincount(bins, agrees.astype(np.float64), BINS) / samples
    filled = samples > 0
    gaps = np.abs(right[filled] - mean[filled])
    error = float(gaps @ samples[filled] / len(sure)) if len(sure) else 0.0
    return Calibration(samples, mean, right, error)
