"""Classes that have another name since an iteration: gone, and their samples bear a new one."""

from __future__ import annotations

from collections import Counter

import numpy as np
from bson import ObjectId

from ..decisions.changes import label_of
from ..store.iterations import Iteration, unpack_ids
from ..store.raw_documents import labels_of
from ..store.runs import Run
from ..store.samples import samples_of
from .change import new_name

LOOKED_AT = 300
"""Samples of a class that are looked at."""


def classes_now(run: Run, iteration: Iteration) -> list[str]:
    """The classes of an iteration as they are called now, in its order."""
    there = set(labels_of(run.dataset, run.label_field))
    names = list(iteration.classes)
    gone = [at for at, name in enumerate(names) if name not in there]
    if not gone or there <= set(names):
        return names
    label = iteration.column("label")
    for at in gone:
        rows = np.flatnonzero(label == at)[:LOOKED_AT]
        if not len(rows):
            continue
        # Rows are in the order of their labels, so that those of a class lie side by side.
        packed = iteration.column("sample_id", int(rows[0]), int(rows[-1]) + 1)
        ids = [ObjectId(i) for i in unpack_ids(packed)]
        found = samples_of(run.dataset).find({"_id": {"$in": ids}}, {run.label_field: 1})
        labels = Counter(label_of(document, run.label_field) for document in found)
        names[at] = new_name(labels, iteration.classes) or names[at]
    return names
