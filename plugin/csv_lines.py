"""Lines for a CSV reader, as long as no row of them takes too much memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import IO


class CsvLines:
    """The lines of a file; csv.Error where those of one row are longer than ``longest``.

    The reader's own limit is for one cell, and holds for the whole process: it is raised where it
    is smaller.

    Attributes:
        longest: how many characters a row may have; may be changed between rows
    """

    def __init__(self, file: IO[str], longest: int):
        self.longest = longest
        self._file, self._held = file, 0
        csv.field_size_limit(max(csv.field_size_limit(), longest))

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(self.longest + 1):
            self._held += len(line)
            if self._held > self.longest:
                raise csv.Error(f"longer than {self.longest:,} characters")
            yield line

    def row_is_read(self) -> None:
        """Count from here on."""
        self._held = 0
