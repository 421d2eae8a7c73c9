"""All images of a run as small arrays: decoded once where they fit, in parallel, off the model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import pairwise
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt

from ..prefetch import prefetched
from ..progress import Report
from ..scratch import scratch_folder
from .decode import UInt8, UnreadableImageError, decode_image
from .deep import Windows

WORKERS = max(1, os.cpu_count() or 1)
WORTH_A_PROCESS = 2_000
MEMORY_SHARE = 0.25
DISK_SHARE = 0.5
POLL_SECONDS = 0.5


class Pixels:
    """Images by index, as uint8 arrays; use it as a context manager.

    Small images are decoded once and kept in memory, or on disk where they exceed a quarter of the
    free memory; only what also exceeds half of the free disk is decoded anew at each use.

    Args:
        paths: the image files
        size: side in pixels
        channels: 1 or 3
        report: told of the decoding's progress
        windows: of the deep pictures among them (``windows.py``)

    Attributes:
        shape: (n, channels, size, size)
        problems: index of each unreadable image, and what is wrong with it; their pixels are zero
    """

    def __init__(
        self,
        paths: Sequence[str],
        size: int,
        channels: int,
        report: Report,
        windows: Windows | None = None,
    ):
        self.shape = (len(paths), channels, size, size)
        self.problems: dict[int, str] = {}
        self._paths, self._windows = list(paths), dict(windows or {})
        self._folder = scratch_folder("pixels")
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="deconfuse-decode")
        self._kept: UInt8 | None = None
        try:
            self._keep(report)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Pixels:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._kept = None
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def in_memory(self) -> UInt8 | None:
        """All images as one array (n, channels, size, size), None where they are not kept."""
        return self._kept

    def load(self, indices: npt.NDArray[np.int64]) -> UInt8:
        """Images by index: uint8 (len(indices), channels, size, size)."""
        if self._kept is not None:
            return self._kept[indices]
        out = np.zeros((len(indices), *self.shape[1:]), np.uint8)
        list(self._pool.map(lambda k: self._decode(int(indices[k]), out[k]), range(len(out))))
        return out

    def batches(self, order: npt.NDArray[np.int64], size: int) -> Generator[UInt8]:
        """Batches of images in the given order; the next one is prepared meanwhile."""
        parts = [order[i : i + size] for i in range(0, len(order), size)]
        return prefetched(map(self.load, parts))

    def _keep(self, report: Report) -> None:
        needed = int(np.prod(self.shape, dtype=np.int64))
        in_memory = needed <= MEMORY_SHARE * free_memory()
        if not in_memory and needed > DISK_SHARE * shutil.disk_usage(self._folder).free:
            return
        n = len(self._paths)
        if n < WORTH_A_PROCESS and in_memory:
            kept = np.zeros(self.shape, np.uint8)
            decoded = self._pool.map(lambda i: self._decode(i, kept[i]), range(n))
            for done, _ in enumerate(decoded, 1):
                report(done / n, f"Decoded {done:,} of {n:,} images")
            self._kept = kept
            return
        file = self._folder / "pixels"
        _reserve(file, needed)
        self._decode_in_processes(file, report)
        stored = np.memmap(file, np.uint8, "r", shape=self.shape)
        self._kept = np.array(stored) if in_memory else stored

    def _decode_in_processes(self, file: Path, report: Report) -> None:
        n = len(self._paths)
        bounds = np.linspace(0, n, WORKERS + 1, dtype=int)
        told: SimpleQueue[dict[str, Any]] = SimpleQueue()
        parts = [(self._folder / f"job-{a}", int(a), int(b)) for a, b in pairwise(bounds) if a < b]
        processes = [self._start_worker(file, *part) for part in parts]
        readers = [
            self._pool.submit(_collect, process, order.with_suffix(".errors"), told)
            for process, (order, _, _) in zip(processes, parts, strict=True)
        ]
        done = 0
        try:
            while not all(r.done() for r in readers) or not told.empty():
                try:
                    line = told.get(timeout=POLL_SECONDS)
                    done += line["done"]
                    self.problems |= {int(i): why for i, why in line["problems"].items()}
                except Empty:
                    pass
                report(done / n, f"Decoded {done:,} of {n:,} images")
            for reader in as_completed(readers):
                reader.result()
        finally:
            for process in processes:
                process.kill()
                process.wait()

    def _start_worker(
        self, file: Path, order: Path, first: int, stop: int
    ) -> subprocess.Popen[bytes]:
        script = Path(__file__).with_name("decode_worker.py")
        job = {
            "paths": self._paths[first:stop],
            "first": first,
            "shape": self.shape,
            "file": str(file),
            "windows": self._windows,
        }
        order.write_text(json.dumps(job))
        # Errors go to no pipe: image libraries write warnings there, and nobody would empty it.
        with order.open("rb") as stdin, order.with_suffix(".errors").open("wb") as errors:
            return subprocess.Popen(
                [sys.executable, str(script)], stdin=stdin, stdout=subprocess.PIPE, stderr=errors
            )

    def _decode(self, index: int, out: npt.NDArray[Any]) -> None:
        _, channels, size, _ = self.shape
        try:
            out[:] = decode_image(self._paths[index], size, channels, self._windows)
        except UnreadableImageError as error:
            self.problems[index] = str(error)


def _reserve(file: Path, size: int) -> None:
    """Make a file of zeros that the disk has room for: writing to it cannot fail later.

    Raises:
        OSError: if the disk is full
    """
    with file.open("wb") as handle:
        if hasattr(os, "posix_fallocate") and size:
            os.posix_fallocate(handle.fileno(), 0, size)
        else:
            handle.truncate(size)


def _collect(
    process: subprocess.Popen[bytes], errors: Path, told: SimpleQueue[dict[str, Any]]
) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        told.put(json.loads(line))
    if process.wait() != 0:
        said = errors.read_text(errors="replace")[-2_000:] if errors.exists() else ""
        raise RuntimeError(f"A process that decodes images died ({process.returncode}). {said}")


def free_memory() -> int:
    """Bytes of memory that can be used without swapping."""
    import psutil  # comes with FiftyOne

    return int(psutil.virtual_memory().available)
