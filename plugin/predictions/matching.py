"""Finding the samples that the rows of a file are about, by id or by file path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..store.iterations import unpack_ids
from ..store.sample_collection import is_view, root_dataset
from ..store.samples import Collection, samples_of
from .limits import text_problem
from .rows import Rows

Packed = npt.NDArray[np.bytes_]

LONGEST_PATH = 4096
BYTES_A_QUERY = 4 * 1024 * 1024


class Matches(NamedTuple):
    """Which rows are about which samples; a row that names a file is about all that hold it.

    Attributes:
        rows: int32 (m,), the place of a row among those that were looked for, rising
        ids: S12 (m,), a sample that it is about
    """

    rows: npt.NDArray[np.int32]
    ids: Packed


class SampleMatcher:
    """Finds samples of a collection; ids are S12 as ``iterations.pack_ids`` gives them.

    Args:
        samples: the dataset, or a view whose samples alone are found
        match: ``id``, ``filepath``, or ``auto``: by id, else by file path
        root: the folder that relative paths are relative to
    """

    def __init__(self, samples: Collection, match: str, root: str | None):
        self._by_id, self._by_path = match != "filepath", match != "id"
        self._root = root
        self._samples = samples
        self._collection = samples_of(root_dataset(samples))
        self._inside = _packed_view(samples)
        self.total = len(samples)
        self._shared: set[str] = set()

    def find(self, rows: Rows) -> Matches:
        """The samples of rows: the one with their id, else all with their file.

        Call it with the rows of a file in their order.
        """
        ids = [
            ObjectId(i) if self._by_id and i and ObjectId.is_valid(i) else None for i in rows.ids
        ]
        known: dict[Any, list[ObjectId]] = self._found("_id", [i for i in ids if i is not None])
        paths = [self._absolute(p) if self._by_path and p else None for p in rows.paths]
        wanted = [p for i, p in zip(ids, paths, strict=True) if p is not None and i not in known]
        known |= self._found("filepath", wanted)
        pairs: list[tuple[int, bytes]] = []
        for at, (identity, path) in enumerate(zip(ids, paths, strict=True)):
            found = known.get(identity) or known.get(path) or []
            if len(found) > 1 and path is not None:
                # A later row about the same file is repeated, for which one sample is enough.
                found = found[:1] if path in self._shared else found
                self._shared.add(path)
            pairs += [(at, sample.binary) for sample in found]
        matches = Matches(
            np.array([at for at, _ in pairs], np.int32),
            np.array([sample for _, sample in pairs], "S12"),
        )
        if self._inside is None:
            return matches
        inside = _are_in(matches.ids, self._inside)
        return Matches(matches.rows[inside], matches.ids[inside])

    def others(self, ids: Packed, most: int) -> list[dict[str, str]]:
        """The first samples that are not among some ids, with their files."""
        there, listed = np.sort(ids), []
        for identity, path in self._identities():
            if len(listed) == most:
                break
            if not _are_in(np.array([identity.binary], "S12"), there)[0]:
                listed.append({"id": str(identity), "filepath": path})
        return listed

    def any_sample(self) -> tuple[str, str]:
        """Id and file path of some sample, to show what they look like."""
        return next(((str(i), path) for i, path in self._identities()), ("", ""))

    def _identities(self) -> Iterator[tuple[ObjectId, str]]:
        if self._inside is None:
            for document in self._collection.find({}, {"filepath": 1}):
                yield document["_id"], document["filepath"]
            return
        for identity in unpack_ids(self._inside):
            query = {"_id": ObjectId(identity)}
            document = self._collection.find_one(query, {"filepath": 1})
            if document is not None:
                yield document["_id"], document["filepath"]

    def _found(self, name: str, values: list[Any]) -> dict[Any, list[ObjectId]]:
        found: dict[Any, list[ObjectId]] = {}
        for some in _queried(list(dict.fromkeys(values))):
            query = {name: {"$in": some}}
            for document in self._collection.find(query, {name: 1}).sort("_id", 1):
                found.setdefault(document[name], []).append(document["_id"])
        return found

    def _absolute(self, path: str) -> str | None:
        """The path as samples hold it; None where no file can have it."""
        if "\0" in path or text_problem(path, LONGEST_PATH):
            return None
        if "://" in path:
            return path
        if self._root and not os.path.isabs(path):
            path = os.path.join(self._root, path)
        return os.path.abspath(os.path.expanduser(path))


def _queried(values: list[Any]) -> Iterator[list[Any]]:
    """Parts of a list that fit into one query."""
    some: list[Any] = []
    size = 0
    for value in values:
        some.append(value)
        size += 4 * len(value) if isinstance(value, str) else 32
        if size > BYTES_A_QUERY:
            yield some
            some, size = [], 0
    if some:
        yield some


def _are_in(ids: Packed, ordered: Packed) -> npt.NDArray[np.bool_]:
    """Which ids are among others that are sorted."""
    if not len(ordered):
        return np.zeros(len(ids), bool)
    at = np.minimum(np.searchsorted(ordered, ids), len(ordered) - 1)
    return ordered[at] == ids


def _packed_view(samples: Collection) -> Packed | None:
    """The ids that a view selects, sorted; None for a whole dataset."""
    if not (is_view(samples) and samples._all_stages):
        return None
    ids: Any = samples.values("_id")
    return np.sort(np.frombuffer(b"".join(i.binary for i in ids), "S12"))
