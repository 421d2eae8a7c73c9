"""Answers about near-duplicates: groups, the difference of two images, decisions on groups."""

from __future__ import annotations

from functools import lru_cache
from threading import Thread
from typing import Any

import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt

from ..plugin.decisions.changes import KINDS
from ..plugin.decisions.state import DELETED, said_of
from ..plugin.duplicates import store
from ..plugin.duplicates.current import (
    REMOVED,
    CurrentGroups,
    cells_with_duplicates,
    current_groups,
    open_pairs,
    sizes_of,
)
from ..plugin.duplicates.groups import DuplicateGroup
from ..plugin.duplicates.job import complete_duplicate_fields
from ..plugin.duplicates.options import check_scope, check_threshold
from ..plugin.duplicates.resolve_group import resolve_group as decide_on_group
from ..plugin.duplicates.row_pairs import pairs_of_rows, rows_of_compared
from ..plugin.duplicates.store import KeptDuplicates, load_duplicates
from ..plugin.errors import InputError
from ..plugin.objects.current_doubles import cells_with_doubles
from ..plugin.splits import note_on
from ..plugin.store.iterations import Iteration
from . import events
from .decision_events import resolution_reply
from .double_events import doubles
from .double_events import resolve as resolve_double
from .group_pages import of_kind, page_of
from .opened import Opened, open_iteration, open_run
from .opened_objects import OpenedObjects, open_any
from .picture_events import thumbnails

ROWS_OF_A_GROUP = 100
PAIRS_OF_A_GROUP = 200
MOST_IN_A_DECISION = 20_000
STEPS = 50


def cell_flags(opened: Opened) -> npt.NDArray[np.bool_]:
    """For each cell of the iteration whether an open sample in it has an open near-duplicate."""
    if isinstance(opened, OpenedObjects):
        return cells_with_doubles(opened.run, opened.iteration, opened.state.kind)
    kept = load_duplicates(opened.run)
    if kept is None:
        return np.zeros(len(opened.iteration.cells.label), bool)
    return cells_with_duplicates(opened.run, opened.state, kept)


def duplicates(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.DuplicatesReply:
    """A page of the groups of near-duplicates; of a run on objects, of labels on one object."""
    opened = open_any(ctx, request)
    if isinstance(opened, OpenedObjects):
        return doubles(opened, request)
    kept = load_duplicates(opened.run)
    if kept is None:
        return _nothing(opened)
    if not kept.document["fields_written"]:
        _write_fields_later(opened)
    asked = request.get("threshold")
    threshold = kept.threshold if asked is None else asked
    check_threshold(threshold, kept.floor, store.WHY_LOWEST)
    scope = check_scope(request.get("scope") or kept.scope)
    found = current_groups(opened.run, opened.iteration, kept, threshold, scope)
    if opened.left_out is not None:
        found = found.of_rows(~opened.left_out)
    matching = of_kind(found.groups, request.get("kind"))
    page = page_of(matching, request)
    rows = [_shown(group) for group in page]
    every = np.unique(np.array([row for part in rows for row in part], np.int64))
    edge = int(request.get("edge") or 0)
    sheet = edge > 0 and len(every) > 0
    return events.DuplicatesReply(
        revision=opened.state.revision,
        computed=True,
        created_at=kept.document["created_at"].isoformat(),
        compared=kept.samples,
        added=_added(opened, kept),
        skipped=kept.document["skipped"],
        scope=scope,  # pyright: ignore[reportArgumentType]
        threshold=threshold,
        in_force=kept.threshold,
        lowest=kept.floor,
        steps=_steps(kept, opened.iteration, scope),
        totals=_totals(found),
        splits_note=note_on(found.splits) or "",
        matching=len(matching),
        groups=_described(opened, found, page, rows),
        samples=_samples(opened, kept, found, every),
        sheet=thumbnails(ctx, {**request, "rows": every.tolist(), "edge": edge}) if sheet else None,
    )


def _nothing(opened: Opened) -> events.DuplicatesReply:
    none = np.zeros(0, np.int64)
    return events.DuplicatesReply(
        revision=opened.state.revision,
        computed=False,
        created_at="",
        compared=0,
        added=opened.iteration.samples,
        skipped={},
        scope="same_prediction",
        threshold=1.0,
        in_force=1.0,
        lowest=1.0,
        steps=events.ThresholdSteps(threshold=[], pairs=[]),
        totals=events.DuplicateTotals(
            groups=0, pairs=0, samples=0, leaks=0, conflicts=0, alike=0, settled=0
        ),
        splits_note="",
        matching=0,
        groups=[],
        samples=_columns(opened, none, [], [], none.reshape(0, 2)),
        sheet=None,
    )


def _shown(group: DuplicateGroup) -> list[int]:
    """The rows of a group that are sent, the proposal first."""
    others = [row for row in group.members if row != group.keep]
    return [group.keep, *others][:ROWS_OF_A_GROUP]


def _rest(group: DuplicateGroup, shown: list[int]) -> list[int]:
    """The rows of a group that are not shown; a decision concerns them, too."""
    seen = set(shown)
    return [row for row in group.members if row not in seen][: MOST_IN_A_DECISION - len(shown)]


def _totals(found: CurrentGroups) -> events.DuplicateTotals:
    counts = found.counts()
    return events.DuplicateTotals(
        groups=counts["groups"],
        pairs=counts["pairs"],
        samples=counts["samples"],
        leaks=counts["leaks"],
        conflicts=counts["conflicts"],
        alike=len(of_kind(found.groups, "alike")),
        settled=counts["settled"],
    )


def _added(opened: Opened, kept: KeptDuplicates) -> int:
    """Samples of the iteration that are there and were not compared, unreadable ones aside."""
    compared = rows_of_compared(kept, opened.iteration)
    missing = ~np.isin(opened.state.kind, (REMOVED, DELETED))
    missing[compared[compared >= 0]] = False
    unreadable = sum(
        number for why, number in kept.document["skipped"].items() if why != store.NOT_IN_ITERATION
    )
    return max(0, int(missing.sum()) - unreadable)


@lru_cache(maxsize=4)
def _steps(kept: KeptDuplicates, iteration: Iteration, scope: str) -> events.ThresholdSteps:
    ses = pairs_of_rows(kept, iteration, kept.floor, scope).ses
    # Rounded up: a step below the floor would be refused.
    steps = np.ceil(np.linspace(kept.floor, 1.0, STEPS) * 1e4) / 1e4
    count = np.searchsorted(-ses, -steps, side="right")
    return events.ThresholdSteps(threshold=steps.tolist(), pairs=count.tolist())


def _described(
    opened: Opened, found: CurrentGroups, page: list[DuplicateGroup], rows: list[list[int]]
) -> list[events.DuplicateGroup]:
    number = np.full(opened.iteration.samples, -1)
    for at, part in enumerate(rows):
        number[part] = at
    owner = number[found.pairs.pair]
    inside = np.flatnonzero((owner[:, 0] >= 0) & (owner[:, 0] == owner[:, 1]))
    described = []
    for at, group in enumerate(page):
        mine = inside[owner[inside, 0] == at]
        shown = mine[:PAIRS_OF_A_GROUP]
        rest = _rest(group, rows[at])
        inside_view = opened.in_view(opened.ids(np.array(rest, np.int64))) if rest else np.ones(0)
        described.append(
            events.DuplicateGroup(
                id=opened.ids(np.array(group.members[:1]))[0],
                members=len(group.members),
                rows=rows[at],
                rest=rest,
                rest_labels=[found.members[row].label or "" for row in rest],
                rest_outside=int(len(rest) - inside_view.sum()),
                ses=round(group.ses, 4),
                lowest_ses=round(group.lowest_ses, 4),
                exact=bool(found.pairs.exact[mine].all()),
                leak=group.leak,
                conflict=group.label_conflict,
                proposal=group.keep,
                reason=_why(opened, found, group),
                first=found.pairs.pair[shown, 0].tolist(),
                second=found.pairs.pair[shown, 1].tolist(),
                pair_ses=found.pairs.ses[shown].round(4).tolist(),
            )
        )
    return described


def _why(opened: Opened, found: CurrentGroups, group: DuplicateGroup) -> str:
    """Why a group's proposal is the one to keep."""
    label = found.members[group.keep].label
    labels = [found.members[row].label for row in group.members]
    prediction = opened.classes[int(opened.picked("prediction", np.array([group.keep]))[0])]
    why = []
    if group.label_conflict:
        if label == prediction:
            why.append("its label is the prediction")
        if labels.count(label) * 2 > len(labels):
            why.append("most of the group have its label")
    if found.pixels[group.keep] > min(found.pixels[row] for row in group.members):
        why.append("it has the most pixels" if not why else "has the most pixels of these")
    return " and ".join(why) or "nothing tells them apart: it is the first"


def _samples(
    opened: Opened, kept: KeptDuplicates, found: CurrentGroups, rows: npt.NDArray[np.int64]
) -> events.DuplicateSamples:
    members = [found.members[row] for row in rows.tolist()]
    return _columns(
        opened,
        rows,
        [member.label or "" for member in members],
        [member.split or "" for member in members],
        sizes_of(kept, opened.iteration, rows),
    )


def _columns(
    opened: Opened,
    rows: npt.NDArray[np.int64],
    labels: list[str],
    splits: list[str],
    size: npt.NDArray[Any],
) -> events.DuplicateSamples:
    return events.DuplicateSamples(
        **opened.samples(rows),
        current_label=labels,
        decision=said_of(KINDS, opened.state.kind[rows]),
        split=splits,
        width=size[:, 1].tolist(),
        height=size[:, 0].tolist(),
    )


def resolve_group(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ResolveReply:
    """Decide on rows of a group. What FiftyOne's view leaves out is never touched."""
    opened = open_any(ctx, request)
    if isinstance(opened, OpenedObjects):
        return resolve_double(opened, request, ctx.user_id)
    rows = opened.rows(request.get("rows"), MOST_IN_A_DECISION)
    labels = request.get("labels")
    if not isinstance(labels, list) or len(labels) != len(rows):
        raise InputError(f"labels must be a list with the label of each of the {len(rows)} rows")
    ids = opened.ids(rows)
    visible = opened.in_view(ids)
    if not visible.all():
        raise InputError(
            f"{int((~visible).sum())} of the {len(ids)} samples are not in FiftyOne's current "
            "view. Nothing was changed: clear the view to decide on the whole group."
        )
    keep = request.get("keep")
    done = decide_on_group(
        opened.run,
        str(request.get("action")),
        ids,
        {i: label or None for i, label in zip(ids, labels, strict=True)},
        keep=None if keep is None else opened.ids(opened.rows([keep], 1))[0],
        label=request.get("label"),
        author=ctx.user_id,
        iteration=opened.iteration.number,
    )
    return resolution_reply(opened, done)


def set_threshold(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ThresholdReply:
    """Put another threshold in force; the fields on samples follow in the background."""
    run = open_run(ctx, request.get("run"))
    kept = store.set_threshold(run, request.get("threshold"), request.get("scope"))
    opened = open_iteration(ctx, {"run": run.key})
    _write_fields_later(opened)
    return events.ThresholdReply(
        threshold=kept.threshold,
        scope=kept.scope,  # pyright: ignore[reportArgumentType]
        pairs=len(open_pairs(run, opened.state, kept).ses),
    )


def _write_fields_later(opened: Opened) -> None:
    Thread(
        target=complete_duplicate_fields,
        args=(opened.run,),
        name="deconfuse-duplicate-fields",
        daemon=True,
    ).start()
