"""Work that can be left at any time, also while it is within native code that nobody can stop."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from .errors import Cancelled
from .progress import Report

POLL_SECONDS = 0.3

Answer = TypeVar("Answer")


def abandonable(
    work: Callable[[Report], Answer], report: Report, label: str, progress: float | None = None
) -> Answer:
    """What ``work`` answers, done in a thread of its own while this one goes on reporting.

    Where ``report`` raises, so does this, at once; the work ends by itself with its next report,
    and what it answers or raises then is dropped. So it must keep nothing that counts.

    Args:
        work: called with a report of its own
        report: told of the last report of the work several times a second, by the calling thread
        label: what it is told until the work reports by itself
        progress: likewise

    Example:
        >>> abandonable(lambda report: 6 * 7, lambda progress, label: None, "Multiplying")
        42
    """
    state: tuple[float | None, str] = (progress, label)
    told_of, left = False, threading.Event()
    future: Future[Answer] = Future()

    def told(progress: float | None, label: str) -> None:
        nonlocal state, told_of
        if left.is_set():
            raise Cancelled("nobody waits for this any more")
        state, told_of = (progress, label), True

    def run() -> None:
        try:
            future.set_result(work(told))
        except BaseException as error:
            future.set_exception(error)

    context = contextvars.copy_context()
    name = "deconfuse-abandonable"
    threading.Thread(target=context.run, args=(run,), name=name, daemon=True).start()
    try:
        while wait([future], POLL_SECONDS).not_done:
            report(*state)
    except BaseException:
        left.set()
        raise
    answer = future.result()
    if told_of:
        report(*state)
    return answer
