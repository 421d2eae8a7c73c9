"""All four kinds of errors, by what detectors see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from bson import ObjectId

from ..abandonable import abandonable
from ..classify.settings import Settings
from ..errors import InputError
from ..progress import Report, part_of
from ..store.iterations import pack_ids
from ..store.samples import Collection
from .reading import Images, ObjectReader
from .scoring import KIND_NAMES, ItemScores, ObjectModel, Scored, learn
from .store import COLUMNS, IMAGES, Columns, sorted_items

SHARE_OF_LEARNING = 0.25


class DetectionSource:
    """Judges objects by the detections near them.

    Args:
        samples: the dataset or a view of it
        settings: ``prediction_fields`` names the detectors
        classes: that objects may have besides those of labels and detections

    Attributes:
        reader: has read labels and detections, once ``columns`` was called
        said: what was done, in a sentence; empty, since it was asked for
        kinds: of errors that are looked for

    Raises:
        InputError: if labels or predictions cannot be worked with
    """

    said = ""
    kinds = KIND_NAMES

    def __init__(self, samples: Collection, settings: Settings, classes: Sequence[str] = ()):
        self._settings = settings
        self.reader = ObjectReader(
            samples,
            settings.label_field,
            settings.prediction_fields,
            settings.class_scores,
            settings.classes,
            unlabelled=settings.unlabelled,
            also={name: set(classes) for name in settings.vote_fields},
        )

    def columns(self, report: Report) -> Columns:
        """What is kept of every label and candidate."""
        learning = part_of(report, 0.0, 0.0)
        model = abandonable(
            lambda _: _learn(self.reader, self._settings), learning, "Learning from the labels"
        )
        found = _Found(model, len(self.reader.classes))
        for images in self.reader.batches(part_of(report, SHARE_OF_LEARNING, 1.0)):
            found.add(images)
        return found.columns()


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
