"""Finding the samples that the rows of a file are about, by id or by file path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..importing.rows import Rows
from .fields import is_view, root_dataset
from .iterations import unpack_ids
from .samples import Collection, samples_of

Packed = npt.NDArray[np.bytes_]


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

    def find(self, rows: Rows) -> Packed:
        """The sample of each row, empty where there is none."""
        ids = [
            ObjectId(i) if self._by_id and i and ObjectId.is_valid(i) else None for i in rows.ids
        ]
        known = self._found("_id", [i for i in ids if i is not None])
        paths = [self._absolute(p) if self._by_path and p else None for p in rows.paths]
        wanted = [p for i, p in zip(ids, paths, strict=True) if p is not None and i not in known]
        known |= self._found("filepath", wanted)
        out = np.zeros(len(rows), "S12")
        for at, (identity, path) in enumerate(zip(ids, paths, strict=True)):
            sample = known.get(identity) or known.get(path)
            if sample is not None:
                out[at] = sample.binary
        if self._inside is not None:
            out[~_are_in(out, self._inside)] = b""
        return out

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

    def _found(self, name: str, values: list[Any]) -> dict[Any, ObjectId]:
        if not values:
            return {}
        query = {name: {"$in": values}}
        return {d[name]: d["_id"] for d in self._collection.find(query, {name: 1})}

    def _absolute(self, path: str) -> str:
        if "://" in path:
            return path
        if self._root and not os.path.isabs(path):
            path = os.path.join(self._root, path)
        return os.path.abspath(os.path.expanduser(path))


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
