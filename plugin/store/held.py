"""Sample objects that this process holds, such as the variables of a notebook."""

from __future__ import annotations

import fiftyone as fo
from bson import ObjectId

from .samples import Dataset, held_samples, samples_of


def forget_deleted(dataset: Dataset) -> None:
    """Detach held samples that somebody else deleted; call it before FiftyOne changes fields.

    FiftyOne reloads every held sample after it has changed a field, and fails, with the change
    made, where one is gone. A detached sample keeps its values and belongs to no dataset, as after
    ``dataset.delete_samples``.
    """
    name = dataset._sample_collection_name
    held = list(held_samples(dataset))
    if not held:
        return
    query = {"_id": {"$in": [ObjectId(i) for i in held]}}
    there = {str(d["_id"]) for d in samples_of(dataset).find(query, {"_id": 1})}
    gone = [i for i in held if i not in there]
    if gone:
        fo.Sample._reset_docs(name, sample_ids=gone)
