"""Images as they are compared with each other: looked at, then decoded to one size, in parallel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..progress import Report
from ..scratch import scratch_folder, scratch_prefix
from .decode import GREY_MODES, UInt8, UnreadableImageError, open_image, readable
from .deep import Windows
from .digests import file_digest
from .working_size import to_size

WORKERS = max(1, os.cpu_count() or 1)
WORTH_A_PROCESS = 3_000
CHUNK = 256
CHUNK_OF_A_THREAD = 16
"""Fewer, since a thread cannot be killed: a cancelled job waits for those that it has begun."""

ORIENTATION = 0x0112
ORIENTED_BY = {"exif", "xmp", "XML:com.adobe.xmp"}
LOOK = np.dtype([("height", "<i4"), ("width", "<i4"), ("grey", "?"), ("digest", "V16")])

Problems = dict[int, str]
Told = Generator[tuple[int, Problems]]


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
        file = Path(folder) / "looks"
        records = _mapped(file, LOOK, (len(paths),))
        job = {"task": "look", "file": str(file), "shape": [len(paths)]}
        problems = _spread(job, paths, 0, report, "Looked at {:,} of {:,} images")
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
    ):
        self.shape = (len(paths), *size, 3) if colour else (len(paths), *size)
        self._paths, self._size, self._colour = list(paths), size, colour
        self._first_new, self._windows, self._report = first_new, dict(windows or {}), report
        self._ready = np.arange(len(paths)) >= first_new
        self._folder = scratch_folder("compare")
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="deconfuse-compare")
        try:
            file = self._folder / "pixels"
            self._pixels = _mapped(file, self.dtype, self.shape)
            job = {"task": "decode", "file": str(file), "shape": self.shape}
            job["windows"] = self._windows
            self.problems = _spread(
                job, paths, first_new, report, "Decoded {:,} of {:,} images to compare"
            )
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> ComparableImages:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
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
        for start in range(0, len(missing), CHUNK):
            part = missing[start : start + CHUNK]
            decoded = [self._pool.submit(self._decode_late, row) for row in part.tolist()]
            try:
                while (waited := wait(decoded, 0.5)).not_done:
                    self._report(None, "Decoding images that were compared before")
            except BaseException:
                for future in decoded:
                    future.cancel()
                raise
            for future in waited.done:
                future.result()
            self._ready[part] = True

    def _decode_late(self, row: int) -> None:
        try:
            self._pixels[row] = decode(
                self._paths[row], self._size, colour=self._colour, windows=self._windows
            )
        except UnreadableImageError:  # damaged since it was compared first: noise is like nothing
            noise = np.random.default_rng(row)
            self._pixels[row] = noise.integers(0, 256, self.shape[1:], np.uint8)


def _many(key: Any) -> bool:
    return isinstance(key, tuple)


def decode(
    path: str, size: tuple[int, int], *, colour: bool, windows: Windows | None = None
) -> UInt8:
    """One image file at the size at which images are compared.

    Args:
        path: the file
        size: (height, width)
        colour: three channels, or one axis less
        windows: as for ``images.decode_image``

    Raises:
        UnreadableImageError: if it is missing, damaged or no image
    """
    image = open_image(path, max(size), windows)
    return to_size(np.asarray(image), size, colour=colour)


def look(path: str) -> tuple[int, int, bool]:
    """Height and width of an image file when upright, and whether it is grey.

    Raises:
        UnreadableImageError: if it is missing, damaged or no image
    """
    try:
        with readable(path), Image.open(path) as image:
            told = not ORIENTED_BY.isdisjoint(image.info)  # getexif decodes a PNG without them
            turned = told and image.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8)
            width, height = image.size[::-1] if turned else image.size
            return height, width, image.mode in GREY_MODES
    except UnreadableImageError:  # some headers are read by decoding only
        loaded = open_image(path)
        return loaded.height, loaded.width, loaded.mode == "L"


def work_on(job: dict[str, Any], first: int, paths: Sequence[str]) -> Problems:
    """Look at or decode some images into the file that a job names.

    Args:
        job: ``task`` (``look`` or ``decode``), ``file`` and ``shape`` of the array in it, and to
            decode ``windows``
        first: the row of the first image
        paths: consecutive images
    """
    looking = job["task"] == "look"
    shape = tuple(job["shape"])
    out = np.memmap(job["file"], LOOK if looking else np.uint8, "r+", shape=shape)
    problems = {}
    for i, path in enumerate(paths):
        try:
            if looking:
                record = (*look(path), np.void(_digest(path)))
                out[first + i] = np.array(record, LOOK)
            else:
                out[first + i] = decode(
                    path, shape[1:3], colour=len(shape) == 4, windows=job["windows"]
                )
        except UnreadableImageError as error:
            problems[first + i] = str(error)
    return problems


def _digest(path: str) -> bytes:
    digest = file_digest(path)
    if digest is None:
        raise UnreadableImageError("file may not be read")
    return digest


def _mapped(file: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """An array of zeros in a file that the disk has room for.

    Raises:
        OSError: if the disk is full
    """
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if size == 0:
        return np.zeros(shape, dtype)
    with file.open("wb") as handle:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle.fileno(), 0, size)
        else:
            handle.truncate(size)
    return np.memmap(file, dtype, "r+", shape=shape)


def _spread(
    job: dict[str, Any], paths: Sequence[str], first: int, report: Report, label: str
) -> Problems:
    """Work on the images from ``first``, in threads or, where they are many, in processes."""
    total, done, problems = len(paths) - first, 0, {}
    if total <= 0:
        return {}
    apart = total >= WORTH_A_PROCESS and WORKERS > 1
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="deconfuse-spread") as pool:
        spread = _in_processes if apart else _in_threads
        with closing(spread(pool, job, paths, first, report)) as told:
            for count, new in told:
                done += count
                problems |= new
                report(done / total, label.format(done, total))
    return problems


def _in_threads(
    pool: ThreadPoolExecutor, job: dict[str, Any], paths: Sequence[str], first: int, report: Report
) -> Told:
    """Yields (images done, problems), part by part; those not begun are dropped when closed."""
    starts = range(first, len(paths), CHUNK_OF_A_THREAD)
    parts = [(s, paths[s : s + CHUNK_OF_A_THREAD]) for s in starts]
    futures = [pool.submit(work_on, job, *part) for part in parts]
    try:
        for (_, part), future in zip(parts, futures, strict=True):
            while not wait([future], 0.5).done:
                report(None, "Reading images")  # lets a cancelled job end
            yield len(part), future.result()
    finally:
        for future in futures:
            future.cancel()


def _in_processes(
    pool: ThreadPoolExecutor, job: dict[str, Any], paths: Sequence[str], first: int, report: Report
) -> Told:
    """Yields (images done, problems) as processes tell of them."""
    from queue import Empty, SimpleQueue

    told: SimpleQueue[tuple[int, Problems]] = SimpleQueue()
    bounds = np.linspace(first, len(paths), WORKERS + 1, dtype=int).tolist()
    processes = [_start(job, a, paths[a:b]) for a, b in pairwise(bounds) if a < b]
    readers = [pool.submit(_listen, process, errors, told) for process, errors in processes]
    try:
        while not all(reader.done() for reader in readers) or not told.empty():
            try:
                yield told.get(timeout=0.5)
            except Empty:
                report(None, "Comparing images")  # lets a cancelled job end
        for reader in readers:
            reader.result()
    finally:
        for process, _ in processes:
            process.kill()
            process.wait()


def _start(
    job: dict[str, Any], first: int, paths: Sequence[str]
) -> tuple[subprocess.Popen[bytes], Path]:
    script = Path(__file__).with_name("compare_worker.py")
    order = Path(job["file"]).with_name(f"order-{first}")
    order.write_text(json.dumps({**job, "first": first, "paths": list(paths)}))
    errors = order.with_suffix(".errors")
    # Errors go to no pipe: image libraries write warnings there, and nobody would empty it.
    with order.open("rb") as stdin, errors.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, str(script)], stdin=stdin, stdout=subprocess.PIPE, stderr=stderr
        )
    return process, errors


def _listen(process: subprocess.Popen[bytes], errors: Path, told: Any) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        said = json.loads(line)
        told.put((said["done"], {int(i): why for i, why in said["problems"].items()}))
    if process.wait() != 0:
        why = errors.read_text(errors="replace")[-2_000:] if errors.exists() else ""
        raise RuntimeError(f"A process that reads images died ({process.returncode}). {why}")
