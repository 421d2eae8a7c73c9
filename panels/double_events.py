"""Answers about labels that lie on one object: groups of them, and decisions on a group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..plugin.decisions.state import said_of
from ..plugin.duplicates.groups import DuplicateGroup
from ..plugin.errors import InputError
from ..plugin.images.crops import Crop, get_crops
from ..plugin.images.thumbnails import Thumbnail
from ..plugin.objects.current_doubles import CurrentDoubles, current_doubles
from ..plugin.objects.doubles import COINCIDE
from ..plugin.objects.resolve_doubles import resolve_doubles
from ..plugin.objects.state import KINDS
from ..plugin.store.label_field import check_label_field
from . import events
from .decision_events import resolution_reply
from .group_pages import of_kind, page_of
from .opened_objects import OpenedObjects
from .picture_events import edge_of, sheet_of, thumbnail_store

ROWS_OF_A_GROUP = 100
PAIRS_OF_A_GROUP = 200
WHY_KEPT = "it is the least suspicious of them"
DRAWN_TO_MEASURE = 16


def doubles(opened: OpenedObjects, request: Mapping[str, Any]) -> events.DuplicatesReply:
    """A page of the groups of labels on one object.

    Raises:
        InputError: if the run is on tags, which lie nowhere
    """
    if not opened.iteration.has_boxes:
        check_label_field(opened.run)
    found = current_doubles(opened.run, opened.iteration)
    if opened.left_out is not None:
        found = found.of_rows(~opened.left_out)
    matching = of_kind(found.groups, request.get("kind"))
    page = page_of(matching, request)
    shown = [_shown(group) for group in page]
    rows = [row for part in shown for row in part]
    edge = edge_of(request)
    pictures = _pictures(opened, found, shown, edge or DRAWN_TO_MEASURE)
    conflicts = len(of_kind(found.groups, "conflict"))
    return events.DuplicatesReply(
        revision=opened.state.revision,
        computed=True,
        created_at=opened.iteration.created_at.isoformat(),
        compared=int((opened.iteration.column("label") < len(opened.classes)).sum()),
        added=0,
        skipped={},
        scope="all",
        threshold=COINCIDE,
        in_force=COINCIDE,
        lowest=COINCIDE,
        steps=events.ThresholdSteps(threshold=[], pairs=[]),
        totals=events.DuplicateTotals(
            groups=len(found.groups),
            pairs=len(found.iou),
            samples=len(found.members),
            leaks=0,
            conflicts=conflicts,
            alike=len(found.groups) - conflicts,
            settled=found.kept,
        ),
        splits_note="",
        matching=len(matching),
        groups=[_described(opened, found, *of) for of in zip(page, shown, strict=True)],
        samples=_samples(opened, found, rows, pictures),
        sheet=sheet_of(rows, pictures, edge) if edge and rows else None,
    )


def _shown(group: DuplicateGroup) -> list[int]:
    """The rows of a group that are sent, the proposal first."""
    others = [row for row in group.members if row != group.keep]
    return [group.keep, *others][:ROWS_OF_A_GROUP]


def _described(
    opened: OpenedObjects, found: CurrentDoubles, group: DuplicateGroup, rows: list[int]
) -> events.DuplicateGroup:
    inside = np.flatnonzero(np.isin(found.pair, rows).all(axis=1))
    inside = inside[np.argsort(-found.iou[inside], kind="stable")][:PAIRS_OF_A_GROUP]
    return events.DuplicateGroup(
        id=opened.ids(np.array(group.members[:1]))[0],
        members=len(group.members),
        rows=rows,
        rest=[],
        rest_labels=[],
        rest_outside=0,
        ses=round(group.ses, 4),
        lowest_ses=round(group.lowest_ses, 4),
        exact=bool((found.iou[inside] >= 1).all()),
        leak=False,
        conflict=group.label_conflict,
        proposal=group.keep,
        reason=WHY_KEPT,
        first=found.pair[inside, 0].tolist(),
        second=found.pair[inside, 1].tolist(),
        pair_ses=found.iou[inside].round(4).tolist(),
    )


def _pictures(
    opened: OpenedObjects, found: CurrentDoubles, shown: list[list[int]], edge: int
) -> list[Thumbnail]:
    """A crop of each label with the others of its group around it."""
    crops: list[Crop] = []
    for part in shown:
        boxes = [_box(found, row) for row in part]
        for at, row in enumerate(part):
            others = tuple(boxes[:at] + boxes[at + 1 :])
            crops.append(Crop(found.members[row].filepath, boxes[at], None, others))
    return get_crops(thumbnail_store(), crops, edge, opened.windows)


def _box(found: CurrentDoubles, row: int) -> tuple[float, float, float, float]:
    left, top, width, height = map(float, found.members[row].box)
    return left, top, width, height


def _samples(
    opened: OpenedObjects, found: CurrentDoubles, rows: list[int], pictures: list[Thumbnail]
) -> events.DuplicateSamples:
    at: npt.NDArray[np.int64] = np.array(rows, np.int64)
    boxes = [_box(found, row) for row in rows]
    both = list(zip(boxes, pictures, strict=True))
    return events.DuplicateSamples(
        **opened.samples(at),
        current_label=[found.members[row].label for row in rows],
        decision=said_of(KINDS, opened.state.kind[at]),
        split=[""] * len(rows),
        width=[round(box[2] * picture.width) for box, picture in both],
        height=[round(box[3] * picture.height) for box, picture in both],
        boxes=boxes,
    )


def resolve(opened: OpenedObjects, request: Mapping[str, Any], author: Any) -> events.ResolveReply:
    """Decide on labels of one object; never on an image that FiftyOne's view leaves out."""
    rows = opened.rows(request["rows"], ROWS_OF_A_GROUP)
    ids, samples = opened.ids(rows), opened.sample_ids(rows)
    labels, boxes = request["labels"], request.get("boxes")
    for name, shown in (("labels", labels), ("boxes", boxes)):
        if not isinstance(shown, list) or len(shown) != len(rows):
            raise InputError(f"{name} must be a list with one of each of the {len(rows)} rows")
    if len(set(samples)) != 1:
        raise InputError(f"rows must be labels of one image, got those of {len(set(samples))}")
    if request.get("label") is not None:
        raise InputError("label: labels of one object are not relabelled as a group")
    if not opened.in_view(samples).all():
        raise InputError(
            "The image is not in FiftyOne's current view. Nothing was changed: clear the view to "
            "decide on its labels."
        )
    keep = request.get("keep")
    done = resolve_doubles(
        opened.run,
        str(request["action"]),
        samples[0],
        ids,
        {i: label or None for i, label in zip(ids, labels, strict=True)},
        dict(zip(ids, map(list, boxes or []), strict=True)),
        keep=None if keep is None else opened.ids(opened.rows([keep], 1))[0],
        author=author,
        iteration=opened.iteration.number,
    )
    return resolution_reply(opened, done)
