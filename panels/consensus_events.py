"""Answers about accepting the consensus in bulk: preview, random check, one decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo

from ..plugin.audit.consensus import Proposal, accept_consensus, draw_consensus_check, propose
from ..plugin.audit.object_consensus import (
    ACTS,
    ItemProposal,
    accept_items,
    propose_items,
)
from . import events
from .opened import Opened
from .opened_objects import OpenedObjects, open_any

MOST_CHANGES = 12


def consensus(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ConsensusReply:
    """How many open labels it would change, and which into which."""
    opened = open_any(ctx, request)
    revision = opened.state.revision
    if not opened.iteration.document.get("votes"):
        return events.ConsensusReply(
            revision=revision,
            voted=False,
            samples=0,
            expected_wrong=0.0,
            changes=[],
            kinds=0,
            acts=None,
        )
    proposal = _proposal(opened, request)
    changes = proposal.pairs().most_common()
    return events.ConsensusReply(
        revision=revision,
        voted=True,
        samples=len(proposal.rows),
        expected_wrong=round(proposal.expected_wrong, 1),
        changes=[(a, b, n) for (a, b), n in changes[:MOST_CHANGES]],
        kinds=len(changes),
        acts=_acts(proposal.by_act()) if isinstance(proposal, ItemProposal) else None,
    )


def consensus_check(
    ctx: foo.ExecutionContext, request: dict[str, Any]
) -> events.ConsensusCheckReply:
    """Draw samples to look at before it is accepted."""
    opened = open_any(ctx, request)
    proposal = _proposal(opened, request)
    size = request["size"]
    check, drawn = draw_consensus_check(opened.run, proposal, size, author=ctx.user_id)
    becomes = dict(zip(proposal.ids, proposal.becomes.tolist(), strict=True))
    rows = opened.iteration.rows_of(drawn)
    return events.ConsensusCheckReply(
        check=check,
        rows=rows.tolist(),
        labels=opened.picked("label", rows).tolist(),
        predictions=[becomes[i] for i in drawn],
        population=len(proposal.rows),
    )


def consensus_accept(
    ctx: foo.ExecutionContext, request: dict[str, Any]
) -> events.ConsensusAcceptReply:
    """Do what it says to all that a check was drawn from, but for its exceptions."""
    opened = open_any(ctx, request)
    if isinstance(opened, OpenedObjects):
        made = accept_items(opened.run, request["check"], author=ctx.user_id)
        return events.ConsensusAcceptReply(
            decisions=made.decisions,
            applied=made.applied,
            acts=_acts(made.by_act),
            conflict_count=made.conflict_count,
        )
    done = accept_consensus(opened.run, request["check"], author=ctx.user_id)
    return events.ConsensusAcceptReply(
        decisions=[] if done.decision is None else [done.decision],
        applied=done.applied,
        acts=None,
        conflict_count=done.conflict_count,
    )


def _proposal(opened: Opened, request: dict[str, Any]) -> Proposal:
    found = propose_items if isinstance(opened, OpenedObjects) else propose
    return found(opened.run, request["confidence"], opened.iteration.number)


def _acts(count: Mapping[str, int]) -> tuple[int, int, int]:
    relabel, remove, add = (count[act] for act in ACTS)
    return relabel, remove, add
