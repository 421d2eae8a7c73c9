"""Random samples that are judged blind, and what they say is left."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from .session import IterationRequest, RunRequest


class AuditDrawRequest(IterationRequest):
    """Draws an audit of the open samples; refused while another one is open.

    On objects ``size`` counts labels and candidates, and ``images`` are looked at whole.
    """

    size: int
    images: NotRequired[int | None]


class AuditNamed(RunRequest):
    """An audit by its id, None for the run's last one."""

    audit: str | None


class Range(TypedDict):
    """A number of samples: the best guess, and the 95 % interval."""

    point: float
    low: float
    high: float


class AuditInfo(TypedDict):
    """One audit; ``judged`` counts samples with a verdict, ``waiting`` those without one yet.

    ``gone`` samples have left the dataset since; ``population`` counts what was open at the draw.
    """

    id: str
    number: int
    iteration: int
    size: int
    judged: int
    waiting: int
    right: int
    wrong: int
    unclear: int
    gone: int
    population: int
    drawn_at: str
    drawn_by: str
    state: Literal["open", "done", "closed"]


class AuditPart(TypedDict):
    """A row of the overview (``prediction`` is null) or a cell, where enough was judged in it."""

    label: int
    prediction: int | None
    judged: int
    left: Range


class Estimate(TypedDict):
    """What an audit's verdicts say of wrong labels: at its draw, and left by now.

    ``found`` counts the relabelled samples of the run. ``judged`` may be less than the audit's:
    only verdicts in the order of the draw count until all are there.
    """

    judged: int
    at_draw: Range
    left: Range
    unclear: Range
    found: int
    parts: list[AuditPart]


class Target(TypedDict):
    """The stopping rule: at least ``share`` of all errors found, with ``confidence``.

    ``sure`` is the share that is certain at that confidence at whatever moment it is looked at,
    ``likely`` the best guess (null before there are verdicts); ``most_left`` bounds the errors
    left, and ``allowed_left`` is what it must come down to.
    """

    share: float
    confidence: float
    found: int
    sure: float
    likely: float | None
    most_left: int
    allowed_left: int
    reached: bool


class LeftOfKind(TypedDict):
    """Errors of a kind among objects, at the draw and left by now.

    The first three are labels, and ``candidate`` a missing object that detectors proposed:
    ``population`` counts labels or candidates that were open. ``unproposed`` is a missing object
    that is no candidate: ``population`` counts the images, in which it was looked for.
    """

    kind: Literal["class", "spurious", "placement", "candidate", "unproposed"]
    population: int
    at_draw: Range
    left: Range


class ObjectAudit(TypedDict):
    """What else there is of an audit of objects, whose places are outlines, then whole images.

    ``found`` counts objects that were missing in those and were no candidates. ``kinds`` holds what
    can be estimated by now; ``estimate`` beside it is that of labels, wrong in whatever way.
    """

    outlines: int
    images: int
    outlines_judged: int
    images_judged: int
    labels: int
    candidates: int
    found: int
    kinds: list[LeftOfKind]


class AuditReply(TypedDict):
    """The last audit, None before the first; ``estimate`` is None while it has too few verdicts.

    ``objects`` is there of an audit of objects.
    """

    revision: int
    audit: AuditInfo | None
    estimate: Estimate | None
    target: Target
    objects: ObjectAudit | None


class AuditItemsRequest(AuditNamed):
    """The next samples without a verdict; ``skip`` are places passed over, ``size`` in pixels."""

    skip: list[int]
    limit: int
    size: int


class AuditItem(TypedDict):
    """A sample to judge blind: its picture, and classes in an order that tells nothing.

    It is named by its ``place`` in the audit, for a row or an id could give its label away.
    ``classes`` are all of the run, or of many the probable ones with the label somewhere among
    them, always sorted by index; any other class may be given too.
    """

    place: int
    classes: list[int]
    image: str
    width: int
    height: int
    problem: str


class AuditItemsReply(TypedDict):
    """Items in the audit's order; ``waiting`` counts all without a verdict, ``judged`` all others.

    ``skipped`` are those of ``skip`` that still wait.
    """

    audit: str
    state: Literal["open", "done", "closed"]
    items: list[AuditItem]
    skipped: list[int]
    judged: int
    waiting: int


class AuditOutline(AuditItem):
    """What is judged blind in an audit of objects, with its whole picture.

    ``box`` is the outline that is asked about, a label's or that of a missing object, which nothing
    tells apart; None where the ``whole`` image is looked at for what is missing. ``others`` are the
    outlines of the image's other labels.
    """

    whole: bool
    box: tuple[float, float, float, float] | None
    others: list[tuple[float, float, float, float]]


class AuditOutlinesReply(TypedDict):
    """As ``AuditItemsReply``, of an audit of objects."""

    audit: str
    state: Literal["open", "done", "closed"]
    items: list[AuditOutline]
    skipped: list[int]
    judged: int
    waiting: int


class AuditJudgeRequest(AuditNamed):
    """What a person sees in an outline: a class, or nothing to label where ``label`` is None.

    ``box`` is the outline as it should be, where it is another one; ``unclear``: nobody can tell.
    """

    place: int
    label: NotRequired[str | None]
    box: NotRequired[tuple[float, float, float, float] | None]
    unclear: NotRequired[bool | None]


class AuditLookRequest(AuditNamed):
    """What is missing in a whole image, class and outline of each; empty where nothing is."""

    place: int
    labels: list[str]
    boxes: list[tuple[float, float, float, float]]
    unclear: NotRequired[bool | None]


class AuditPlaceRequest(AuditNamed):
    """A place of an audit of objects, whose verdict is taken back."""

    place: int


class AuditJudgedReply(TypedDict):
    """What became of a verdict on objects; ``gone``: there is nothing to judge any more."""

    gone: bool
    waiting: int
    revision: int


class AuditOriginalRequest(AuditNamed):
    """A sample's picture in full resolution, by its place."""

    place: int


class AuditOriginalReply(TypedDict):
    """The picture as a data URL, empty where ``problem`` says why there is none."""

    place: int
    image: str
    problem: str


class AuditVerdictRequest(AuditNamed):
    """The class that a person sees in the picture, or ``unclear``: nobody can tell.

    The label itself is confirmed, another class relabels, ``unclear`` tags: one decision.
    """

    place: int
    label: NotRequired[str | None]
    unclear: NotRequired[bool]


class AuditVerdictReply(TypedDict):
    """``decision`` undoes the verdict; None where none was made.

    Then the sample is ``gone`` from the dataset, or the same was decided at the same moment.
    """

    decision: str | None
    gone: bool
    waiting: int
    revision: int


class TargetRequest(RunRequest):
    """Sets the stopping target of the run; both in (0, 1)."""

    share: float
    confidence: float
