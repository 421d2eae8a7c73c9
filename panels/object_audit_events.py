"""Answers about audits of objects: outlines and whole images to judge blind, and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo
import numpy as np
from bson import ObjectId

from ..plugin.audit.object_audits import OpenedObjectAudit, open_object_audit
from ..plugin.audit.object_judging import Seen, judge_image, judge_item, take_back
from ..plugin.decisions.object_changes import box_of, by_id, labels_in
from ..plugin.errors import InputError
from ..plugin.images.dataset_windows import image_windows
from ..plugin.store.iterations import unpack_ids
from ..plugin.store.samples import samples_of
from . import events
from .audit_events import ALL_CLASSES_UP_TO, MOST_ITEMS, UNREADABLE
from .opened_objects import open_objects
from .picture_events import LARGEST_PREVIEW, thumbnail_store, url_of

MOST_OUTLINES = 500
"""Other labels of an image that are drawn."""

Box = tuple[float, float, float, float]


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
        items=_outlines(opened, places.tolist(), size),
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


def _outlines(opened: OpenedObjectAudit, places: list[int], size: int) -> list[events.AuditOutline]:
    ids = [opened.sample_at(place) for place in places]
    field = opened.run.label_field
    query = {"_id": {"$in": [ObjectId(i) for i in ids]}}
    found = samples_of(opened.run.dataset).find(query, {"filepath": 1, field: 1})
    documents = {str(document["_id"]): document for document in found}
    files = [str((documents.get(i) or {}).get("filepath") or "") for i in ids]
    windows = image_windows(opened.run.dataset, opened.iteration)
    pictures = thumbnail_store().get(files, size, windows) if files else []
    made = []
    for place, sample, picture in zip(places, ids, pictures, strict=True):
        labels = {
            str(item): box
            for item, label in by_id(labels_in(documents.get(sample), field)).items()
            if (box := _box(box_of(label))) is not None
        }
        whole = place >= len(opened.record.row)
        own = None if whole else _own(opened, place, labels)
        made.append(
            events.AuditOutline(
                place=place,
                classes=_classes(opened, place),
                image=url_of(picture),
                width=picture.width,
                height=picture.height,
                problem=UNREADABLE if picture.problem else "",
                whole=whole,
                box=own,
                others=list(labels.values())[:MOST_OUTLINES],
            )
        )
    return made


def _own(opened: OpenedObjectAudit, place: int, labels: dict[str, Box]) -> Box | None:
    """The outline of a place, which is taken out of those of the image."""
    item = unpack_ids(opened.record.item_id[place : place + 1])[0]
    row = int(opened.record.row[place])
    return labels.pop(item, None) or _box(opened.iteration.column("box")[row].tolist())


def _box(box: Any) -> Box | None:
    """A stored box to draw, None where it is none; rounded, so that all are written alike."""
    right = isinstance(box, list) and len(box) == 4
    if not right or not all(isinstance(v, int | float) and v == v for v in box):
        return None
    left, top, width, height = (round(float(v), 4) for v in box)
    return left, top, width, height


def _classes(opened: OpenedObjectAudit, place: int) -> list[int]:
    """All classes of the run, or of many some probable ones, as many for each place."""
    iteration = opened.iteration
    count = len(iteration.classes)
    if count <= ALL_CLASSES_UP_TO:
        return list(range(count))
    if place >= len(opened.record.row):
        return []
    row = int(opened.record.row[place])
    probable = iteration.column("top_class", row, row + 1)[0]
    listed = probable[probable != iteration.nothing][: max(1, len(probable) - 2)].tolist()
    label = int(iteration.column("label", row, row + 1)[0])
    if label != iteration.nothing and label not in listed:
        listed[-1] = label
    return sorted(listed)
