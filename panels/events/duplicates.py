"""Groups of near-duplicates and of labels on one object."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from .cell import SampleColumns, Sheet
from .session import IterationRequest, RunRequest

DuplicateScope = Literal["same_prediction", "all"]
DuplicateKind = Literal["leak", "conflict", "alike"]
GroupAction = Literal["keep_one", "keep_all", "relabel_alike", "remove"]


class DuplicatesRequest(IterationRequest):
    """A page of groups of near-duplicates.

    ``threshold`` and ``scope`` look at another choice without setting it; None for those in force.
    ``edge`` above 0 asks for thumbnails of the page as well.
    """

    offset: int
    limit: int
    kind: DuplicateKind | None
    threshold: float | None
    scope: DuplicateScope | None
    edge: int


class DuplicateTotals(TypedDict):
    """Unsettled groups and pairs; a group can be a leak and a conflict, ``alike`` are neither.

    ``settled`` counts the groups that somebody decided to keep as they are.
    """

    groups: int
    pairs: int
    samples: int
    leaks: int
    conflicts: int
    alike: int
    settled: int


class ThresholdSteps(TypedDict):
    """For each step from the lowest threshold to 1: pairs with at least that SES."""

    threshold: list[float]
    pairs: list[int]


class DuplicateGroup(TypedDict):
    """Images that pairs connect; ``proposal`` is the row to keep when the others go, and why.

    ``rows`` holds at most 100 of the ``members``, the proposal first, which are shown; ``rest`` and
    ``rest_labels`` are the others and their labels, of which ``rest_outside`` are outside of the
    App's view. ``first``, ``second`` and ``pair_ses`` are pairs of the shown rows, most similar
    first. ``exact``: all are copies of one file or have equal pixels.
    """

    id: str
    members: int
    rows: list[int]
    rest: list[int]
    rest_labels: list[str]
    rest_outside: int
    ses: float
    lowest_ses: float
    exact: bool
    leak: bool
    conflict: bool
    proposal: int
    reason: str
    first: list[int]
    second: list[int]
    pair_ses: list[float]


class DuplicateSamples(SampleColumns):
    """The samples of the groups; ``current_label`` and ``split`` are empty where there is none.

    ``decision`` is what stands on the sample, such as ``confirmed``, empty while it is open. Of
    labels on one object, ``boxes`` are theirs now, and ``width`` and ``height`` those of the boxes.
    """

    current_label: list[str]
    decision: list[str]
    split: list[str]
    width: list[int]
    height: list[int]
    boxes: NotRequired[list[tuple[float, float, float, float]]]


class DuplicatesReply(TypedDict):
    """Groups of near-duplicates: leaks first, then label conflicts, then by falling SES.

    Of a run on objects they are labels on one object, and SES is the overlap of their boxes.

    ``computed`` is false before find_duplicates has run; then all else is empty. ``added`` counts
    samples that were not compared yet. ``matching`` counts the groups of the asked ``kind``.
    ``threshold`` and ``scope`` are those that the groups were made with, ``in_force`` is the
    threshold that is set, ``lowest`` that below which no pairs were kept. ``splits_note`` says why
    there can be no leaks, and is empty where there can.
    """

    revision: int
    computed: bool
    created_at: str
    compared: int
    added: int
    skipped: dict[str, int]
    scope: DuplicateScope
    threshold: float
    in_force: float
    lowest: float
    steps: ThresholdSteps
    totals: DuplicateTotals
    splits_note: str
    matching: int
    groups: list[DuplicateGroup]
    samples: DuplicateSamples
    sheet: Sheet | None


class DifferenceRequest(IterationRequest):
    """Two rows to be compared pixel by pixel, in pictures of at most ``size`` pixels."""

    first: int
    second: int
    size: int


class DifferenceReply(TypedDict):
    """Both pictures at one size, and where they differ, as data URLs.

    In ``difference`` black is equal; it is ``amplified`` so many times that the largest difference
    (``largest``, of 255 grey levels) can be seen. ``problem`` says why there is no picture.
    """

    first: str
    second: str
    difference: str
    width: int
    height: int
    amplified: float
    largest: int
    ses: float | None
    problem: str


class GroupRequest(IterationRequest):
    """A decision on rows of a group, with the label that the panel showed for each of them.

    ``keep_one`` removes all but ``keep``; ``keep_all`` is intentional: the group is never shown
    again; ``relabel_alike`` gives all the ``label``; ``remove`` removes all the rows. Labels on one
    object are decided on by the first two, with the ``boxes`` that the panel showed.
    """

    action: GroupAction
    rows: list[int]
    labels: list[str]
    boxes: NotRequired[list[tuple[float, float, float, float]] | None]
    keep: NotRequired[int | None]
    label: NotRequired[str | None]


class ThresholdRequest(RunRequest):
    """Sets the threshold and, if given, the scope, from the pairs that are there."""

    threshold: float
    scope: NotRequired[DuplicateScope | None]


class ThresholdReply(TypedDict):
    """What is in force now; the samples' fields follow in the background."""

    threshold: float
    scope: DuplicateScope
    pairs: int
