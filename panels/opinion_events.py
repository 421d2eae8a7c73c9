"""Answers about second opinions: asking, judging blind, agreement, settling what is disputed."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
import numpy as np
from bson import ObjectId

from ..plugin.decisions.object_changes import box_of
from ..plugin.decisions.resolution import utc_text
from ..plugin.errors import InputError
from ..plugin.images.crops import Crop, get_crops
from ..plugin.images.dataset_windows import image_windows
from ..plugin.images.whole_picture import whole_picture
from ..plugin.object_opinions.answers import (
    ObjectOpinion,
    TagOpinion,
    object_opinion,
    settle_object,
)
from ..plugin.object_opinions.request import people_of, request_object_opinion
from ..plugin.objects.iteration import ObjectIteration, object_iteration
from ..plugin.opinions import answers
from ..plugin.opinions.answers import SecondOpinion
from ..plugin.opinions.request import request_second_opinion
from ..plugin.opinions.store import NO_CLASS, Asked, Item, load_request, requests_of
from ..plugin.runs.opening import open_any_run
from ..plugin.store.iterations import Iteration
from ..plugin.store.label_field import is_on_sets
from ..plugin.store.runs import Run
from ..plugin.store.samples import samples_of
from . import events
from .audit_events import ALL_CLASSES_UP_TO, MOST_ITEMS, UNREADABLE
from .decision_events import resolution_reply
from .opened import Opened, dataset_of
from .opened_objects import OpenedObjects, open_any
from .outlines import Place, classes_to_name, drawn_box, outlines_of
from .picture_events import LARGEST_PREVIEW, thumbnail_store, url_of

MOST_LISTED = 20
MOST_DISAGREEMENTS = 500
MOST_ASKED = 20_000


def opinions(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.OpinionsReply:
    """The last requests of a run, and whom it knows."""
    return _reply(_run(ctx, request))


def _reply(run: Run) -> events.OpinionsReply:
    people = people_of(run)
    names = sorted(people)
    return events.OpinionsReply(
        opinions=[_info(_made_of(run, one)) for one in requests_of(run)[:MOST_LISTED]],
        people=names,
        decided=[people[name] for name in names],
    )


def opinion_ask(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.OpinionsReply:
    """Put rows, a cell or a part of somebody's decisions to another person."""
    opened = _any_opened(ctx, request)
    rows, cell = request.get("rows"), request.get("cell")
    if sum(v is not None for v in (rows, cell, request.get("decisions_of"))) != 1:
        raise InputError("Name what to ask about by one of rows, cell and decisions_of.")
    ids = None
    if cell is not None:
        where = opened.cell(cell[0], cell[1])
        ids = opened.ids(np.arange(where.start, where.stop)[~opened.gone[where]])
        if not ids:
            raise InputError("Nothing in this cell is open.")
    elif rows is not None:
        ids = opened.ids(opened.rows(rows, MOST_ASKED))
    asked = {name: request.get(name) for name in ("decisions_of", "n")}
    if isinstance(opened, OpenedObjects):
        request_object_opinion(
            opened.run, request["to"], label_ids=ids, author=ctx.user_id, **asked
        )
    else:
        request_second_opinion(
            opened.run, request["to"], sample_ids=ids, author=ctx.user_id, **asked
        )
    return _reply(opened.run)


def opinion_items(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditItemsReply:
    """The next samples to judge, without anything that tells a label."""
    opinion = _opened(ctx, request)
    wanted, page = _page(opinion, request)
    size = max(64, min(LARGEST_PREVIEW, int(request.get("size") or 512)))
    return events.AuditItemsReply(items=_items(opinion, wanted, size), **page)


def _page(opinion: SecondOpinion, request: dict[str, Any]) -> tuple[list[Item], Any]:
    """The next items to judge, and what else a reply says of the request."""
    skip = set(request.get("skip") or [])
    waiting = {item.place for item in opinion.waiting}
    wanted = [item for item in opinion.waiting if item.place not in skip]
    wanted = wanted[: max(1, min(MOST_ITEMS, int(request.get("limit") or 8)))]
    return wanted, {
        "audit": str(opinion.asked.id),
        "state": "open" if waiting else "done",
        "skipped": [place for place in request.get("skip") or [] if place in waiting],
        "judged": len(opinion.items) - len(waiting),
        "waiting": len(waiting),
    }


def opinion_outlines(
    ctx: foo.ExecutionContext, request: dict[str, Any]
) -> events.AuditOutlinesReply:
    """The next objects to judge, without anything that tells a label from what was predicted."""
    opinion = _opened(ctx, request)
    if not isinstance(opinion, ObjectOpinion) or isinstance(opinion, TagOpinion):
        raise InputError(f"Run '{opinion.run.key}' is on {opinion.noun}s, not on objects.")
    wanted, page = _page(opinion, request)
    iteration = object_iteration(opinion.run, opinion.asked.iteration)
    places = [
        Place(
            item.place,
            str(item.sample_id),
            str(item.unit_id),
            item.box,
            _object_classes(iteration, item),
        )
        for item in wanted
    ]
    size = max(64, min(LARGEST_PREVIEW, request["size"]))
    items = outlines_of(opinion.run, iteration, places, size)
    return events.AuditOutlinesReply(items=items, **page)


def opinion_original(
    ctx: foo.ExecutionContext, request: dict[str, Any]
) -> events.AuditOriginalReply:
    """A sample's picture in full resolution, as a picture of its own: its file's name may tell."""
    opinion = _opened(ctx, request)
    item = opinion.place(request["place"])
    windows = image_windows(opinion.run.dataset, _iteration(opinion))
    made = whole_picture(_paths(opinion, [item])[0], windows)
    return events.AuditOriginalReply(
        place=item.place, image=url_of(made), problem=UNREADABLE if made.problem else ""
    )


def opinion_answer(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditVerdictReply:
    """Keep one answer; no decision is made of it."""
    opinion = _opened(ctx, request)
    label, unclear = request.get("label"), bool(request.get("unclear"))
    if sum((unclear, isinstance(label, str), bool(request.get("nothing")))) != 1:
        raise InputError("An answer is either a label or unclear, or on objects nothing")
    if label == NO_CLASS:
        raise InputError("label must not be empty")
    nothing = bool(request.get("nothing"))
    kept = answers.answer(opinion, request["place"], NO_CLASS if nothing else label)
    waiting = len(_made_of(opinion.run, opinion.asked).waiting)
    return events.AuditVerdictReply(decision=None, gone=not kept, waiting=waiting, revision=0)


def opinion_take_back(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.DoneReply:
    """Forget an answer, so that its sample waits again."""
    return events.DoneReply(done=answers.take_back(_opened(ctx, request), request["place"]))


def disagreements(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.DisagreementsReply:
    """Where two people differ, with pictures; those that wait for a decision first."""
    opinion = _opened(ctx, request)
    all_of_them = opinion.disagreements
    listed = all_of_them[:MOST_DISAGREEMENTS]
    found = listed[max(0, request["offset"]) :][: max(1, min(MOST_ITEMS, request["limit"]))]
    size = max(64, min(LARGEST_PREVIEW, request["size"]))
    pictures = _pictures(opinion, [one.item for one in found], size)
    return events.DisagreementsReply(
        total=len(all_of_them),
        to_settle=opinion.to_settle,
        disagreements=[
            events.Disagreement(
                place=one.item.place,
                first=one.item.first,
                second=str(one.item.second),
                now=one.now,
                relabelled=one.relabelled,
                settled=one.settled,
                image=url_of(picture),
                width=picture.width,
                height=picture.height,
                problem=picture.problem,
            )
            for one, picture in zip(found, pictures, strict=True)
        ],
    )


def settle(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ResolveReply:
    """Settle a disagreement by a decision like any other."""
    opened = _any_opened(ctx, request)
    opinion = _made_of(opened.run, load_request(opened.run, request["opinion"]))
    settled = (opinion, request["place"], request["label"])
    how = {"expected": request["expected"], "author": ctx.user_id}
    if isinstance(opinion, ObjectOpinion):
        done = settle_object(opinion, *settled[1:], **how)
    else:
        done = answers.settle(*settled, **how)
    return resolution_reply(opened, done)


def _any_opened(ctx: foo.ExecutionContext, request: dict[str, Any]) -> Opened:
    """The iteration of a request, on whole samples or on objects or tags."""
    _run(ctx, request)
    return open_any(ctx, request)


def _run(ctx: foo.ExecutionContext, request: dict[str, Any]) -> Run:
    return open_any_run(dataset_of(ctx), str(request.get("run")))[0]


def _opened(ctx: foo.ExecutionContext, request: dict[str, Any]) -> SecondOpinion:
    run = _run(ctx, request)
    return _made_of(run, load_request(run, request["opinion"]))


def _made_of(run: Run, asked: Asked) -> SecondOpinion:
    return object_opinion(run, asked) if is_on_sets(run) else SecondOpinion(run, asked)


def _iteration(opinion: SecondOpinion) -> Iteration:
    if isinstance(opinion, ObjectOpinion):
        return object_iteration(opinion.run, opinion.asked.iteration)
    return opinion.run.iteration(opinion.asked.iteration)


def _items(opinion: SecondOpinion, items: list[Item], size: int) -> list[events.AuditItem]:
    return [
        events.AuditItem(
            place=item.place,
            classes=_classes(_iteration(opinion), item),
            image=url_of(picture),
            width=picture.width,
            height=picture.height,
            problem=UNREADABLE if picture.problem else "",
        )
        for item, picture in zip(items, _pictures(opinion, items, size), strict=True)
    ]


def _pictures(opinion: SecondOpinion, items: list[Item], size: int) -> list[Any]:
    if not items:
        return []
    windows, paths = image_windows(opinion.run.dataset, _iteration(opinion)), _paths(opinion, items)
    if isinstance(opinion, ObjectOpinion) and not isinstance(opinion, TagOpinion):
        return get_crops(thumbnail_store(), _crops(opinion, items, paths), size, windows)
    return thumbnail_store().get(paths, size, windows)


def _crops(opinion: ObjectOpinion, items: list[Item], paths: list[str]) -> list[Crop]:
    boxes = [drawn_box(box_of(opinion.label_of(i))) or drawn_box(i.box) for i in items]
    return [Crop(path, box, None) for path, box in zip(paths, boxes, strict=True)]


def _paths(opinion: SecondOpinion, items: list[Item]) -> list[str]:
    query = {"_id": {"$in": [item.sample_id for item in items]}}
    found = samples_of(opinion.run.dataset).find(query, {"filepath": 1})
    paths: dict[ObjectId, str] = {d["_id"]: d.get("filepath") or "" for d in found}
    return [paths.get(item.sample_id, "") for item in items]


def _classes(iteration: Iteration, item: Item) -> list[int]:
    """All classes of the run, or of many the probable ones and both labels, by index.

    Of a tag its own, which is asked about.
    """
    if item.tag is not None:
        return [iteration.classes.index(item.tag)] if item.tag in iteration.classes else []
    if len(iteration.classes) <= ALL_CLASSES_UP_TO:
        return list(range(len(iteration.classes)))
    row = int(iteration.rows_of([str(item.sample_id)])[0])
    listed: set[int] = set()
    if row >= 0:
        listed = set(iteration.column("top_class", row, row + 1)[0].tolist())
        listed |= set(iteration.column("label", row, row + 1).tolist())
    if item.first in iteration.classes:
        listed.add(iteration.classes.index(item.first))
    return sorted(listed)


def _object_classes(iteration: ObjectIteration, item: Item) -> list[int]:
    row = int(iteration.rows_of([str(item.unit_id)])[0])
    first = [iteration.classes.index(item.first)] if item.first in iteration.classes else []
    return classes_to_name(iteration, row if row >= 0 else None, first)


def _info(opinion: SecondOpinion) -> events.OpinionInfo:
    asked, found = opinion.asked, opinion.agreement
    return events.OpinionInfo(
        id=str(asked.id),
        number=asked.number,
        to=asked.to,
        about=asked.about,
        asked_by=asked.asked_by,
        asked_at=utc_text(asked.asked_at),
        size=asked.size,
        judged=len(opinion.items) - len(opinion.waiting),
        waiting=len(opinion.waiting),
        unclear=opinion.unclear,
        gone=opinion.gone,
        compared=found.samples,
        agreed=found.agreed,
        kappa=None if found.kappa != found.kappa else round(found.kappa, 4),
        low=round(found.low, 4),
        high=round(found.high, 4),
        disagreements=len(opinion.disagreements),
        to_settle=opinion.to_settle,
    )
