"""Answers about second opinions: asking, judging blind, agreement, settling what is disputed."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
import numpy as np
from bson import ObjectId

from ..plugin.decisions.resolution import utc_text
from ..plugin.errors import InputError
from ..plugin.images.dataset_windows import image_windows
from ..plugin.images.whole_picture import whole_picture
from ..plugin.opinions import answers
from ..plugin.opinions.answers import SecondOpinion, open_opinion
from ..plugin.opinions.request import known_people, request_second_opinion
from ..plugin.opinions.store import Item, requests_of
from ..plugin.store.iterations import Iteration
from ..plugin.store.runs import Run
from ..plugin.store.samples import samples_of
from . import events
from .audit_events import ALL_CLASSES_UP_TO, MOST_ITEMS, UNREADABLE
from .decision_events import resolution_reply
from .opened import open_iteration, open_run
from .picture_events import LARGEST_PREVIEW, thumbnail_store, url_of

MOST_LISTED = 20
MOST_DISAGREEMENTS = 500
MOST_ASKED = 20_000


def opinions(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.OpinionsReply:
    """The last requests of a run, and whom it knows."""
    return _reply(open_run(ctx, request.get("run")))


def _reply(run: Run) -> events.OpinionsReply:
    people = known_people(run)
    names = sorted(people)
    return events.OpinionsReply(
        opinions=[_info(SecondOpinion(run, one)) for one in requests_of(run)[:MOST_LISTED]],
        people=names,
        decided=[people[name] for name in names],
    )


def opinion_ask(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.OpinionsReply:
    """Put rows, a cell or a part of somebody's decisions to another person."""
    opened = open_iteration(ctx, request)
    rows, cell = request.get("rows"), request.get("cell")
    if sum(v is not None for v in (rows, cell, request.get("decisions_of"))) != 1:
        raise InputError("Name what to ask about by one of rows, cell and decisions_of.")
    ids = None
    if cell is not None:
        where = opened.cell(cell[0], cell[1])
        ids = opened.ids(np.arange(where.start, where.stop)[~opened.gone[where]])
        if not ids:
            raise InputError("No sample of this cell is open.")
    elif rows is not None:
        ids = opened.ids(opened.rows(rows, MOST_ASKED))
    request_second_opinion(
        opened.run,
        request["to"],
        sample_ids=ids,
        decisions_of=request.get("decisions_of"),
        n=request.get("n"),
        author=ctx.user_id,
    )
    return _reply(opened.run)


def opinion_items(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.AuditItemsReply:
    """The next samples to judge, without anything that tells a label."""
    opinion = _opened(ctx, request)
    skip = set(request.get("skip") or [])
    waiting = {item.place for item in opinion.waiting}
    wanted = [item for item in opinion.waiting if item.place not in skip]
    wanted = wanted[: max(1, min(MOST_ITEMS, int(request.get("limit") or 8)))]
    size = max(64, min(LARGEST_PREVIEW, int(request.get("size") or 512)))
    return events.AuditItemsReply(
        audit=str(opinion.asked.id),
        state="open" if waiting else "done",
        items=_items(opinion, wanted, size),
        skipped=[place for place in request.get("skip") or [] if place in waiting],
        judged=len(opinion.items) - len(waiting),
        waiting=len(waiting),
    )


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
    if unclear == isinstance(label, str):
        raise InputError("An answer is either a label or unclear")
    kept = answers.answer(opinion, request["place"], label)
    waiting = len(SecondOpinion(opinion.run, opinion.asked).waiting)
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
    opened = open_iteration(ctx, request)
    opinion = open_opinion(opened.run, request["opinion"])
    done = answers.settle(
        opinion,
        request["place"],
        request["label"],
        expected=request["expected"],
        author=ctx.user_id,
    )
    return resolution_reply(opened, done)


def _opened(ctx: foo.ExecutionContext, request: dict[str, Any]) -> SecondOpinion:
    return open_opinion(open_run(ctx, request.get("run")), request["opinion"])


def _iteration(opinion: SecondOpinion) -> Iteration:
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
    windows = image_windows(opinion.run.dataset, _iteration(opinion))
    return thumbnail_store().get(_paths(opinion, items), size, windows)


def _paths(opinion: SecondOpinion, items: list[Item]) -> list[str]:
    query = {"_id": {"$in": [item.sample_id for item in items]}}
    found = samples_of(opinion.run.dataset).find(query, {"filepath": 1})
    paths: dict[ObjectId, str] = {d["_id"]: d.get("filepath") or "" for d in found}
    return [paths.get(item.sample_id, "") for item in items]


def _classes(iteration: Iteration, item: Item) -> list[int]:
    """All classes of the run, or of many the probable ones and both labels, by index."""
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
