"""How long a computation will still take, from how far it has been told to be."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

FIRST_SECONDS = 3.0
"""For so long nothing is said: the first steps of a computation are no measure of the others, and
what comes before them, such as loading packages, is none at all."""

WINDOW_SECONDS = 10.0
WINDOW_SHARE = 0.25
"""The pace is that of the last seconds, or of the last part of the time, whichever is longer."""

OLD = 0.7
"""Weight of what was said before, less the time since: the pace of a stage goes up and down."""


class TimeLeft:
    """Estimates the seconds that are left of the whole, stages to come included.

    It rests on the share that is done, so what reports shares must give each stage the part of the
    whole that it takes. A stage that is slower or quicker than its share shows within seconds.

    Args:
        clock: a steady clock, in seconds

    Example:
        >>> now = iter([0.0, 9.0, 13.0, 13.0])
        >>> left = TimeLeft(lambda: next(now))
        >>> left.told(0.1); left.told(0.2)
        >>> left.seconds()
        32.0
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._began = clock()
        self._points: deque[tuple[float, float]] = deque()
        self._said: tuple[float, float] | None = None

    def told(self, progress: float | None) -> None:
        """Take note of the share that is done, 0 to 1; None says nothing."""
        if not progress:
            return
        now = self._clock()
        if not self._points:
            self._began = now
        elif progress < self._points[-1][1]:  # another pass, which is measured anew
            self._points.clear()
        elif now - self._points[-1][0] < 0.1:
            return
        self._points.append((now, progress))
        reach = max(WINDOW_SECONDS, WINDOW_SHARE * (now - self._began))
        while len(self._points) > 2 and self._points[1][0] <= now - reach:
            self._points.popleft()

    def seconds(self) -> float | None:
        """The seconds that are left, None while nobody can tell."""
        now = self._clock()
        if not self._points:
            return None
        since, before = self._points[0]
        done = self._points[-1][1]
        if now - self._began < FIRST_SECONDS or done <= before or now <= since:
            return None
        left = (1.0 - done) * (now - since) / (done - before)
        if self._said is not None:
            then, said = self._said
            weight = OLD ** min(now - then, 20.0)  # by the second, however often it is asked
            left = weight * max(0.0, said - (now - then)) + (1.0 - weight) * left
        self._said = (now, left)
        return left


def time_left(seconds: float | None) -> str:
    """Seconds as a person says them, with nothing where nobody can tell.

    Example:
        >>> time_left(12.3), time_left(400), time_left(8_000), time_left(None)
        ('about 15 s left', 'about 7 min left', 'about 2 h 13 min left', '')
    """
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {max(5, 5 * -(-int(seconds) // 5))} s left"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"about {minutes} min left"
    return f"about {minutes // 60} h {minutes % 60} min left"
