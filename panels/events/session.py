"""Runs, iterations, jobs and problems: what every screen asks and is told."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

Variant = Literal["success", "warning", "error", "info"]
ErrorKind = Literal["input", "unexpected"]


class Problem(TypedDict):
    """An error, said in words; ``detail`` says where the server's log has an unexpected one."""

    kind: ErrorKind
    message: str
    detail: str


class IterationInfo(TypedDict):
    """One iteration of a run; ``agreement`` is the share of labels equal to the prediction.

    ``id`` is another one for each iteration there ever was, and stays when the run is renamed.
    ``chosen`` says what was done and why, and what was noticed of it. ``notes`` are sentences:
    warnings, how much each of several models counts, and the classes whose labels could not be
    judged. With ``objects`` rows are not samples but objects, and ``classes`` as an index is
    *nothing*: a label that is missing, or a prediction that nothing is there. With ``tags`` as well
    they are tags of whole images, which have no boxes; all else is as for objects.
    """

    id: str
    number: int
    objects: bool
    tags: bool
    samples: int
    classes: int
    misclassified: int
    agreement: float
    source: str
    chosen: str
    created_at: str
    has_features: bool
    has_model: bool
    notes: list[str]


class WorkedOut(TypedDict):
    """What is worked out beside the iterations: each text changes when something of it does."""

    maps: str
    scores: str
    duplicates: str
    rounds: str


class RunInfo(TypedDict):
    """One run of the dataset; ``again`` is what the last iteration was made with, in JSON.

    ``problem`` says what keeps it from being worked on, such as a label field that was renamed.
    """

    key: str
    label_field: str
    problem: str | None
    again: str
    worked_out: WorkedOut
    iterations: list[IterationInfo]


class Job(TypedDict):
    """What is being computed on a run, or on none (``run`` is empty then).

    ``progress`` from 0 to 1 and ``left``, the seconds of all that is left, are None while nobody
    knows; ``seconds`` have passed.
    """

    run: str
    task: str
    progress: float | None
    label: str
    left: float | None
    seconds: float
    cancelling: bool


class Ended(TypedDict):
    """What became of work that was started from the App, until a person has dismissed it."""

    id: str
    run: str
    task: str
    variant: Variant
    text: str


class NoRequest(TypedDict):
    """Nothing is asked."""


class StatusReply(TypedDict):
    """What the dataset has; ``label_fields`` are the fields that a run can clean."""

    dataset: str | None
    dataset_id: str
    media_type: str
    samples: int
    label_fields: list[str]
    runs: list[RunInfo]
    jobs: list[Job]
    ended: list[Ended]


class RunRequest(TypedDict):
    """A run by its key."""

    run: str


class EndedRequest(TypedDict):
    """Work that has ended, by the id of its outcome."""

    ended: str


class PulseReply(TypedDict):
    """What tells an idle panel that something changed; ``iteration`` is the last one, 0 if none."""

    revision: int
    iteration: int
    worked_out: WorkedOut | None
    jobs: list[Job]
    ended: list[Ended]
    problem: str | None


class IterationRequest(TypedDict):
    """One iteration of a run.

    With ``annotator`` all that is shown are the samples on which that person voted; with ``said``
    and ``meant`` where they voted for one class and the prediction is the other.
    """

    run: str
    iteration: int
    annotator: NotRequired[str | None]
    said: NotRequired[int | None]
    meant: NotRequired[int | None]
