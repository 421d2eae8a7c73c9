"""Predictions as JSON lines: an object a line, with the sample, and a label or scores."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, content
from .class_list import checked_classes
from .class_numbers import class_number, settled_classes
from .limits import LONGEST_ROW, Expected
from .rows import SCORES, Rows, number_or_nan, part_named, rows_a_piece, scores_of, text_or_none

BYTES_A_PIECE = 16 * 1024 * 1024

Line = dict[str, Any]


class JsonPredictions:
    """A file of JSON lines; a first line ``{"classes": [...]}`` names what lists of scores mean.

    Args:
        path: the file
        expected: what the dataset lets expect of it
        classes: the class names of the scores, by default those of the file; where the file has
            numbers in place of names, the names that they stand for

    Raises:
        InputError: if the first line is no object, or lists scores whose classes nobody names
    """

    def __init__(self, path: Path, expected: Expected, classes: Sequence[str] | None = None):
        self._path, self._expected = path, expected
        self._by_number = False
        self.names: tuple[str, ...] | None = tuple(classes) if classes else None
        self.kind: str | None = None
        self.classes = tuple(classes) if classes else None
        opening = list(islice(self._lines(), 2))
        if not opening:
            raise InputError(f"path: '{path}' is empty; expected a JSON object a line")
        self._has_header = set(opening[0][1]) == {"classes"}
        if self._has_header:
            stated = opening.pop(0)[1]["classes"]
            if not isinstance(stated, list):
                raise InputError(f"path: '{path}', line 1: 'classes' must be a list of names")
            stated = checked_classes([str(name) for name in stated], f"path: '{path}', line 1")
            expected.check_classes(len(stated), f"path: '{path}', line 1")
            self.classes = settled_classes(stated, classes, f"'{path}', line 1,")
        if opening:
            self._learn(*opening[0][:2])
        if self.classes is not None:
            expected.check_classes(len(self.classes), f"path: '{path}'")

    def rows(self) -> Iterator[Rows]:
        """All rows, a piece at a time."""
        lines = islice(self._lines(), int(self._has_header), None)
        size, first = rows_a_piece(len(self.classes or ())), 1
        piece: list[Line] = []
        held = 0
        for _, row, length in lines:
            piece.append(row)
            held += length
            if len(piece) == size or held >= BYTES_A_PIECE:
                yield self._piece(first, piece)
                first, piece, held = first + len(piece), [], 0
        if piece:
            yield self._piece(first, piece)

    def _lines(self) -> Iterator[tuple[int, Line, int]]:
        """The number of each line, its object, and its length in bytes."""
        with self._path.open("rb") as file:
            number = 0
            while raw := file.readline(LONGEST_ROW):
                number += 1
                where = f"path: '{self._path}', line {number}"
                if len(raw) == LONGEST_ROW:
                    raise InputError(f"{where}: longer than {LONGEST_ROW:,} bytes")
                if not raw.strip():
                    continue
                try:
                    row = json.loads(raw.decode("utf-8-sig"))
                except (ValueError, RecursionError) as error:
                    raise InputError(f"{where}: not a JSON object ({content(error)})") from error
                if not isinstance(row, dict):
                    raise InputError(
                        f"{where}: expected a JSON object, got {content(repr(str(row)[:40]))}"
                    )
                yield number, row, len(raw)

    def _learn(self, line: int, row: Line) -> None:
        """What the rows have: the first must name its sample, the scores are those of most."""
        where = f"path: '{self._path}', line {line}"
        parts = {part_named(key) for key in row}
        if not {"id", "path"} & parts:
            raise InputError(
                f"{where}: needs 'id' or 'filepath', to say which sample it is about; it has "
                f"{content(', '.join(list(row)[:10]) or 'nothing')}"
            )
        given, names = self._scored()
        if given is None:
            self.classes = None
            if not {"label", "confidence"} <= parts:
                raise InputError(
                    f"{where}: needs 'label' and 'confidence', or 'logits' or 'probabilities'; it "
                    f"has {content(', '.join(list(row)[:10]))}"
                )
            return
        self.kind = None if given == "scores" else given
        if self.classes is None and names:
            self._expected.check_classes(len(names), f"path: '{self._path}'")
            self.classes = checked_classes(names, f"path: '{self._path}'")
        elif self.classes is not None and not set(names) <= set(self.classes):
            places = [class_number(name) for name in names]
            self._by_number = all(n is not None and n < len(self.classes) for n in places)
        if self.classes is None:
            raise InputError(
                f"classes: '{self._path}' lists {given} without the names of their classes. Give "
                'classes, or begin the file with a line {"classes": [...]}.'
            )

    def _scored(self) -> tuple[str | None, list[str]]:
        """What most rows call their scores, and the classes that any of them has a score for."""
        called: Counter[str] = Counter()
        names: dict[str, None] = {}
        for _, row, _ in islice(self._lines(), int(self._has_header), None):
            parts = {part_named(key) for key in row}
            given = next((part for part in SCORES if part in parts), None)
            if given is None:
                continue
            called[given] += 1
            scores = _part(row, given)
            if isinstance(scores, dict):
                names |= dict.fromkeys(map(str, scores))
        return (called.most_common(1)[0][0] if called else None), list(names)

    def _piece(self, first: int, rows: list[Line]) -> Rows:
        n = len(rows)
        found = Rows(
            first=first,
            ids=[text_or_none(_part(row, "id")) for row in rows],
            paths=[text_or_none(_part(row, "path")) for row in rows],
            labels=[text_or_none(_part(row, "label")) for row in rows],
            confidence=np.array([number_or_nan(_part(row, "confidence")) for row in rows]),
            scores=None,
            problems=[None] * n,
        )
        if self.classes:
            found.scores = np.zeros((n, len(self.classes)))
            for i, row in enumerate(rows):
                found.scores[i], found.problems[i] = self._scores(row, self.classes)
        found.note_texts()
        return found

    def _scores(self, row: Line, classes: tuple[str, ...]) -> Any:
        for part in (self.kind,) if self.kind else SCORES:
            values = _part(row, part)
            if isinstance(values, dict):
                if self._by_number:
                    values = {_class_named(name, classes): v for name, v in values.items()}
                foreign = [name for name in values if name not in classes]
                if foreign:
                    return np.zeros(len(classes)), f"a score for '{foreign[0]}', which is no class"
                values = [values.get(name) for name in classes]
            if isinstance(values, list):
                return scores_of([np.nan if v is None else v for v in values], classes)
        return np.zeros(len(classes)), f"no {self.kind or 'scores'}"


def _part(row: Line, part: str) -> Any:
    return next((value for key, value in row.items() if part_named(key) == part), None)


def _class_named(name: str, classes: tuple[str, ...]) -> str:
    """The class that a number stands for; what is none stays as it is."""
    number = class_number(name)
    return classes[number] if number is not None and number < len(classes) else name
