"""Scores written onto the labels of sets: attributes of each label, found by its id on the server.

Each sample is changed by one update that looks its labels up by id, so that labels that others
added, changed or deleted meanwhile stay as they are; doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import fiftyone as fo
import numpy as np
import numpy.typing as npt
from bson import ObjectId
from pymongo import UpdateOne

from ..progress import Report
from .declared import declared_fields, is_classifications
from .fields import field_type, group_in_sidebar
from .iterations import pack_ids
from .new_fields import declare
from .runs import Run
from .samples import catch_up, reload_held, samples_of, writing

WRITE_CHUNK = 500
BOXES, TAGS = "detections", "classifications"
TEXTS = ("prediction", "kind", "decision")
"""Those attributes of labels that are words; all others are numbers."""


def list_of(run: Run) -> str:
    """The list that holds a run's labels: ``detections`` or ``classifications``."""
    field = run.dataset.get_field(run.label_field)
    if field is None:  # renamed by another process since this one loaded the dataset
        declared = declared_fields(run.dataset).get(run.label_field)
        return TAGS if is_classifications(declared) else BOXES
    return TAGS if getattr(field, "document_type", None) is fo.Classifications else BOXES


@dataclass(frozen=True)
class LabelSet:
    """How a run writes onto labels that are sets.

    Attributes:
        run: the run
        part: the list in the label field, such as ``detections``
        attributes: what it writes onto each label, without its prefix
        fields: what it writes onto each sample; ``errors`` is there on every one that was judged
    """

    run: Run
    part: str
    attributes: Sequence[str]
    fields: Sequence[str]

    def declare(
        self,
        labels: Any,
        fields: Mapping[str, str],
        attributes: Mapping[str, str],
        lacking: str,
        highest: str,
    ) -> None:
        """Declare what is written, and show it in the run's sidebar group.

        Args:
            labels: the type of the label field, such as ``fo.Detections``
            fields: what each field on samples holds, by name without its prefix
            attributes: the same of each label's attributes
            lacking: what the suspicion of a missing label is
            highest: what the suspicion of a sample is
        """
        run, dataset = self.run, self.run.dataset
        catch_up(dataset)

        named = {run.field(name): (name, told) for name, told in fields.items()}
        named[run.field("suspicion")] = "suspicion", highest
        wanted: dict[str, dict[str, Any]] = {
            path: {"ftype": field_type(name), "description": told}
            for path, (name, told) in named.items()
        }
        wanted[run.field("missing")]["embedded_doc_type"] = labels
        for name, told in attributes.items():
            kind = fo.StringField if name in TEXTS else fo.FloatField
            path = f"{run.label_field}.{self.part}.{run.field(name)}"
            wanted[path] = {"ftype": kind, "description": told}
        missing = f"{run.field('missing')}.{self.part}.{run.field('suspicion')}"
        wanted[missing] = {"ftype": fo.FloatField, "description": lacking}
        declare(dataset, wanted)
        group_in_sidebar(run)

    def write(
        self,
        images: npt.NDArray[np.bytes_],
        scored: Iterator[ImageScores],
        what: str,
        report: Report,
    ) -> None:
        """Write onto the samples, and take an earlier iteration off those that it left out.

        Args:
            images: S12 (m,), the samples that were judged
            scored: what is written onto each, in their order
            what: is written, in words
            report: told how far it is
        """
        run, now = self.run, datetime.now(UTC).replace(tzinfo=None)
        names = [run.label_field, *(run.field(n) for n in self.fields)]
        for start in range(0, len(images), WRITE_CHUNK):
            some = images[start : start + WRITE_CHUNK]
            part = [self._update(image, next(scored), now) for image in some]
            with writing(run.dataset, *names):
                samples_of(run.dataset).bulk_write(part, ordered=False)
            report((start + len(part)) / len(images), what)
        self._take_off(set(images.tolist()), now)
        reload_held(run.dataset)

    def _update(self, image: bytes, scored: ImageScores, now: datetime) -> UpdateOne:
        run = self.run
        none = {run.field(name): None for name in self.attributes}
        at = {"$indexOfArray": [{"$literal": list(scored.labels)}, "$$label._id"]}
        values = {"$literal": [dict(v) for v in scored.values] or [none]}
        known = {"$arrayElemAt": [values, {"$max": ["$$at", 0]}]}
        mine = {"$cond": [{"$lt": ["$$at", 0]}, {"$literal": none}, known]}
        each = {"$let": {"vars": {"at": at}, "in": mine}}
        stages = [{"$set": self._with_each(each)}] if scored.labels else []
        plain = {name: {"$literal": value} for name, value in scored.fields.items()}
        sample = ObjectId(bytes(image).ljust(12, b"\0"))
        return UpdateOne({"_id": sample}, [*stages, {"$set": {**plain, "last_modified_at": now}}])

    def _take_off(self, judged: set[bytes], now: datetime) -> None:
        """Empty what an earlier iteration wrote onto samples that this one left out."""
        run, collection = self.run, samples_of(self.run.dataset)
        there = {run.field("errors"): {"$ne": None}}
        holders = [d["_id"] for d in collection.find(there, {"_id": 1})]
        packed = pack_ids([str(i) for i in holders]).tolist() if holders else []
        stale = [i for i, name in zip(holders, packed, strict=True) if name not in judged]
        empty = {run.field(name): None for name in self.fields}
        none = {"$literal": {run.field(name): None for name in self.attributes}}
        emptied = [{"$set": self._with_each(none)}, {"$set": {**empty, "last_modified_at": now}}]
        for start in range(0, len(stale), WRITE_CHUNK):
            part = {"_id": {"$in": stale[start : start + WRITE_CHUNK]}}
            with writing(run.dataset, run.label_field, *empty):
                collection.update_many(part, emptied)

    def _with_each(self, attributes: Any) -> dict[str, Any]:
        """Set attributes of each label, ``$$label`` in their expression; one without is left."""
        field = f"${self.run.label_field}"
        each = {"$mergeObjects": ["$$label", attributes]}
        mapped = {"$map": {"input": f"{field}.{self.part}", "as": "label", "in": each}}
        changed = {"$mergeObjects": [field, {self.part: mapped}]}
        there = {"$isArray": f"{field}.{self.part}"}
        return {self.run.label_field: {"$cond": [there, changed, field]}}


@dataclass(frozen=True)
class ImageScores:
    """What is written onto one sample.

    Attributes:
        labels: the ids of its labels that were judged
        values: attributes of each
        fields: of the sample
    """

    labels: Sequence[ObjectId]
    values: Sequence[Mapping[str, Any]]
    fields: Mapping[str, Any]
