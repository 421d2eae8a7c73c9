"""Answers about audits, the stopping target, and checks before bulk decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..plugin.audit import audits, verdicts
from ..plugin.audit.audits import OpenedAudit
from ..plugin.audit.checks import draw_check, give_check
from ..plugin.audit.draw_objects import draw_object_audit
from ..plugin.audit.judging import give_verdict
from ..plugin.audit.object_audits import OpenedObjectAudit, open_object_audit
from ..plugin.audit.target import choose_target, read_object_target, read_target
from ..plugin.decisions.resolution import utc_text
from ..plugin.errors import InputError
from ..plugin.images.dataset_windows import image_windows
from ..plugin.images.whole_picture import whole_picture
from ..plugin.store.iterations import unpack_ids
from ..plugin.store.label_field import is_on_objects
from ..plugin.store.runs import Run
from ..plugin.store.samples import samples_of
from . import events
from .audit_estimates import estimate_of_labels, info_of_objects, parts_of, range_of
from .opened import open_iteration, open_run
from .opened_objects import open_any
from .picture_events import LARGEST_PREVIEW, thumbnail_store, url_of

MOST_ITEMS = 64
ALL_CLASSES_UP_TO = 20
UNREADABLE = "This image cannot be read"
"""Not the store's own words: they name the file, and its folder may name the class."""


def audit(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditReply:
    """An audit as it stands, its estimate, and the distance to the target."""
    run = open_run(ctx, request.get("run"), objects=True)
    return _reply(run, _open(run, request.get("audit")))


def audit_draw(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditReply:
    """Draw an audit of what is open."""
    run = open_run(ctx, request.get("run"), objects=True)
    size: Any = request.get("size")
    if is_on_objects(run):
        images = request.get("images") or 0
        return _reply(run, draw_object_audit(run, size, images, author=ctx.user_id))
    return _reply(run, audits.draw_audit(run, size, author=ctx.user_id))


def audit_close(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditReply:
    """Close an audit that nobody will finish."""
    run = open_run(ctx, request.get("run"), objects=True)
    audits.end_audit(_opened(run, request))
    return _reply(run, _open(run, request.get("audit")))


def set_target(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditReply:
    """Set the stopping target."""
    run = open_run(ctx, request.get("run"), objects=True)
    choose_target(run, request.get("share"), request.get("confidence"))
    return _reply(run, _open(run, None))


def audit_items(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditItemsReply:
    """The next samples to judge, without anything that tells their label."""
    run = open_run(ctx, request.get("run"))
    opened = _opened(run, request)
    skip = np.asarray(request.get("skip") or [], np.int64)
    places = opened.waiting[~np.isin(opened.waiting, skip)]
    places = places[: max(1, min(MOST_ITEMS, int(request.get("limit") or 8)))]
    size = max(64, min(LARGEST_PREVIEW, int(request.get("size") or 512)))
    return events.AuditItemsReply(
        audit=str(opened.record.id),
        state=opened.status,
        items=_items(opened, places, size),
        skipped=skip[np.isin(skip, opened.waiting)].tolist(),
        judged=len(opened.verdict) - len(opened.waiting),
        waiting=len(opened.waiting),
    )


def audit_original(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditOriginalReply:
    """A sample's picture in full resolution, as a picture of its own: its file's name may tell."""
    run = open_run(ctx, request.get("run"), objects=True)
    opened = _opened(run, request)
    place: int = request["place"]
    opened.require_place(place)
    path = paths_by_id(run, [opened.sample_at(place)])[0]
    made = whole_picture(path, image_windows(run.dataset, opened.state.iteration))
    return events.AuditOriginalReply(
        place=place, image=url_of(made), problem=UNREADABLE if made.problem else ""
    )


def audit_verdict(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditVerdictReply:
    """Take one verdict."""
    run = open_run(ctx, request.get("run"))
    opened = _opened(run, request)
    label, unclear = request.get("label"), bool(request.get("unclear"))
    if unclear == isinstance(label, str):
        raise InputError("A verdict is either a label or unclear")
    place: Any = request.get("place")
    made = give_verdict(opened, place, label, author=ctx.user_id)
    now = _opened(run, request)
    return events.AuditVerdictReply(
        decision=None if made is None else made.decision,
        gone=made is None,
        waiting=len(now.waiting),
        revision=now.state.revision,
    )


def check_draw(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.CheckReply:
    """Draw a check of open rows, those of a cell if none are named."""
    opened = open_iteration(ctx, request)
    where = opened.cell(request.get("label"), request.get("prediction"))
    named = request.get("rows")
    rows = opened.rows(named, opened.iteration.samples) if named else np.r_[where]
    rows = rows[~opened.gone[rows]]
    if not named:
        rows = rows[opened.inside(rows)]
    ids = opened.ids(rows)
    size: Any = request.get("size")
    check, drawn = draw_check(
        opened.run, ids, size, becomes=request.get("becomes"), author=ctx.user_id
    )
    return events.CheckReply(
        check=check, rows=opened.iteration.rows_of(drawn).tolist(), population=len(ids)
    )


def check_read(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.CheckBound:
    """Take the verdicts of a check and answer the bound."""
    opened = open_any(ctx, request)
    rows = opened.rows(request.get("exceptions"), opened.iteration.samples)
    bound = give_check(opened.run, str(request.get("check")), opened.ids(rows))
    return events.CheckBound(
        check=bound.check,
        checked=bound.checked,
        exceptions=bound.exceptions,
        unchecked=bound.unchecked,
        most_wrong=bound.most_wrong,
        share=round(bound.share, 4),
        confidence=bound.confidence,
    )


def _open(run: Run, audit: str | None) -> OpenedAudit | None:
    """An audit of a run, on whole samples or on objects."""
    return open_object_audit(run, audit) if is_on_objects(run) else audits.open_audit(run, audit)


def _opened(run: Run, request: dict[str, Any]) -> OpenedAudit:
    found = _open(run, request.get("audit"))
    if found is None:
        raise InputError(f"Run '{run.key}' has no audit yet. Draw one first.")
    return found


def _items(opened: OpenedAudit, places: npt.NDArray[np.int64], size: int) -> list[events.AuditItem]:
    files = paths_by_id(opened.run, unpack_ids(opened.record.sample_id[places]))
    windows = image_windows(opened.run.dataset, opened.state.iteration)
    pictures = thumbnail_store().get(files, size, windows) if files else []
    return [
        events.AuditItem(
            place=place,
            classes=_classes(opened, place),
            image=url_of(picture),
            width=picture.width,
            height=picture.height,
            problem=UNREADABLE if picture.problem else "",
        )
        for place, picture in zip(places.tolist(), pictures, strict=True)
    ]


def paths_by_id(run: Run, ids: Sequence[str]) -> list[str]:
    """The files of samples, empty where a sample is gone."""
    query = {"_id": {"$in": [ObjectId(i) for i in ids]}}
    found = samples_of(run.dataset).find(query, {"filepath": 1})
    paths = {str(document["_id"]): document.get("filepath") or "" for document in found}
    return [paths.get(i, "") for i in ids]


def _classes(opened: OpenedAudit, place: int) -> list[int]:
    """All classes of the run, or of many the probable ones and the label, by index."""
    iteration, row = opened.state.iteration, int(opened.record.row[place])
    if len(iteration.classes) <= ALL_CLASSES_UP_TO:
        return list(range(len(iteration.classes)))
    listed = set(iteration.column("top_class", row, row + 1)[0].tolist())
    return sorted(listed | set(iteration.column("label", row, row + 1).tolist()))


def _reply(run: Run, opened: OpenedAudit | None) -> events.AuditReply:
    target = read_object_target(run) if is_on_objects(run) else read_target(run)
    far, objects = target.distance, opened if isinstance(opened, OpenedObjectAudit) else None
    if objects is not None:
        estimate = estimate_of_labels(objects, far.found)
        left = objects.reading.left()
    else:
        estimate = None if opened is None else _estimate(opened, far.found)
        left = None if opened is None else opened.reading.left()
    everything = far.found + (0 if left is None else left.whole[0])
    likely = far.found / everything if estimate is not None and everything else None
    return events.AuditReply(
        revision=0 if opened is None else opened.state.revision,
        audit=None if opened is None else _info(opened),
        estimate=estimate,
        target=events.Target(
            share=target.share,
            confidence=target.confidence,
            found=far.found,
            sure=round(far.sure, 4),
            likely=None if likely is None else round(likely, 4),
            most_left=far.most_left,
            allowed_left=far.allowed_left,
            reached=far.reached,
        ),
        objects=None if objects is None else info_of_objects(objects),
    )


def _info(opened: OpenedAudit) -> events.AuditInfo:
    record, verdict = opened.record, opened.verdict
    return events.AuditInfo(
        id=str(record.id),
        number=record.number,
        iteration=record.iteration,
        size=len(verdict),
        judged=int((verdict != verdicts.WAITING).sum()),
        waiting=len(opened.waiting),
        right=int((verdict == verdicts.RIGHT).sum()),
        wrong=int(((verdict == verdicts.WRONG) | (verdict > verdicts.GONE)).sum()),
        unclear=int((verdict == verdicts.UNCLEAR).sum()),
        gone=int((verdict == verdicts.GONE).sum()),
        population=int(record.draw.population.sum()),
        drawn_at=utc_text(record.drawn_at),
        drawn_by=record.drawn_by,
        state=opened.status,
    )


def _estimate(opened: OpenedAudit, found: int) -> events.Estimate | None:
    left = opened.reading.left()
    at_draw, unclear = (
        opened.reading.errors_at_draw(what) for what in (verdicts.WRONG, verdicts.UNCLEAR)
    )
    if left is None or at_draw is None or unclear is None:
        return None
    return events.Estimate(
        judged=int(opened.reading.used.sum()),
        at_draw=range_of(at_draw),
        left=range_of(left),
        unclear=range_of(unclear),
        found=found,
        parts=parts_of(opened),
    )
