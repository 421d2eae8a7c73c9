"""Reading fields of samples from the stored documents, a chunk at a time or drawn at random."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from bson import ObjectId

from ..documents import value_at
from ..prefetch import prefetched
from .runs import Run
from .sample_collection import is_view, root_dataset
from .samples import Collection, samples_of

READ_CHUNK = 5_000
IDS_A_QUERY = 100_000
DRAWING_SEED = 51


def labels_of(samples: Collection, field: str) -> list[str]:
    """The distinct labels of a ``Classification`` field, sorted, empty ones left out.

    They are those that the dataset stores, whatever a view shows in their place.
    """
    collection = samples_of(root_dataset(samples))
    found: set[Any] = set()
    for selected in id_queries(samples):
        found.update(collection.distinct(f"{field}.label", selected))
    return sorted(v for v in found if v and isinstance(v, str))


def id_queries(samples: Collection) -> Iterator[dict[str, Any]]:
    """Queries on the stored documents that together select the samples of a collection."""
    if not (is_view(samples) and samples._all_stages):
        yield {}
        return
    ids = samples.values("_id")
    for start in range(0, len(ids), IDS_A_QUERY):
        yield {"_id": {"$in": ids[start : start + IDS_A_QUERY]}}


def read_documents(
    samples: Collection, projection: Sequence[str], chunk: int = READ_CHUNK
) -> Iterator[list[dict[str, Any]]]:
    """The stored documents of the samples, some of their fields only, a chunk at a time.

    Raw documents are about ten times as fast to read as samples, and memory does not grow with
    the dataset.
    """
    collection = samples_of(root_dataset(samples))
    wanted = dict.fromkeys(projection, 1) or {"_id": 1}
    if is_view(samples) and samples._all_stages:
        ids = list(dict.fromkeys(samples.values("_id")))  # a view may hold a sample twice
        for start in range(0, len(ids), chunk):
            part = ids[start : start + chunk]
            found = {d["_id"]: d for d in collection.find({"_id": {"$in": part}}, wanted)}
            yield [found[i] for i in part if i in found]
        return
    yield from prefetched(_chunks(collection.find({}, wanted).batch_size(chunk), chunk))


def draw_documents(
    samples: Collection, projection: Sequence[str], most: int, having: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The stored documents of all samples, or of ``most`` of them, drawn at random.

    Where not all are taken, they are drawn among those that have one of the fields ``having``.
    """
    collection = samples_of(root_dataset(samples))
    wanted = dict.fromkeys(projection, 1) or {"_id": 1}
    there = {"$or": [{name: {"$ne": None}} for name in having]} if having else {}
    if is_view(samples) and samples._all_stages:
        ids: Any = list(dict.fromkeys(samples.values("_id")))
        if len(ids) > most:
            found = [
                document["_id"]
                for start in range(0, len(ids), IDS_A_QUERY)
                for document in collection.find(
                    {"_id": {"$in": ids[start : start + IDS_A_QUERY]}, **there}, {"_id": 1}
                )
            ]
            chosen = np.random.default_rng(DRAWING_SEED).permutation(len(found))[:most]
            ids = [found[i] for i in np.sort(chosen)]
        return list(collection.find({"_id": {"$in": ids}}, wanted))
    if len(samples) <= most:
        return list(collection.find({}, wanted))
    stages = [{"$match": there}, {"$project": wanted}, {"$sample": {"size": most}}]
    found = collection.aggregate(stages, allowDiskUse=True)
    return list({document["_id"]: document for document in found}.values())


def _chunks(documents: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    remaining = iter(documents)
    while part := list(islice(remaining, size)):
        yield part


def label_values(run: Run, sample_ids: Sequence[str]) -> dict[str, Any]:
    """The labels that samples carry now, by sample id; those that are gone are left out."""
    collection = samples_of(run.dataset)
    path = f"{run.label_field}.label"
    found: dict[str, Any] = {}
    for start in range(0, len(sample_ids), IDS_A_QUERY):
        part = [ObjectId(i) for i in sample_ids[start : start + IDS_A_QUERY]]
        for document in collection.find({"_id": {"$in": part}}, {path: 1}):
            found[str(document["_id"])] = value_at(document, path)
    return found
