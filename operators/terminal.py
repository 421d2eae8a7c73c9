"""Progress for whoever waits at a terminal, in a notebook or a log: never silent for long."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import fiftyone as fo

from ..plugin.progress import Report

SILENT_SECONDS = 2.0
"""The longest time without a sign, while somebody waits."""


@contextmanager
def told_often(listener: Report) -> Iterator[Report]:
    """A report that tells a listener again, with the time, while nothing new is reported."""
    lock, done = threading.Lock(), threading.Event()
    began = time.monotonic()
    last: list[Any] = [None, "Starting", began]

    def report(progress: float | None, label: str) -> None:
        with lock:
            last[:] = [progress, label, time.monotonic()]
            listener(progress, label)

    def repeat() -> None:
        while not done.wait(SILENT_SECONDS / 4):
            with lock:
                progress, label, at = last
                now = time.monotonic()
                if now - at >= SILENT_SECONDS and not done.is_set():
                    last[2] = now
                    listener(progress, f"{label} ({now - began:.0f} s so far)")

    thread = threading.Thread(target=repeat, name="deconfuse-telling", daemon=True)
    thread.start()
    try:
        yield report
    finally:
        done.set()
        thread.join()


def in_terminal(work: Callable[[Report], Any]) -> Any:
    """What some work answers, with its progress in the terminal meanwhile."""
    if not fo.config.show_progress_bars:
        return work(lambda progress, label: None)
    with told_often(terminal()) as report:
        return work(report)


def terminal() -> Report:
    """Progress for a terminal: one line that is written over, or a line each two seconds."""
    live = sys.stderr.isatty()
    said: list[Any] = ["", 0.0]

    def report(progress: float | None, label: str) -> None:
        share = "" if progress is None else f"{progress:4.0%} "
        if live:
            sys.stderr.write(f"\r\033[K{share}{label}" + ("\n" if progress == 1.0 else ""))
            sys.stderr.flush()
            return
        text, now = f"{share}{label}", time.monotonic()
        late = now - said[1] >= SILENT_SECONDS
        if text != said[0] and (late or progress == 1.0):
            said[:] = [text, now]
            print(text, file=sys.stderr, flush=True)

    return report
