"""Answers about audits of objects: outlines and whole images to judge blind, and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo
import numpy as np

from ..plugin.audit.object_audits import OpenedObjectAudit, open_object_audit
from ..plugin.audit.object_judging import Seen, judge_image, judge_item, take_back
from ..plugin.errors import InputError
from ..plugin.store.iterations import unpack_ids
from . import events
from .audit_events import MOST_ITEMS
from .opened_objects import open_objects
from .outlines import Place, classes_to_name, outlines_of
from .picture_events import LARGEST_PREVIEW


def audit_outlines(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditOutlinesReply:
    """The next places to judge, without anything that tells a label from what was predicted."""
    opened = _opened(ctx, request)
    skip = np.asarray(request.get("skip") or [], np.int64)
    places = opened.waiting[~np.isin(opened.waiting, skip)]
    places = places[: max(1, min(MOST_ITEMS, request["limit"]))]
    size = max(64, min(LARGEST_PREVIEW, request["size"]))
    return events.AuditOutlinesReply(
        audit=str(opened.record.id),
        state=opened.status,
        items=outlines_of(
            opened.run, opened.iteration, [_place(opened, at) for at in places.tolist()], size
        ),
        skipped=skip[np.isin(skip, opened.waiting)].tolist(),
        judged=len(opened.verdict) - len(opened.waiting),
        waiting=len(opened.waiting),
    )


def audit_judge(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditJudgedReply:
    """Take one verdict on an outline."""
    opened = _opened(ctx, request)
    label, box, unclear = (request.get(name) for name in ("label", "box", "unclear"))
    if (unclear and (label is not None or box is not None)) or (label is None and box is not None):
        raise InputError("A verdict is a class, with or without an outline, nothing, or unclear")
    made = judge_item(opened, request["place"], Seen(label, box, bool(unclear)), author=ctx.user_id)
    return _judged(ctx, request, gone=made is None)


def audit_look(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditJudgedReply:
    """Take the verdict on a whole image."""
    opened = _opened(ctx, request)
    labels, boxes = request["labels"], request["boxes"]
    if len(labels) != len(boxes):
        raise InputError(f"needs a class for each outline, got {len(labels)} and {len(boxes)}")
    if request.get("unclear") and labels:
        raise InputError("A verdict is either what is missing or unclear")
    seen = None if request.get("unclear") else list(zip(labels, boxes, strict=True))
    made = judge_image(opened, request["place"], seen, author=ctx.user_id)
    return _judged(ctx, request, gone=made is None)


def audit_take_back(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditJudgedReply:
    """Take a verdict back, with what it decided."""
    take_back(_opened(ctx, request), request["place"], author=ctx.user_id)
    return _judged(ctx, request, gone=False)


def _judged(
    ctx: foo.ExecutionContext, request: dict[str, Any], *, gone: bool
) -> events.AuditJudgedReply:
    now = _opened(ctx, request)
    return events.AuditJudgedReply(gone=gone, waiting=len(now.waiting), revision=now.state.revision)


def _opened(ctx: foo.ExecutionContext, request: Mapping[str, Any]) -> OpenedObjectAudit:
    run = open_objects(ctx, {"run": request["run"]}).run
    found = open_object_audit(run, request.get("audit"))
    if found is None:
        raise InputError(f"Run '{run.key}' has no audit yet. Draw one first.")
    return found


def _place(opened: OpenedObjectAudit, place: int) -> Place:
    whole, item, box = place >= len(opened.record.row), None, None
    if not whole:
        item = unpack_ids(opened.record.item_id[place : place + 1])[0]
        box = opened.iteration.column("box")[int(opened.record.row[place])].tolist()
    return Place(place, opened.sample_at(place), item, box, _classes(opened, place))


def _classes(opened: OpenedObjectAudit, place: int) -> list[int]:
    """All classes of the run, or of many some probable ones, as many for each place."""
    whole = place >= len(opened.record.row)
    return classes_to_name(opened.iteration, None if whole else int(opened.record.row[place]))
