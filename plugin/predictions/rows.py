"""Rows of a file of predictions, a piece at a time, and the names that their parts may have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .limits import LONGEST_NAME, LONGEST_TEXT, text_problem

NUMBERS_A_PIECE = 1_000_000
MOST_ROWS_A_PIECE = 5_000

NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "sample_id", "ids", "sample_ids"),
    "path": ("filepath", "path", "file", "filename", "filepaths", "paths", "files", "filenames"),
    "label": ("label", "prediction", "predicted", "labels", "predictions"),
    "confidence": ("confidence", "score", "confidences"),
    "logits": ("logits",),
    "probabilities": ("probabilities", "probs", "pred_probs"),
    "scores": ("scores",),
}
"""What each part of a row may be called."""

SCORES = ("logits", "probabilities", "scores")
_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")


@dataclass
class Rows:
    """Consecutive rows of a file.

    Attributes:
        first: the number of the first of them; the file's first row of data is number 1
        ids: the sample id of each, None where it has none
        paths: the file path of each, None where it has none
        labels: the predicted label of each, None where it has none
        confidence: float64 (n,), NaN where a row has none
        scores: float64 (n, C), one score a class; None where the file has none
        problems: None, or why a row cannot be used
    """

    first: int
    ids: list[str | None]
    paths: list[str | None]
    labels: list[str | None]
    confidence: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64] | None
    problems: list[str | None]

    def __len__(self) -> int:
        return len(self.problems)

    def key(self, at: int) -> str:
        """What names the sample of a row, for messages."""
        text = (self.ids[at] or self.paths[at] or "")[:LONGEST_NAME]
        return text.encode("utf-8", "replace").decode("utf-8", "replace")

    def note_texts(self) -> None:
        """Note labels that cannot be kept as problems of their rows."""
        for at, label in enumerate(self.labels):
            problem = text_problem(label, LONGEST_TEXT) if label is not None else None
            if problem is not None:
                self.labels[at] = None
                self.problems[at] = self.problems[at] or f"a label that is {problem}"


class PredictionFile(Protocol):
    """A file of predictions; its rows can be read again and again.

    Attributes:
        classes: the names behind the scores, in their order; None where there are no scores
        names: without scores: the list of classes that was given, in which labels may be places
        kind: ``logits`` or ``probabilities`` where the file says so, else None
    """

    classes: tuple[str, ...] | None
    names: tuple[str, ...] | None
    kind: str | None

    def rows(self) -> Iterator[Rows]:
        """All rows, a piece at a time."""
        ...


def part_named(name: str) -> str | None:
    """The part of a row that a column or key of this name holds, None where it is none.

    Example:
        >>> part_named("Sample_ID"), part_named("pred_probs"), part_named("cat")
        ('id', 'probabilities', None)
    """
    lower = name.strip().lower()
    return next((part for part, names in NAMES.items() if lower in names), None)


def rows_a_piece(classes: int) -> int:
    """How many rows are held in memory at once."""
    return int(np.clip(NUMBERS_A_PIECE // max(classes, 1), 64, MOST_ROWS_A_PIECE))


def id_or_path(key: str) -> tuple[str | None, str | None]:
    """A key as sample id or as file path: 24 hexadecimal digits are an id.

    Example:
        >>> id_or_path("64b7f0c2a1d3e4f5a6b7c800"), id_or_path("images/0.png")
        (('64b7f0c2a1d3e4f5a6b7c800', None), (None, 'images/0.png'))
    """
    return (key, None) if _OBJECT_ID.fullmatch(key) else (None, key or None)


def text_or_none(value: Any) -> str | None:
    """A text without spaces around it, None where nothing is left; numbers become texts."""
    if value is None or isinstance(value, bool) or value != value:
        return None
    text = value.strip() if isinstance(value, str) else str(value)
    return text or None


def number_or_nan(value: Any) -> float:
    """A number, NaN where it is none.

    Example:
        >>> number_or_nan("0.5"), number_or_nan(""), number_or_nan(None)
        (0.5, nan, nan)
    """
    try:
        return float("nan") if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def scores_of(
    values: Sequence[Any], classes: Sequence[str]
) -> tuple[npt.NDArray[np.float64], str | None]:
    """One row of scores, or zeros and why not.

    Example:
        >>> scores_of(["1", "x"], ["cat", "dog"])[1]
        "the score of 'dog' is not a number: 'x'"
    """
    if len(values) != len(classes):
        return np.zeros(len(classes)), f"{len(values)} scores, expected {len(classes)}"
    try:
        return np.asarray(values, np.float64).reshape(len(classes)), None
    except (TypeError, ValueError, OverflowError):
        bad = next((i for i, v in enumerate(values) if np.isnan(number_or_nan(v))), 0)
        found = repr(values[bad])[:60]
        reason = f"the score of '{classes[bad]}' is not a number: {found}"
        return np.zeros(len(classes)), reason
