"""Cells: all samples with one (label, prediction) pair; their counts and IIES histograms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .iies import iies

HISTOGRAM_BINS = 20
ROWS_AT_ONCE = 100_000


@dataclass(frozen=True)
class CellTable:
    """The cells that hold samples, for rows sorted by label and then prediction.

    Attributes:
        label: int32 (m,), class index of each cell's label
        prediction: int32 (m,), class index of each cell's prediction
        start: int64 (m + 1,), first row of each cell; the last entry is the number of rows
        histogram: int32 (m, 20), samples by IIES in equal bins from 1/classes to 1
    """

    label: npt.NDArray[np.int32]
    prediction: npt.NDArray[np.int32]
    start: npt.NDArray[np.int64]
    histogram: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.label)

    @property
    def count(self) -> npt.NDArray[np.int64]:
        """CIES of each cell (equation 1): int64 (m,)."""
        return np.diff(self.start)

    def index_of(self, label: int, prediction: int) -> int | None:
        """The index of a cell, or None where the pair holds no samples."""
        low, high = np.searchsorted(self.label, [label, label + 1])
        at = low + np.searchsorted(self.prediction[low:high], prediction)
        return int(at) if at < high and self.prediction[at] == prediction else None

    def rows_of(self, label: int, prediction: int) -> slice:
        """The rows of a cell."""
        at = self.index_of(label, prediction)
        return slice(0, 0) if at is None else slice(int(self.start[at]), int(self.start[at + 1]))


def histogram_bin(score: npt.ArrayLike, classes: int) -> npt.NDArray[np.int64]:
    """The bin of the overview's bars that an IIES falls into.

    Args:
        score: IIES, any shape
        classes: number of classes; the lowest bin begins at 1/classes, the highest ends at 1

    Example:
        >>> histogram_bin([0.1, 0.5, 1.0], classes=10).tolist()
        [0, 8, 19]
    """
    low = 1.0 / classes if classes > 1 else 0.0
    position = (np.asarray(score, np.float64) - low) / (1.0 - low) * HISTOGRAM_BINS
    return np.clip(np.floor(position), 0, HISTOGRAM_BINS - 1).astype(np.int64)


def cell_table(
    label: npt.NDArray[np.int32],
    prediction: npt.NDArray[np.int32],
    p_max: npt.NDArray[np.float32],
    p_label: npt.NDArray[np.float32],
    classes: int,
) -> CellTable:
    """The table of cells of rows sorted by label and prediction.

    Args:
        label: int32 (n,), class indices, ascending
        prediction: int32 (n,), class indices, ascending within each label
        p_max: float32 (n,), probability of the prediction
        p_label: float32 (n,), probability of the label
        classes: number of classes
    """
    n = len(label)
    first = np.ones(n, bool)
    first[1:] = (label[1:] != label[:-1]) | (prediction[1:] != prediction[:-1])
    starts = np.flatnonzero(first)
    histogram = np.zeros(len(starts) * HISTOGRAM_BINS, np.int64)
    for low in range(0, n, ROWS_AT_ONCE):
        block = slice(low, low + ROWS_AT_ONCE)
        cell = np.searchsorted(starts, np.arange(low, min(low + ROWS_AT_ONCE, n)), "right") - 1
        bins = histogram_bin(iies(p_max[block], p_label[block]), classes)
        histogram += np.bincount(cell * HISTOGRAM_BINS + bins, minlength=len(histogram))
    return CellTable(
        label=label[starts].astype(np.int32),
        prediction=prediction[starts].astype(np.int32),
        start=np.append(starts, n).astype(np.int64),
        histogram=histogram.reshape(-1, HISTOGRAM_BINS).astype(np.int32),
    )
