"""Labels and predictions of many images, read from ``Detections`` fields into columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..classify.settings import EMPTY, SKIP
from ..documents import value_at
from ..errors import InputError
from ..progress import Report
from ..skipped import Skipped
from ..store.iterations import pack_ids
from ..store.raw_documents import draw_documents, id_queries, read_documents
from ..store.sample_collection import root_dataset
from ..store.samples import Collection, samples_of
from .boxes import REASONS, USABLE, Boxes, starts, within_image
from .class_scores import ClassScores, class_scores_of
from .detections import Detections, of_detector, together
from .doubles import Pairs, doubles
from .error_model import FOLDS
from .read_checks import check_confidences, check_spelling, is_number, is_share, some_of, spelling
from .scoring import IMAGES_TO_LEARN_FROM, wanted_images

IMAGES_A_BATCH = 500
NO_CLASS = "no class"
NO_CONFIDENCE = "no confidence between 0 and 1"
CROWD = ("iscrowd", "ignore")
"""Attributes of labels that stand for a region in which objects are not labelled one by one."""


@dataclass(frozen=True)
class Images:
    """Some images with what is on them.

    Attributes:
        ids: m sample ids
        labels: n labels
        label_id: S12 (n,), the id of each label
        label_box: float64 (n, 4), as it is stored, which may reach out of the image
        crowd: regions that are not labelled one by one
        detections: on the same images
        fold: int64 (m,), which model judges each image
        paths: m files
        values: n, what each label has in the attribute that was asked for; empty without one
    """

    ids: list[str]
    labels: Boxes
    label_id: npt.NDArray[np.bytes_]
    label_box: npt.NDArray[np.float64]
    crowd: Boxes
    detections: Detections
    fold: npt.NDArray[np.int64]
    paths: list[str]
    values: list[Any]


class ObjectReader:
    """Reads the images of a collection that carry labels and predictions.

    Args:
        samples: a dataset or view
        label_field: the field of labels
        prediction_fields: fields of predictions; each is a detector. There may be none
        class_scores: the attribute of detections that holds scores of every class; None looks for
            one
        names: the class names behind those scores; None looks for them
        attribute: of the labels, which is read as well
        unlabelled: what images with predictions and no labels are: ``skip``, not labelled yet, or
            ``empty``, labelled with nothing on them
        also: class names in other fields, whose objects are compared with these as well

    Attributes:
        classes: all class names, sorted
        labelled: those that labels have
        scores: by field of predictions, how its class scores are read
        unscored: by field of predictions, how many detections have no class scores that can be used
        skipped: images that were left out
        left_out: boxes that were left out, by field and reason
        crowd: labels that are regions of a crowd, or to be ignored
        doubles: pairs of labels on one object, a part for each batch that was read
    """

    def __init__(
        self,
        samples: Collection,
        label_field: str,
        prediction_fields: Sequence[str],
        class_scores: str | None = None,
        names: Sequence[str] | None = None,
        attribute: str | None = None,
        unlabelled: str = SKIP,
        also: Mapping[str, set[str]] | None = None,
    ):
        self._attribute = attribute
        self._unlabelled = unlabelled
        self.doubles: list[Pairs] = []
        self._samples = samples
        self._label_field = label_field
        self._predictions = list(prediction_fields)
        labels = _class_names(samples, label_field)
        name = root_dataset(samples).name
        if not labels:
            raise InputError(f"label_field: no object of '{name}' has a label in '{label_field}'")
        predicted: set[str] = set()
        for field in self._predictions:
            found = _class_names(samples, field)
            if not found & labels:
                raise InputError(
                    f"prediction_fields: '{field}' and '{label_field}' have no class in common "
                    f"(predictions: {some_of(found)}; labels: {some_of(labels)})"
                    f"{spelling(found, labels)}"
                )
            check_spelling(field, found, label_field, labels)
            check_confidences(samples, field)
            predicted |= found
        for field, found in (also or {}).items():
            check_spelling(field, found, label_field, labels, "vote_fields")
            predicted |= found
        self.scores: dict[str, ClassScores] = {}
        self.unscored: Counter[str] = Counter()
        for field in self._predictions:
            scores = class_scores_of(
                samples, field, label_field, sorted(labels), class_scores, names
            )
            if scores is not None:
                self.scores[field] = scores
                predicted |= scores.classes
        self.labelled = frozenset(labels)
        self.classes = tuple(sorted(labels | predicted))
        self._index = {name: i for i, name in enumerate(self.classes)}
        self.skipped = Skipped()
        self.left_out: Counter[str] = Counter()
        self.crowd = 0

    def assumed(self) -> list[str]:
        """How each field of predictions was read, in sentences."""
        said = []
        for field in self._predictions:
            scores = self.scores.get(field)
            text = f"'{field}': label and confidence" if scores is None else scores.said
            lacking = self.unscored[field]
            said.append(f"{text}; {lacking:,} detections without them" if lacking else text)
        return said

    def some(self, seed: int) -> Images:
        """Some images to learn from, drawn at random."""
        having = [self._label_field]
        found = draw_documents(self._samples, self._projection(), IMAGES_TO_LEARN_FROM, having)
        # Read for itself: what is left out is counted where every image is read.
        reader = _Counting(Skipped(), Counter(), Counter())
        read = self._read(found, reader)
        chosen = wanted_images(np.diff(read.labels.start), seed)
        ids = set(np.array(read.ids)[chosen].tolist())
        return self._read([d for d in found if str(d["_id"]) in ids], reader)

    def batches(self, report: Report) -> Iterator[Images]:
        """Every image that can be judged, once; memory does not grow with their number."""
        done, total = 0, len(self._samples)
        counting = _Counting(self.skipped, self.left_out, self.unscored)
        for documents in read_documents(self._samples, self._projection(), IMAGES_A_BATCH):
            done += len(documents)
            images = self._read(documents, counting)
            self.crowd += len(images.crowd)
            if len(images.labels):
                packed = pack_ids(images.ids)
                self.doubles.append(doubles(images.labels, images.label_id, packed))
            if images.ids:
                yield images
            report(done / max(total, 1), f"Scored {done:,} of {total:,} images")

    def _projection(self) -> list[str]:
        parts = [f"{self._label_field}.detections.{p}" for p in ("_id", "label", "bounding_box")]
        wanted = CROWD if self._attribute is None else (*CROWD, self._attribute)
        parts += [f"{self._label_field}.detections.{p}" for p in wanted]
        for field in self._predictions:
            names = ["label", "bounding_box", "confidence"]
            names += [self.scores[field].attribute] if field in self.scores else []
            parts += [f"{field}.detections.{p}" for p in names]
        return [*parts, "filepath"]

    def _read(self, documents: Sequence[Mapping[str, Any]], counting: _Counting) -> Images:
        usable = [d for d in documents if self._can_be_judged(d, counting.skipped)]
        labels, kept = self._boxes(usable, self._label_field, counting)
        crowd = np.array([any(bool(d.get(name)) for name in CROWD) for d in kept], bool)
        ids = pack_ids([str(d["_id"]) for d in kept]) if kept else np.empty(0, "S12")
        wanted = self._attribute
        detectors = []
        for field in self._predictions:
            boxes, said = self._boxes(usable, field, counting, sure=True)
            sure = np.array([d["confidence"] for d in said], np.float64)
            entries = None
            if field in self.scores:
                scores = self.scores[field]
                values = [d.get(scores.attribute) for d in said]
                entries, without = scores.entries(values, boxes.label, sure, self._index)
                counting.unscored[field] += without
            detectors.append(of_detector(boxes, sure, entries))
        return Images(
            ids=[str(d["_id"]) for d in usable],
            labels=labels.only(~crowd),
            label_id=ids[~crowd],
            label_box=_array([d["bounding_box"] for d in kept])[~crowd],
            crowd=labels.only(crowd),
            detections=together(detectors) if detectors else _nothing_seen(len(usable)),
            fold=np.array([fold_of(d["_id"]) for d in usable], np.int64),
            paths=[str(d.get("filepath")) for d in usable],
            values=[d.get(wanted) for d, c in zip(kept, crowd, strict=True) if wanted and not c],
        )

    def _can_be_judged(self, document: Mapping[str, Any], skipped: Skipped) -> bool:
        for field, what in (
            (self._label_field, "no labels"),
            *((field, "no predictions") for field in self._predictions),
        ):
            if field == self._label_field and self._unlabelled == EMPTY:
                continue
            if not isinstance(value_at(document, f"{field}.detections"), list):
                skipped.add(document["_id"], document.get("filepath"), f"{what} in '{field}'")
                return False
        return True

    def _boxes(
        self,
        documents: Sequence[Mapping[str, Any]],
        field: str,
        counting: _Counting,
        *,
        sure: bool = False,
    ) -> tuple[Boxes, list[Mapping[str, Any]]]:
        """The usable boxes of a field, and the documents of them."""
        given = [value_at(d, f"{field}.detections") or [] for d in documents]
        every: list[Mapping[str, Any]] = [o for of_image in given for o in of_image]
        image = np.repeat(np.arange(len(given)), [len(o) for o in given])
        box, problem = within_image(_array([o.get("bounding_box") for o in every]))
        use = problem == USABLE
        for i, o in enumerate(every):
            reason = None
            if not use[i]:
                reason = REASONS[int(problem[i])]
            elif o.get("label") not in self._index:
                reason = NO_CLASS
            elif sure and not is_share(o.get("confidence")):
                reason = NO_CONFIDENCE
            if reason is not None:
                use[i] = False
                counting.left_out[f"{reason} in '{field}'"] += 1
        kept = [o for o, u in zip(every, use, strict=True) if u]
        label = np.array([self._index[o["label"]] for o in kept], np.int32)
        return Boxes(box[use], label, starts(np.bincount(image[use], minlength=len(given)))), kept


def _nothing_seen(images: int) -> Detections:
    box, label = np.empty((0, 4), np.float32), np.empty(0, np.int32)
    boxes = Boxes(box, label, np.zeros(images + 1, np.int64))
    return of_detector(boxes, np.empty(0, np.float32))


@dataclass(frozen=True)
class _Counting:
    """Where what is left out is counted."""

    skipped: Skipped
    left_out: Counter[str]
    unscored: Counter[str]


def fold_of(sample_id: ObjectId) -> int:
    """The fold of an image: the same each time, whatever else the dataset holds."""
    return int.from_bytes(sample_id.binary[-3:], "big") % FOLDS


def _class_names(samples: Collection, field: str) -> set[str]:
    found: set[Any] = set()
    collection = samples_of(root_dataset(samples))
    for query in id_queries(samples):
        found.update(collection.distinct(f"{field}.detections.label", query))
    return {name for name in found if name and isinstance(name, str)}


def _array(boxes: list[Any]) -> npt.NDArray[np.float64]:
    """float64 (n, 4); NaN for what is no box of four numbers."""
    found = np.full((len(boxes), 4), np.nan)
    for i, box in enumerate(boxes):
        if isinstance(box, list) and len(box) == 4 and all(map(is_number, box)):
            found[i] = box
    return found
