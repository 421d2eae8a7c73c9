"""The one door to FiftyOne's database beside its samples, which `samples.py` opens."""

from __future__ import annotations

from typing import Any

import fiftyone.core.odm as foo
from bson.raw_bson import RawBSONDocument


def open_database() -> Any:
    """FiftyOne's database, over this process's connection."""
    return foo.get_db_conn()


def collection_of(name: str) -> Any:
    """A collection of FiftyOne's database by its name, such as ``deconfuse.runs``."""
    return foo.get_db_conn()[name]


def undecoded(collection: Any) -> Any:
    """The same collection, whose documents come as the bytes that the database holds."""
    raw = collection.codec_options.with_options(document_class=RawBSONDocument)
    return collection.with_options(codec_options=raw)


def own_collections() -> list[str]:
    """The collections of ours that there are, whichever store or version made them.

    Every document in them says whose it is: ``dataset_id``, and ``run_key`` where it is a run's.
    Columns, which GridFS keeps, are not among them.
    """
    found = open_database().list_collection_names(filter={"name": {"$regex": _OURS}})
    return sorted(found)


_OURS = r"^deconfuse\.(?!columns\.)"


def connection() -> Any:
    """The connection itself, by which a process knows whether it has another one by now."""
    return foo.get_db_client()
