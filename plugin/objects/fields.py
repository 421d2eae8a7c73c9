"""What a run on objects writes onto samples: attributes of labels, candidates, and two numbers.

Each sample is changed by one update that looks its labels up by id on the server, so that labels
that others added, changed or deleted meanwhile stay as they are; doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId
from pymongo import UpdateOne

from ..progress import Report
from ..scoring.iies import iies
from ..store.fields import OBJECT_ATTRIBUTES, OBJECT_FIELDS, field_type, group_in_sidebar
from ..store.iterations import pack_ids, unpack_ids
from ..store.runs import Run
from ..store.samples import catch_up, reload_held, samples_of, writing
from .store import IMAGES, Columns

NOTHING = "(nothing there)"
"""The prediction where the detectors see nothing."""

WRITE_CHUNK = 500
_TEXTS = ("prediction", "kind")


def declare_object_fields(run: Run) -> None:
    """Declare the run's fields and the attributes of its labels."""
    dataset = run.dataset
    catch_up(dataset)

    def declare(path: str, kind: Any, description: str, **options: Any) -> None:
        if path not in dataset.get_field_schema(flat=True):
            dataset.add_sample_field(path, kind, description=description, **options)

    for name, description in OBJECT_FIELDS.items():
        options = {"embedded_doc_type": fo.Detections} if name == "missing" else {}
        declare(run.field(name), field_type(name), description, **options)
    for name, description in OBJECT_ATTRIBUTES.items():
        kind = fo.StringField if name in _TEXTS else fo.FloatField
        declare(f"{run.label_field}.detections.{run.field(name)}", kind, description)
    told = OBJECT_ATTRIBUTES["suspicion"]
    declare(f"{run.field('missing')}.detections.{run.field('suspicion')}", fo.FloatField, told)
    declare(run.field("suspicion"), fo.FloatField, "The highest suspicion of the image's objects")
    group_in_sidebar(run)


def write_object_fields(
    run: Run, columns: Columns, classes: Sequence[str], kinds: Sequence[str], report: Report
) -> None:
    """Write an iteration onto the samples, and take an earlier one off those that it left out.

    Args:
        run: the run
        columns: what is kept of the iteration
        classes: the class names
        kinds: the names of the kinds of errors
        report: told how far it is
    """
    declare_object_fields(run)
    dataset, images = run.dataset, columns[IMAGES]
    fields = [run.label_field, *(run.field(n) for n in ("suspicion", *OBJECT_FIELDS))]
    now = datetime.now(UTC).replace(tzinfo=None)
    updates = _updates(run, columns, classes, kinds, now)
    for start in range(0, len(images), WRITE_CHUNK):
        part = [next(updates) for _ in images[start : start + WRITE_CHUNK]]
        with writing(dataset, *fields):
            samples_of(dataset).bulk_write(part, ordered=False)
        report((start + len(part)) / len(images), "Writing scores onto the objects")
    _take_off(run, set(images.tolist()), now)
    reload_held(dataset)


def _updates(
    run: Run, columns: Columns, classes: Sequence[str], kinds: Sequence[str], now: datetime
) -> Iterator[UpdateOne]:
    """One update a judged image, in their order."""
    order = np.argsort(columns["sample_id"], kind="stable")
    ids = columns["sample_id"][order]
    names = [*classes, NOTHING]
    for image in columns[IMAGES]:
        rows = order[np.searchsorted(ids, image) : np.searchsorted(ids, image, "right")]
        candidate = columns["label"][rows] == len(classes)
        labels, missing = rows[~candidate], rows[candidate]
        missing = missing[np.argsort(-columns["suspicion"][missing], kind="stable")]
        suspicion = columns["suspicion"][rows]
        values = {
            run.field("suspicion"): float(suspicion.max()) if len(rows) else None,
            run.field("errors"): int((suspicion > 0).sum()),
            run.field("missing"): {
                "_cls": "Detections",
                "detections": [_candidate(run, columns, row, names) for row in missing],
            },
        }
        found = [_attributes(run, columns, row, names, kinds) for row in labels]
        of_label = [ObjectId(i) for i in unpack_ids(columns["item_id"][labels])]
        yield _update(run, ObjectId(bytes(image).ljust(12, b"\0")), of_label, found, values, now)


def _attributes(
    run: Run, columns: Columns, row: int, names: Sequence[str], kinds: Sequence[str]
) -> dict[str, Any]:
    score = iies(columns["p_max"][row], columns["p_label"][row])
    return {
        run.field("suspicion"): float(columns["suspicion"][row]),
        run.field("iies"): float(score),
        run.field("prediction"): names[columns["prediction"][row]],
        run.field("iou"): float(columns["iou"][row]),
        run.field("kind"): kinds[columns["kind"][row]],
    }


def _candidate(run: Run, columns: Columns, row: int, names: Sequence[str]) -> dict[str, Any]:
    best = columns["top_class"][row]
    return {
        "_id": ObjectId(unpack_ids(columns["item_id"][row : row + 1])[0]),
        "_cls": "Detection",
        "attributes": {},
        "tags": [],
        "label": names[next(int(c) for c in best if c < len(names) - 1)],
        "bounding_box": columns["box"][row].astype(float).tolist(),
        "confidence": float(columns["confidence"][row]),
        run.field("suspicion"): float(columns["suspicion"][row]),
    }


def _update(
    run: Run,
    sample: ObjectId,
    labels: Sequence[ObjectId],
    values: Sequence[dict[str, Any]],
    fields: dict[str, Any],
    now: datetime,
) -> UpdateOne:
    none = {run.field(name): None for name in OBJECT_ATTRIBUTES}
    at = {"$indexOfArray": [{"$literal": list(labels)}, "$$label._id"]}
    known = {"$arrayElemAt": [{"$literal": list(values) or [none]}, {"$max": ["$$at", 0]}]}
    mine = {"$cond": [{"$lt": ["$$at", 0]}, {"$literal": none}, known]}
    scored = {"$let": {"vars": {"at": at}, "in": mine}}
    stages = [{"$set": _with_each(run, scored)}] if labels else []
    plain = {name: {"$literal": value} for name, value in fields.items()}
    return UpdateOne({"_id": sample}, [*stages, {"$set": {**plain, "last_modified_at": now}}])


def _take_off(run: Run, judged: set[bytes], now: datetime) -> None:
    """Empty what an earlier iteration wrote onto samples that this one left out."""
    collection = samples_of(run.dataset)
    holders = [d["_id"] for d in collection.find({run.field("errors"): {"$ne": None}}, {"_id": 1})]
    packed = pack_ids([str(i) for i in holders]).tolist() if holders else []
    stale = [i for i, name in zip(holders, packed, strict=True) if name not in judged]
    empty = {run.field(name): None for name in ("suspicion", *OBJECT_FIELDS)}
    none = {"$literal": {run.field(name): None for name in OBJECT_ATTRIBUTES}}
    emptied = [{"$set": _with_each(run, none)}, {"$set": {**empty, "last_modified_at": now}}]
    for start in range(0, len(stale), WRITE_CHUNK):
        part = {"_id": {"$in": stale[start : start + WRITE_CHUNK]}}
        with writing(run.dataset, run.label_field, *empty):
            collection.update_many(part, emptied)


def _with_each(run: Run, attributes: Any) -> dict[str, Any]:
    """Set attributes of each label, ``$$label`` in their expression; a sample without is left."""
    field = f"${run.label_field}"
    each = {"$mergeObjects": ["$$label", attributes]}
    mapped = {"$map": {"input": f"{field}.detections", "as": "label", "in": each}}
    changed = {"$mergeObjects": [field, {"detections": mapped}]}
    return {run.label_field: {"$cond": [{"$isArray": f"{field}.detections"}, changed, field]}}
