"""Datasets that stay loaded from one event to the next, for loading one takes most of an event.

FiftyOne loads a dataset anew for each event: it looks its document up several times, and builds the
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


def _document_of(named: str | ObjectId) -> RawBSONDocument | None:
    query = {"name" if isinstance(named, str) else "_id": named}
    leave_out = dict.fromkeys(_OF_NO_MATTER, 0)
    return undecoded(collection_of("datasets")).find_one(query, leave_out)


def _load(document: Mapping[str, Any]) -> Dataset:
    return fo.Dataset._make_instance(document["name"], False)  # pyright: ignore
