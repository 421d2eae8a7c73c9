"""Answers about the people who voted: how far each is to be believed, and what each confuses."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo

from ..plugin.objects.from_votes import NOTHING
from ..plugin.votes.kept import confusions_of, find_votes, kept_votes
from . import events
from .opened_objects import open_any


def annotators(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AnnotatorsReply:
    """Who voted; nobody where the iteration was made without votes."""
    opened = open_any(ctx, request)
    known = (opened.iteration.document.get("votes") or {}).get("annotators", [])
    index = {name: at for at, name in enumerate([*opened.classes, NOTHING])}
    first = [next(iter(one["confusions"]), None) for one in known]
    votes = find_votes(opened.run, opened.iteration) if known else None
    wrong = [0] * len(known) if votes is None else votes.probably_wrong(~opened.decided).tolist()
    return events.AnnotatorsReply(
        revision=opened.state.revision,
        name=[one["name"] for one in known],
        votes=[one["votes"] for one in known],
        accuracy=[round(one["accuracy"], 4) for one in known],
        low=[round(one["low"], 4) for one in known],
        high=[round(one["high"], 4) for one in known],
        meant=[index.get(one["class"], -1) if one else -1 for one in first],
        said=[index.get(one["vote"], -1) if one else -1 for one in first],
        confused=[one["expected"] if one else 0.0 for one in first],
        wrong=wrong,
    )


def annotator(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AnnotatorReply:
    """What one of them said, by what it most probably is."""
    opened = open_any(ctx, request)
    votes = kept_votes(opened.run, opened.iteration)
    found = confusions_of(votes, request["of"], ~opened.decided)
    return events.AnnotatorReply(
        revision=opened.state.revision,
        meant=found.meant.tolist(),
        said=found.said.tolist(),
        votes=found.votes.tolist(),
        open=found.open.tolist(),
        bars=found.histogram.ravel().tolist(),
    )
