"""Outlines that are judged blind, as an audit and a second opinion show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from bson import ObjectId

from ..plugin.decisions.object_changes import box_of, by_id, labels_in
from ..plugin.images.dataset_windows import image_windows
from ..plugin.objects.iteration import ObjectIteration
from ..plugin.store.runs import Run
from ..plugin.store.samples import samples_of
from . import events
from .audit_events import ALL_CLASSES_UP_TO, UNREADABLE
from .picture_events import thumbnail_store, url_of

MOST_OUTLINES = 500
"""Other labels of an image that are drawn."""

Box = tuple[float, float, float, float]


class Place(NamedTuple):
    """What is judged.

    Attributes:
        place: its place in the order
        sample: the id of its sample
        item: the id of a label or of a missing object; None for the whole image
        box: where it is, if no label says so any more
        classes: those that are offered, by index
    """

    place: int
    sample: str
    item: str | None
    box: Any
    classes: list[int]


def outlines_of(
    run: Run, iteration: ObjectIteration, places: Sequence[Place], size: int
) -> list[events.AuditOutline]:
    """Places with their pictures, without anything that tells a label from what was predicted.

    Args:
        run: a run on objects
        iteration: the iteration that says how deep pictures are shown
        places: what is judged
        size: longest side of the pictures in pixels
    """
    field = run.label_field
    query = {"_id": {"$in": [ObjectId(one.sample) for one in places]}}
    found = samples_of(run.dataset).find(query, {"filepath": 1, field: 1})
    documents = {str(document["_id"]): document for document in found}
    files = [str((documents.get(one.sample) or {}).get("filepath") or "") for one in places]
    windows = image_windows(run.dataset, iteration)
    pictures = thumbnail_store().get(files, size, windows) if files else []
    made = []
    for one, picture in zip(places, pictures, strict=True):
        labels = {
            str(item): box
            for item, label in by_id(labels_in(documents.get(one.sample), field)).items()
            if (box := drawn_box(box_of(label))) is not None
        }
        own = None if one.item is None else labels.pop(one.item, None) or drawn_box(one.box)
        made.append(
            events.AuditOutline(
                place=one.place,
                classes=one.classes,
                image=url_of(picture),
                width=picture.width,
                height=picture.height,
                problem=UNREADABLE if picture.problem else "",
                whole=one.item is None,
                box=own,
                others=list(labels.values())[:MOST_OUTLINES],
            )
        )
    return made


def drawn_box(box: Any) -> Box | None:
    """A stored box to draw, None where it is none; rounded, so that all are written alike."""
    right = isinstance(box, list) and len(box) == 4
    if not right or not all(isinstance(v, int | float) and v == v for v in box):
        return None
    left, top, width, height = (round(float(v), 4) for v in box)
    return left, top, width, height


def classes_to_name(
    iteration: ObjectIteration, row: int | None, also: Sequence[int] = ()
) -> list[int]:
    """All classes of a run, or of many some probable ones, as many for each place.

    Args:
        iteration: the iteration that they are of
        row: the place's row in it, None where it has none
        also: classes that are offered beside the probable ones, in place of the least of them
    """
    count = len(iteration.classes)
    if count <= ALL_CLASSES_UP_TO:
        return list(range(count))
    if row is None:  # a few would tell what was said of it
        return []
    probable = iteration.column("top_class", row, row + 1)[0]
    listed = probable[probable != iteration.nothing][: max(1, len(probable) - 2)].tolist()
    label = int(iteration.column("label", row, row + 1)[0])
    wanted = sorted({*also, label} - {iteration.nothing, *listed})
    lacking = wanted[: len(listed)]
    return sorted([*listed[: len(listed) - len(lacking)], *lacking])
