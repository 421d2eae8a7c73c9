"""Answers that name decisions: the last ones that stand, with a picture of each."""

from __future__ import annotations

from itertools import islice
from typing import Any

import fiftyone.operators as foo
import numpy as np
from bson import ObjectId

from ..plugin.decisions import standing
from ..plugin.decisions.resolution import utc_text
from ..plugin.images.crops import get_crops
from . import events
from .opened import Opened
from .opened_objects import OpenedObjects, open_any
from .picture_events import sheet_of, thumbnail_store

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
    return events.RecentReply(
        revision=revision,
        decisions=[_decided(opened, name) for name in found],
        sheet=_pictures(opened, found) if found else None,
    )


def _pictures(opened: Opened, found: list[standing.Named]) -> events.Sheet:
    """A picture of the first sample, or object, of each decision."""
    files = [name.filepath for name in found]
    made = thumbnail_store().get(files, EDGE, opened.windows)
    if isinstance(opened, OpenedObjects) and opened.iteration.has_boxes:
        first = [_rows(opened, name)[:1] for name in found]
        held = [at for at, rows in enumerate(first) if rows]
        crops = opened.crops(
            np.array([first[at][0] for at in held], np.int64), [files[at] for at in held]
        )
        cut = get_crops(thumbnail_store(), crops, EDGE, opened.windows)
        for at, crop in zip(held, cut, strict=True):
            made[at] = crop
    return sheet_of(list(range(len(found))), made, EDGE)


def _rows(opened: Opened, name: standing.Named) -> list[int]:
    """The rows of the first samples, or objects, of a decision that the iteration holds."""
    ids = name.item_ids if isinstance(opened, OpenedObjects) else name.sample_ids
    rows = opened.iteration.rows_of(ids)
    return rows[rows >= 0].tolist()


def named(opened: Opened, decision: str) -> events.Decided | None:
    """What a decision did; for an undo, what it took back or did again."""
    found = standing.named(opened.run, ObjectId(decision))
    return None if found is None else _decided(opened, found)


def _decided(opened: Opened, name: standing.Named) -> events.Decided:
    return events.Decided(
        decision=name.id,
        action=name.action,
        before=list(name.before),
        others=name.others,
        label=name.label,
        tag=name.tag,
        samples=name.samples,
        rows=_rows(opened, name),
        again=name.again,
        author=name.author,
        created_at=utc_text(name.header["created_at"]),
    )
