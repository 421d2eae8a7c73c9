"""Answers about cleaning by importance: its rounds, the class to begin with, the advice."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo

from ..plugin.decisions.state import current_state
from ..plugin.importance.advice import ADVICE, STOP, advice
from ..plugin.importance.store import kept_rounds
from . import events
from .opened import open_run

MOST_PAIRS = 3


def importance(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ImportanceReply:
    """The rounds that can be compared with the last one, and what they advise."""
    run = open_run(ctx, request.get("run"))
    rounds = kept_rounds(run)
    found = advice(rounds)
    last = rounds[-1] if rounds else None
    return events.ImportanceReply(
        rounds=[
            events.ImportanceRound(looked=r.looked, fixed=r.fixed, auroc=r.auroc) for r in rounds
        ],
        begin=[events.Confused(**pair) for pair in (last.begin if last else [])[:MOST_PAIRS]],
        advice=ADVICE[found],
        stop=found in STOP,
        variant=last.variant if last else "",
        embeddings=last.embeddings if last else "",
        iteration=last.iteration if last else 0,
        reviewed=current_state(run).counts()["reviewed"],
    )
