"""What is decided, what was left alone and why, and undo."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from .cell import Sheet
from .session import IterationRequest, RunRequest

Action = Literal["relabel", "confirm", "remove", "tag"]
ObjectAction = Literal["relabel", "confirm", "remove", "add", "move"]


class ResolveRequest(IterationRequest):
    """A decision on rows, each of which must still have the label that the panel showed.

    ``check`` is a check of those rows that was read: its bound is recorded with the decision. With
    it ``rows`` may be null: all that it was drawn from, but for its exceptions and what was decided
    since.
    ``seen`` is the newest revision that the panel had shown: the same decision on a sample, made
    since, was asked for at the same time and counts once.
    """

    action: Action
    rows: list[int] | None
    label: NotRequired[str | None]
    tag: NotRequired[str | None]
    check: NotRequired[str | None]
    seen: NotRequired[int | None]


class ResolveObjectsRequest(IterationRequest):
    """A decision on objects; ``add`` is for those without a label.

    ``label`` is the class that ``relabel`` and ``add`` give, ``box`` the outline that ``move`` and
    ``add`` give, by default the predicted one. ``expected_label`` and ``expected_box`` are what the
    panel showed of a single object that has a label. ``seen`` is as in ``ResolveRequest``.
    """

    action: ObjectAction
    rows: list[int]
    label: NotRequired[str | None]
    box: NotRequired[tuple[float, float, float, float] | None]
    expected_label: NotRequired[str | None]
    expected_box: NotRequired[tuple[float, float, float, float] | None]
    seen: NotRequired[int | None]


class Conflict(TypedDict):
    """A sample that was left as it is, and why (see ``plugin/decisions/decisions.py``)."""

    id: str
    expected: str
    found: str
    reason: str


class Decided(TypedDict):
    """A decision as a person would name it.

    ``before`` are labels that its ``samples`` had, at most three, the most frequent first, and
    ``others`` whether there were more; ``label`` is what they have now, None where they kept
    theirs. ``rows`` are its samples, of many the first; ``again``: it was undone and redone.
    """

    decision: str
    action: str
    before: list[str]
    others: bool
    label: str | None
    tag: str | None
    samples: int
    rows: list[int]
    again: bool
    author: str
    created_at: str


class ResolveReply(TypedDict):
    """What was done; None for ``decision`` where nothing was.

    ``what`` names it; for an undo, what was taken back. ``left_out`` counts, by field that the
    dataset no longer declares, the samples that an undo brought back without their value of it.
    """

    decision: str | None
    action: str
    applied: int
    conflict_count: int
    conflicts: list[Conflict]
    what: Decided | None
    left_out: dict[str, int]
    revision: int


class UndoRequest(RunRequest):
    """The decision to take back, None for the last one."""

    decision: str | None
    iteration: NotRequired[int | None]


class RecentReply(TypedDict):
    """The last decisions that stand, the newest first; ``sheet`` has a thumbnail of each.

    Its rows are places in ``decisions``.
    """

    revision: int
    decisions: list[Decided]
    sheet: Sheet | None
