"""Whether what beats in the database still lives, by this process's own steady clock alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..processes import has_died

SILENT_SECONDS = 20.0
"""After so long without a beat a process is taken for dead; each beats once a second."""


class Watch:
    """For how long documents have been seen without a beat.

    Args:
        seconds: after which silence counts as death
        clock: a steady clock, in seconds

    Example:
        >>> now = iter([0.0, 19.0, 21.0])
        >>> watch = Watch(clock=lambda: next(now))
        >>> job = {"_id": 1, "token": 1, "beats": 3, "process": None}
        >>> [watch.is_dead(job) for _ in range(3)]
        [False, False, True]
    """

    def __init__(
        self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._clock = seconds, clock
        self._seen: dict[Any, tuple[Any, float]] = {}

    def is_dead(self, document: dict[str, Any]) -> bool:
        """Whether its process died on this machine, or was not heard of for long."""
        if document["process"] and has_died(document["process"]):
            return True
        told, now = (document.get("token"), document.get("beats", 0)), self._clock()
        known = self._seen.get(document["_id"])
        if known is None or known[0] != told:
            self._seen[document["_id"]] = known = (told, now)
        limit = SILENT_SECONDS if self._seconds is None else self._seconds
        return now - known[1] >= limit
