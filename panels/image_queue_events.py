"""Answers for the queue that goes image by image: all suspects of an image at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt

from ..plugin.decisions.state import said_of
from ..plugin.objects.by_image import ImageTable, image_table
from ..plugin.objects.iteration import ObjectIteration
from ..plugin.objects.state import KINDS
from . import events
from .decision_events import are_there, as_seen, candidates
from .opened_objects import OpenedObjects, open_objects

MOST_ON_IMAGE = 99
"""Objects of an image that are numbered: nobody tells more of them apart."""


def image_queue(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ImageQueueReply:
    """The next images with open objects, most suspicious first, each by its most suspicious row.

    What comes in front may have none open any more: it stays until the person goes on.
    """
    opened = open_objects(ctx, request)
    table, wanted = _images(opened.iteration), candidates(opened, request)
    line = wanted[~opened.decided[wanted]]
    there = line[as_seen(opened, line)]
    inside = opened.rows_in_view()
    held = there if inside is None else there[inside[there]]
    images, every = table.in_order(held), table.in_order(there)
    skip = table.in_order(opened.rows(request["skip"], opened.iteration.samples))
    left, skipped = images[~np.isin(images, skip)], skip[np.isin(skip, images)]
    front = _front(opened, table, request, skipped, inside)
    rows = np.r_[front, left[~np.isin(left, front)]].astype(np.int64)
    limit = max(1, min(200, request["limit"]))
    about = _about(opened, table, wanted, inside)
    return events.ImageQueueReply(
        revision=opened.state.revision,
        rows=table.head[rows[:limit]].tolist(),
        left=len(rows),
        outside=len(every) - len(images),
        skipped=table.head[skipped[~np.isin(skipped, front)]].tolist(),
        deleted=len(table.in_order(np.r_[line, opened.deleted_among(wanted)])) - len(every),
        images=[about(int(image)) for image in [*rows[:limit], *skipped[:limit]]],
    )


def _front(
    opened: OpenedObjects,
    table: ImageTable,
    request: dict[str, Any],
    skipped: npt.NDArray[np.int64],
    inside: npt.NDArray[np.bool_] | None,
) -> npt.NDArray[np.int64]:
    """The image that comes first: one that is brought back, else one that was there already."""
    brought = request.get("bring") is not None
    row = request["bring"] if brought else request.get("front")
    rows = opened.rows([] if row is None else [row], 1)
    image = table.image[rows[are_there(opened, rows)]]
    if not brought:
        image = image[~np.isin(image, skipped)]
    if inside is not None:
        image = image[table.any_of(inside | opened.decided)[image]]
    return image


def _about(
    opened: OpenedObjects,
    table: ImageTable,
    wanted: npt.NDArray[np.int64],
    inside: npt.NDArray[np.bool_] | None,
) -> Any:
    """What tells the objects of an image: suspects, what the queue goes through, the decided."""
    shown = opened.iteration.suspect_rows | opened.decided
    shown[wanted] = True
    if inside is not None:
        shown &= inside | opened.decided  # what a decision put out of the view stays to be seen
    kind = opened.state.kind

    def of(image: int) -> events.ImageSuspects:
        rows = table.rows(image)
        rows = rows[shown[rows]][:MOST_ON_IMAGE]
        others = opened.done_elsewhere(rows) & (kind[rows] == 0)
        return events.ImageSuspects(
            row=int(table.head[image]),
            rows=rows.tolist(),
            decided=[
                said or ("elsewhere" if other else "")
                for said, other in zip(said_of(KINDS, kind[rows]), others.tolist(), strict=True)
            ],
        )

    return of


@lru_cache(maxsize=2)
def _images(iteration: ObjectIteration) -> ImageTable:
    """Iterations are immutable and few."""
    return image_table(iteration.column("sample_id"), iteration.column("suspicion"))
