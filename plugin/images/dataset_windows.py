"""The windows by which a run's deep pictures are trained on, compared and shown: one decision."""

from __future__ import annotations

from threading import Lock

import numpy as np
from bson import ObjectId
from cachetools import LRUCache, cached

from ..store.iterations import Iteration, unpack_ids
from ..store.samples import Dataset, samples_of
from .deep import Windows
from .windows import LOOKED_AT, windows_of

KEPT = 64


def image_windows(dataset: Dataset, iteration: Iteration) -> Windows:
    """The windows of an iteration's deep pictures.

    Those that the classifier was trained with; where it was not trained here, from a sample of the
    iteration's pictures, once a process.

    Args:
        dataset: the run's dataset
        iteration: of the run

    Returns:
        as ``pictures/windows.py``; empty where no picture is deep
    """
    trained = iteration.settings.get("windows")
    if trained is not None:
        return trained
    return _sampled(dataset, iteration)


@cached(LRUCache(KEPT), key=lambda _, iteration: iteration.id, lock=Lock())
def _sampled(dataset: Dataset, iteration: Iteration) -> Windows:
    rows = np.random.default_rng(0).permutation(iteration.samples)[:LOOKED_AT]
    ids = unpack_ids(iteration.column("sample_id")[np.sort(rows)])
    query = {"_id": {"$in": [ObjectId(i) for i in ids]}}
    found = samples_of(dataset).find(query, {"filepath": 1}).sort("_id", 1)
    return windows_of([document["filepath"] for document in found if document.get("filepath")])
