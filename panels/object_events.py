"""Answers about objects and tags in full, with their images, and decisions on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import fiftyone.operators as foo

from ..plugin.documents import value_at
from ..plugin.duplicates.fields import split_rule
from ..plugin.errors import InputError
from ..plugin.images.crops import Box
from ..plugin.objects.resolve import resolve as decide
from ..plugin.store.label_sets import BOXES, TAGS
from . import events
from .decision_events import MOST_AT_ONCE, resolution_reply, seen_revision
from .opened_objects import OpenedObjects, open_objects
from .picture_events import (
    LARGEST_PREVIEW,
    probabilities_of,
    thumbnail_store,
    url_of,
    votes_on,
)
from .sample_documents import documents_of

MOST_OBJECTS = 128
MOST_OTHERS = 500
"""Other labels of an image that are drawn: nobody tells more of them apart."""


def objects(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ObjectsReply:
    """Objects or tags in full, each with its image; those whose sample is gone are left out."""
    opened = open_objects(ctx, request)
    rows = opened.rows(request["rows"], MOST_OBJECTS)
    size = max(64, min(LARGEST_PREVIEW, request["size"]))
    columns, about = opened.samples(rows), opened.about(rows)
    rule, field = split_rule(opened.run), opened.run.label_field
    wanted = dict.fromkeys(["filepath", "tags", field, *rule.paths])
    documents = documents_of(opened, about["sample"], *wanted)
    paths = [str(document.get("filepath") or "") for document in documents]
    pictures = thumbnail_store().get(paths, size, opened.windows)
    probable = _probabilities(opened, rows)
    own, seen = opened.boxes(rows)
    votes = votes_on(opened, rows)
    drawn = _with_picture(about["sample"], shared=bool(request.get("shared")))
    found = []
    for at, document in enumerate(documents):
        if not document:
            continue
        labels = {one["id"]: one for one in _labels(opened, document)}
        now = labels.pop(columns["id"][at], None)
        picture = pictures[at]
        found.append(
            events.ObjectInfo(
                row=columns["row"][at],
                id=columns["id"][at],
                label=columns["label"][at],
                prediction=columns["prediction"][at],
                current_label=now["label"] if now else "",
                iies=columns["iies"][at],
                suspicion=columns["suspicion"][at],
                probabilities=probable[at],
                filepath=paths[at],
                split=rule.split_of(document) or "",
                tags=[str(tag) for tag in document.get("tags") or []],
                in_view=columns["in_view"][at],
                votes=votes[at],
                image=url_of(picture) if at in drawn else "",
                width=picture.width,
                height=picture.height,
                problem=picture.problem,
                sample=about["sample"][at],
                kind=about["kind"][at],
                iou=about["iou"][at],
                confidence=about["confidence"][at],
                box=own[at],
                seen=seen[at],
                current_box=now["box"] if now else None,
                others=list(labels.values())[:MOST_OTHERS],
            )
        )
    return events.ObjectsReply(objects=found)


def resolve_objects(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ResolveReply:
    """Decide on objects or tags; never on a sample that FiftyOne's view leaves out."""
    opened = open_objects(ctx, request)
    rows = opened.rows(request["rows"], MOST_AT_ONCE)
    visible = opened.inside(rows)
    if not visible.all():
        raise InputError(
            f"{int((~visible).sum())} of the {len(rows)} labels are not in FiftyOne's current "
            "view. Nothing was changed: clear the view, or select labels that it shows."
        )
    shown = {name: request[name] for name in ("expected_label", "expected_box") if name in request}
    if shown and len(rows) != 1:
        raise InputError(f"{', '.join(shown)}: for one object, got {len(rows)}")
    done = decide(
        opened.run,
        request["action"],
        opened.ids(rows),
        label=request.get("label"),
        box=request.get("box"),
        **{name: value for name, value in shown.items() if value is not None},
        author=ctx.user_id,
        iteration=opened.iteration.number,
        seen=seen_revision(request),
    )
    return resolution_reply(opened, done)


def _with_picture(samples: list[str], *, shared: bool) -> set[int]:
    """The places of the objects that come with their picture: the first of each image, or all."""
    return {samples.index(one) for one in samples} if shared else set(range(len(samples)))


def _probabilities(opened: OpenedObjects, rows: Any) -> list[list[events.Probability]]:
    classes, values = opened.picked("top_class", rows), opened.picked("top_probability", rows)
    label, p_label = opened.picked("label", rows), opened.picked("p_label", rows)
    return [
        probabilities_of(classes[i], values[i], int(label[i]), float(p_label[i]))
        for i in range(len(rows))
    ]


def _labels(opened: OpenedObjects, document: Mapping[str, Any]) -> Iterator[events.OtherLabel]:
    """The labels of a sample: objects that can be drawn, or tags."""
    part = BOXES if opened.iteration.has_boxes else TAGS
    held = value_at(document, f"{opened.run.label_field}.{part}", [])
    for one in held if isinstance(held, list) else []:
        box = _box(one.get("bounding_box")) if isinstance(one, dict) else None
        if box is not None or (part == TAGS and isinstance(one, dict)):
            name = str(one.get("label") or "")
            yield events.OtherLabel(id=str(one.get("_id")), label=name, box=box)


def _box(value: Any) -> Box | None:
    if not (isinstance(value, list) and len(value) == 4 and all(map(_is_number, value))):
        return None
    left, top, width, height = map(float, value)
    return left, top, width, height


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value
