"""Random checks before a decision on many, and what is shown in FiftyOne's grid."""

from __future__ import annotations

from typing import TypedDict

from .session import IterationRequest, RunRequest


class CheckDrawRequest(IterationRequest):
    """Draws ``size`` random samples to check before ``rows``, or a whole cell, get ``becomes``.

    ``becomes`` is the class that a bulk relabel would give, or null for a bulk confirm. ``rows``
    null: the open samples of the cell that FiftyOne's view holds.
    """

    label: int
    prediction: int
    rows: list[int] | None
    becomes: str | None
    size: int


class CheckReply(TypedDict):
    """A check: of ``population`` samples look at ``rows``; then say which do not fit."""

    check: str
    rows: list[int]
    population: int


class CheckReadRequest(RunRequest):
    """The verdicts of a check: rows that would be wrong after the bulk decision, or nobody knows.

    All the other rows of the check are thereby said to fit.
    """

    check: str
    exceptions: list[int]


class CheckBound(TypedDict):
    """What a check says of the samples that nobody looked at, with the ``confidence`` given.

    At most ``most_wrong`` of the ``unchecked`` are wrong; ``share`` is that as a share of them.
    """

    check: str
    checked: int
    exceptions: int
    unchecked: int
    most_wrong: int
    share: float
    confidence: float


class ShowRequest(IterationRequest):
    """The cell to show in FiftyOne's grid; None of both: all that the filter by votes leaves."""

    label: int | None
    prediction: int | None


class ShowReply(TypedDict):
    """How many samples the grid was asked to show."""

    samples: int


class DoneReply(TypedDict):
    """Whether there was something to do."""

    done: bool
