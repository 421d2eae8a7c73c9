"""Lines of YOLO's text: a class, and what the numbers behind it are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ..predictions.rows import number_or_nan
from .categories import as_category
from .layout import ENOUGH, LAYOUTS, NEARLY_ALL, as_xywh, lie_inside
from .rows import Category

BOX = 4
EXPECTED = "expected a class and four numbers, and a confidence where there is one"


@dataclass(frozen=True)
class Columns:
    """What the numbers behind a class are.

    Attributes:
        confidence_first: whether the confidence stands before the box, not after it
        tracked: whether a number of a track follows the confidence
        scores: how many scores of classes follow the confidence, 0 for none
        said: in words, what is unusual of them
    """

    confidence_first: bool = False
    tracked: bool = False
    scores: int = 0
    said: str = ""


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        category: the class, None where there is none
        values: the box's numbers; none where there is a problem
        outline: whether the box is that of an outline: left, top, right and bottom
        confidence: NaN where there is none
        scores: of every class, where there are any
        problem: None, or why it cannot be used
    """

    category: Category | None
    values: list[float] | None
    outline: bool = False
    confidence: float = float("nan")
    scores: list[float] | None = None
    problem: str | None = None


def split(text: str) -> tuple[Category | None, list[float], str | None]:
    """The class of a line, the numbers behind it, and None or what is no number.

    Example:
        >>> split("3 .5 .5 .1 .2")
        (3, [0.5, 0.5, 0.1, 0.2], None)
        >>> split("traffic light 0.5 x 1 2")
        ('traffic light', [0.5, nan, 1.0, 2.0], "'x' is no number")
    """
    parts = text.split()
    if len(parts) == 1 and "," in parts[0]:
        parts = parts[0].split(",")
    words = 1
    if not isinstance(as_category(parts[0]), int):  # a name may be of several words
        while words + BOX < len(parts) and _is_word(parts[words]):
            words += 1
    numbers = [number_or_nan(part) for part in parts[words:]]
    bad = next((part for part in parts[words:] if _is_word(part)), None)
    problem = None if bad is None else f"{bad[:40]!r} is no number"
    return as_category(" ".join(parts[:words])), numbers, problem


def _is_word(text: str) -> bool:
    return number_or_nan(text) != number_or_nan(text) and text.strip("+-").lower() != "nan"


def read_line(text: str, columns: Columns) -> Line:
    """One line, by what the numbers of all lines are."""
    category, numbers, problem = split(text)
    if problem is not None:
        return Line(category, None, problem=problem)
    if category is None:
        return Line(None, None, problem=f"no class; {EXPECTED}")
    count = len(numbers)
    if count == BOX:
        return Line(category, numbers)
    if count == BOX + 1:
        if columns.confidence_first:
            return Line(category, numbers[1:], confidence=numbers[0])
        return Line(category, numbers[:BOX], confidence=numbers[BOX])
    if columns.scores and count == BOX + 1 + columns.scores:
        return Line(category, numbers[:BOX], False, numbers[BOX], numbers[BOX + 1 :])
    if columns.tracked and count == BOX + 2:
        return Line(category, numbers[:BOX], confidence=numbers[BOX])
    if count < BOX:
        return Line(category, None, problem=f"{count} numbers after the class; {EXPECTED}")
    points = np.array(numbers[: count - count % 2]).reshape(-1, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    confidence = numbers[-1] if count % 2 else float("nan")
    return Line(category, [*low.tolist(), *high.tolist()], True, confidence)


@dataclass
class LineSurvey:
    """What the lines of a folder have in common; what is looked at is counted, not kept."""

    lines: int = 0
    counts: Counter[int] = field(default_factory=Counter)
    last: int = 0
    first: int = 0
    inside: Counter[tuple[str, str]] = field(default_factory=Counter)
    tracks: int = 0
    highest: Counter[int] = field(default_factory=Counter)

    def add(self, text: str) -> None:
        """Count a line."""
        category, numbers, problem = split(text)
        if problem is not None or category is None:
            return
        self.lines += 1
        count = len(numbers)
        self.counts[count] += 1
        if count == BOX + 1:
            self.last += 0 <= numbers[BOX] <= 1
            self.first += 0 <= numbers[0] <= 1
            box = np.array([numbers[:BOX], numbers[1:]])
            for layout in LAYOUTS:
                last, first = lie_inside(as_xywh(box, layout)).tolist()
                self.inside["last", layout] += last
                self.inside["first", layout] += first
        elif count == BOX + 2:
            self.tracks += 0 <= numbers[BOX] <= 1 and numbers[BOX + 1].is_integer()
        if count > BOX + 2 and isinstance(category, int):
            self.highest[count] += int(np.argmax(numbers[BOX + 1 :])) in (category, category - 1)

    def columns(self) -> Columns:
        """What the numbers are."""
        six = self.counts[BOX + 2]
        tracked = six > 0 and self.tracks >= NEARLY_ALL * six
        scores = 0
        longer = [(n, count) for count, n in self.counts.items() if count > BOX + 2]
        if longer:
            n, count = max(longer)
            if n >= ENOUGH * sum(n for n, _ in longer) and self.highest[count] >= ENOUGH * n:
                scores = count - BOX - 1
        said = []
        first = self._confidence_first()
        if first:
            said.append("the confidence before the box")
        if tracked:
            said.append("a track's number after the confidence")
        if scores:
            said.append(f"scores of {scores} classes after the confidence")
        return Columns(first, tracked, scores, ", ".join(said))

    def _confidence_first(self) -> bool:
        n = self.counts[BOX + 1]
        if not n or self.first < NEARLY_ALL * n:
            return False
        if self.last < NEARLY_ALL * n:
            return True
        last, first = (max(self.inside[w, at] for at in LAYOUTS) for w in ("last", "first"))
        return last < ENOUGH * n and first >= NEARLY_ALL * n
