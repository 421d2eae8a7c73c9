"""Completion: carry a committed decision over to the dataset, once, whoever wrote it.

Every write's filter holds the ``last_modified_at`` that was seen and the expected label, and every
write sets the decision's own ``last_modified_at``. So a write can happen once only, also where the
writer was thought dead and another completes the decision at the same time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import bson
import fiftyone as fo
from bson import ObjectId
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument
from mongoengine.errors import DoesNotExist
from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError

from ..keeping.runs import Run
from . import turns
from .changes import label_of, shows, update_of
from .journal import Entry, Header, chunked, discard_uncommitted, entries, entries_of, headers
from .turns import Turn, TurnLost, abandoned, take_turn

EXACT: CodecOptions[dict[str, Any]] = CodecOptions(
    document_class=dict, datetime_conversion=DatetimeConversion.DATETIME_MS
)
ATTEMPTS = 25
DUPLICATE_KEY = 11000

Refused = dict[ObjectId, dict[str, Any]]


def samples_of(dataset: fo.Dataset) -> Any:
    """The collection that holds the samples of a dataset."""
    return dataset._sample_collection


def raw_samples(dataset: fo.Dataset, ids: Sequence[ObjectId]) -> dict[ObjectId, RawBSONDocument]:
    """Sample documents exactly as the database holds them."""
    collection = samples_of(dataset)
    raw = collection.codec_options.with_options(document_class=RawBSONDocument)
    found = collection.with_options(codec_options=raw).find({"_id": {"$in": list(ids)}})
    return {document["_id"]: document for document in found}


def recover(turn: Turn, run: Run) -> None:
    """Complete or take back what an earlier writer left behind."""
    unfinished = turn.pending is not None or turn.crashed
    if turn.pending is not None:
        header = headers().find_one({"_id": turn.pending})
        if header is not None and header["state"] == "written":
            owner = Run(run.dataset, header["run_key"], header["label_field"])
            complete(turn, owner, header, resumed=True)
    if unfinished:
        discard_uncommitted(turn.dataset_id, turn.token)
        turn.settle()


def recover_abandoned(run: Run) -> None:
    """Complete what a writer that died left pending on the run's dataset, if anything."""
    dataset_id = run.owner["dataset_id"]
    if not abandoned(dataset_id):
        return
    turn = take_turn(dataset_id)
    try:
        recover(turn, run)
    except TurnLost:
        return
    finally:
        turn.release()


def complete(turn: Turn, run: Run, header: Header, *, resumed: bool = False) -> Header:
    """Apply a committed decision to all its samples that do not show it, and mark it applied.

    Args:
        turn: the turn in which this is done
        run: the run of the decision
        header: its header
        resumed: whether an earlier writer may have done a part of it

    Returns:
        the header as it is then kept

    Raises:
        TurnLost: if somebody else has taken over, who completes it instead
    """
    mine = {"_id": header["_id"], "state": "written", "finisher": turn.token}
    if resumed:
        earlier = {**mine, "finisher": {"$lte": turn.token}}
        if not headers().update_one(earlier, {"$set": {"finisher": turn.token}}).matched_count:
            raise TurnLost
    lost = 0
    for chunk in chunked(list(entries_of(header["_id"], {"document": 0, "filepath": 0}))):
        turn.renew()
        turns.reached("chunk")
        refused = _apply(turn, _Work(run, header, resumed), list(chunk))
        _note_refused(turn, header, refused)
        _refresh_in_memory(run.dataset, [e for e in chunk if e["sample_id"] not in refused])
        lost += len(refused)
    turns.reached("applied")
    done = {
        "state": "applied",
        "applied": header["samples"] - lost,
        "conflicts": header["conflicts"] + lost,
    }
    kept = headers().find_one_and_update(
        mine,
        {"$set": done, "$currentDate": {"applied_at": True}},
        return_document=ReturnDocument.AFTER,
    )
    if kept is None:
        raise TurnLost
    turns.reached("marked")
    turn.settle(release=not resumed)
    turns.reached("settled")
    return kept


@dataclass(frozen=True)
class _Work:
    run: Run
    header: Header
    resumed: bool

    @property
    def stamp(self) -> datetime:
        return self.header["stamp"]

    @property
    def samples(self) -> Any:
        return samples_of(self.run.dataset)


def _apply(turn: Turn, work: _Work, chunk: list[Entry]) -> Refused:
    """Write the changes of a chunk; the samples that were left alone, and why."""
    refused: Refused = {}
    for op, write in (("set", _set), ("delete", _delete), ("insert", _insert)):
        left = [entry for entry in chunk if entry["op"] == op]
        for _ in range(ATTEMPTS):
            if not left:
                break
            left = write(work, left, refused)
            turn.renew()
        for entry in left:
            refused[entry["sample_id"]] = {"reason": "busy", "found": None}
    return refused


def _note_refused(turn: Turn, header: Header, refused: Refused) -> None:
    if not refused:
        return
    notes = [
        UpdateOne(
            {"decision": header["_id"], "sample_id": sample_id},
            {"$set": {f"lost.{turn.token}": why}},
        )
        for sample_id, why in refused.items()
    ]
    entries().bulk_write(notes, ordered=False)


def _filter(run: Run, entry: Entry) -> dict[str, Any]:
    query = {"_id": entry["sample_id"], "last_modified_at": entry["version"]}
    if entry["expects_label"]:
        query[f"{run.label_field}.label"] = entry["label_before"]
    return query


def _write(collection: Any, operations: list[Any]) -> tuple[int, dict[int, str]]:
    """The number of documents that matched, and the operations that the database refused."""
    try:
        result = collection.bulk_write(operations, ordered=False)
        return result.matched_count, {}
    except BulkWriteError as error:
        errors = {e["index"]: e["errmsg"] for e in error.details["writeErrors"]}
        return error.details["nMatched"], errors


def _conflict(work: _Work, entry: Entry, document: Any) -> dict[str, Any] | None:
    """Why a sample must be left alone, if it must."""
    if document is None:
        return {"reason": "deleted", "found": None}
    found = label_of(document, work.run.label_field)
    if entry["expects_label"] and found != entry["label_before"]:
        return {"reason": "relabeled", "found": found}
    return None


def _set(work: _Work, chunk: list[Entry], refused: Refused) -> list[Entry]:
    """One attempt at changes in place; the entries to be tried again."""
    operations = [UpdateOne(_filter(work.run, e), update_of(e, work.stamp)) for e in chunk]
    matched, errors = _write(work.samples, operations)
    for index, message in errors.items():
        refused[chunk[index]["sample_id"]] = {"reason": "error", "found": message}
    if matched == len(chunk):
        return []
    chunk = [entry for entry in chunk if entry["sample_id"] not in refused]
    query = {"_id": {"$in": [entry["sample_id"] for entry in chunk]}}
    # Only what is needed: another field may hold what Python cannot, such as the year 10,000.
    paths = {s["path"].partition(".")[0] for entry in chunk for s in entry["slots"]}
    keep = dict.fromkeys({*paths, work.run.label_field, "last_modified_at"}, 1)
    documents = {document["_id"]: document for document in work.samples.find(query, keep)}
    again = []
    for entry in chunk:
        document = documents.get(entry["sample_id"])
        if document is not None and _done(work, entry, document):
            continue
        why = _conflict(work, entry, document)
        if why is not None:
            refused[entry["sample_id"]] = why
        elif document is not None:
            again.append({**entry, "version": document.get("last_modified_at")})
    return again


def _done(work: _Work, entry: Entry, document: Any) -> bool:
    if document.get("last_modified_at") == work.stamp:
        return True
    return work.resumed and shows(entry, document, work.run.field("decision"))


def _delete(work: _Work, chunk: list[Entry], refused: Refused) -> list[Entry]:
    """One attempt at removals: mark the documents that are as the journal has them, delete those.

    The mark tells this decision's deletions from another's. A document that is already gone was
    deleted by this decision if an earlier writer had begun it.
    """
    ids = [entry["sample_id"] for entry in chunk]
    kept = kept_documents(work.header["_id"], ids)
    marks = []
    for entry in chunk:
        same = {"$eq": ["$$ROOT", {"$literal": RawBSONDocument(kept[entry["sample_id"]])}]}
        query = {**_filter(work.run, entry), "$expr": same}
        marks.append(UpdateOne(query, {"$set": {"last_modified_at": work.stamp}}))
    matched, _ = _write(work.samples, marks)
    turns.reached("delete")
    again = []
    if matched < len(chunk):
        documents = raw_samples(work.run.dataset, ids)
        for entry in chunk:
            document = documents.get(entry["sample_id"])
            gone = document is None and work.resumed
            if gone or (document and document.get("last_modified_at") == work.stamp):
                continue
            why = _conflict(work, entry, document)
            if why is not None:
                refused[entry["sample_id"]] = why
            elif document is not None:
                again.append(_kept_anew(entry, document))
    work.samples.delete_many({"_id": {"$in": ids}, "last_modified_at": work.stamp})
    return again


def _kept_anew(entry: Entry, document: RawBSONDocument) -> Entry:
    """The entry with the document as it is now, for somebody changed another of its fields."""
    values = {"document": bytes(document.raw), "version": document.get("last_modified_at")}
    entries().update_one({"_id": entry["_id"]}, {"$set": values})
    return {**entry, "version": values["version"]}


def kept_documents(decision: ObjectId, ids: Sequence[ObjectId]) -> dict[ObjectId, bytes]:
    """The documents of removed samples, as BSON."""
    query = {"decision": decision, "sample_id": {"$in": list(ids)}}
    return {e["sample_id"]: e["document"] for e in entries().find(query)}


def _insert(work: _Work, chunk: list[Entry], refused: Refused) -> list[Entry]:
    """One attempt at bringing removed documents back.

    Ordered, so that what a writer thought dead still sends stops at the first document that is
    there again.
    """
    ids = [entry["sample_id"] for entry in chunk]
    kept = kept_documents(work.header["undoes"], ids)
    keep = dict.fromkeys(("created_at", "filepath", "last_modified_at"), 1)
    found = work.samples.find({"_id": {"$in": ids}}, keep)
    present = {document["_id"]: document for document in found}
    left = []
    for entry in chunk:
        document = present.get(entry["sample_id"])
        if document is None:
            left.append(entry)
        elif not _brought_back(work, document, kept[entry["sample_id"]]):
            refused[entry["sample_id"]] = {"reason": "exists", "found": document.get("filepath")}
    if not left:
        return []
    documents = [_restamped(kept[entry["sample_id"]], work.stamp) for entry in left]
    try:
        work.samples.insert_many(documents, ordered=True)
    except BulkWriteError as error:
        failed = error.details["writeErrors"][0]
        if failed["code"] != DUPLICATE_KEY or "_id" not in failed.get("keyPattern", {}):
            why = {"reason": "error", "found": failed["errmsg"]}
            refused[left[failed["index"]]["sample_id"]] = why
        return [entry for entry in left if entry["sample_id"] not in refused]
    return []


def _brought_back(work: _Work, document: Any, kept: bytes) -> bool:
    if document.get("last_modified_at") == work.stamp:
        return True
    created = bson.decode(kept, EXACT).get("created_at")
    same = isinstance(created, DatetimeMS) and document.get("created_at") == created.as_datetime(
        work.samples.codec_options
    )
    return work.resumed and same


def _restamped(kept: bytes, stamp: datetime) -> RawBSONDocument:
    document = bson.decode(kept, EXACT)
    document["last_modified_at"] = stamp
    return RawBSONDocument(bson.encode(document))


def _refresh_in_memory(dataset: fo.Dataset, chunk: Sequence[Entry]) -> None:
    """Let this process's sample objects follow, as FiftyOne's own bulk writes do."""
    name = dataset._sample_collection_name
    gone = [entry["sample_id"] for entry in chunk if entry["op"] == "delete"]
    changed = [entry["sample_id"] for entry in chunk if entry["op"] == "set"]
    fo.Sample._reset_docs(name, sample_ids=gone)
    held: Any = getattr(fo.Sample, "_instances", {}).get(name, {})
    for sample_id in changed if len(held) else []:
        sample = held.get(str(sample_id))
        if sample is not None:
            # Deleted by somebody since: its object stays as it was.
            with contextlib.suppress(ValueError, DoesNotExist):
                sample.reload()
