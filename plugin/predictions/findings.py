"""What the first reading of a file of predictions has found: which row goes to which samples."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..store.iterations import unpack_ids
from .matching import Matches, SampleMatcher

LISTED = 100
NAMES_LISTED = 50


@dataclass
class Findings:
    """What the first reading of a file has found.

    Attributes:
        firsts: the number of each piece's first row
        matches: for each piece, its rows that are to be written and the samples that get them
        predicted: how many rows predict each label
    """

    firsts: list[int] = field(default_factory=list)
    matches: list[Matches] = field(default_factory=list)
    rows: int = 0
    predicted: Counter[str] = field(default_factory=Counter)
    unmatched: int = 0
    unmatched_rows: list[dict[str, Any]] = field(default_factory=list)
    repeated: int = 0
    repeated_rows: list[dict[str, Any]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    skipped_rows: list[dict[str, Any]] = field(default_factory=list)
    contradicting: int = 0
    foreign: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def written(self) -> int:
        """How many samples receive a prediction."""
        return sum(len(piece.ids) for piece in self.matches)

    def leave_repeated(self) -> None:
        """Leave out rows about a sample that an earlier row is about."""
        whole = self.all_ids()
        again = np.ones(len(whole), bool)
        again[np.unique(whole, return_index=True)[1]] = False
        start = 0
        for at, (first, piece) in enumerate(zip(self.firsts, self.matches, strict=True)):
            left = again[start : start + len(piece.ids)]
            start += len(piece.ids)
            rows, where = np.unique(piece.rows[left], return_index=True)
            self.repeated += len(rows)
            for row, sample in zip(rows.tolist(), piece.ids[left][where], strict=True):
                key = unpack_ids(np.array([sample], "S12"))[0]
                list_first(self.repeated_rows, {"row": first + row, "key": key})
            self.matches[at] = Matches(piece.rows[~left], piece.ids[~left])

    def all_ids(self) -> npt.NDArray[np.bytes_]:
        """S12, the samples that receive a prediction."""
        return np.concatenate([np.zeros(0, "S12"), *(piece.ids for piece in self.matches)])

    def result(self, matcher: SampleMatcher) -> dict[str, Any]:
        """Counts, and the first of what was left out.

        Returns:
            ``rows``, ``written``, ``unmatched`` and ``unmatched_rows``, ``repeated`` and
            ``repeated_rows`` (another row is about the same sample; the first counts), ``skipped``
            by reason and ``skipped_rows``, ``contradicting`` (rows whose label is not that of the
            highest score), ``without_row`` and ``samples_without_row``, ``foreign_classes`` that
            no label has, and ``unknown_labels`` that the file does not predict
        """
        there = self.all_ids()
        without = matcher.total - len(there)
        return {
            "rows": self.rows,
            "written": self.written,
            "unmatched": self.unmatched,
            "unmatched_rows": self.unmatched_rows,
            "repeated": self.repeated,
            "repeated_rows": self.repeated_rows,
            "skipped": dict(self.skipped),
            "skipped_rows": self.skipped_rows,
            "contradicting": self.contradicting,
            "without_row": without,
            "samples_without_row": matcher.others(there, LISTED) if without else [],
            "foreign_classes": self.foreign[:NAMES_LISTED],
            "unknown_labels": self.unknown[:NAMES_LISTED],
        }


def list_first(entries: list[dict[str, Any]], entry: dict[str, Any]) -> None:
    """Keep an entry if it is one of the first."""
    if len(entries) < LISTED:
        entries.append(entry)
