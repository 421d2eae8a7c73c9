"""Answers that change something: decide, undo, pick the next suspects, show a cell in the grid."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..plugin.audit.checks import basis_of_check, fitting
from ..plugin.audit.store import load_check
from ..plugin.decisions.resolution import Resolution
from ..plugin.decisions.resolve import resolve as decide
from ..plugin.decisions.undo import undo as take_back
from ..plugin.errors import InputError
from ..plugin.store.iterations import Iteration
from ..plugin.store.samples import samples_of
from . import events
from .opened import Opened, open_iteration
from .opened_objects import open_any
from .ranking_events import ranked_rows
from .recent_events import named
from .view_members import SHOWN, view_before

MOST_AT_ONCE = 20_000
MOST_IN_GRID = 20_000
MOST_LOOKED_UP = 20_000
MOST_COMPARED = 500


def resolve(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ResolveReply:
    """Decide on rows. What FiftyOne's view leaves out is never touched.

    Every sample must still have the label that the panel showed.
    """
    opened = open_iteration(ctx, request)
    if request.get("rows") is None and request.get("check"):
        rows = opened.iteration.rows_of(fitting(load_check(opened.run, str(request["check"]))))
        rows = rows[rows >= 0]
        rows = rows[~opened.decided[rows]]
    else:
        rows = opened.rows(request.get("rows"), MOST_AT_ONCE)
    ids = opened.ids(rows)
    visible = opened.in_view(ids)
    if not visible.all():
        raise InputError(
            f"{int((~visible).sum())} of the {len(ids)} samples are not in FiftyOne's current "
            "view. Nothing was changed: clear the view, or select samples that it shows."
        )
    names = [opened.classes[i] for i in opened.picked("label", rows)]
    action = str(request.get("action"))
    done = decide(
        opened.run,
        action,
        ids,
        label=request.get("label"),
        tag=request.get("tag"),
        expected_label=dict(zip(ids, names, strict=True)) if action != "tag" else None,
        author=ctx.user_id,
        iteration=opened.iteration.number,
        basis=_basis(opened, request, ids),
        seen=seen_revision(request),
    )
    return resolution_reply(opened, done)


def seen_revision(request: dict[str, Any]) -> int | None:
    """The revision that the panel had shown."""
    seen = request.get("seen")
    if seen is not None and seen < 0:
        raise InputError(f"seen must be a revision, 0 or more, got {seen}")
    return seen


def _basis(opened: Opened, request: dict[str, Any], ids: list[str]) -> dict[str, Any] | None:
    """The check that a bulk decision rests on."""
    check = request.get("check")
    if not check:
        return None
    action, label = str(request.get("action")), request.get("label")
    return basis_of_check(opened.run, str(check), action, label, ids)


def undo(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ResolveReply:
    """Take a decision back, the last one if none is named."""
    opened = open_any(ctx, request)
    done = take_back(opened.run, request.get("decision"), author=ctx.user_id)
    return resolution_reply(opened, done)


def resolution_reply(opened: Opened, done: Resolution) -> events.ResolveReply:
    """What became of a decision, as the screen wants it."""
    return events.ResolveReply(
        decision=done.decision,
        action=done.action,
        applied=done.applied,
        conflict_count=done.conflict_count,
        conflicts=[
            events.Conflict(
                id=str(conflict.get("label_id") or conflict["sample_id"]),
                expected=str(conflict.get("expected") or ""),
                found=str(conflict.get("found") or ""),
                reason=str(conflict["reason"]),
            )
            for conflict in done.conflicts
        ],
        what=named(opened, done.decision) if done.decision else None,
        left_out=done.left_out,
        revision=done.seq or 0,
    )


def queue(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.QueueReply:
    """The next open rows: misclassified ones by suspicion, all of one cell, or of a ranking."""
    opened = open_any(ctx, request)
    every = candidates(opened, request)
    order = every[~opened.gone[every]]
    there = order[as_seen(opened, order)]
    skip = opened.rows(request.get("skip"), opened.iteration.samples)
    left = there[~np.isin(there, skip)]
    limit = max(1, min(200, int(request.get("limit") or 20)))
    inside = opened.rows_in_view()
    held = left if inside is None else left[inside[left]]
    skipped = skip[np.isin(skip, there if inside is None else there[inside[there]])]
    front = request.get("front")
    ahead = held[held == front] if front is not None else held[:0]
    rows = np.r_[ahead, held[held != front]] if len(ahead) else held
    return events.QueueReply(
        revision=opened.state.revision,
        rows=rows[:limit].tolist(),
        left=len(held),
        outside=len(left) - len(held),
        skipped=skipped.tolist(),
        deleted=len(order) - len(there) + len(opened.deleted_among(every)),
    )


def are_there(opened: Opened, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of some rows are in the dataset; of very many the first are looked up."""
    ids = [ObjectId(i) for i in opened.sample_ids(rows[:MOST_LOOKED_UP])]
    found = samples_of(opened.run.dataset).find({"_id": {"$in": [*set(ids)]}}, {"_id": 1})
    there = {document["_id"] for document in found}
    is_there = np.ones(len(rows), bool)
    is_there[: len(ids)] = [i in there for i in ids]
    return is_there


def as_seen(opened: Opened, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of some open rows are there as the iteration saw them; of very many the first."""
    is_there = are_there(opened, rows)
    first = np.flatnonzero(is_there)[:MOST_COMPARED]
    is_there[first] = ~opened.done_elsewhere(rows[first])
    return is_there


def candidates(opened: Opened, request: dict[str, Any]) -> npt.NDArray[np.int64]:
    """The rows that a queue goes through, in its order: all suspects, a cell, or a ranking."""
    if request.get("by"):
        return ranked_rows(opened, request)
    cell = request.get("cell")
    if not cell:
        return _by_suspicion(opened.iteration)
    where = opened.cell(cell[0], cell[1])
    return np.arange(where.start, where.stop)


@lru_cache(maxsize=4)
def _by_suspicion(iteration: Iteration) -> npt.NDArray[np.int64]:
    """Rows whose prediction is not the label, unless set apart, most suspicious first."""
    wrong = np.flatnonzero(iteration.suspect_rows)
    return wrong[np.argsort(-iteration.column("suspicion")[wrong], kind="stable")]


def _given_rows(opened: Opened) -> npt.NDArray[np.int64]:
    """The open rows that the filter by votes leaves, most suspicious first.

    Of objects these are labels: a missing one is in another field, and not shown beside them.
    """
    if opened.given is None:
        raise InputError("Name a cell to show, by label and prediction, or an annotator.")
    rows = np.flatnonzero(~opened.gone)
    rows = rows[opened.picked("label", rows) < len(opened.classes)]
    return rows[np.argsort(-opened.picked("suspicion", rows), kind="stable")]


def show_in_grid(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ShowReply:
    """Show open samples in FiftyOne's grid, most suspicious first: of a cell, or of the filter.

    The view and the filters that the person had stay; the cell comes on top of them.
    """
    before = view_before(ctx)
    opened = open_any(ctx, request)
    label, prediction = request.get("label"), request.get("prediction")
    if label is None and prediction is None:
        rows, what = _given_rows(opened), "these"
        whose = f"that {opened.given and opened.given.annotator} voted on"
    else:
        where = opened.cell(label, prediction)
        rows = np.arange(where.start, where.stop)[~opened.gone[where]]
        what, whose = "the cell", "of this cell"
    rows = rows[opened.inside(rows)][:MOST_IN_GRID]
    if not len(rows):
        raise InputError(
            f"None of the open samples {whose} is in FiftyOne's view and filters. Clear them "
            f"to see {what} in the grid."
        )
    for stage in opened.shown_by(rows, before):
        stage._uuid = SHOWN
        before = before.add_stage(stage)
    ctx.ops.set_view(view=before)
    return events.ShowReply(samples=len(rows))
