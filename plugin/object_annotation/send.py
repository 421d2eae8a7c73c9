"""Sending images with their boxes to annotators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId

from ..annotation.backends import check_backend, explained
from ..annotation.credentials import credentials
from ..annotation.send import SUGGESTIONS, annotate
from ..annotation.store import forget_annotation, free_key, keep_annotation
from ..decisions.recovery import recover_abandoned
from ..errors import InputError
from ..objects.boxes import within_image
from ..objects.cell_names import cell_of
from ..objects.items import known_items
from ..objects.shown import seen_class, shown_class
from ..objects.state import items_state
from ..progress import Report, silent
from ..store.iterations import unpack_ids
from ..store.jobs import Job
from ..store.runs import Run
from ..store.samples import samples_of
from .sent import SentObject, objects_as_they_stand, samples_of_labels


def send_objects(
    run: Run,
    sample_ids: Sequence[str] | None,
    label_ids: Sequence[str] | None = None,
    backend: str = "labelstudio",
    suggestion: str = "hidden",
    options: Mapping[str, Any] | None = None,
    report: Report = silent,
    *,
    named: bool = True,
) -> dict[str, Any]:
    """Hand images to annotators, with the boxes that they have.

    The label field takes no part: a copy of the labels, with their ids, is put into a field named
    like the annotation run. Nothing is kept where this raises.

    Args:
        run: a run on objects
        sample_ids: the images, whose objects are all asked about
        label_ids: in their place, the objects that are asked about; their images are sent
        backend: ``labelstudio`` or ``cvat``
        suggestion: ``hidden``, or ``hint``: missing objects are drawn to begin with
        options: what FiftyOne's backend takes
        report: told how far it is
        named: whether each of ``label_ids`` was named; otherwise, as where the most suspect are
            sent, the image of a missing object goes without it where there are no hints

    Returns:
        as ``annotation.send.send_to_annotation``, with ``objects``: how many boxes were sent, and
        ``not_drawn``: how many of ``label_ids`` were not among them

    Raises:
        InputError: on bad input, or where the backend cannot be reached or refuses
    """
    kind = check_backend(backend, options or {})
    if suggestion not in SUGGESTIONS:
        raise InputError(f"suggestion must be one of {', '.join(SUGGESTIONS)}, got {suggestion!r}")
    if not kind.takes_hints:
        raise InputError(
            f"backend: FiftyOne cannot send {kind.title} boxes to begin with, which objects need. "
            "Use labelstudio or cvat."
        )
    extra = credentials(backend, kind.title, kind.needs, options or {})
    with Job(run.dataset, run.key, "Sending to annotation", report) as job:
        recover_abandoned(run)
        asked = None
        if label_ids is not None:
            sample_ids = samples_of_labels(run, label_ids, named=named)
            asked = {ObjectId(i) for i in label_ids}
        if not sample_ids:
            raise InputError("sample_ids: no samples were given; select some, or name a cell")
        hints = suggestion == "hint"
        sent = objects_as_they_stand(run, sample_ids, asked, hints=hints, named=named)
        images = list(dict.fromkeys(str(one.sample_id) for one in sent))
        boxes = {one.item_id for one in sent if one.item_id is not None}
        classes = _classes(run)
        key = free_key(run)
        job(0.2, f"Uploading {len(images)} images to {kind.title}")
        try:
            _write_boxes(run, key, sent)
            with explained(backend, extra["url"]):
                annotate(run, key, backend, classes, images, extra, "detections")
            counts = {"samples": len(images), "objects": len(boxes)}
            keep_annotation(run, key, backend, suggestion, classes, sent, **counts)
        except BaseException:
            forget_annotation(run, key)
            raise
    return {
        "run_key": run.key,
        "annotation": key,
        "backend": backend,
        "suggestion": suggestion,
        "samples": len(images),
        "objects": len(boxes),
        "not_drawn": len((asked or set()) - boxes),
        "classes": len(classes),
    }


def open_objects(
    run: Run, label: str | None = None, prediction: str | None = None, limit: int | None = None
) -> list[str]:
    """The open items of a cell, or all suspects that are open, the most suspect first.

    Args:
        run: a run on objects
        label: the cell's row, ``(no label)`` for missing objects; None for all suspects
        prediction: its column, ``(nothing there)`` for spurious labels
        limit: at most so many

    Raises:
        InputError: if a class is unknown, or none is open
    """
    state = items_state(run)
    items = state.items
    suspicion, labels = items.column("suspicion"), items.column("label")
    if label is None or prediction is None:
        wanted, what = state.suspects, "suspect"
    else:
        row, column = cell_of(run, items.classes, label, prediction)
        count = len(items.classes)
        seen = seen_class(labels, items.column("kind"), items.column("top_class"), count)
        shown = shown_class(labels, suspicion, seen)
        wanted = (state.kind == 0) & (labels == row) & (shown == column)
        what = f"object labelled '{label}' and seen as '{prediction}'"
    rows = np.flatnonzero(wanted)
    if not len(rows):
        raise InputError(f"No {what} is open")
    rows = rows[np.argsort(-suspicion[rows], kind="stable")][:limit]
    return unpack_ids(items.column("item_id")[rows])


def _classes(run: Run) -> list[str]:
    labels = samples_of(run.dataset).distinct(f"{run.label_field}.detections.label")
    items = known_items(run)
    known = () if items is None else items.classes
    return sorted({*(name for name in labels if isinstance(name, str) and name), *known})


def _write_boxes(run: Run, key: str, sent: Sequence[SentObject]) -> None:
    """Put copies of the labels, with their ids, into the field that annotators work on."""
    of_sample: dict[str, list[Any]] = defaultdict(list)
    for one in sent:
        listed = of_sample[str(one.sample_id)]
        if one.item_id is not None and one.box is not None:
            box, _ = within_image(np.array([one.box], np.float64))
            drawn = fo.Detection(label=one.label, bounding_box=box[0].astype(float).tolist())
            drawn._id = one.item_id
            listed.append(drawn)
    run.dataset.add_sample_field(
        key,
        fo.EmbeddedDocumentField,
        embedded_doc_type=fo.Detections,
        description="What annotators are shown to begin with",
    )
    values = {i: fo.Detections(detections=listed) for i, listed in of_sample.items()}
    run.dataset.set_values(key, values, key_field="id", progress=False)
