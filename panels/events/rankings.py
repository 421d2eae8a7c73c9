"""The map of the dataset and rankings by any score."""

from __future__ import annotations

from typing import Literal, TypedDict

from .session import IterationRequest

Colour = Literal["label", "prediction", "decision", "suspicion", "disagreement"]
RankBy = Literal[
    "suspicion", "confidence", "importance", "disagreement", "cleanlab", "both", "votes"
]


class SameRequest(IterationRequest):
    """Rows whose sample ids, and sample ids whose rows, are wanted; at most 2,000 of each."""

    rows: list[int]
    ids: list[str]


class SameReply(TypedDict):
    """The ids of the rows asked for, in their order; the rows of those ids that the run holds."""

    ids: list[str]
    rows: list[int]


class MapRequest(IterationRequest):
    """The whole dataset as a map; ``map`` names the places that are on screen already."""

    colour: Colour
    map: str | None


class MapReply(TypedDict):
    """The map: arrays in base64, little-endian, one value a row of the iteration.

    ``places`` holds two uint16 a row, from 0 to 65,535, and is empty where ``map`` was known.
    ``values`` holds one uint16 a row: the class or kind of decision, or a number spread from
    ``low`` to ``high``. ``shown`` holds one byte a row: 1 open, 0 decided, 2 open but left out by
    FiftyOne's view. ``map`` is None where the iteration has no map yet.
    """

    revision: int
    map: str | None
    samples: int
    places: str
    values: str
    low: float
    high: float
    shown: str
    names: list[str]


class RankingRequest(IterationRequest):
    """A page of the open samples in the order of a score.

    ``above`` leaves out lower values, ``label`` all other classes; None for neither.
    """

    by: RankBy
    above: float | None
    label: int | None
    offset: int
    limit: int


class RankingReply(TypedDict):
    """Open samples, highest value first, column by column.

    ``total`` counts those at or above the threshold, ``open`` those without it, in ``bars`` from
    ``lowest`` to ``highest``; ``outside`` more are left out by FiftyOne's view. ``available`` says
    which scores were computed; where the one asked for was not, all else is empty and ``operator``
    computes it. ``samples`` are the ids of the samples that labels lie on, none where rows are
    samples.
    """

    revision: int
    rows: list[int]
    ids: list[str]
    samples: list[str]
    labels: list[int]
    predictions: list[int]
    values: list[float]
    total: int
    open: int
    outside: int
    bars: list[int]
    lowest: float
    highest: float
    available: dict[str, bool]
    operator: str
