"""The lock: one writer at a time on a dataset's journal, and how the next learns that it died."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import ConnectionFailure, DuplicateKeyError

from ..errors import InputError
from ..processes import has_died, this_process
from ..store.database import collection_of
from ..store.samples import DURABLE

COLLECTION = "deconfuse.turns"
"""Its name, and ``turn`` in a holder, are those that databases have that were made before."""
LEASE_SECONDS = 15.0
RENEW_SECONDS = 3.0
PATIENCE_SECONDS = 120.0
LONGEST_PAUSE = 0.02
CONNECTIONS_TRIED = 5

_LEASE_END = {"$add": ["$$NOW", int(LEASE_SECONDS * 1000)]}
_FARTHEST_END = {"$add": ["$$NOW", int(2 * LEASE_SECONDS * 1000)]}
# A lease that ends later than any lease can was given under a clock that has been set back since.
_EXPIRED = {"$or": [{"$lt": ["$lease_until", "$$NOW"]}, {"$gt": ["$lease_until", _FARTHEST_END]}]}
_FREE = {"$or": [{"$eq": ["$holder", None]}, _EXPIRED]}


class LockLost(Exception):
    """Somebody else took the lock over because this writer was silent for longer than its lease."""


def _locks(durable: bool = False) -> Any:
    collection = collection_of(COLLECTION)
    if durable:
        return collection.with_options(write_concern=DURABLE)
    return collection


@dataclass
class Lock:
    """The right to write the journal of one dataset, until released or silent for too long.

    Attributes:
        dataset_id: the dataset
        token: grows each time that it is taken; a decision bears it as its ``seq``
        stamp: the ``last_modified_at`` of what is written under it (`apply_work.Work.stamp_over`)
        name: tells it from another one of the same token, which there can be after a crash of the
            database took the first one back
        pending: the committed decision that an earlier writer left unfinished, if any
        crashed: whether the earlier writer did not release its lock
        wrote: the fields that the last decision wrote, of whatever run
        asked_after: the last token under which writing had ended when the lock was asked for
    """

    dataset_id: ObjectId
    token: int
    stamp: datetime
    name: str
    pending: ObjectId | None
    crashed: bool
    wrote: tuple[str, ...] = ()
    asked_after: int = -1
    released: bool = False
    _renewed: float = field(default_factory=time.monotonic)

    def renew(self, *, now: bool = False) -> None:
        """Say that the writer is alive, every few seconds or ``now``; call it between steps.

        Raises LockLost.
        """
        if now or time.monotonic() - self._renewed >= RENEW_SECONDS:
            self._change({})

    def commit(self, decision: ObjectId) -> None:
        """Make a written decision count, durably. From here on it will be applied."""
        self._change({"pending": decision}, durable=True)
        self.pending = decision

    def clear(self, *, release: bool = False, wrote: Iterable[str] | None = None) -> None:
        """Say that nothing is left to apply; release it if wanted.

        Args:
            release: whether to release it
            wrote: the fields that were written under it, kept for the next one that takes the lock
        """
        values: dict[str, Any] = {"pending": None, "crashed": False}
        if wrote is not None:
            self.wrote = tuple(sorted(wrote))
            values["wrote"] = list(self.wrote)
        self._change(values | ({"holder": None} if release else {}))
        self.pending, self.crashed, self.released = None, False, release

    def release(self) -> None:
        """Let others write, whatever is left pending."""
        if not self.released:
            _locks().update_one(self._mine(), {"$set": {"holder": None}})
            self.released = True

    def withdraw(self, decision: ObjectId) -> bool:
        """Give the lock up unless the decision counts; whether it is given up.

        If so, a commit under it that is still under way changes nothing any more.
        """
        query = {**self._mine(), "pending": {"$ne": decision}}
        ended = {"holder": None, "crashed": True}
        changed = _locks(durable=True).update_one(query, {"$set": ended})
        self.released = self.released or changed.matched_count == 1
        return changed.matched_count == 1

    def _mine(self) -> dict[str, Any]:
        return {"_id": self.dataset_id, "token": self.token, "holder.turn": self.name}

    def _change(self, values: dict[str, Any], *, durable: bool = False) -> None:
        fields: dict[str, Any] = {name: {"$literal": value} for name, value in values.items()}
        fields["lease_until"] = _LEASE_END
        result = _locks(durable).update_one(self._mine(), [{"$set": fields}])
        if result.matched_count == 0:
            raise LockLost
        self._renewed = time.monotonic()


def take_lock(dataset_id: ObjectId, patience: float = PATIENCE_SECONDS) -> Lock:
    """Wait for the lock of a dataset and take it; a dead writer's at once, a silent one's later.

    Raises:
        InputError: if a living writer kept it for the whole of ``patience`` seconds
    """
    deadline, pause, me = time.monotonic() + patience, 0.001, _holder()
    connections, asked_after = CONNECTIONS_TRIED, None
    while True:
        try:
            lock, ended = _try(dataset_id, me)
        except ConnectionFailure:
            connections -= 1
            if not connections:
                raise
            continue
        asked_after = ended if asked_after is None else asked_after
        if lock is not None:
            return replace(lock, asked_after=asked_after)
        if time.monotonic() > deadline:
            raise InputError(
                "Another decision is being written on this dataset, by "
                f"{_description(dataset_id)}, and did not end within {patience:.0f} s. "
                "Nothing was changed; try again."
            )
        time.sleep(pause * (0.5 + random.random()))
        pause = min(pause * 2, LONGEST_PAUSE)


def is_pending(dataset_id: ObjectId, decision: ObjectId) -> bool:
    """Whether a decision counts and is not applied yet."""
    query = {"_id": dataset_id, "pending": decision}
    return _locks().find_one(query, {"_id": 1}) is not None


def abandoned(dataset_id: ObjectId) -> bool:
    """Whether a committed decision waits for somebody to apply it."""
    document = _locks().find_one({"_id": dataset_id, "pending": {"$ne": None}})
    return document is not None and (
        document["holder"] is None or has_died(document["holder"]) or _expired(dataset_id)
    )


def _try(dataset_id: ObjectId, me: dict[str, Any]) -> tuple[Lock | None, int]:
    """Take the lock if that is possible now; and the last token under which writing had ended."""
    document = _claim({"_id": dataset_id}, me, _FREE)
    if document is None:
        _create(dataset_id)
        document = _claim({"_id": dataset_id}, me, _FREE)
    if document is None:  # it went with its dataset
        return None, 0
    ended = document["token"] - 1
    if document["holder"]["turn"] != me["turn"] and has_died(document["holder"]):
        taken = {"_id": dataset_id, "holder": document["holder"]}
        document = _claim(taken, me, True) or document
    # Also where it was claimed before, and the reply was lost.
    return (_lock_of(document) if document["holder"]["turn"] == me["turn"] else None), ended


def _claim(of: dict[str, Any], me: dict[str, Any], free: Any) -> dict[str, Any] | None:
    """The document as it is then: held by us where it was free, otherwise as it was."""
    taken = {
        "crashed": {"$or": ["$crashed", {"$ne": ["$holder", None]}]},
        "holder": {"$literal": me},
        "token": {"$add": ["$token", 1]},
        "clock": {"$max": [{"$add": ["$clock", 1]}, "$$NOW"]},
        "lease_until": _LEASE_END,
    }
    if_free = {"$cond": [free, {"$mergeObjects": ["$$ROOT", taken]}, "$$ROOT"]}
    return _locks().find_one_and_update(
        of, [{"$replaceWith": if_free}], return_document=ReturnDocument.AFTER
    )


def _lock_of(document: dict[str, Any]) -> Lock:
    return Lock(
        document["_id"],
        document["token"],
        document["clock"],
        document["holder"]["turn"],
        document["pending"],
        document["crashed"],
        tuple(document.get("wrote", ())),
    )


def _create(dataset_id: ObjectId) -> None:
    start = datetime(1970, 1, 2)
    try:
        _locks().insert_one(
            {
                "_id": dataset_id,
                "dataset_id": dataset_id,
                "token": 0,
                "clock": start,
                "lease_until": start,
                "holder": None,
                "pending": None,
                "crashed": False,
            }
        )
    except DuplicateKeyError:  # somebody else was quicker
        return


def _holder() -> dict[str, Any]:
    return {**this_process(), "turn": uuid.uuid4().hex}


def _expired(dataset_id: ObjectId) -> bool:
    query = {"_id": dataset_id, "$expr": _EXPIRED}
    return _locks().find_one(query, {"_id": 1}) is not None


def _description(dataset_id: ObjectId) -> str:
    document = _locks().find_one({"_id": dataset_id}) or {}
    holder = document.get("holder")
    return f"process {holder['pid']} on {holder['host']}" if holder else "somebody"
