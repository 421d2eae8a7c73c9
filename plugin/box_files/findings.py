"""What the first reading of a file of boxes has found: which rows are written, and what is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ..predictions.findings import LISTED, NAMES_LISTED, list_first
from .rows import BoxFile


@dataclass
class Findings:
    """What the first reading has found; 17 bytes a row.

    Attributes:
        keep: for each piece, bool (n,), its rows that are written
        marks: for each piece, int64 (n,), equal for rows that say the same of the same image
        images: for each piece, int32 (n,), the image of each row
        numbers: for each piece, int32 (n,), its line or entry
        predicted: how many rows predict each class
        boxes: int64, how many are written onto each image of the file
    """

    keep: list[npt.NDArray[np.bool_]] = field(default_factory=list)
    marks: list[npt.NDArray[np.int64]] = field(default_factory=list)
    images: list[npt.NDArray[np.int32]] = field(default_factory=list)
    numbers: list[npt.NDArray[np.int32]] = field(default_factory=list)
    rows: int = 0
    predicted: Counter[str] = field(default_factory=Counter)
    boxes: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    unmatched: int = 0
    repeated: int = 0
    repeated_rows: list[dict[str, Any]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    skipped_rows: list[dict[str, Any]] = field(default_factory=list)
    unscored: int = 0
    foreign: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """How many rows are written."""
        return int(sum(keep.sum() for keep in self.keep))

    def skip(self, row: str, key: str, reason: str) -> None:
        """Note a row that cannot be used."""
        self.skipped[reason.partition(":")[0]] += 1
        list_first(self.skipped_rows, {"row": row, "key": key, "reason": reason})

    def leave_repeated(self, file: BoxFile) -> None:
        """Leave out rows that say the same of an image as an earlier one."""
        if not self.marks:
            return
        marks, keep = np.concatenate(self.marks), np.concatenate(self.keep)
        kept = np.flatnonzero(keep)
        again = np.ones(len(kept), bool)
        again[np.unique(marks[kept], return_index=True)[1]] = False
        left = kept[again]
        self.repeated = len(left)
        keep[left] = False
        starts = np.cumsum([0, *(len(piece) for piece in self.keep)])
        self.keep = [keep[a:b] for a, b in pairwise(starts.tolist())]
        image, number = np.concatenate(self.images), np.concatenate(self.numbers)
        for at in left[:LISTED].tolist():
            entry = {"row": file.where(int(image[at]), int(number[at]))}
            entry["key"] = file.images.keys[int(image[at])]
            list_first(self.repeated_rows, entry)
        self.boxes = np.bincount(image[keep], minlength=len(file.images))

    def result(self) -> dict[str, Any]:
        """Counts, and the first of what was left out; see the job for what they mean."""
        return {
            "rows": self.rows,
            "objects": self.kept,
            "unmatched": self.unmatched,
            "repeated": self.repeated,
            "repeated_rows": self.repeated_rows,
            "skipped": dict(self.skipped),
            "skipped_rows": self.skipped_rows,
            "unscored": self.unscored,
            "foreign_classes": self.foreign[:NAMES_LISTED],
            "unknown_labels": self.unknown[:NAMES_LISTED],
        }
