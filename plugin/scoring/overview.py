"""The overview's rows and cells: what is open, how much of it is probably wrong, and the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray, IntArray
from .cells import CellTable


@dataclass(frozen=True)
class LabelRows:
    """One row a label that holds samples, by class index.

    Attributes:
        label: int64 (r,), class index, ascending
        open: int64 (r,), open samples with that label
        wrong: int64 (r,), open samples that the classifier puts into another class
        errors: float64 (r,), expected number of wrong labels among the open samples
        cells: int64 (r,), cells with open samples
    """

    label: npt.NDArray[np.int64]
    open: npt.NDArray[np.int64]
    wrong: npt.NDArray[np.int64]
    errors: npt.NDArray[np.float64]
    cells: npt.NDArray[np.int64]

    def order(self, by: Literal["count", "errors"]) -> npt.NDArray[np.int64]:
        """Positions of the rows, most misclassified (or most expected errors) first."""
        first, second = (self.wrong, self.errors) if by == "count" else (self.errors, self.wrong)
        return np.lexsort((self.label, -self.open, -second, -first))


def expected_errors(p_label: FloatArray, start: IntArray) -> npt.NDArray[np.float64]:
    """Expected number of wrong labels in each cell, if the classifier's probabilities were true.

    The sum of ``1 − p[label]`` over the rows of the cell.

    Args:
        p_label: float (n,), probability of the label, rows sorted by cell
        start: int (m + 1,), first row of each cell; the last entry is n

    Returns:
        float64 (m,)

    Example:
        >>> expected_errors(np.array([0.75, 0.25, 0.5]), np.array([0, 2, 3])).tolist()
        [1.0, 0.5]
    """
    total = np.concatenate([[0.0], np.cumsum(1.0 - p_label.astype(np.float64))])
    return total[start[1:]] - total[start[:-1]]


def expected_errors_of_rows(
    p_label: FloatArray, start: IntArray, rows: IntArray
) -> npt.NDArray[np.float64]:
    """The part of :func:`expected_errors` that some rows contribute.

    Args:
        p_label: float (n,)
        start: int (m + 1,)
        rows: int (k,), distinct rows

    Returns:
        float64 (m,)

    Example:
        >>> p, start = np.array([0.75, 0.25, 0.5]), np.array([0, 2, 3])
        >>> expected_errors_of_rows(p, start, np.array([1])).tolist()
        [0.75, 0.0]
    """
    cell = np.searchsorted(start, rows, side="right") - 1
    weights = 1.0 - p_label[rows].astype(np.float64)
    return np.bincount(cell, weights=weights, minlength=len(start) - 1).astype(np.float64)


def label_rows(
    cells: CellTable,
    open_count: IntArray,
    errors: FloatArray,
    suspects: IntArray | None = None,
) -> LabelRows:
    """Sum cells to the overview's rows.

    Args:
        cells: the iteration's cells
        open_count: int (m,), open samples of each cell
        errors: float (m,), expected errors among them
        suspects: int (m,), open samples of each cell that count as misclassified; by default
            those of the cells whose prediction is not their label
    """
    label = cells.label.astype(np.int64)
    size = int(label.max()) + 1 if len(label) else 0
    opened = np.asarray(open_count, np.int64)
    wrong = np.where(cells.label != cells.prediction, opened, 0) if suspects is None else suspects

    def summed(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.bincount(label, weights=values, minlength=size)

    present = np.flatnonzero(np.bincount(label, minlength=size))
    return LabelRows(
        label=present,
        open=summed(opened)[present].astype(np.int64),
        wrong=summed(wrong)[present].astype(np.int64),
        errors=summed(np.maximum(errors, 0.0))[present],
        cells=summed(opened > 0)[present].astype(np.int64),
    )


def cells_of_labels(
    cells: CellTable, open_count: IntArray, labels: IntArray
) -> npt.NDArray[np.int64]:
    """Indices of the cells with open samples of some labels, in the order of the overview.

    Labels keep the order given; in each the correct cell comes first, then the others by count.

    Args:
        cells: the iteration's cells
        open_count: int (m,), open samples of each cell
        labels: int (r,), class indices
    """
    low = np.searchsorted(cells.label, labels, side="left")
    high = np.searchsorted(cells.label, labels, side="right")
    parts = []
    for first, last in zip(low.tolist(), high.tolist(), strict=True):
        at = np.arange(first, last)
        at = at[np.asarray(open_count)[at] > 0]
        misclassified = cells.prediction[at] != cells.label[at]
        parts.append(at[np.lexsort((at, -np.asarray(open_count)[at], misclassified))])
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def first_rows(
    table: CellTable, shown: npt.NDArray[np.bool_], cells: IntArray, most: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The first rows of some cells that are shown: rows of a cell go from the most suspicious on.

    Args:
        table: the cells
        shown: bool (n,), whether a row may be among them
        cells: int (k,), indices into the table
        most: rows of a cell, at most

    Returns:
        int64 (r,) the cell of each row, and int64 (r,) the rows
    """
    found = [
        np.flatnonzero(shown[table.start[cell] : table.start[cell + 1]])[:most] + table.start[cell]
        for cell in cells
    ]
    counts = [len(rows) for rows in found]
    row = np.concatenate([np.zeros(0, np.int64), *found])
    return np.repeat(np.asarray(cells, np.int64), counts), row.astype(np.int64)
