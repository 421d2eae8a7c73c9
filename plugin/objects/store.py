"""Iterations on objects as they are kept: columns aligned on items.

An item is what one decision will be about: ``(sample, label id)``. A label that is missing is an
item too: its id is made here, and becomes the label's id when somebody accepts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..store.columns import delete_columns, read_column, write_column
from ..store.database import collection_of
from ..store.iterations import ON_OBJECTS, last_on_objects
from ..store.runs import Run
from .shown import is_suspect, seen_class, shown_class

COLLECTION = ON_OBJECTS
ROWS_PER_CHUNK = 50_000

COLUMNS = (
    "sample_id",  # S12 (n,): the sample of each item
    "item_id",  # S12 (n,): the label's id; that of a missing label was made for it
    "label",  # int32 (n,): class index; C, *nothing*, for a missing label
    "prediction",  # int32 (n,): class index, or C
    "p_label",  # float32 (n,)
    "p_max",  # float32 (n,)
    "suspicion",  # float32 (n,)
    "kind",  # int8 (n,): index into the document's kinds
    "iou",  # float32 (n,): of the label and the object that the detectors see there
    "confidence",  # float32 (n,): of that object, 0 without one
    "box",  # float64 (n, 4): the label's box as it is stored; the object's for a missing label
    "seen_box",  # float32 (n, 4): the object's box, NaN without one
    "top_class",  # int32 (n, k)
    "top_probability",  # float32 (n, k)
)
"""What is kept of each item."""

IMAGES = "image_id"  # S12 (m,): every image that was judged, those without items included

SHOWN = "shown"  # int32 (n,): the item's column in the overview, see ``shown.py``

Columns = dict[str, npt.NDArray[Any]]
"""By name of ``COLUMNS``, ``SHOWN`` and ``IMAGES``."""


def sorted_items(columns: Columns, classes: int) -> Columns:
    """Items by label, column of the overview and falling suspicion, so that a cell is one slice.

    Args:
        columns: of ``COLUMNS`` and ``IMAGES``
        classes: C

    Returns:
        the same in order, with ``SHOWN``
    """
    label, suspicion = columns["label"], columns["suspicion"]
    seen = seen_class(label, columns["kind"], columns["top_class"], classes)
    every = {**columns, SHOWN: shown_class(label, suspicion, seen)}
    order = np.lexsort((-suspicion, every[SHOWN], label))
    return {k: v if k == IMAGES else v[order] for k, v in every.items()}


def keep_iteration(run: Run, header: Mapping[str, Any], columns: Columns) -> ObjectId:
    """Keep an iteration; it becomes visible to everybody at once.

    Args:
        run: the run
        header: ``settings``, ``classes``, ``kinds``, ``counts`` and whatever else is kept
        columns: what ``sorted_items`` gives
    """
    iteration = ObjectId()
    owner = {**run.owner, "object_iteration_id": iteration}
    last = collection_of(COLLECTION).find_one(run.owner, {"number": 1}, sort=[("number", -1)])
    try:
        kept = {name: write_column(name, _parts(v), owner) for name, v in columns.items()}
        collection_of(COLLECTION).insert_one(
            {
                **header,
                **run.owner,
                "_id": iteration,
                "number": 1 + (last["number"] if last else 0),
                "items": len(columns["item_id"]),
                "to_review": int(is_suspect(columns["suspicion"]).sum()),
                "columns": kept,
                "created_at": datetime.now(UTC),
                "fields_written": False,
            }
        )
    except BaseException:
        delete_columns({"object_iteration_id": iteration})
        raise
    return iteration


def _parts(values: npt.NDArray[Any]) -> Sequence[npt.NDArray[Any]]:
    return [values[i : i + ROWS_PER_CHUNK] for i in range(0, max(len(values), 1), ROWS_PER_CHUNK)]


def mark_written(iteration: ObjectId) -> None:
    """Note that the fields show this iteration; what is edited later is somebody else's."""
    noted = {"fields_written": True, "fields_stamp": datetime.now(UTC)}
    collection_of(COLLECTION).update_one({"_id": iteration}, {"$set": noted})


def last_iteration(run: Run) -> dict[str, Any] | None:
    """The document of the run's last iteration on objects, None where it has none."""
    return last_on_objects(run)


def read_items(document: Mapping[str, Any], name: str) -> npt.NDArray[Any]:
    """One column of an iteration."""
    return read_column(document["columns"][name])
