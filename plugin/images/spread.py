"""One task on many image files at once: in threads, or in processes where they are many."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt

from ..progress import Report
from .image_tasks import Job, Problems, work_on

WORKERS = max(1, os.cpu_count() or 1)
WORTH_A_PROCESS = 2_000
CHUNK_OF_A_THREAD = 4
"""Few, since a thread cannot be killed: a cancelled job waits for those that it has begun."""
POLL_SECONDS = 0.5

Told = Generator[tuple[int, Problems]]


def spread(
    job: Job,
    out: npt.NDArray[Any],
    paths: Sequence[str],
    report: Report,
    label: str,
    *,
    rows: Sequence[int] | None = None,
) -> Problems:
    """Write what a task makes of image files into the rows of an array.

    Processes write into the file of an array from ``mapped``, in whose folder they are given their
    orders; what lies in memory is written by threads. For small images Python itself is the larger
    part of the work, which threads do one after the other.

    Args:
        job: the task and what it needs (``image_tasks.py``)
        out: shape (n, ...)
        paths: the files
        report: told how far it is, at least each half a second; what it raises ends the work
        label: of the progress, with places for the number of images done and of all
        rows: of the files in ``out``; None: the first ones

    Returns:
        what is wrong with those that cannot be read; their rows stay as they were

    Raises:
        RuntimeError: if a process dies
    """
    rows, total, done = range(len(paths)) if rows is None else rows, len(paths), 0
    problems: Problems = {}
    if not total:
        return problems
    apart = isinstance(out, np.memmap) and worth_processes(total)
    way = _in_processes if apart else _in_threads
    with (
        ThreadPoolExecutor(WORKERS, thread_name_prefix="deconfuse-spread") as pool,
        closing(way(pool, job, out, rows, paths)) as told,
    ):
        for count, new in told:
            done += count
            problems |= new
            report(done / total, label.format(done, total))
    return problems


def worth_processes(count: int) -> bool:
    """Whether so many images are worth the start of processes."""
    return count >= WORTH_A_PROCESS and WORKERS > 1


def mapped(file: Path, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """An array of zeros in a file that the disk has room for: writing to it cannot fail later.

    Raises:
        OSError: if the disk is full
    """
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if size == 0:
        return np.zeros(shape, dtype)
    with file.open("wb") as handle:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle.fileno(), 0, size)
        else:
            handle.truncate(size)
    return np.memmap(file, dtype, "r+", shape=shape)


def _in_threads(
    pool: ThreadPoolExecutor,
    job: Job,
    out: npt.NDArray[Any],
    rows: Sequence[int],
    paths: Sequence[str],
) -> Told:
    """Yields (images done, problems), part by part; those not begun are dropped when closed."""
    starts = range(0, len(paths), CHUNK_OF_A_THREAD)
    parts = [slice(start, start + CHUNK_OF_A_THREAD) for start in starts]
    futures = [pool.submit(work_on, job, out, rows[part], paths[part]) for part in parts]
    try:
        for part, future in zip(parts, futures, strict=True):
            while not wait([future], POLL_SECONDS).done:
                yield 0, {}
            yield len(paths[part]), future.result()
    finally:
        for future in futures:
            future.cancel()


def _in_processes(
    pool: ThreadPoolExecutor, job: Job, out: Any, rows: Sequence[int], paths: Sequence[str]
) -> Told:
    """Yields (images done, problems) as processes tell of them."""
    told: SimpleQueue[tuple[int, Problems]] = SimpleQueue()
    processes: list[tuple[subprocess.Popen[bytes], Path]] = []
    try:
        for a, b in pairwise(np.linspace(0, len(paths), WORKERS + 1, dtype=int).tolist()):
            if a < b:
                processes.append(_start(job, out, rows[a:b], paths[a:b]))
        readers = [pool.submit(_listen, process, errors, told) for process, errors in processes]
        while not all(reader.done() for reader in readers) or not told.empty():
            try:
                yield told.get(timeout=POLL_SECONDS)
            except Empty:
                yield 0, {}
        for reader in readers:
            reader.result()
    finally:
        for process, _ in processes:
            process.kill()
            process.wait()


def _start(
    job: Job, out: Any, rows: Sequence[int], paths: Sequence[str]
) -> tuple[subprocess.Popen[bytes], Path]:
    file = Path(out.filename)
    order = file.with_name(f"order-{rows[0]}")
    where = {"file": str(file), "shape": out.shape, "rows": list(rows), "paths": list(paths)}
    order.write_text(json.dumps({"job": job, **where}))
    errors = order.with_suffix(".errors")
    # Errors go to no pipe: image libraries write warnings there, and nobody would empty it.
    with order.open("rb") as stdin, errors.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("spread_worker.py"))],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    return process, errors


def _listen(
    process: subprocess.Popen[bytes], errors: Path, told: SimpleQueue[tuple[int, Problems]]
) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        said = json.loads(line)
        told.put((said["done"], {int(row): why for row, why in said["problems"].items()}))
    if process.wait() != 0:
        why = errors.read_text(errors="replace")[-2_000:] if errors.exists() else ""
        raise RuntimeError(f"A process that reads images died ({process.returncode}). {why}")
