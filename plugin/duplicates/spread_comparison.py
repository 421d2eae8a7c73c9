"""A comparison in parts that workers take: images looked at, decoded, described, and judged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ..arrays import Float32Array, Int64Array
from ..errors import InputError
from ..images.comparable import Fill, Looks
from ..images.digests import file_stamps
from ..images.image_tasks import LOOK, Problems
from ..progress import Report
from ..workers.part import Array, Part
from ..workers.work import Result, Work
from .judging import Judge, Judged
from .signals import Describe
from .structure_features import StructureBasis

LOOKED_AT = 2_000
PIECE_IMAGES, PIECE_BYTES = 2_000, 16 << 20
DESCRIBED = 2_000
"""Images of a part; a multiple of how many are described at once, on which last bits may depend."""
MOST_BYTES = 64 << 30
"""Of decoded images, which the database keeps until the comparison ends."""
JUDGED_VALUES = 1 << 26
"""Pixels that the pairs of a part have, each channel's: half a second of a worker."""
WORTH_VALUES = 1 << 28
"""With fewer than so many, pairs are judged here before a worker would have heard of them."""


class SpreadComparison:
    """A comparison in parts.

    Args:
        work: whose workers take them
        device: where they compute
    """

    def __init__(self, work: Work, device: torch.device):
        self._work, self._device = work, device
        self._pieces: list[tuple[int, Part]] = []
        self._rows: Int64Array = np.zeros(0, np.int64)
        self._shape: tuple[int, ...] = ()
        self._judged = 0

    def look(self, paths: Sequence[str], report: Report) -> Looks:
        """Read the headers and contents of image files; see ``comparable.look_at``."""
        records = np.zeros(len(paths), LOOK)

        def take(start: int, result: Result) -> None:
            raw = result.column("looks").tobytes()
            found = np.frombuffer(raw, LOOK)
            records[start : start + len(found)] = found

        parts = self._parts("look", paths, LOOKED_AT, {})
        return Looks(records, self._gather(parts, take, report, "Looking at files"))

    def decode(
        self, paths: Sequence[str], size: Sequence[int], colour: bool, windows: Mapping[str, Any]
    ) -> Fill:
        """What fills an array with images; see ``comparable.ComparableImages``.

        Raises:
            InputError: if they are too large for a database
        """
        bytes_each = int(np.prod(size)) * (3 if colour else 1)
        if bytes_each * len(paths) > MOST_BYTES:
            raise InputError(
                f"workers: {len(paths):,} images of {size[1]}×{size[0]} pixels are "
                f"{bytes_each * len(paths) >> 30} GB decoded, which workers are handed over the "
                f"database, up to {MOST_BYTES >> 30} GB. Take workers 'local'."
            )
        told = {"size": list(size), "colour": colour, "windows": dict(windows)}
        piece = max(1, min(PIECE_IMAGES, PIECE_BYTES // bytes_each))
        parts = self._parts("to compare", paths, piece, told)
        self._pieces = sorted((start, part) for start, part in parts.items())
        self._shape = (len(paths), *size, 3) if colour else (len(paths), *size)

        def fill(out: Array, report: Report) -> Problems:
            def take(start: int, result: Result) -> None:
                pixels = result.column("pixels")
                out[start : start + len(pixels)] = pixels

            return self._gather(parts, take, report, "Decoding")

        return fill

    def arrange(self, rows: Int64Array) -> None:
        """Which of the decoded images each image that is compared is.

        Args:
            rows: int64 (n,)
        """
        self._rows = rows

    def describe(self) -> Describe:
        """What computes the structure features of the decoded images."""

        def described(basis: StructureBasis, report: Report) -> Float32Array:
            out = np.empty((len(self._rows), basis.axes.shape[1]), np.float32)
            takes = {name: [self._work.give(getattr(basis, name))] for name in ("mean", "axes")}
            told = {"device": self._device.type, "threads": torch.get_num_threads()}
            starts = range(0, len(self._rows), DESCRIBED)
            parts = {start: self._described(start, told, takes) for start in starts}

            def take(start: int, result: Result) -> None:
                found = result.column("structure")
                out[start : start + len(found)] = found

            self._gather(parts, take, report, "Describing")
            return out

        return described

    def _described(self, start: int, told: Mapping[str, Any], takes: Mapping[str, Any]) -> Part:
        rows = self._rows[start : start + DESCRIBED]
        begins = np.array([begin for begin, _ in self._pieces])
        piece = np.searchsorted(begins, rows, side="right") - 1
        needed, local = np.unique(piece, return_inverse=True)
        sizes = [int(self._pieces[i][1].size) for i in needed]
        shift = np.cumsum([0, *sizes[:-1]]) - begins[needed]
        told = {**told, "rows": _bytes(rows + shift[local])}
        pixels = [(self._pieces[i][1].key, "pixels") for i in needed]
        return self._part("describe", told, start, len(rows), {**takes, "pixels": pixels})

    def judge(self, report: Report) -> tuple[Judge, Report]:
        """Who judges pairs of the decoded images, where these are many.

        Args:
            report: told of the parts, at the progress that was told last

        Returns:
            the judge, and what is to be told of the progress of all
        """
        at = [0.0]

        def told_of_all(progress: float | None, label: str) -> None:
            at[0] = at[0] if progress is None else progress
            report(progress, label)

        def told_of_parts(progress: float | None, label: str) -> None:
            report(at[0], label)

        values = int(np.prod(self._shape[1:]))
        pixels = [(part.key, "pixels") for _, part in self._pieces]
        told = {"device": self._device.type, "shape": list(self._shape)}
        told["pixels"] = hashlib.blake2b(repr(pixels).encode(), digest_size=16).hexdigest()

        def judged(pairs: Int64Array, floor: float, likely: bool) -> Judged | None:
            if not len(pairs) or len(pairs) * values < WORTH_VALUES:
                return None
            found: dict[int, Result] = {}
            parts: dict[int, Part] = {}
            step = max(1, JUDGED_VALUES // values)
            for start in range(0, len(pairs), step):
                some = self._rows[pairs[start : start + step]]
                asked = {**told, "pairs": _bytes(some), "floor": floor, "likely": likely}
                first = self._judged + start
                parts[start] = self._part("judge", asked, first, len(some), {"pixels": pixels})
            self._judged += len(pairs)
            self._gather(parts, found.__setitem__, told_of_parts, "Comparing")
            kept = [found[start].column("kept") + start for start in parts]
            return np.concatenate(kept), np.concatenate([found[s].column("ses") for s in parts])

        return judged, told_of_all

    def _parts(
        self, kind: str, paths: Sequence[str], size: int, told: Mapping[str, Any]
    ) -> dict[int, Part]:
        """Some files each, by the first one's place."""
        parts: dict[int, Part] = {}
        for start in range(0, len(paths), size):
            some = list(paths[start : start + size])
            # A file that was changed since is another part.
            asked = {**told, "paths": some, "files": file_stamps(some)}
            parts[start] = self._part(kind, asked, start, len(some), {})
        return parts

    def _part(
        self, kind: str, told: Mapping[str, Any], start: int, size: int, takes: Mapping[str, Any]
    ) -> Part:
        what = "Pairs" if kind == "judge" else "Images"
        about = f"{what} {start + 1:,} to {start + size:,}"
        gpu = self._device.type == "cuda" and kind in ("describe", "judge")
        return Part(kind, {**told, "start": start}, takes, about, size=size, gpu=gpu)

    def _gather(
        self,
        parts: Mapping[int, Part],
        take: Callable[[int, Result], None],
        report: Report,
        label: str,
    ) -> Problems:
        """Take each part's answer as it comes; what is wrong with images, by their place."""
        place = {part.key: start for start, part in parts.items()}
        total = sum(part.size for part in parts.values())
        problems: Problems = {}
        for part, result in self._work.results(parts.values(), report, label, total=lambda: total):
            start = place[part.key]
            take(start, result)
            wrong = result.facts.get("problems", {})
            problems |= {start + int(at): why for at, why in wrong.items()}
        return dict(sorted(problems.items()))


def _bytes(numbers: Int64Array) -> bytes:
    return np.ascontiguousarray(numbers, "<i8").tobytes()
