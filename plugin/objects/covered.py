"""Whether a view holds what is open: the next iteration takes the place of the last one."""

from __future__ import annotations

import numpy as np
from bson import ObjectId

from ..store.iterations import unpack_ids
from ..store.label_sets import list_of
from ..store.runs import Run
from ..store.sample_collection import is_view
from ..store.samples import Collection, samples_of
from ..store.views import CHUNK, ids_in, refuse_left_out
from .state import items_state
from .store import IMAGES, last_iteration, read_items


def check_covers_items(samples: Collection, run: Run) -> None:
    """Raise InputError where a view leaves out samples on which something of the run is open.

    The scores of their labels, and the objects or tags that they lack, would be gone.

    Args:
        samples: what the next iteration is to be made on
        run: the run, on objects or tags
    """
    document = last_iteration(run) if is_view(samples) else None
    if document is None:
        return
    state = items_state(run, document)
    sample, item = read_items(document, "sample_id"), read_items(document, "item_id")
    missing = read_items(document, "label") == len(document["classes"])
    inside = {str(i) for i in ids_in(samples)}
    known = read_items(document, IMAGES)
    outside = np.array([i not in inside for i in unpack_ids(known)], bool)
    rows = np.flatnonzero((state.kind == 0) & np.isin(sample, known[outside]))
    path = f"{run.label_field}.{list_of(run)}._id"
    left: set[ObjectId] = set()
    for start in range(0, len(rows), CHUNK):
        some = rows[start : start + CHUNK]
        lacking = some[missing[some]]
        there = {
            "_id": {"$in": [ObjectId(i) for i in unpack_ids(sample[some])]},
            "$or": [
                {path: {"$in": [ObjectId(i) for i in unpack_ids(item[some])]}},
                {"_id": {"$in": [ObjectId(i) for i in unpack_ids(sample[lacking])]}},
            ],
        }
        left |= {d["_id"] for d in samples_of(run.dataset).find(there, {"_id": 1})}
    refuse_left_out(len(left), document["number"], run.key)
