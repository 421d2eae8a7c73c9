"""YOLO's text: a folder with a file an image, in it a line an object."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..errors import InputError
from .categories import names_in_yaml, read_names
from .layout import CXCYWH
from .rows import BoxRows, FileImages, RowBuilder
from .yolo_lines import LineSurvey, read_line

NAMES = ("classes.txt", "names.txt", "class_names.txt", "predefined_classes.txt", "obj.names")
"""Files that list class names, and are about no image."""
SETTINGS = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
FOLDERS_UP = 2
LONGEST_LINE = 1024 * 1024
MOST_FILES = 5_000_000


class YoloBoxes:
    """The boxes of a folder of text files.

    Args:
        folder: with a ``.txt`` an image, also in folders in it; a file without lines is an image
            on which nothing was seen
        may_read: whether a file may be read, as who asks is allowed to

    Raises:
        InputError: if there are no such files
    """

    layout = CXCYWH
    first: int | None = 0

    def __init__(self, folder: Path, may_read: Callable[[Path], bool] = lambda _: True):
        self._folder = folder
        self._files = sorted(self._found(may_read))
        if not self._files:
            raise InputError(
                f"path: no .txt file in '{folder}'; expected one an image, with a line an object: "
                "class cx cy w h confidence"
            )
        self.named: Mapping[int, str] | tuple[str, ...] | None = _names_beside(folder, may_read)
        keys = [str(file.relative_to(folder)) for file in self._files]
        unknown = np.full(len(keys), np.nan)
        self.images = FileImages(
            keys, [None] * len(keys), [k[: -len(".txt")] for k in keys], [None] * len(keys)
        )
        self.images.width, self.images.height = unknown, unknown.copy()
        self.images.bare = True
        self._columns = self._survey().columns()
        self.said = self._columns.said
        self.scores_are = "class_scores" if self._columns.scores else None

    def rows(self) -> Iterator[BoxRows]:
        """All rows, a piece at a time."""
        builder = RowBuilder()
        for at in range(len(self._files)):
            try:
                for number, text in self._lines(at):
                    self._add(builder, at, number, text)
            except _UnreadableError as error:
                builder.add(at, error.line, None, None, float("nan"), None, error.problem)
            if builder.is_full:
                yield builder.piece()
        yield builder.piece()

    def where(self, image: int, number: int) -> str:
        """Which line is meant."""
        return f"{self.images.keys[image]}, line {number}"

    def _survey(self) -> LineSurvey:
        survey = LineSurvey()
        for at in range(len(self._files)):
            with suppress(_UnreadableError):
                for _, text in self._lines(at):
                    survey.add(text)
        return survey

    def _add(self, builder: RowBuilder, image: int, number: int, text: str) -> None:
        line = read_line(text, self._columns)
        builder.add(
            image,
            number,
            line.values,
            line.category,
            line.confidence,
            line.scores,
            line.problem,
            corners=line.outline,
        )

    def _lines(self, at: int) -> Iterator[tuple[int, str]]:
        """The lines of a file that are not empty, with their numbers."""
        number = 0
        try:
            with self._files[at].open("rb") as file:
                while raw := file.readline(LONGEST_LINE):
                    number += 1
                    if len(raw) == LONGEST_LINE:
                        raise _UnreadableError(number, f"longer than {LONGEST_LINE:,} bytes")
                    text = raw.decode("utf-8-sig").strip()
                    if text and not text.startswith("#"):
                        yield number, text
        except UnicodeDecodeError:
            raise _UnreadableError(number, "no UTF-8 text") from None
        except OSError as error:
            raise _UnreadableError(number, f"cannot be read ({error.strerror})") from None

    def _found(self, may_read: Callable[[Path], bool]) -> Iterator[Path]:
        count = 0
        for place, folders, files in os.walk(self._folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in files:
                if not name.lower().endswith(".txt") or name.lower() in NAMES:
                    continue
                file = Path(place, name)
                if not file.is_file() or not may_read(file):
                    continue
                count += 1
                if count > MOST_FILES:
                    raise InputError(f"path: more than {MOST_FILES:,} files in '{self._folder}'")
                yield file


class _UnreadableError(Exception):
    """A file that cannot be read on."""

    def __init__(self, line: int, problem: str):
        super().__init__(problem)
        self.line, self.problem = max(line, 1), problem


def _names_beside(
    folder: Path, may_read: Callable[[Path], bool]
) -> Mapping[int, str] | tuple[str, ...] | None:
    """Class names from a file in the folder, or in those above it; None where there is none."""
    for place in (folder, *list(folder.resolve().parents)[:FOLDERS_UP]):
        for name in SETTINGS:
            if _is_there(place / name, may_read):
                found = names_in_yaml(place / name, f"path: '{place / name}'")
                if found is not None:
                    return found
        for name in NAMES:
            if _is_there(place / name, may_read):
                return read_names(place / name)
    return None


def _is_there(path: Path, may_read: Callable[[Path], bool]) -> bool:
    try:
        return path.is_file() and may_read(path)
    except OSError:
        return False
