"""Fields of predictions that are filled from elsewhere: declared, written and taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import fiftyone as fo
import fiftyone.core.utils as fou
import numpy as np
import numpy.typing as npt
from bson import ObjectId
from pymongo import UpdateOne

from ..errors import InputError
from ..store.held import forget_deleted
from ..store.iterations import unpack_ids
from ..store.label_field import check_classification
from ..store.own_fields import names_of, own_fields
from ..store.runs import list_runs, load_run
from ..store.samples import Dataset, reload_held, samples_of, writing

WRITE_CHUNK = 500
WRITERS = 4


def check_target(
    dataset: Dataset,
    field: str,
    overwrite: bool,
    check_type: Callable[[Dataset, str, str], None] = check_classification,
) -> bool:
    """Whether the field is there already.

    Args:
        dataset: the dataset
        field: that is to be written
        overwrite: whether what is in it may go
        check_type: raises InputError where a field, named by an option, is of another type

    Raises:
        InputError: if predictions cannot be written to it
    """
    if not isinstance(field, str) or not field.isidentifier() or field.startswith("_"):
        raise InputError(f"field must be a valid Python name without leading '_', got {field!r}")
    for key in list_runs(dataset):
        if field == load_run(dataset, key).label_field:
            raise InputError(f"field: '{field}' holds the labels that run '{key}' cleans")
        if field in names_of(key):
            raise InputError(f"field: '{field}' belongs to run '{key}'")
    if field in own_fields(dataset):
        raise InputError(f"field: '{field}' was written by a run of this plugin that is gone")
    if not dataset.has_field(field):
        return False
    check_type(dataset, field, "field")
    if not overwrite:
        raise InputError(
            f"field: dataset '{dataset.name}' has a field '{field}' already. Choose another name, "
            "or overwrite it."
        )
    return True


def begin_predictions(
    dataset: Dataset,
    field: str,
    classes: Sequence[str] | None,
    document: Any = fo.Classification,
) -> None:
    """Declare an empty field of predictions, and the classes behind its scores."""
    forget_deleted(dataset)
    if dataset.has_field(field):
        dataset.clear_sample_field(field)
    else:
        dataset.add_sample_field(field, fo.EmbeddedDocumentField, embedded_doc_type=document)
    known: Any = {name: listed for name, listed in dataset.classes.items() if name != field}
    dataset.classes = known | ({field: list(classes)} if classes else {})
    dataset.save()


def discard_predictions(dataset: Dataset, field: str) -> None:
    """Take back ``begin_predictions``."""
    if dataset.has_field(field):
        forget_deleted(dataset)
        dataset.delete_sample_field(field)
    dataset.classes = {name: listed for name, listed in dataset.classes.items() if name != field}
    dataset.save()


def write_predictions(
    dataset: Dataset,
    field: str,
    sample_ids: npt.NDArray[np.bytes_],
    labels: Sequence[str],
    confidence: npt.NDArray[np.float64],
    logits: npt.NDArray[np.float32] | None,
) -> None:
    """Write one prediction a sample.

    Args:
        dataset: the dataset
        field: a field that ``begin_predictions`` declared
        sample_ids: S12 (n,), as ``iterations.pack_ids`` gives them
        labels: n labels
        confidence: float64 (n,)
        logits: float32 (n, C) or None
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    ids = [ObjectId(i) for i in unpack_ids(sample_ids)]

    def update(at: int) -> UpdateOne:
        value = {
            "_id": ObjectId(),
            "_cls": "Classification",
            "tags": [],
            "label": labels[at],
            "confidence": float(confidence[at]),
            "logits": None if logits is None else fou.serialize_numpy_array(logits[at]),
        }
        return UpdateOne({"_id": ids[at]}, {"$set": {field: value, "last_modified_at": now}})

    def write(start: int) -> None:
        stop = min(start + WRITE_CHUNK, len(ids))
        samples_of(dataset).bulk_write([update(at) for at in range(start, stop)], ordered=False)

    with writing(dataset, field), ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(0, len(ids), WRITE_CHUNK)))
    reload_held(dataset)
