"""Rows of a file of boxes, a piece at a time, and the images that they are on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

ROWS_A_PIECE = 10_000

Category = int | str
"""A class as a file names it: its number, or its name."""


@dataclass
class FileImages:
    """The images that a file of boxes is about.

    Attributes:
        keys: what each is called, for messages
        ids: the sample id of each, None where it has none
        paths: its file name or path, None where it has none
        numbers: its number, None where it has none
        width: of each in pixels, NaN where the file does not say
        height: likewise
        complete: whether an image without boxes is listed as well
        bare: whether the names are without the endings of the image files
    """

    keys: list[str] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)
    paths: list[str | None] = field(default_factory=list)
    numbers: list[int | None] = field(default_factory=list)
    width: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    height: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    complete: bool = True
    bare: bool = False

    def __len__(self) -> int:
        return len(self.keys)


@dataclass
class BoxRows:
    """Consecutive rows of a file of boxes.

    Attributes:
        image: int64 (n,), the place of each one's image among those of the file; -1 for none
        number: int64 (n,), the line or entry of each, from 1
        values: float64 (n, 4), its four numbers as the file has them
        categories: its class, None where it has none
        confidence: float64 (n,), NaN where it has none
        scores: one list of numbers a row, None where it has none
        problems: None, or why a row cannot be used
        corners: bool (n,), rows of an outline, whose values are its left, top, right and bottom
    """

    image: npt.NDArray[np.int64]
    number: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    categories: list[Category | None]
    confidence: npt.NDArray[np.float64]
    scores: list[list[float] | None]
    problems: list[str | None]
    corners: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.problems)


class RowBuilder:
    """Gathers rows into pieces."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []

    def add(
        self,
        image: int,
        number: int,
        values: list[float] | None,
        category: Category | None,
        confidence: float,
        scores: list[float] | None = None,
        problem: str | None = None,
        *,
        corners: bool = False,
    ) -> None:
        """Add a row; one without four values has a problem."""
        box = values if values is not None else [float("nan")] * 4
        self._rows.append((image, number, box, category, confidence, scores, problem, corners))

    @property
    def is_full(self) -> bool:
        """Whether there is enough for a piece."""
        return len(self._rows) >= ROWS_A_PIECE

    def piece(self) -> BoxRows:
        """The rows that were added since the last piece."""
        rows, self._rows = self._rows, []
        image, number, box, category, confidence, scores, problems, corners = (
            zip(*rows, strict=True) if rows else ((),) * 8
        )
        return BoxRows(
            np.array(image, np.int64),
            np.array(number, np.int64),
            np.array(box, np.float64).reshape(len(rows), 4),
            list(category),
            np.array(confidence, np.float64),
            list(scores),
            list(problems),
            np.array(corners, bool),
        )


class BoxFile(Protocol):
    """A file of boxes; its rows can be read again and again.

    Attributes:
        images: that it is about
        named: the classes behind its numbers, by number or in their order, where it says so
        layout: what its four numbers are where nothing speaks against it
        first: the number that the first class of a list has, None where the format does not say
        scores_are: the attribute of detections for scores of every class, None until a row with
            some was read
        said: what is unusual of its rows, in words
    """

    images: FileImages
    named: Mapping[int, str] | tuple[str, ...] | None
    layout: str
    first: int | None
    scores_are: str | None
    said: str

    def rows(self) -> Iterator[BoxRows]:
        """All rows, a piece at a time."""
        ...

    def where(self, image: int, number: int) -> str:
        """Which row is meant, for messages."""
        ...
