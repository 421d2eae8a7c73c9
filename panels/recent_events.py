"""Answers that name decisions: the last ones that stand, with a picture of each."""

from __future__ import annotations

from itertools import islice
from typing import Any

import fiftyone.operators as foo
from bson import ObjectId

from ..plugin.decisions import standing
from ..plugin.decisions.resolution import utc_text
from . import events
from .opened import Opened
from .opened_objects import open_any
from .picture_events import sheet_of_files

MOST_NAMED = 5
EDGE = 64


def recent(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.RecentReply:
    """The last decisions that stand, each with a picture of a sample that it changed.

    The picture is found by the file that the journal names, so that it is there for a sample that
    was removed, too.
    """
    opened = open_any(ctx, request)
    revision = opened.state.revision
    found = [standing.name_of(h) for h in islice(standing.standing(opened.run), MOST_NAMED)]
    files = [name.filepath for name in found]
    return events.RecentReply(
        revision=revision,
        decisions=[_decided(opened, name) for name in found],
        sheet=sheet_of_files(opened, list(range(len(files))), files, EDGE) if files else None,
    )


def named(opened: Opened, decision: str) -> events.Decided | None:
    """What a decision did; for an undo, what it took back or did again."""
    found = standing.named(opened.run, ObjectId(decision))
    return None if found is None else _decided(opened, found)


def _decided(opened: Opened, name: standing.Named) -> events.Decided:
    rows = opened.iteration.rows_of(name.sample_ids)
    return events.Decided(
        decision=name.id,
        action=name.action,
        before=list(name.before),
        others=name.others,
        label=name.label,
        tag=name.tag,
        samples=name.samples,
        rows=rows[rows >= 0].tolist(),
        again=name.again,
        author=name.author,
        created_at=utc_text(name.header["created_at"]),
    )
