"""What the last iteration on objects says of each item, looked up by the item's id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId
from cachetools import LRUCache

from ..errors import InputError
from ..store.iterations import pack_ids, unpack_ids
from ..store.runs import Run
from .store import last_iteration, read_items


class KnownItems:
    """The items of one iteration; each column is read when it is first needed."""

    def __init__(self, document: Mapping[str, Any]):
        self.document = document
        self.id: ObjectId = document["_id"]
        self.classes: tuple[str, ...] = tuple(document["classes"])
        self.created_at: datetime = document["created_at"].replace(tzinfo=None)
        self._columns: dict[str, npt.NDArray[Any]] = {}

    def __len__(self) -> int:
        return int(self.document["items"])

    def column(self, name: str) -> npt.NDArray[Any]:
        """One of ``store.COLUMNS``, all rows."""
        if name not in self._columns:
            self._columns[name] = read_items(self.document, name)
        return self._columns[name]

    @cached_property
    def _index(self) -> tuple[npt.NDArray[np.bytes_], npt.NDArray[np.int64]]:
        ids = self.column("item_id")
        order = np.argsort(ids, kind="stable")
        return ids[order], order

    def rows_of(self, item_ids: Sequence[str]) -> npt.NDArray[np.int64]:
        """The row of each item, −1 where the iteration does not hold it."""
        if not item_ids or not len(self):
            return np.full(len(item_ids), -1, np.int64)
        ids, rows = self._index
        wanted = pack_ids(item_ids)
        at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
        return np.where(ids[at] == wanted, rows[at], -1)

    def check_unique(self, item_ids: Sequence[str]) -> None:
        """Raise InputError where one of some label ids is that of labels of several samples."""
        ids, rows = self._index
        wanted = pack_ids(item_ids)
        first = np.searchsorted(ids, wanted)
        count = np.searchsorted(ids, wanted, "right") - first
        if (count > 1).any():
            at = int(np.argmax(count > 1))
            both = rows[first[at] : first[at] + 2]
            one, other = unpack_ids(self.column("sample_id")[both])
            raise InputError(
                f"label_ids: {item_ids[at]} is the id of several labels, of samples {one} and "
                f"{other} among others. Give the labels ids of their own. Nothing was changed."
            )

    def sample_of(self, row: int) -> ObjectId:
        """The sample of a row."""
        return ObjectId(unpack_ids(self.column("sample_id")[row : row + 1])[0])

    def class_of(self, row: int) -> str | None:
        """The class of a row's label; None for a missing label."""
        index = int(self.column("label")[row])
        return self.classes[index] if index < len(self.classes) else None

    def box_of(self, row: int) -> list[float] | None:
        """The box of a row's label as it is stored; of a missing label that of the object.

        None of a tag, which has none.
        """
        if "box" not in self.document["columns"]:
            return None
        return self.column("box")[row].tolist()

    def seen_box_of(self, row: int) -> list[float] | None:
        """The box of what the detectors see there, None without."""
        if "seen_box" not in self.document["columns"]:
            return None
        box = self.column("seen_box")[row].astype(np.float64)
        return box.tolist() if np.isfinite(box).all() else None

    def seen_class_of(self, row: int) -> str:
        """The likeliest class of what is there, *nothing* left out."""
        best = self.column("top_class")[row].tolist()
        return next(self.classes[i] for i in best if i < len(self.classes))


def known_items(run: Run) -> KnownItems | None:
    """The items of the run's last iteration, None where it has none."""
    document = last_iteration(run)
    return None if document is None else items_of(document)


def items_of(document: Mapping[str, Any]) -> KnownItems:
    """The items of an iteration; an iteration never changes, so they are read once a process."""
    with _lock:
        made = _kept.get(document["_id"])
        if made is None:
            made = _kept[document["_id"]] = KnownItems(document)
    return made


_kept: LRUCache[ObjectId, KnownItems] = LRUCache(4)
_lock = Lock()
