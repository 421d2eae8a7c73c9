"""Near-duplicates as they are kept: the pairs that were found, and what makes a repetition cheap.

A run keeps one comparison: columns in GridFS, made visible by one document in
``deconfuse.duplicates``. The next comparison takes its place by a document with a higher number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..errors import InputError
from ..store.columns import BUCKET, delete_columns, read_column, write_column
from ..store.database import collection_of
from ..store.iterations import unpack_ids
from ..store.own_fields import check_own_writable
from ..store.runs import Run
from .options import check_scope, check_threshold

COLLECTION = "deconfuse.duplicates"
WHY_LOWEST = "the lowest SES that was kept"
NOT_IN_ITERATION = "not in the run's last iteration"
ROWS_PER_CHUNK = 50_000
COLUMNS = (
    "sample_id",  # S12 (n,): the samples that were compared
    "path",  # uint64 (n,): digest of each file's path, to notice another file
    "stamp",  # uint64 (n,): digest of its size and times of change, to notice an exchanged one
    "file",  # V16 (n,): digest of the file's content
    "pixels",  # V16 (n,): digest of the pixels that were compared
    "first_copy",  # int64 (n,): the first image with equal pixels or an equal file
    "structure",  # float32 (n, d): structure features
    "basis_mean",  # float32 (w,)
    "basis_axes",  # float32 (w, d)
    "size",  # int32 (n, 2): height and width of the image
    "near",  # int64 (m, 2): pairs of different images, each the first of its copies
    "ses",  # float64 (m,): their SES, falling
)


class KeptDuplicates:
    """One comparison, opened without reading its columns. Equal to another opening of it.

    Attributes:
        document: what is kept beside the columns
        id: changes with each comparison
        samples: number of samples compared
        floor: pairs with less SES were not kept
    """

    def __init__(self, document: Mapping[str, Any]):
        self.document = document
        self.id: ObjectId = document["_id"]
        self.samples: int = document["samples"]
        self.floor: float = document["floor"]
        self._read: dict[str, npt.NDArray[Any]] = {}

    def as_of(self, document: Mapping[str, Any]) -> KeptDuplicates:
        """The comparison as its document is now; what was read of it is shared.

        Another object: whoever works with the threshold of a moment ago still has that one.
        """
        opened = KeptDuplicates(document)
        opened._read = self._read
        return opened

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeptDuplicates) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def threshold(self) -> float:
        """The threshold in force."""
        return self.document["threshold"]

    @property
    def scope(self) -> str:
        """The scope in force."""
        return self.document["scope"]

    def column(self, name: str) -> npt.NDArray[Any]:
        """One of ``COLUMNS``. What was compared before there was a ``stamp`` has zeros there."""
        if name == "stamp" and name not in self.document["columns"]:
            return np.zeros(self.samples, np.uint64)
        return read_column(self.document["columns"][name])

    def _kept(self, name: str) -> npt.NDArray[Any]:
        if name not in self._read:
            self._read[name] = self.column(name)
        return self._read[name]

    @property
    def sample_ids(self) -> list[str]:
        """The samples that were compared."""
        return unpack_ids(self._kept("sample_id"))

    @property
    def near(self) -> npt.NDArray[np.int64]:
        """Pairs of different images, (m, 2), each the first of its copies."""
        return self._kept("near")

    @property
    def ses(self) -> npt.NDArray[np.float64]:
        """The SES of these, (m,)."""
        return self._kept("ses")

    @property
    def size(self) -> npt.NDArray[np.int32]:
        """Height and width of each image, (n, 2)."""
        return self._kept("size")

    @property
    def with_copies(self) -> npt.NDArray[np.int64]:
        """The images that have exact copies, their first ones included."""
        if "with_copies" not in self._read:
            copies = np.flatnonzero(self.first_copy != np.arange(len(self.first_copy)))
            self._read["with_copies"] = np.union1d(copies, self.first_copy[copies])
        return self._read["with_copies"]

    @property
    def first_copy(self) -> npt.NDArray[np.int64]:
        """The first of the exact copies of each sample."""
        return self._kept("first_copy")


def load_duplicates(run: Run) -> KeptDuplicates | None:
    """What is kept of the run's near-duplicates, None before find_duplicates has run."""
    document = _collection().find_one(run.owner, sort=[("number", -1)])
    if document is None:
        return None
    opened = _opened(document["_id"])
    return None if opened is None else opened.as_of(document)


@lru_cache(maxsize=4)
def _opened(comparison: ObjectId) -> KeptDuplicates | None:
    document = _collection().find_one({"_id": comparison})
    return None if document is None else KeptDuplicates(document)


@contextmanager
def storing(run: Run) -> Iterator[Any]:
    """Gives ``keep(columns, header)``, which makes a comparison the run's.

    Whatever an earlier process left half done is deleted first; leaving with an error leaves
    nothing.
    """
    _forget_others(run)
    new = ObjectId()
    owner = {**run.owner, "duplicates_id": new}

    def keep(columns: Mapping[str, npt.NDArray[Any]], header: Mapping[str, Any]) -> KeptDuplicates:
        last = _collection().find_one(run.owner, {"number": 1}, sort=[("number", -1)])
        document = {
            **header,
            **run.owner,
            "_id": new,
            "number": 1 + (last["number"] if last else 0),
            "created_at": datetime.now(UTC),
            "fields_written": False,
            "columns": {name: _written(name, columns[name], owner) for name in COLUMNS},
        }
        _collection().insert_one(document)
        _forget_others(run)
        return KeptDuplicates(document)

    try:
        yield keep
    except BaseException:
        if _collection().find_one({"_id": new}, {"_id": 1}) is None:
            delete_columns({"duplicates_id": new})
        raise


def _written(name: str, values: npt.NDArray[Any], owner: Mapping[str, Any]) -> dict[str, Any]:
    starts = range(0, max(len(values), 1), ROWS_PER_CHUNK)
    return write_column(name, (values[s : s + ROWS_PER_CHUNK] for s in starts), owner)


def _forget_others(run: Run) -> None:
    """Delete what is not of the run's last comparison: earlier ones, and unfinished ones."""
    last = _collection().find_one(run.owner, {"_id": 1}, sort=[("number", -1)])
    mine = last["_id"] if last else None
    _collection().delete_many({**run.owner, "_id": {"$ne": mine}})
    query = {f"metadata.{name}": value for name, value in run.owner.items()}
    files = collection_of(f"{BUCKET}.files")
    query["metadata.duplicates_id"] = {"$exists": True, "$ne": mine}
    for old in files.distinct("metadata.duplicates_id", query):
        delete_columns({"duplicates_id": old})


def set_threshold(run: Run, threshold: Any, scope: str | None = None) -> KeptDuplicates:
    """Put another threshold and scope in force; the fields on samples are to be written after.

    Raises:
        InputError: if nothing was compared yet, an option is out of its range, or a field that
            shows the pairs is read-only; nothing is changed
    """
    kept = load_duplicates(run)
    if kept is None:
        raise InputError(
            f"Run '{run.key}' has no near-duplicates yet. Run find_duplicates to find them."
        )
    scope = check_scope(kept.scope if scope is None else scope)
    check_threshold(threshold, kept.floor, WHY_LOWEST)
    check_own_writable(run, ["ses", "duplicates"])
    values = {
        "threshold": float(threshold),
        "scope": scope,
        "fields_written": False,
    }
    _collection().update_one({"_id": kept.id}, {"$set": values})
    return load_duplicates(run) or kept


def mark_fields_written(kept: KeptDuplicates) -> bool:
    """Note that the samples' fields show the comparison; False where it was changed meanwhile."""
    mine = {"_id": kept.id, "threshold": kept.threshold, "scope": kept.scope}
    found = _collection().update_one(mine, {"$set": {"fields_written": True}})
    return found.matched_count == 1


def _collection() -> Any:
    return collection_of(COLLECTION)
