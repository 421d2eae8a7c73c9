"""Predictions in CSV: a column that names the sample, then a label and a confidence, or scores."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from ..errors import InputError, content
from .class_list import checked_classes
from .rows import Rows, number_or_nan, part_named, rows_a_piece, scores_of, text_or_none


class CsvPredictions:
    """A CSV file; every column that is nothing else is a class with its score.

    Args:
        path: the file
        classes: the columns that hold scores; by default all that are left over

    Raises:
        InputError: if the header does not say which sample a row is about, or what is predicted
    """

    kind: str | None = None

    def __init__(self, path: Path, classes: Sequence[str] | None = None):
        self._path = path
        with path.open(newline="", encoding="utf-8-sig") as file:
            header = self._guarded(csv.reader(file))
            self._header = [name.strip() for name in next(header, (1, []))[1]]
        if not self._header:
            raise InputError(f"path: '{path}' is empty; expected a header and rows")
        self._find_columns(classes)

    def rows(self) -> Iterator[Rows]:
        """All rows, a piece at a time."""
        size = rows_a_piece(len(self._scores))
        with self._path.open(newline="", encoding="utf-8-sig") as file:
            lines = self._guarded(csv.reader(file))
            next(lines)
            lines = ((line, row) for line, row in lines if row)
            first = 1
            while piece := list(islice(lines, size)):
                yield self._piece(first, piece)
                first += len(piece)

    def _find_columns(self, classes: Sequence[str] | None) -> None:
        header = self._header
        missing = [name for name in classes or () if name not in header]
        if missing:
            raise InputError(
                f"classes: '{self._path}' has no column '{missing[0]}' (its columns: "
                f"{content(', '.join(header[:10]))})"
            )
        chosen = set(classes or ())
        parts = [None if name in chosen else part_named(name) for name in header]
        for part in ("id", "path", "label", "confidence"):
            if parts.count(part) > 1:
                raise InputError(f"path: '{self._path}' has two columns for the {part}")
        self._at = {part: at for at, part in enumerate(parts) if part is not None}
        names = [n for n, part in zip(header, parts, strict=True) if part is None]
        names = list(classes) if classes else names
        if not {"id", "path"} & set(self._at):
            raise InputError(
                f"path: '{self._path}' needs a column 'id' or 'filepath' that says which sample a "
                f"row is about; its columns are {content(', '.join(header[:10]))}"
            )
        if not names and not {"label", "confidence"} <= set(self._at):
            raise InputError(
                f"path: '{self._path}' needs the columns 'label' and 'confidence', or a column of "
                f"scores for each class; its columns are {content(', '.join(header[:10]))}"
            )
        self.classes = checked_classes(names, f"path: '{self._path}'") if names else None
        self._scores = [header.index(name) for name in names]

    def _guarded(self, rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
        line = 0
        try:
            for line, row in enumerate(rows, start=1):
                yield line, row
        except UnicodeDecodeError as error:
            raise InputError(
                f"path: '{self._path}' is not UTF-8 text ({content(error)})"
            ) from error
        except csv.Error as error:
            raise InputError(f"path: '{self._path}', line {line + 1}: {content(error)}") from error

    def _piece(self, first: int, piece: list[tuple[int, list[str]]]) -> Rows:
        width = len(self._header)
        for line, row in piece:
            if len(row) != width:
                raise InputError(
                    f"path: '{self._path}', line {line}: {len(row)} values, expected {width}"
                )
        table = [row for _, row in piece]
        n = len(table)
        found = Rows(
            first=first,
            ids=self._texts("id", table),
            paths=self._texts("path", table),
            labels=self._texts("label", table),
            confidence=np.full(n, np.nan),
            scores=None,
            problems=[None] * n,
        )
        if "confidence" in self._at:
            at = self._at["confidence"]
            found.confidence = np.array([number_or_nan(row[at]) for row in table])
        if self.classes:
            found.scores = np.zeros((n, len(self.classes)))
            for i, row in enumerate(table):
                values = [row[at] for at in self._scores]
                found.scores[i], found.problems[i] = scores_of(values, self.classes)
        return found

    def _texts(self, part: str, table: list[list[str]]) -> list[str | None]:
        if part not in self._at:
            return [None] * len(table)
        at = self._at[part]
        return [text_or_none(row[at]) for row in table]
