"""One cell of the matrix: its samples, their layout, thumbnails and pairs."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from .session import IterationRequest

Features = Literal["embedding", "pixels", "saliency"]


class CellRequest(IterationRequest):
    """A page of a cell: open samples, most suspicious first; ``iies`` limits it to a range."""

    label: int
    prediction: int
    offset: int
    limit: int
    iies: tuple[float, float] | None
    edge: int


class Sheet(TypedDict):
    """Thumbnails in one picture, a data URL, row by row.

    Unreadable ones have no width, deleted ones one of -1.
    """

    rows: list[int]
    columns: int
    edge: int
    widths: list[int]
    heights: list[int]
    image: str


class ObjectColumns(TypedDict):
    """What else there is of objects: the sample that each lies on, and its likeliest error."""

    sample: list[str]
    kind: list[str]
    iou: list[float]
    confidence: list[float]


class SampleColumns(TypedDict):
    """Samples, column by column; ``in_view`` is false where FiftyOne's view leaves one out.

    Of objects ``id`` is the label's, and ``objects`` is there.
    """

    row: list[int]
    id: list[str]
    label: list[int]
    prediction: list[int]
    iies: list[float]
    suspicion: list[float]
    in_view: list[bool]
    objects: NotRequired[ObjectColumns]


class LayoutRequest(IterationRequest):
    """Where the pictures of some rows go.

    With ``aspect``, the width of the window over its height, on a grid: each in a place of its own.
    """

    rows: list[int]
    features: Features
    aspect: float | None


class LayoutReply(TypedDict):
    """Positions in [0, 1]; ask again while ``pending``: a better layout is on its way.

    ``columns`` and ``lines`` of the grid; 0 where pictures lie where the projection has them.
    """

    x: list[float]
    y: list[float]
    method: Literal["umap", "pca"]
    pending: bool
    note: str
    columns: int
    lines: int


class CellReply(TypedDict):
    """A page of a cell, with the thumbnails of its first samples and a first layout."""

    revision: int
    open: int
    decided: int
    matching: int
    bars: list[int]
    samples: SampleColumns
    sheet: Sheet | None
    layout: LayoutReply


class ThumbnailsRequest(IterationRequest):
    """Thumbnails of some rows, at most ``edge`` pixels wide and high."""

    rows: list[int]
    edge: int


class PairsRequest(IterationRequest):
    """The most similar pairs of a cell."""

    label: int
    prediction: int
    limit: int


class PairsReply(TypedDict):
    """Pairs of rows with their SSIM, highest first, none below ``least``.

    ``source`` says where they come from.
    """

    first: list[int]
    second: list[int]
    ses: list[float]
    samples: SampleColumns
    source: Literal["duplicates", "nearest"]
    least: float
