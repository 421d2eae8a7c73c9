"""A process of its own that computes UMAP layouts, so that the App's server never waits for one.

``warm`` is started when the first panel opens and is warm, its imports done and its loops compiled,
by the time that somebody asks. Run as a script it is the worker; imported it is the side that asks.
"""

from __future__ import annotations

import atexit
import json
import os
import struct
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

LAYOUTS_KEPT = 64

Job = tuple[str, npt.NDArray[np.float32], "Future[npt.NDArray[np.float32]]"]


def send(stream: IO[bytes], array: npt.NDArray[np.float32]) -> None:
    """Write an array with its shape in front."""
    head = json.dumps(array.shape).encode()
    stream.write(struct.pack("<I", len(head)) + head + np.ascontiguousarray(array).tobytes())
    stream.flush()


def receive(stream: IO[bytes]) -> npt.NDArray[np.float32] | None:
    """Read what ``send`` wrote; None at the end of the stream."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    shape = tuple(json.loads(stream.read(struct.unpack("<I", head)[0])))
    size = 4 * int(np.prod(shape, dtype=np.int64))
    data = stream.read(size)
    return None if len(data) < size else np.frombuffer(data, np.float32).reshape(shape)


class ProjectionWorker:
    """Asks the worker for layouts, one at a time, and remembers the last of them."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._layouts: LRUCache[str, Future[npt.NDArray[np.float32]]] = LRUCache(LAYOUTS_KEPT)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin to warm up; returns at once, and does nothing the second time."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="deconfuse-projection", daemon=True
                )
                self._thread.start()
                atexit.register(self.stop)

    def layout(self, key: str, vectors: Any) -> Future[npt.NDArray[np.float32]]:
        """The layout of some vectors, now or later; equal keys mean equal vectors.

        Args:
            key: names the vectors
            vectors: called for the float32 (n, d) vectors if the layout is not known
        """
        self.start()
        with self._lock:
            known = self._layouts.get(key)
            if known is not None and not (known.done() and known.exception()):
                return known
            future: Future[npt.NDArray[np.float32]] = Future()
            self._layouts[key] = future
        self._jobs.put((key, np.asarray(vectors(), np.float32), future))
        return future

    def stop(self) -> None:
        """End the worker."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _work(self) -> None:
        while True:
            if self._process is None or self._process.poll() is not None:
                self._process = _spawn()
            _, vectors, future = self._jobs.get()
            try:
                future.set_result(self._ask(vectors))
            except Exception as error:
                future.set_exception(error)

    def _ask(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if self._process is None or self._process.poll() is not None:
            self._process = _spawn()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        send(self._process.stdin, vectors)
        answer = receive(self._process.stdout)
        if answer is None:
            raise RuntimeError("the projection worker ended; is umap-learn installed and working?")
        return answer


warm = ProjectionWorker()
"""For whoever asks for a layout of few samples: the panel's cells, and small maps."""


def _spawn() -> subprocess.Popen[bytes]:
    threads = str(max(1, (os.cpu_count() or 2) // 2))
    return subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).resolve())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "NUMBA_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
    )


def _serve() -> None:
    """Answer until the asking side goes away."""
    if hasattr(os, "nice"):
        os.nice(10)  # whoever clicks goes first
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    # By the plugin's own path: FiftyOne's name for it is not known in a process of its own.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from plugin.layout import projection

    projection.umap_layout(np.random.default_rng(0).normal(size=(64, 8)))
    while (vectors := receive(sys.stdin.buffer)) is not None:
        send(answers, projection.umap_layout(vectors))


if __name__ == "__main__":
    _serve()
