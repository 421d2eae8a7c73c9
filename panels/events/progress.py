"""Iterations compared, the report and the rounds of importance."""

from __future__ import annotations

from typing import TypedDict


class HistoryRow(TypedDict):
    """An iteration beside the one before; the last six are None for the first.

    ``trusted_accuracy`` is that on the ``trusted`` samples, whose label a person confirmed or gave.
    """

    iteration: int
    samples: int
    agreement: float
    suspects: int
    trusted: int
    trusted_accuracy: float | None
    predicted_otherwise: int | None
    now_agreeing: int | None
    now_disagreeing: int | None
    appeared: int | None
    vanished: int | None


class HistoryReply(TypedDict):
    """The iterations, and the effort curve: labels ``fixed`` by samples ``looked`` at."""

    iterations: list[HistoryRow]
    looked: list[int]
    fixed: list[int]


class ReportReply(TypedDict):
    """The run's report: a page of HTML, and what its file is called."""

    name: str
    html: str


class ImportanceRound(TypedDict):
    """A round of cleaning by importance: of the samples ``looked`` at so many were ``fixed``.

    ``auroc`` is the mean over the classes, of held-out samples with the labels as they were.
    """

    looked: int
    fixed: int
    auroc: float | None


class Confused(TypedDict):
    """Two classes by name: ``share`` of the samples with the label are predicted as the other."""

    label: str
    prediction: str
    samples: int
    share: float


class ImportanceReply(TypedDict):
    """Rounds of cleaning by importance that can be compared, first to last; none before the first.

    ``begin`` are the most confused pairs, ``reviewed`` counts the samples decided on by now.
    """

    rounds: list[ImportanceRound]
    begin: list[Confused]
    advice: str
    stop: bool
    variant: str
    embeddings: str
    iteration: int
    reviewed: int
