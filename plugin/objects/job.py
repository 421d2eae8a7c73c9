"""Label errors among objects from end to end: read, learn, score, keep, write the fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from bson import ObjectId

from ..abandonable import abandonable
from ..arrays import BoolArray
from ..classify.settings import AUTO, Settings
from ..errors import InputError
from ..progress import Report, part_of, silent
from ..runs.life import begin_run, begins_anew
from ..runs.renamed import follow_renames
from ..scoring.cies import cies
from ..store.declared import check_writable, declared_fields, is_detections, type_name
from ..store.iterations import pack_ids
from ..store.jobs import Job
from ..store.label_field import OBJECTS_SO_FAR
from ..store.listed_runs import deleted_keys
from ..store.own_fields import check_own_fields
from ..store.runs import Run, check_run_key, list_runs, load_run, unlist
from ..store.sample_collection import check_images, root_dataset
from ..store.samples import Collection, Dataset
from ..store.views import check_view
from .fields import write_object_fields
from .known import KnownDecisions
from .reading import Images, ObjectReader
from .scoring import KIND_NAMES, ItemScores, ObjectModel, Scored, learn
from .store import (
    COLUMNS,
    IMAGES,
    Columns,
    keep_iteration,
    last_iteration,
    mark_written,
    sorted_items,
)

SHARE_OF_LEARNING, SHARE_OF_SCORING = 0.15, 0.6


def is_on_objects(samples: Collection, field: str) -> bool:
    """Whether a field of a collection's dataset holds ``Detections``."""
    return is_detections(declared_fields(root_dataset(samples)).get(field))


def find_object_errors(
    samples: Collection, settings: Settings, report: Report = silent
) -> dict[str, Any]:
    """Score every label of a ``Detections`` field, and find objects that lack one.

    Args:
        samples: a dataset of images, or a view that selects some of them
        settings: ``source`` must be ``predictions``, or be left to choose
        report: told of progress; may be called from this thread only

    Returns:
        ``run_key``, ``iteration``, ``samples`` (images), ``objects`` (labels), ``candidates``
        (objects that may lack a label), ``suspects`` (by kind: how many are more likely wrong than
        right; decided ones are not counted), ``misclassified`` (labels whose prediction is another
        class), ``classes``, ``crowd``, ``skipped`` (images, by reason), ``skipped_samples``,
        ``left_out`` (boxes, by reason), ``assumed`` (how predictions were read), and ``so_far``:
        what works on objects and what does not yet

    Raises:
        InputError: if something given cannot be worked with; nothing was changed
        Cancelled: if the job was cancelled; nothing was changed
    """
    dataset = root_dataset(samples)
    check_images(samples)
    note = _check(samples, settings)
    with Job(dataset, settings.run_key, "Finding label errors", report) as job:
        reader = abandonable(
            lambda _: ObjectReader(
                samples,
                settings.label_field,
                settings.prediction_fields,
                settings.class_scores,
                settings.classes,
            ),
            part_of(job, 0.0, 0.0),
            "Reading labels",
        )
        model = abandonable(
            lambda _: _learn(reader, settings), part_of(job, 0.0, 0.0), "Learning from the labels"
        )
        found = _Found(model, len(reader.classes))
        for images in reader.batches(part_of(job, SHARE_OF_LEARNING, SHARE_OF_SCORING)):
            found.add(images)
        known = KnownDecisions(_kept_run(dataset, settings.run_key))
        columns = known.carried_over(found.columns(), reader.classes)
        counts = found.counts(columns, known.decided(columns, reader.classes))
        header = {
            "settings": {
                "label_field": settings.label_field,
                "prediction_fields": list(settings.prediction_fields),
                "source": "predictions",
                "seed": settings.seed,
            },
            "classes": list(reader.classes),
            "kinds": list(KIND_NAMES),
            "counts": counts,
            "skipped": dict(reader.skipped.reasons),
            "left_out": [[reason, count] for reason, count in reader.left_out.items()],
            "assumed": reader.assumed(),
        }
        run = begin_run(dataset, settings.run_key, settings.label_field)
        try:
            iteration = keep_iteration(run, header, columns)
        except BaseException:
            if last_iteration(run) is None:
                unlist(run)
            raise
        writing = part_of(job.note, SHARE_OF_SCORING, 1.0)
        write_object_fields(run, columns, reader.classes, KIND_NAMES, writing)
        mark_written(iteration)
    number = (last_iteration(run) or {"number": 1})["number"]
    return {
        "run_key": run.key,
        "iteration": number,
        **counts,
        "classes": len(reader.classes),
        "crowd": reader.crowd,
        "skipped": dict(reader.skipped.reasons),
        "skipped_samples": list(reader.skipped.samples),
        "left_out": dict(reader.left_out),
        "assumed": reader.assumed(),
        "so_far": OBJECTS_SO_FAR,
        **({} if note is None else {"begun_anew": note}),
    }


def _check(samples: Collection, settings: Settings) -> str | None:
    """Check what is given; why the run begins anew, if something of it is there."""
    dataset, key = root_dataset(samples), settings.run_key
    if settings.source not in (AUTO, "predictions"):
        raise InputError(
            f"source: '{settings.label_field}' holds Detections, on which only 'predictions' works "
            f"yet, got '{settings.source}'. Name fields of predictions as prediction_fields."
        )
    if not settings.prediction_fields:
        raise InputError(
            f"prediction_fields: '{settings.label_field}' holds Detections; name at least one "
            "Detections field with a detector's predictions"
        )
    if settings.cleanlab:
        raise InputError("cleanlab: it is not asked about objects")
    declared = declared_fields(dataset)
    for name in settings.prediction_fields:
        if not is_detections(declared.get(name)):
            what = f"is of type {type_name(declared[name])}" if name in declared else "is not there"
            raise InputError(
                f"prediction_fields: '{name}' of dataset '{dataset.name}' {what}; expected a "
                "Detections field, as the labels are"
            )
    follow_renames(dataset)
    there = key in list_runs(dataset)
    check_run_key(dataset, key, settings.label_field)
    if there and load_run(dataset, key).iterations():
        raise InputError(
            f"run_key: the run '{key}' is on whole samples, '{settings.label_field}' was a "
            "Classification field then. Choose another run_key."
        )
    check_own_fields(dataset, key, ours=there or key in deleted_keys(dataset))
    check_writable(dataset, [settings.label_field], declared)
    check_view(samples, [settings.label_field, *settings.prediction_fields])
    return begins_anew(dataset, key)


def _kept_run(dataset: Dataset, key: str) -> Run | None:
    """The run that goes on; None where one begins."""
    if key not in list_runs(dataset) or begins_anew(dataset, key):
        return None
    return load_run(dataset, key)


def _learn(reader: ObjectReader, settings: Settings) -> ObjectModel:
    some = reader.some(settings.seed)
    if not len(some.labels):
        raise InputError(
            f"No object of '{settings.label_field}' is on an image with predictions in "
            f"{', '.join(map(repr, settings.prediction_fields))}; there is nothing to learn from."
        )
    return learn(some.labels, some.detections, some.fold, len(reader.classes), settings.seed)


class _Found:
    """The items of all images, gathered: about 200 bytes an item."""

    def __init__(self, model: ObjectModel, classes: int):
        self._model = model
        self._classes = classes
        self._parts: list[Columns] = []

    def add(self, images: Images) -> None:
        """Score some images."""
        found = self._model.score(images.labels, images.detections, images.fold, images.crowd)
        packed = pack_ids(images.ids)
        part = _label_columns(found, images) | {"sample_id": packed[images.labels.image]}
        missing = _missing_columns(found, self._classes)
        owner = packed[found.objects.boxes.image[found.missing]]
        missing |= {"sample_id": owner}
        both = {k: np.concatenate([part[k], missing[k]]) for k in COLUMNS}
        self._parts.append(both | {IMAGES: packed})

    def columns(self) -> Columns:
        """What is kept of them."""
        if not self._parts:
            raise InputError("No image could be scored: none carries labels and predictions.")
        names = (*COLUMNS, IMAGES)
        found = {n: np.concatenate([p[n] for p in self._parts]) for n in names}
        return sorted_items(found, self._classes)

    def counts(self, columns: Columns, decided: BoolArray) -> dict[str, Any]:
        """How many there are, and how many of those that are not decided are suspect."""
        wrong = (columns["suspicion"] > 0) & ~decided
        suspect = Counter(columns["kind"][wrong].tolist())
        cells = cies(columns["label"], columns["prediction"], self._classes + 1)
        within = cells[: self._classes, : self._classes]
        return {
            "samples": len(columns[IMAGES]),
            "objects": int(cells[: self._classes].sum()),
            "candidates": int(cells[self._classes].sum()),
            "suspects": {name: suspect[i] for i, name in enumerate(KIND_NAMES)},
            "misclassified": int(within.sum() - within.trace()),
        }


def _label_columns(found: Scored, images: Images) -> Columns:
    scores, objects = found.labels, found.objects
    known = scores.partner >= 0
    seen = np.full((len(images.labels), 4), np.nan, np.float32)
    seen[known] = objects.boxes.box[scores.partner[known]]
    sure = np.zeros(len(images.labels), np.float32)
    sure[known] = objects.confidence[scores.partner[known]]
    return _columns(scores) | {
        "item_id": images.label_id,
        "label": images.labels.label,
        "box": images.label_box,
        "seen_box": seen,
        "confidence": sure,
    }


def _missing_columns(found: Scored, classes: int) -> Columns:
    boxes = found.objects.boxes.box[found.missing]
    ids = list(_new_ids(len(boxes)))
    return _columns(found.candidates) | {
        "item_id": pack_ids(ids) if ids else np.empty(0, "S12"),
        "label": np.full(len(boxes), classes, np.int32),
        "box": boxes.astype(np.float64),
        "seen_box": boxes,
        "confidence": found.objects.confidence[found.missing].astype(np.float32),
    }


def _new_ids(count: int) -> Iterator[str]:
    return (str(ObjectId()) for _ in range(count))


def _columns(scores: ItemScores) -> Columns:
    names = ("prediction", "p_label", "p_max", "suspicion", "kind", "iou")
    return {n: getattr(scores, n) for n in (*names, "top_class", "top_probability")}
