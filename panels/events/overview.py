"""The matrix of labels and predictions, and what changed outside."""

from __future__ import annotations

from typing import Literal, TypedDict

from .session import IterationRequest

Order = Literal["count", "errors"]


class Progress(TypedDict):
    """How far the run is; ``decisions`` counts the standing ones by kind."""

    samples: int
    open: int
    open_wrong: int
    wrong: int
    decisions: dict[str, int]
    expected_errors: float


class CellColumns(TypedDict):
    """Cells, column by column. ``cell`` is the index in the iteration's table of cells.

    ``bars`` holds 20 numbers a cell: open samples by IIES, from 1/classes up to 1. Of objects whose
    label is the prediction they are by 1 − IoU from 0 to 1, and where both are *nothing* by the
    probability that a label is missing. ``suspects`` counts those of ``open`` that are suspect.
    """

    cell: list[int]
    label: list[int]
    prediction: list[int]
    open: list[int]
    suspects: list[int]
    errors: list[float]
    duplicates: list[bool]
    bars: list[int]


class LabelColumns(TypedDict):
    """The rows of the overview in their order: one a label that holds samples."""

    label: list[int]
    open: list[int]
    wrong: list[int]
    errors: list[float]
    cells: list[int]


class OverviewRequest(IterationRequest):
    """``labels``: whose cells are wanted at once, besides the first ones in the order."""

    order: Order
    labels: list[int]
    with_classes: bool


class OverviewReply(TypedDict):
    """The overview: all rows, and the cells of the first of them."""

    revision: int
    classes: list[str] | None
    rows: LabelColumns
    cells: CellColumns
    largest: int
    progress: Progress


class CellsRequest(IterationRequest):
    """The cells of some labels."""

    labels: list[int]


class CellsReply(TypedDict):
    """Those cells, and the revision that they were counted at."""

    revision: int
    cells: CellColumns


class SuspectsRequest(IterationRequest):
    """The pictures of some cells of the overview, by ``CellColumns.cell``."""

    cells: list[int]


class SuspectsReply(TypedDict):
    """The most suspicious open samples in FiftyOne's view: ``row[i]`` lies in ``cell[i]``.

    At most three a cell, the most suspicious first.
    """

    revision: int
    cell: list[int]
    row: list[int]


class InViewReply(TypedDict):
    """Open samples of each cell that FiftyOne's current view holds; None where no view is set."""

    open: list[int] | None


class OutdatedReply(TypedDict):
    """What changed outside of the run since it was made: samples, and labels on them.

    Where labels are sets, ``relabelled`` counts those with another class or box, and the last two
    those that came or went; both are 0 elsewhere.
    """

    added: int
    deleted: int
    relabelled: int
    labels_added: int
    labels_deleted: int
