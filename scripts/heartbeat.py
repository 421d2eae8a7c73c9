"""A line every two seconds, whatever a program is busy with: nobody wonders whether it lives."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Any, TextIO

EVERY_SECONDS = 1.5


class Heartbeat:
    """Says how long it has been at work wherever nothing was printed for one and a half seconds.

    Use it as a context manager; what goes to standard output and error meanwhile passes through it.

    Args:
        every: seconds of silence
    """

    def __init__(self, every: float = EVERY_SECONDS):
        self._every = every
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._line = "starting"
        self._printed = self._began = time.monotonic()

    def __enter__(self) -> Heartbeat:
        self._streams = sys.stdout, sys.stderr
        sys.stdout = _Heard(sys.stdout, self)
        sys.stderr = _Heard(sys.stderr, self)
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        sys.stdout, sys.stderr = self._streams

    def heard(self, text: str) -> None:
        """Note that something was printed."""
        line = text.replace("\033[K", "").strip()
        with self._lock:
            self._printed = time.monotonic()
            if line:
                self._line = line.splitlines()[-1].strip()

    def _beat(self) -> None:
        out = self._streams[0]
        while not self._ended.wait(self._every / 10):
            now = time.monotonic()
            with self._lock:
                silent, line = now - self._printed >= self._every, self._line
                if silent:
                    self._printed = now
            if silent:
                begin = "\r\033[K" if out.isatty() else "  "
                end = "" if out.isatty() else "\n"
                out.write(f"{begin}… {now - self._began:.0f} s: {line}{end}")
                out.flush()


class _Heard:
    """A stream whose writes are noted."""

    def __init__(self, stream: TextIO, heart: Heartbeat):
        self._stream, self._heart = stream, heart

    def write(self, text: str) -> int:
        self._heart.heard(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
