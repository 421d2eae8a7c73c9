"""Fields of detections that are filled from elsewhere, a piece of the file at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId
from pymongo import UpdateMany, UpdateOne

from ..store.declared import declared_fields, is_detections, no_such_field
from ..store.iterations import unpack_ids
from ..store.samples import Dataset, reload_held, samples_of, writing

SAMPLES_A_WRITE = 500
WRITERS = 4


def check_detections(dataset: Dataset, field: str, option: str) -> None:
    """Raise InputError unless ``field`` is a ``Detections`` field of the dataset."""
    declared = declared_fields(dataset)
    if is_detections(declared.get(field)):
        return
    there = [name for name in declared if is_detections(declared[name])]
    raise no_such_field(dataset, field, option, "a Detections field", there)


def write_empty(dataset: Dataset, field: str, sample_ids: npt.NDArray[np.bytes_]) -> None:
    """Give samples an empty list of detections, S12 (n,): they were looked at."""
    now = datetime.now(UTC).replace(tzinfo=None)
    value = {"_cls": "Detections", "detections": []}
    ids = [ObjectId(i) for i in unpack_ids(sample_ids)]
    updates = [
        UpdateMany(
            {"_id": {"$in": ids[start : start + SAMPLES_A_WRITE]}},
            {"$set": {field: value, "last_modified_at": now}},
        )
        for start in range(0, len(ids), SAMPLES_A_WRITE)
    ]
    _write(dataset, field, [[update] for update in updates])


def add_detections(
    dataset: Dataset,
    field: str,
    sample_ids: npt.NDArray[np.bytes_],
    labels: Sequence[str],
    boxes: npt.NDArray[np.float64],
    confidence: npt.NDArray[np.float64],
    scores: Sequence[list[float] | None],
    scores_are: str | None,
) -> None:
    """Add detections to the lists of samples that ``write_empty`` was given.

    Args:
        dataset: the dataset
        field: that ``begin_predictions`` declared
        sample_ids: S12 (n,), the sample of each
        labels: n classes
        boxes: float64 (n, 4), relative
        confidence: float64 (n,), NaN for none
        scores: n lists of a score a class, None for none
        scores_are: the attribute for them
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    of_sample: dict[str, list[dict[str, Any]]] = defaultdict(list)
    sure = confidence.tolist()
    for at, (sample, box) in enumerate(zip(unpack_ids(sample_ids), boxes.tolist(), strict=True)):
        found = {
            "_id": ObjectId(),
            "_cls": "Detection",
            "attributes": {},
            "tags": [],
            "label": labels[at],
            "bounding_box": box,
            "confidence": None if sure[at] != sure[at] else sure[at],
        }
        if scores_are is not None and scores[at] is not None:
            found[scores_are] = scores[at]
        of_sample[sample].append(found)
    updates = [
        UpdateOne(
            {"_id": ObjectId(sample)},
            {
                "$push": {f"{field}.detections": {"$each": listed}},
                "$set": {"last_modified_at": now},
            },
        )
        for sample, listed in of_sample.items()
    ]
    parts = range(0, len(updates), SAMPLES_A_WRITE)
    _write(dataset, field, [updates[start : start + SAMPLES_A_WRITE] for start in parts])


def _write(dataset: Dataset, field: str, parts: Sequence[list[Any]]) -> None:
    def write(part: list[Any]) -> None:
        samples_of(dataset).bulk_write(part, ordered=False)

    with writing(dataset, field), ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, parts))
    reload_held(dataset)
