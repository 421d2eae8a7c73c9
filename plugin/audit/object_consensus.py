"""Accepting the consensus in bulk on labels that are sets: a label each is changed, goes, or comes.

A label whose consensus is another class is relabelled, one under which nothing is taken to be is
removed, and a missing one that is taken to be there is added. Where labels lie is left as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..decisions.journal import headers
from ..decisions.resolution import CONFLICTS_SHOWN
from ..decisions.standing import standing
from ..objects.cell_names import NO_LABEL
from ..objects.fields import NOTHING
from ..objects.iteration import ObjectIteration, object_iteration, object_iterations
from ..objects.outside_changes import done_elsewhere
from ..objects.request import ObjectRequest
from ..objects.resolve import make_decision
from ..objects.state import items_state
from ..store.iterations import unpack_ids
from ..store.runs import Run
from .checks import Bound, bound_of, fitting
from .consensus import LEAST, Proposal, check_voted, checked_least, consensus_check

ACTS = ("relabel", "remove", "add")
"""What accepting does, in this order, a decision each."""


@dataclass(frozen=True)
class ItemProposal(Proposal):
    """Open items that the consensus would have otherwise; class ``C`` is nothing."""

    iteration: ObjectIteration  # pyright: ignore[reportIncompatibleVariableOverride]

    @property
    def ids(self) -> list[str]:
        """The ids of the labels, and of the missing ones, in the order of ``rows``."""
        return unpack_ids(self.iteration.column("item_id")[self.rows])

    def changes(self) -> list[tuple[str, str, int]]:
        """Label, consensus and number, the most frequent first; what is not there in brackets."""
        before = [*self.iteration.classes, NO_LABEL]
        after = [*self.iteration.classes, NOTHING]
        return [(before[a], after[b], n) for (a, b), n in self.pairs().most_common()]

    @property
    def act(self) -> npt.NDArray[np.int64]:
        """What would be done to each row: int64 (k,), index into ``ACTS``."""
        nothing = self.iteration.nothing
        return np.where(self.label == nothing, 2, np.where(self.becomes == nothing, 1, 0))

    def by_act(self) -> dict[str, int]:
        """How many rows there are of each of ``ACTS``."""
        found = np.bincount(self.act, minlength=len(ACTS)).tolist()
        return dict(zip(ACTS, found, strict=True))


@dataclass
class ItemsAccepted:
    """What became of accepting it.

    Attributes:
        by_act: how many labels were changed, by ``ACTS``
        decisions: the ids of the decisions that rest on the check and stand, the last made first,
            those of an earlier attempt that was cut short included: in this order they are undone
        conflicts: the first items that were left alone
    """

    bound: Bound
    by_act: Counter[str] = field(default_factory=Counter)
    decisions: list[str] = field(default_factory=list)
    conflict_count: int = 0
    conflicts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def applied(self) -> int:
        """How many labels were changed."""
        return self.by_act.total()

    def refuse(self, found: list[dict[str, Any]], count: int) -> None:
        """Note what was left alone."""
        self.conflict_count += count
        self.conflicts = [*self.conflicts, *found][:CONFLICTS_SHOWN]


def propose_items(run: Run, least: float = LEAST, iteration: int | None = None) -> ItemProposal:
    """The open labels and missing ones that accepting the consensus would change.

    What somebody else changed, removed or labelled since the iteration is not among them.

    Args:
        run: a run on objects or tags whose iteration was made with votes
        least: how sure the consensus must be, from 0 to 1
        iteration: its number, by default the last one's

    Raises:
        InputError: if the iteration knows of no votes, or ``least`` is out of range
    """
    found = _every(run, least, iteration)
    left = ~done_elsewhere(run, found.iteration, found.rows)
    return _only(found, left)


def accept_items(run: Run, check: str, *, author: str | None = None) -> ItemsAccepted:
    """Do what the consensus says to all that a check was drawn from, but for the exceptions.

    One decision an act, since the journal has one action a decision; each rests on the check. What
    was decided by others since is left alone. What they changed outside is left alone and
    reported, so is a missing label where somebody made one since. Who was interrupted calls again.

    Args:
        run: the run
        check: a check of the consensus that was read
        author: who decides

    Raises:
        InputError: if there is no such check, it was not read, or is of another iteration; nothing
            is changed
    """
    document, number = consensus_check(run, check, object_iterations(run))
    made = ItemsAccepted(bound_of(document))
    found, allowed = _every(run, document["each"]["least"], number), set(fitting(document))
    found = _only(found, np.array([i in allowed for i in found.ids], bool))
    for act, some in _by_act(found):
        done = make_decision(
            run,
            _request(act, some),
            author=author,
            iteration=number,
            basis={"kind": "check", **asdict(made.bound)},
        )
        made.by_act[act] += done.applied
        made.refuse(list(done.conflicts), done.conflict_count)
    made.decisions = _standing_on(run, check)
    return made


def _every(run: Run, least: float, number: int | None) -> ItemProposal:
    """The proposal, with what others dealt with since."""
    least = checked_least(least)
    found = object_iteration(run, number)
    check_voted(run, found)
    label, becomes, sure = found.column("label"), found.likeliest(), found.column("p_max") >= least
    wanted = (label != becomes) & (items_state(run, found.document).kind == 0) & sure
    rows = np.flatnonzero(wanted)
    changes = label[rows].astype(np.int64), becomes[rows].astype(np.int64)
    return ItemProposal(found, least, rows, *changes)


def _only(found: ItemProposal, rows: npt.NDArray[np.bool_]) -> ItemProposal:
    kept = found.rows[rows], found.label[rows], found.becomes[rows]
    return ItemProposal(found.iteration, found.least, *kept)


def _by_act(found: ItemProposal) -> Iterator[tuple[str, ItemProposal]]:
    """The rows of each act that there is anything of."""
    for at, act in enumerate(ACTS):
        some = _only(found, found.act == at)
        if len(some.rows):
            yield act, some


def _request(act: str, some: ItemProposal) -> ObjectRequest:
    """The request, which expects labels and boxes as the iteration saw them."""
    classes, ids = [*some.iteration.classes, None], some.ids
    gives = dict(zip(ids, (classes[at] for at in some.becomes.tolist()), strict=True))
    label = None if act == "remove" else {i: str(name) for i, name in gives.items()}
    seen = dict(zip(ids, (classes[at] for at in some.label.tolist()), strict=True))
    boxes = None
    if some.iteration.has_boxes:
        boxes = dict(zip(ids, some.iteration.column("box")[some.rows].tolist(), strict=True))
    request = ObjectRequest.checked(act, ids, label, None, None, seen, boxes)
    return request.where_nothing_came()


def _standing_on(run: Run, check: str) -> list[str]:
    query = {**run.owner, "basis.check": check, "state": "applied"}
    resting: set[ObjectId] = {h["_id"] for h in headers().find(query, {"_id": 1})}
    if not resting:
        return []
    return [str(h["_id"]) for h in standing(run) if h["_id"] in resting]
