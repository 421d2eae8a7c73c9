"""Answers about accepting the consensus in bulk: preview, random check, one decision."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo

from ..plugin.audit.consensus import accept_consensus, draw_consensus_check, propose
from . import events
from .opened import open_iteration

MOST_CHANGES = 12


def consensus(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ConsensusReply:
    """How many open labels it would change, and which into which."""
    opened = open_iteration(ctx, request)
    revision = opened.state.revision
    if not opened.iteration.document.get("votes"):
        return events.ConsensusReply(
            revision=revision, voted=False, samples=0, expected_wrong=0.0, changes=[], kinds=0
        )
    proposal = propose(opened.run, request["confidence"], opened.iteration.number)
    changes = proposal.changes()
    index = {name: at for at, name in enumerate(opened.classes)}
    return events.ConsensusReply(
        revision=revision,
        voted=True,
        samples=len(proposal.rows),
        expected_wrong=round(proposal.expected_wrong, 1),
        changes=[(index[a], index[b], n) for a, b, n in changes[:MOST_CHANGES]],
        kinds=len(changes),
    )


def consensus_check(
    ctx: foo.ExecutionContext, request: dict[str, Any]
) -> events.ConsensusCheckReply:
    """Draw samples to look at before it is accepted."""
    opened = open_iteration(ctx, request)
    proposal = propose(opened.run, request["confidence"], opened.iteration.number)
    check, drawn = draw_consensus_check(opened.run, proposal, request["size"], author=ctx.user_id)
    rows = opened.iteration.rows_of(drawn)
    return events.ConsensusCheckReply(
        check=check,
        rows=rows.tolist(),
        labels=opened.picked("label", rows).tolist(),
        predictions=opened.picked("prediction", rows).tolist(),
        population=len(proposal.rows),
    )


def consensus_accept(
    ctx: foo.ExecutionContext, request: dict[str, Any]
) -> events.ConsensusAcceptReply:
    """Relabel all that a check was drawn from, but for its exceptions."""
    opened = open_iteration(ctx, request)
    done = accept_consensus(opened.run, request["check"], author=ctx.user_id)
    return events.ConsensusAcceptReply(
        decision=done.decision, applied=done.applied, conflict_count=done.conflict_count
    )
