"""Images as they are compared with each other: looked at, then decoded to one size, in parallel."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..progress import Report
from ..scratch import scratch_folder, scratch_prefix
from .deep import Windows
from .image_tasks import LOOK, Problems
from .spread import mapped, spread

AT_ONCE = 256
"""Images that are decoded late, between two looks at whether the job was cancelled."""


Fill = Callable[[npt.NDArray[np.uint8], Report], Problems]
"""Writes the new images into an array; what is wrong with those that cannot be read, by place."""


class Looks(NamedTuple):
    """What is known of image files without decoding them."""

    records: npt.NDArray[Any]
    """Shape (n,), of `LOOK`: size when upright, whether grey, digest of the file's content."""
    problems: Problems
    """Index of each file that cannot be read, and why."""


def look_at(paths: Sequence[str], report: Report) -> Looks:
    """Read the headers and contents of image files.

    Args:
        paths: the files
        report: told of the progress
    """
    with tempfile.TemporaryDirectory(prefix=scratch_prefix("look")) as folder:
        records = mapped(Path(folder) / "looks", LOOK, (len(paths),))
        told = "Looked at {:,} of {:,} images"
        problems = spread({"task": "look"}, records, paths, report, told)
        return Looks(np.array(records), problems)


class ComparableImages:
    """Images of one size by row, in a file in the temporary folder; use it as a context manager.

    It can be indexed and sliced by row like the array ``(n, height, width[, 3])`` that it stands
    for. Rows before ``first_new`` are decoded when somebody asks for them: comparing few new
    images with many old ones then decodes those only that look alike.

    Args:
        paths: the files
        size: (height, width) that all are brought to
        colour: three channels, or one axis less
        first_new: the first row to be decoded at once
        report: told of the progress
        windows: of the deep pictures among them (``windows.py``)
        fill: where somebody else decodes the new images, what takes them over

    Attributes:
        shape, dtype: those of the array
        problems: row of each unreadable image among the new ones, and what is wrong
    """

    dtype = np.dtype(np.uint8)

    def __init__(
        self,
        paths: Sequence[str],
        size: tuple[int, int],
        *,
        colour: bool,
        first_new: int,
        report: Report,
        windows: Windows | None = None,
        fill: Fill | None = None,
    ):
        self.shape = (len(paths), *size, 3) if colour else (len(paths), *size)
        self._paths = list(paths)
        self._first_new, self._report = first_new, report
        self._job = {"task": "to compare", "windows": dict(windows or {})}
        self._ready = np.arange(len(paths)) >= first_new
        self._folder = scratch_folder("compare")
        try:
            self._pixels = mapped(self._folder / "pixels", self.dtype, self.shape)
            if fill is not None:
                wrong = fill(self._pixels[first_new:], report)
                self.problems = {first_new + place: why for place, why in wrong.items()}
            else:
                self.problems = self._decoded_here()
        except BaseException:
            self.close()
            raise

    def _decoded_here(self) -> Problems:
        return spread(
            self._job,
            self._pixels,
            self._paths[self._first_new :],
            self._report,
            "Decoded {:,} of {:,} images to compare",
            rows=range(self._first_new, len(self._paths)),
        )

    def __enter__(self) -> ComparableImages:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the images."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> npt.NDArray[np.uint8]:
        if self._first_new:
            self._prepare(np.atleast_1d(np.arange(len(self))[key[0] if _many(key) else key]))
        return self._pixels[: len(self)][key]

    def drop_problems(self) -> npt.NDArray[np.int64]:
        """Leave out the unreadable new images; the last rows take the place of those.

        Returns:
            which image, by its row before, each row is now
        """
        bad = np.array(sorted(self.problems), np.int64)
        rows, stop = np.arange(len(self)), len(self) - len(bad)
        holes = bad[bad < stop]
        donors = np.setdiff1d(rows[stop:], bad)
        self._pixels[holes] = self._pixels[donors]
        rows[holes] = donors
        rows = rows[:stop]
        self._paths = [self._paths[i] for i in rows]
        self._ready, self.shape = self._ready[rows], (stop, *self.shape[1:])
        self.problems = {}
        return rows

    def _prepare(self, rows: npt.NDArray[np.int64]) -> None:
        missing = np.unique(rows[~self._ready[rows]])
        for start in range(0, len(missing), AT_ONCE):
            part = missing[start : start + AT_ONCE].tolist()
            paths = [self._paths[row] for row in part]
            damaged = spread(self._job, self._pixels, paths, self._told_late, "", rows=part)
            for row in damaged:  # since it was compared first: noise is like nothing
                noise = np.random.default_rng(row)
                self._pixels[row] = noise.integers(0, 256, self.shape[1:], np.uint8)
            self._ready[part] = True

    def _told_late(self, progress: float | None, label: str) -> None:
        self._report(None, "Decoding images that were compared before")


def _many(key: Any) -> bool:
    return isinstance(key, tuple)
