"""The journal: what is written of every decision, before it is done, and how it is read back.

A decision is one header and one entry a unit: a sample, or on objects an item, that is, one label
of a sample. It counts from the moment that the dataset's lock
names it (see ``lock.py``), and is seen by readers when its header says ``applied``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from bson import ObjectId

from ..store.database import collection_of, connection, open_database
from ..store.runs import Run
from ..store.samples import DURABLE

HEADERS = "deconfuse.decisions"
ENTRIES = "deconfuse.decision_samples"
SAMPLES_PER_CHUNK = 2_000
BYTES_PER_CHUNK = 16 * 1024 * 1024
LONGEST_REASON = 200

BY_SEQ = [("dataset_id", 1), ("run_key", 1), ("seq", 1)]
BY_SAMPLE = [("dataset_id", 1), ("run_key", 1), ("sample_id", 1), ("seq", -1)]
BY_DECISION = [("decision", 1), ("sample_id", 1)]
BY_ITEM = [("dataset_id", 1), ("run_key", 1), ("item_id", 1), ("seq", -1)]
ITEMS_BY_DECISION = [("decision", 1), ("item_id", 1)]

SAMPLE, ITEM = "sample_id", "item_id"
"""The names in an entry of what a decision is about: a sample, or one label of it."""

OBJECTS = "objects"
"""What the header of a decision on objects says that it is ``on``."""

Header = dict[str, Any]
Entry = dict[str, Any]


def headers() -> Any:
    """The collection of headers; what is written to it survives a crash of the database."""
    return _collection(HEADERS)


def entries() -> Any:
    """The collection of entries; what is written to it survives a crash of the database."""
    return _collection(ENTRIES)


def _collection(name: str) -> Any:
    ensure_indexes(connection())
    return collection_of(name).with_options(write_concern=DURABLE)


@cache
def ensure_indexes(client: Any) -> None:
    """Make the journal's indexes, once a connection."""
    database = open_database()
    database[HEADERS].create_index(BY_SEQ)
    for index in (BY_DECISION, BY_SEQ, BY_SAMPLE):
        database[ENTRIES].create_index(index)
    for index in (BY_ITEM, ITEMS_BY_DECISION):
        database[ENTRIES].create_index(index, partialFilterExpression={ITEM: {"$exists": True}})


def unit_of(header: Header) -> str:
    """The name of what a decision is about: ``sample_id`` or ``item_id``."""
    return ITEM if header.get("on") == OBJECTS else SAMPLE


def key_of(entry: Entry) -> ObjectId:
    """The id of what an entry is about."""
    return entry[ITEM] if ITEM in entry else entry[SAMPLE]


def chunked(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Consecutive parts of a sequence, small enough to be read or written at once."""
    for start in range(0, len(items), SAMPLES_PER_CHUNK):
        yield items[start : start + SAMPLES_PER_CHUNK]


def insert_entries(new: Sequence[Entry]) -> None:
    """Write entries; a batch stays small enough for a message even with whole documents in it."""
    batch: list[Entry] = []
    size = 0
    for entry in new:
        batch.append(entry)
        size += len(entry.get("document", b""))
        if size > BYTES_PER_CHUNK:
            entries().insert_many(batch, ordered=False)
            batch, size = [], 0
    if batch:
        entries().insert_many(batch, ordered=False)


def entries_of(decision: ObjectId, projection: Mapping[str, int] | None = None) -> Iterator[Entry]:
    """The entries of one decision, by sample id."""
    found = entries().find({"decision": decision}, projection).sort("sample_id", 1)
    yield from found.hint(BY_DECISION).batch_size(20_000)


def kept_documents(decision: ObjectId, ids: Sequence[ObjectId]) -> dict[ObjectId, bytes]:
    """The documents of removed samples, as BSON."""
    query = {"decision": decision, "sample_id": {"$in": list(ids)}}
    return {e["sample_id"]: e["document"] for e in entries().find(query)}


def discard(decision: ObjectId) -> bool:
    """Take back a decision that was never committed, and that nobody has begun to apply.

    The header is changed first, on condition of its state, so that of a decision that counts
    nothing is deleted, whatever the caller believes.

    Returns:
        whether it is taken back
    """
    uncommitted = {"_id": decision, "state": "written", "$expr": {"$eq": ["$finisher", "$seq"]}}
    headers().update_one(uncommitted, {"$set": {"state": "discarded"}})
    header = headers().find_one({"_id": decision}, {"state": 1})
    if header is not None and header["state"] != "discarded":
        return False
    entries().delete_many({"decision": decision})
    headers().delete_one({"_id": decision, "state": "discarded"})
    return True


def discard_uncommitted(dataset_id: ObjectId, before: int) -> None:
    """Take back what dead writers left uncommitted."""
    states = {"$in": ["written", "discarded"]}
    query = {"dataset_id": dataset_id, "state": states, "seq": {"$lt": before}}
    for header in headers().find(query, {"_id": 1}):
        discard(header["_id"])


def applied_headers(run: Run, after: int = 0) -> list[Header]:
    """The decisions of a run that are done, in the order in which they were made."""
    query = {**run.owner, "state": "applied", "seq": {"$gt": after}}
    return list(headers().find(query).sort("seq", 1))


def was_lost(entry: Entry, header: Header) -> dict[str, Any] | None:
    """Why an entry could not be applied to its sample, or None if it was.

    Whoever applies a decision notes conflicts under its own token; only the notes of the one
    that finished it count.
    """
    return entry.get("lost", {}).get(str(header["finisher"]))


def heads(run: Run, ids: Sequence[ObjectId], unit: str = SAMPLE) -> dict[ObjectId, Entry]:
    """The last applied entry of each sample, or item, that has one.

    Args:
        run: the run
        ids: not more than a chunk of them
        unit: of what, ``SAMPLE`` or ``ITEM``
    """
    newest = _newest(run, ids, unit)
    known = headers_by_id({entry["decision"] for entry in newest})
    last = {e[unit]: e for e in newest if _counts(e, known)}
    # Left alone by their last decision, or written by one that was never committed: look further.
    doubtful = [e[unit] for e in newest if e[unit] not in last]
    if doubtful:
        query = {**run.owner, unit: {"$in": doubtful}}
        every = list(entries().find(query, _HEAD[unit]).hint(_INDEX[unit]))
        known = headers_by_id({entry["decision"] for entry in every})
        counted = (entry for entry in every if _counts(entry, known))
        last |= {e[unit]: e for e in sorted(counted, key=lambda e: e["seq"])}
    return last


_INDEX = {SAMPLE: BY_SAMPLE, ITEM: BY_ITEM}
_OF_HEAD = ("decision", "seq", "sample_id", "top_after", "kind_after", "lost")
_HEAD = {
    SAMPLE: dict.fromkeys(_OF_HEAD, 1),
    ITEM: dict.fromkeys((*_OF_HEAD, ITEM, "label_after", "box_after"), 1),
}


def _newest(run: Run, ids: Sequence[ObjectId], unit: str) -> list[Entry]:
    index = dict(_INDEX[unit])
    steps = [
        {"$match": {**run.owner, unit: {"$in": list(ids)}}},
        {"$sort": index},
        {"$project": _HEAD[unit]},
        {"$group": {"_id": f"${unit}", "entry": {"$first": "$$ROOT"}}},
    ]
    return [found["entry"] for found in entries().aggregate(steps, hint=index)]


def _counts(entry: Entry, known: Mapping[ObjectId, Header]) -> bool:
    header = known.get(entry["decision"])
    return header is not None and header["state"] == "applied" and not was_lost(entry, header)


def headers_by_id(ids: Iterable[ObjectId]) -> dict[ObjectId, Header]:
    """Headers by their ids; those that do not exist are left out."""
    wanted = list(ids)
    found = headers().find({"_id": {"$in": wanted}}) if wanted else ()
    return {header["_id"]: header for header in found}
