"""All images of a run as small arrays: decoded once where they fit, in parallel, off the model."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from ..prefetch import prefetched
from ..progress import Report
from ..scratch import scratch_folder
from .decode import UInt8
from .deep import Windows
from .image_tasks import work_on
from .spread import WORKERS, mapped, spread, worth_processes

MEMORY_SHARE = 0.25
DISK_SHARE = 0.5


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
        decoded: the images, a piece at a time, where somebody decoded them before

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
        decoded: Iterable[UInt8] | None = None,
    ):
        self.shape = (len(paths), channels, size, size)
        self.problems: dict[int, str] = {}
        self._paths = list(paths)
        self._job = {"task": "for a model", "windows": dict(windows or {})}
        self._folder = scratch_folder("pixels")
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="deconfuse-decode")
        self._kept: UInt8 | None = None
        try:
            if decoded is None:
                self._keep(report)
            else:
                self._take(decoded, report)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Pixels:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the images."""
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
        list(self._pool.map(self._decode, indices.tolist(), out))
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
        directly = in_memory and not worth_processes(len(self._paths))
        kept = (
            np.zeros(self.shape, np.uint8)
            if directly
            else mapped(self._folder / "pixels", np.uint8, self.shape)
        )
        told = "Decoded {:,} of {:,} images"
        self.problems = spread(self._job, kept, self._paths, report, told)
        self._kept = np.array(kept) if in_memory and not directly else kept

    def _take(self, decoded: Iterable[UInt8], report: Report) -> None:
        in_memory = int(np.prod(self.shape, dtype=np.int64)) <= MEMORY_SHARE * free_memory()
        file = self._folder / "pixels"
        kept = np.zeros(self.shape, np.uint8) if in_memory else mapped(file, np.uint8, self.shape)
        done = 0
        for piece in decoded:
            kept[done : done + len(piece)] = piece
            done += len(piece)
            report(done / max(len(kept), 1), f"Took {done:,} of {len(kept):,} decoded images")
        if done != len(kept):
            raise ValueError(f"{done} decoded images for {len(kept)} paths")
        self._kept = kept

    def _decode(self, index: int, out: UInt8) -> None:
        problems = work_on(self._job, out[None], [0], [self._paths[index]])
        if problems:
            self.problems[index] = problems[0]


def free_memory() -> int:
    """Bytes of memory that can be used without swapping."""
    import psutil  # comes with FiftyOne

    return int(psutil.virtual_memory().available)
