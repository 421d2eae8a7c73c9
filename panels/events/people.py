"""Annotators, second opinions and the consensus of votes."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from .checks import CheckReply
from .session import IterationRequest, RunRequest


class AnnotatorsReply(TypedDict):
    """Who voted, column by column, those with the most votes first; empty without votes.

    ``low`` and ``high`` are the 95 % interval of ``accuracy``. ``meant`` and ``said`` are class
    indices of the most frequent confusion, -1 where there is none, ``confused`` its expected
    number. ``wrong`` counts their votes on open samples that are probably wrong.
    """

    revision: int
    name: list[str]
    votes: list[int]
    accuracy: list[float]
    low: list[float]
    high: list[float]
    meant: list[int]
    said: list[int]
    confused: list[float]
    wrong: list[int]


class AnnotatorRequest(IterationRequest):
    """One annotator by name."""

    of: str


class AnnotatorReply(TypedDict):
    """What one annotator said, a pair of classes an entry, in the order of the overview.

    ``meant`` is what it most probably is, ``said`` the vote. ``open`` counts those of the ``votes``
    on which no decision stands, ``bars`` holds 20 numbers an entry: these by the probability that
    the vote is wrong.
    """

    revision: int
    meant: list[int]
    said: list[int]
    votes: list[int]
    open: list[int]
    bars: list[int]


class OpinionInfo(TypedDict):
    """One request for a second opinion; ``judged`` counts what no longer waits.

    Of the ``compared`` samples both people named the same class for ``agreed``. ``kappa`` is
    Cohen's, with its 95 % interval; None where it is not defined. ``to_settle`` counts the
    ``disagreements`` that wait for a decision; ``gone`` samples were deleted before an answer.
    """

    id: str
    number: int
    to: str
    about: str
    asked_by: str
    asked_at: str
    size: int
    judged: int
    waiting: int
    unclear: int
    gone: int
    compared: int
    agreed: int
    kappa: float | None
    low: float
    high: float
    disagreements: int
    to_settle: int


class OpinionsReply(TypedDict):
    """The last requests, the newest first; the names that are known.

    ``decided`` counts, for each of the ``people``, the labels that they gave or confirmed and on
    which no later decision stands.
    """

    opinions: list[OpinionInfo]
    people: list[str]
    decided: list[int]


class OpinionAskRequest(IterationRequest):
    """Puts ``rows``, what is open of a ``cell``, or somebody's decisions, to a person.

    ``n`` of them, drawn at random; None for all.
    """

    to: str
    rows: NotRequired[list[int] | None]
    cell: NotRequired[tuple[int, int] | None]
    decisions_of: NotRequired[str | None]
    n: NotRequired[int | None]


class OpinionNamed(RunRequest):
    """A request for a second opinion by its id."""

    opinion: str


class OpinionItemsRequest(OpinionNamed):
    """The next samples without an answer; ``skip`` are places passed over, ``size`` in pixels."""

    skip: list[int]
    limit: int
    size: int


class OpinionPlaceRequest(OpinionNamed):
    """One sample of a request, by its place."""

    place: int


class OpinionAnswerRequest(OpinionPlaceRequest):
    """The class that a person sees in the picture, or ``unclear``: nobody can tell.

    On objects the class in the outline, or ``nothing``.
    """

    label: NotRequired[str | None]
    nothing: NotRequired[bool | None]
    unclear: NotRequired[bool]


class DisagreementsRequest(OpinionNamed):
    """A page of what two people differ on; ``size`` of the pictures in pixels."""

    offset: int
    limit: int
    size: int


class Disagreement(TypedDict):
    """A sample that two people named differently; ``now`` is its label, None where deleted.

    On objects an empty name is *nothing there*.

    ``relabelled``: it has another label than the first person's by now. ``settled``: a decision
    that was made since stands on it.
    """

    place: int
    first: str
    second: str
    now: str | None
    relabelled: bool
    settled: bool
    image: str
    width: int
    height: int
    problem: str


class DisagreementsReply(TypedDict):
    """Those that wait for a decision first; ``total`` counts all."""

    total: int
    to_settle: int
    disagreements: list[Disagreement]


class SettleRequest(IterationRequest):
    """Settles a disagreement: ``label`` is right; ``expected`` is what was shown as its label.

    On objects either may be empty: nothing is there.
    """

    opinion: str
    place: int
    label: str
    expected: str


class ConsensusRequest(IterationRequest):
    """The consensus of votes and model, where it is at least so sure: from 0 to 1."""

    confidence: float


class ConsensusReply(TypedDict):
    """What accepting it would change: ``samples`` open labels; nothing without ``voted``.

    ``expected_wrong`` is how many of them it expects to be wrong itself. ``changes`` are label,
    consensus and number, the most frequent first, of all ``kinds``. On objects and tags ``acts``
    counts those to relabel, to remove and to add, and the class after the last one is nothing.
    """

    revision: int
    voted: bool
    samples: int
    expected_wrong: float
    changes: list[tuple[int, int, int]]
    kinds: int
    acts: tuple[int, int, int] | None


class ConsensusCheckRequest(ConsensusRequest):
    """Draws ``size`` of them at random, to be looked at before; ``check_read`` reads it."""

    size: int


class ConsensusCheckReply(CheckReply):
    """The drawn rows with the label and the consensus of each."""

    labels: list[int]
    predictions: list[int]


class ConsensusAcceptRequest(IterationRequest):
    """Accepts all that a check was drawn from, but for its exceptions."""

    check: str


class ConsensusAcceptReply(TypedDict):
    """What was done: ``decisions`` in the order in which Undo takes them back.

    It is one, which gives each sample a class of its own, on objects and tags one an act: then
    ``acts`` counts what was relabelled, removed and added.
    """

    decisions: list[str]
    applied: int
    acts: tuple[int, int, int] | None
    conflict_count: int
