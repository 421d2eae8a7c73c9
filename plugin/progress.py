"""How a computation says how far it is, and how it is told to stop."""

from __future__ import annotations

from typing import Protocol


class Report(Protocol):
    """Called now and then by whatever takes long; raises ``Cancelled`` to stop it."""

    def __call__(self, progress: float | None, label: str) -> None:
        """Take note.

        Args:
            progress: share that is done, 0 to 1, or None where it is not known
            label: what is being done, for a person to read
        """
        ...


class Waiting(str):
    """A label, a sentence, while nothing goes on here: somebody else is waited for.

    No time is said to be left then.
    """

    __slots__ = ()


def silent(progress: float | None, label: str) -> None:
    """A report that nobody reads."""


def part_of(report: Report, start: float, stop: float) -> Report:
    """A report for one stage of a longer job.

    Example:
        >>> part_of(lambda p, label: print(p, label), 0.5, 1.0)(0.5, "second half")
        0.75 second half
    """

    def scaled(progress: float | None, label: str) -> None:
        report(None if progress is None else start + (stop - start) * progress, label)

    return scaled
