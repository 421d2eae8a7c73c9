"""Predictions in CSV: a column that names the sample, then a label and a confidence, or scores."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from ..csv_lines import CsvLines
from ..errors import InputError, content
from .class_list import checked_classes
from .class_numbers import by_number
from .limits import LONGEST_ROW, Expected
from .rows import Rows, number_or_nan, part_named, rows_a_piece, scores_of, text_or_none

LONGEST_CELL = 100
"""Characters of a cell in a row of scores, on average; numbers have up to 25."""

LONGEST_BESIDE = 256 * 1024


class CsvPredictions:
    """A CSV file; every column that is nothing else is a class with its score.

    Args:
        path: the file
        expected: what the dataset lets expect of it
        classes: the columns that hold scores, by default all that are left over; or the names of
            classes, where those columns are numbered, or the labels are numbers

    Raises:
        InputError: if the header does not say which sample a row is about, or what is predicted
    """

    kind: str | None = None

    def __init__(self, path: Path, expected: Expected, classes: Sequence[str] | None = None):
        self._path, self._expected = path, expected
        self._longest = LONGEST_ROW
        self.names: tuple[str, ...] | None = None
        with path.open(newline="", encoding="utf-8-sig") as file:
            header = self._guarded(file)
            self._header = [name.strip() for name in next(header, (1, []))[1]]
        if not self._header:
            raise InputError(f"path: '{path}' is empty; expected a header and rows")
        self._find_columns(classes)
        self._longest = LONGEST_BESIDE + LONGEST_CELL * len(self._header)

    def rows(self) -> Iterator[Rows]:
        """All rows, a piece at a time."""
        size = rows_a_piece(len(self._header))
        with self._path.open(newline="", encoding="utf-8-sig") as file:
            lines = self._guarded(file)
            next(lines)
            lines = ((line, row) for line, row in lines if row)
            first = 1
            while piece := list(islice(lines, size)):
                yield self._piece(first, piece)
                first += len(piece)

    def _find_columns(self, classes: Sequence[str] | None) -> None:
        path, header = f"path: '{self._path}'", self._header
        self._expected.check_classes(len(header), path)
        columns = self._columns(classes)
        its = f"its columns are {content(', '.join(header[:10]))}"
        if not {"id", "path"} & set(self._at):
            raise InputError(
                f"{path} needs a column 'id' or 'filepath' that says which sample a row is about; "
                f"{its}"
            )
        if not columns and not {"label", "confidence"} <= set(self._at):
            raise InputError(
                f"{path} needs the columns 'label' and 'confidence', or a column of scores for "
                f"each class; {its}"
            )
        self.classes = checked_classes(list(columns), path) if columns else None
        self._scores = list(columns.values())

    def _columns(self, classes: Sequence[str] | None) -> dict[str, int]:
        """The columns of scores by the classes that they are about; none where there are none."""
        header, chosen = self._header, set(classes or ())
        parts = [None if name in chosen else part_named(name) for name in header]
        for part in ("id", "path", "label", "confidence"):
            if parts.count(part) > 1:
                raise InputError(f"path: '{self._path}' has two columns for the {part}")
        self._at = {part: at for at, part in enumerate(parts) if part is not None}
        left = [(name, at) for at, name in enumerate(header) if parts[at] is None]
        return self._chosen(classes, left)

    def _chosen(self, classes: Sequence[str] | None, left: list[tuple[str, int]]) -> dict[str, int]:
        path, names, at = f"path: '{self._path}'", [name for name, _ in left], dict(left)
        its = f"(its columns: {content(', '.join(self._header[:10]))})"
        if classes is None:
            return {name: at[name] for name in checked_classes(names, path)} if names else {}
        if at.keys() & set(classes):
            missing = next((name for name in classes if name not in at), None)
            if missing is not None:
                raise InputError(f"classes: '{self._path}' has no column '{missing}' {its}")
            chosen = set(classes)
            checked_classes([name for name in names if name in chosen], path)
            return {name: at[name] for name in classes}
        numbered = by_number(names, classes)
        if numbered is not None:
            return dict(zip(numbered, (place for _, place in left), strict=True))
        if not {"label", "confidence"} <= set(self._at):
            raise InputError(
                f"classes: '{self._path}' has no column '{classes[0]}', nor columns that are "
                f"numbered from 0 to {len(classes) - 1} {its}"
            )
        self.names = tuple(classes)
        return {}

    def _guarded(self, file: IO[str]) -> Iterator[tuple[int, list[str]]]:
        line, lines = 0, CsvLines(file, LONGEST_ROW)
        try:
            for line, row in enumerate(csv.reader(iter(lines)), start=1):
                lines.row_is_read()
                lines.longest = self._longest
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
        found.note_texts()
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
