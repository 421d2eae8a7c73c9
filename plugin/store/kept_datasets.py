"""Datasets that stay loaded from one event or form to the next, for loading takes most of each.

FiftyOne loads a dataset anew for each: it looks its document up several times, and builds the
classes of its samples. Here the document is read once, and the dataset is loaded only where a byte
of it is another one.

A kept dataset is none of FiftyOne's own instances, which are shared by all of a process and
reloaded under whoever uses them. What hangs on other documents than the dataset's own (saved views
by name, configurations of runs) may be older in it than in the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import fiftyone as fo
import fiftyone.core.media as fom
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from cachetools import LRUCache
from fiftyone.core.dataset import DatasetNotFoundError

from .database import collection_of, connection, undecoded
from .samples import Dataset

_OF_NO_MATTER = ("last_loaded_at", "last_modified_at", "_media_sources", "_media_source_layouts")
"""What FiftyOne changes in a dataset's document while the dataset stays as it is, or leaves out."""


@dataclass(frozen=True)
class _Kept:
    document: bytes
    connection: Any
    dataset: Dataset


_kept: LRUCache[ObjectId, _Kept] = LRUCache(4)
_lock = Lock()


def kept_dataset(named: str | ObjectId) -> Dataset | None:
    """A dataset as the database has it now; loaded if it is not here, or was another one.

    Args:
        named: its name, or its id

    Returns:
        the dataset; None where its samples are grouped: the slice that is chosen is a state of
        the loaded dataset, so these are left to FiftyOne

    Raises:
        DatasetNotFoundError: if there is no such dataset any more
    """
    document = _document_of(named)
    if document is None:
        raise DatasetNotFoundError(str(named))
    if document.get("media_type") == fom.GROUP:
        return None
    dataset_id = document["_id"]
    with _lock:
        kept = _kept.get(dataset_id)
    if kept is None or kept.document != document.raw or kept.connection is not connection():
        kept = _Kept(document.raw, connection(), _load(document))
        with _lock:
            _kept[dataset_id] = kept
    return kept.dataset


def use_kept_dataset(ctx: Any) -> None:
    """Give an event or a form the dataset that is loaded already, where it is unchanged.

    Without it FiftyOne loads the dataset for each. It still does for a saved view, which a kept
    dataset may know as it was before somebody saved it again.

    Args:
        ctx: FiftyOne's ``ExecutionContext``, which has not loaded its dataset

    Raises:
        DatasetNotFoundError: if the dataset was deleted
    """
    asked = ctx.request_params
    named = asked.get("dataset_name")
    if ObjectId.is_valid(asked.get("dataset_id")):  # which FiftyOne heeds first
        named = ObjectId(asked["dataset_id"])
    if ctx._dataset is None and isinstance(named, str | ObjectId):
        dataset = kept_dataset(named)
        if dataset is not None and asked.get("view_name") is None:
            ctx._dataset, asked["dataset_name"] = dataset, dataset.name


def _document_of(named: str | ObjectId) -> RawBSONDocument | None:
    query = {"name" if isinstance(named, str) else "_id": named}
    leave_out = dict.fromkeys(_OF_NO_MATTER, 0)
    return undecoded(collection_of("datasets")).find_one(query, leave_out)


def _load(document: Mapping[str, Any]) -> Dataset:
    return fo.Dataset._make_instance(document["name"], False)  # pyright: ignore
