"""Accepting the consensus of votes and model in bulk: previewed, checked, done by one decision.

Every sample gets the class that its consensus says, and one undo takes all of it back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ..arrays import Int64Array
from ..decisions.resolve import resolve
from ..decisions.state import current_state
from ..errors import InputError
from ..store.iterations import Iteration, unpack_ids
from ..store.runs import Run
from .checks import Bound, bound_of, draw_check, fitting
from .store import load_check

LEAST = 0.9
"""How sure the consensus must be, unless somebody says otherwise."""


@dataclass(frozen=True)
class Proposal:
    """Open samples whose consensus is another class than their label.

    Attributes:
        least: how sure the consensus is at least
        rows: int64 (k,), of the iteration
        label, becomes: int64 (k,), class indices
    """

    iteration: Iteration
    least: float
    rows: Int64Array
    label: Int64Array
    becomes: Int64Array

    @property
    def expected_wrong(self) -> float:
        """How many of them the consensus expects to be wrong about itself."""
        return float(np.sum(1.0 - self.iteration.column("p_max")[self.rows].astype(np.float64)))

    @property
    def ids(self) -> list[str]:
        """The sample ids, in the order of ``rows``."""
        return unpack_ids(self.iteration.column("sample_id")[self.rows])

    def changes(self) -> list[tuple[str, str, int]]:
        """Label, consensus and number of samples, the most frequent first."""
        names = self.iteration.classes
        return [(names[a], names[b], n) for (a, b), n in self.pairs().most_common()]

    def pairs(self) -> Counter[tuple[int, int]]:
        """How many rows there are of each label and consensus, as class indices."""
        return Counter(zip(self.label.tolist(), self.becomes.tolist(), strict=True))


@dataclass
class Accepted:
    """What became of accepting it.

    Attributes:
        decision: the decision's id, None where nothing was changed
        conflicts: the first samples that were left alone
    """

    bound: Bound
    applied: int = 0
    decision: str | None = None
    conflict_count: int = 0
    conflicts: list[dict[str, Any]] = field(default_factory=list)


def propose(run: Run, least: float = LEAST, iteration: int | None = None) -> Proposal:
    """The open samples that accepting the consensus would relabel.

    Args:
        run: a run whose iteration was made with votes
        least: how sure the consensus must be, from 0 to 1
        iteration: its number, by default the last one's

    Raises:
        InputError: if the iteration knows of no votes, or ``least`` is out of range
    """
    least = checked_least(least)
    found = run.iteration(iteration)
    check_voted(run, found)
    sure = found.column("p_max") >= least
    wanted = found.suspect_rows & (current_state(run, found).kind == 0) & sure
    rows = np.flatnonzero(wanted)
    return Proposal(
        found,
        least,
        rows,
        found.column("label")[rows].astype(np.int64),
        found.column("prediction")[rows].astype(np.int64),
    )


def checked_least(least: float) -> float:
    """How sure a consensus must be, or InputError where that cannot be."""
    if isinstance(least, bool) or not isinstance(least, int | float) or not 0.0 <= least <= 1.0:
        raise InputError(f"confidence must be a number from 0 to 1, got {least!r}")
    return float(least)


def check_voted(run: Run, iteration: Iteration) -> None:
    """Raise InputError where an iteration knows of no votes."""
    if not iteration.document.get("votes"):
        raise InputError(
            f"Iteration {iteration.number} of run '{run.key}' was made without votes, so it has no "
            "consensus. Call find_label_errors with vote_fields first."
        )


def consensus_check(
    run: Run, check: str, iterations: Sequence[Iteration]
) -> tuple[dict[str, Any], int]:
    """A check of the consensus that was read, and the number of the iteration that it is of.

    Raises:
        InputError: if there is no such check, it was not read, or its iteration is not there
    """
    document = load_check(run, check)
    each = document.get("each")
    if not each:
        raise InputError(f"Check {check} was made for another decision, not for the consensus")
    bound_of(document)
    number = next((i.number for i in iterations if str(i.id) == each["iteration"]), None)
    if number is None:
        raise InputError(f"The iteration that check {check} was made of was deleted")
    return document, number


def draw_consensus_check(
    run: Run,
    proposal: Proposal,
    size: int,
    *,
    seed: int | None = None,
    author: str | None = None,
) -> tuple[str, list[str]]:
    """Draw samples, or labels, to look at before it is accepted; see ``draw_check``."""
    each = {"iteration": str(proposal.iteration.id), "least": proposal.least}
    return draw_check(run, proposal.ids, size, becomes=None, each=each, seed=seed, author=author)


def accept_consensus(run: Run, check: str, *, author: str | None = None) -> Accepted:
    """Give every sample that a check was drawn from its consensus, but for the exceptions.

    What was decided since by others is left alone, and so is what they relabelled.

    Args:
        run: the run
        check: a check of the consensus that was read
        author: who decides

    Raises:
        InputError: if there is no such check, it was not read, or is of another iteration; nothing
            is changed
    """
    document, number = consensus_check(run, check, run.iterations())
    bound, proposal = bound_of(document), propose(run, document["each"]["least"], number)
    names, ids, allowed = proposal.iteration.classes, proposal.ids, set(fitting(document))
    chosen = [at for at, sample_id in enumerate(ids) if sample_id in allowed]
    if not chosen:
        return Accepted(bound)
    made = resolve(
        run,
        "relabel",
        [ids[at] for at in chosen],
        label={ids[at]: names[proposal.becomes[at]] for at in chosen},
        expected_label={ids[at]: names[proposal.label[at]] for at in chosen},
        author=author,
        iteration=number,
        basis={"kind": "check", **asdict(bound)},
    )
    return Accepted(bound, made.applied, made.decision, made.conflict_count, list(made.conflicts))
