"""Apply: carry a committed decision over to the dataset, once, whoever wrote it.

Every write's filter holds the ``last_modified_at`` that was seen and the expected label, and every
write sets the decision's own ``last_modified_at``. So a write can happen once only, also where the
writer was thought dead and another applies the decision at the same time.
"""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import bson
import fiftyone as fo
from bson import ObjectId
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from mongoengine.errors import DoesNotExist
from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure

from ..store.runs import Run
from ..store.samples import Schema, held_samples, samples_of, schema_of, take_off_undeclared
from . import steps
from .changes import label_of, planned_anew, shows, update_of
from .journal import (
    Entry,
    Header,
    chunked,
    discard_uncommitted,
    entries,
    entries_of,
    headers,
    headers_by_id,
    was_lost,
)
from .lock import Lock, LockLost, abandoned, take_lock
from .run_names import names_now
from .tags import tag_of

EXACT: CodecOptions[Any] = CodecOptions(
    document_class=RawBSONDocument, datetime_conversion=DatetimeConversion.DATETIME_MS
)
ATTEMPTS = 25
DUPLICATE_KEY = 11000
LARGEST_DOCUMENT = 15 * 1024 * 1024
LONGEST_REASON = 200
LONGEST_FOUND = 1_000
BEFORE_ANY_SAMPLE = timedelta(days=20_000)
OF_THE_SERVER = (13, 89, 91, 189, 11600, 11602, 14031)
"""Codes of what is wrong with the server, not with a document: permissions, shutdown, full disk."""

Refused = dict[ObjectId, dict[str, Any]]

logger = logging.getLogger(__name__)


def raw_samples(dataset: fo.Dataset, ids: Sequence[ObjectId]) -> dict[ObjectId, RawBSONDocument]:
    """Sample documents exactly as the database holds them."""
    collection = samples_of(dataset)
    raw = collection.codec_options.with_options(document_class=RawBSONDocument)
    found = collection.with_options(codec_options=raw).find({"_id": {"$in": list(ids)}})
    return {_id_of(document): document for document in found}


def _id_of(document: RawBSONDocument) -> Any:
    """The id of a raw document, also of one that holds what Python cannot read."""
    try:
        return document["_id"]
    except InvalidBSON:  # the id comes first: 4 bytes of length, a type, "_id", and 12 bytes
        return ObjectId(document.raw[9:21])


def recover(lock: Lock, run: Run) -> None:
    """Apply or take back what an earlier writer left behind."""
    unfinished = lock.pending is not None or lock.crashed
    if lock.pending is not None:
        header = headers().find_one({"_id": lock.pending})
        if header is not None and header["state"] == "written":
            owner = Run(run.dataset, header["run_key"], header["label_field"])
            apply_decision(lock, owner, header, resumed=True)
    if unfinished:
        discard_uncommitted(lock.dataset_id, lock.token)
        lock.clear()


def recover_abandoned(run: Run) -> None:
    """Apply what a writer that died left pending on the run's dataset, if anything."""
    dataset_id = run.owner["dataset_id"]
    if not abandoned(dataset_id):
        return
    lock = take_lock(dataset_id)
    try:
        recover(lock, run)
    except LockLost:
        return
    finally:
        lock.release()


def apply_decision(
    lock: Lock,
    run: Run,
    header: Header,
    *,
    resumed: bool = False,
    planned: list[Entry] | None = None,
    schema: Schema | None = None,
) -> Header:
    """Apply a committed decision to all its samples that do not show it, and mark it applied.

    Args:
        lock: the dataset's lock, under which this is done
        run: the run of the decision
        header: its header
        resumed: whether an earlier writer may have done a part of it
        planned: all its entries, where they are at hand
        schema: what the dataset declared a moment ago, where it is at hand

    Returns:
        the header as it is then kept

    Raises:
        LockLost: if somebody else has taken over, who applies it instead
    """
    mine = {"_id": header["_id"], "state": "written", "finisher": lock.token}
    if resumed:
        earlier = {**mine, "finisher": {"$lte": lock.token}}
        if not headers().update_one(earlier, {"$set": {"finisher": lock.token}}).matched_count:
            raise LockLost
    if planned is None:
        planned = list(entries_of(header["_id"], {"document": 0, "filepath": 0}))
    work = _Work(run, header, resumed, schema or schema_of(run.dataset))
    lost = 0
    for chunk in chunked(planned):
        lock.renew()
        steps.reached("chunk")
        refused = _apply_chunk(lock, work, list(chunk))
        _note_refused(lock, header, refused)
        work.fit_again(chunk)
        _refresh_in_memory(run.dataset, [e for e in chunk if e["sample_id"] not in refused])
        lost += len(refused)
    steps.reached("applied")
    done = {
        "state": "applied",
        "applied": header["samples"] - lost,
        "conflicts": header["conflicts"] + lost,
        "left_out": dict(work.left_out),
    }
    kept = headers().find_one_and_update(
        mine,
        {"$set": done, "$currentDate": {"applied_at": True}},
        return_document=ReturnDocument.AFTER,
    )
    if kept is None:
        raise LockLost
    steps.reached("marked")
    lock.clear(release=not resumed, wrote=work.fields)
    steps.reached("cleared")
    return kept


@dataclass
class _Work:
    """What is being applied.

    Attributes:
        schema: what the dataset declares; what has no place in it is not written
        left_out: by field, how many documents came back without it
        written: the fields that were written since the schema was read
        fields: all fields that were written, and the one that follows the decision
        begun: the samples that a write was sent for which may have been done
    """

    run: Run
    header: Header
    resumed: bool
    schema: Schema
    left_out: Counter[str] = field(default_factory=Counter)
    written: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    begun: set[ObjectId] = field(default_factory=set)
    _read_again: bool = False

    @property
    def stamp(self) -> datetime:
        return self.header["stamp"]

    @property
    def mark(self) -> datetime:
        """The ``last_modified_at`` of what is being removed: a time that nobody else ever gives.

        The stamp is a time like any other. Somebody who saved a sample in the very millisecond in
        which the lock was taken has written the same.
        """
        return self.stamp - BEFORE_ANY_SAMPLE

    @cached_property
    def tag(self) -> str | None:
        """The tag that the decision puts on, if it puts one on."""
        tag, puts_on = tag_of(self.header)
        return tag if puts_on else None

    def may_have_done(self, sample_id: ObjectId) -> bool:
        """Whether a write of this decision may have reached a sample before."""
        return self.resumed or sample_id in self.begun

    @property
    def samples(self) -> Any:
        """The collection; each write is durable before it is counted as done."""
        return samples_of(self.run.dataset, durable=True)

    def fitted(self, entry: Entry) -> Entry:
        """The entry without values that have no place in the dataset any more."""
        slots = [s for s in entry["slots"] if self.schema.holds(s["path"])]
        self.written |= {s["path"].partition(".")[0] for s in slots}
        return {**entry, "slots": slots}

    def schema_again(self) -> Schema:
        """The schema, read once more in this chunk."""
        if not self._read_again:
            self.schema, self._read_again = schema_of(self.run.dataset), True
        return self.schema

    def fit_again(self, chunk: Sequence[Entry]) -> None:
        """Take off what was written to a field that somebody deleted at the same time."""
        self.schema, self._read_again = schema_of(self.run.dataset), False
        ids = [entry["sample_id"] for entry in chunk]
        gone = take_off_undeclared(self.run.dataset, self.written, ids, self.schema)
        self.left_out.update(dict.fromkeys(gone, len(ids)) if self._brings_back(chunk) else {})
        self.fields |= {*self.written, self.run.field("cies")}
        self.written.clear()

    @staticmethod
    def _brings_back(chunk: Sequence[Entry]) -> bool:
        return any(entry["op"] == "insert" for entry in chunk)


def _apply_chunk(lock: Lock, work: _Work, chunk: list[Entry]) -> Refused:
    """Write the changes of a chunk; the samples that were left alone, and why."""
    refused: Refused = {}
    for op, write in (("set", _set), ("delete", _delete), ("insert", _insert)):
        left = [entry for entry in chunk if entry["op"] == op]
        if op != "insert":
            left = _with_label_field(work, left, refused)
        for _ in range(ATTEMPTS):
            if not left:
                break
            if op == "insert":
                lock.renew(now=True)
            left = _attempt(lock, write, work, left, refused)
            _still_ours(lock, work, chunk if op == "insert" else [])
        for entry in left:
            refused[entry["sample_id"]] = {"reason": "busy", "found": None}
    return refused


def _still_ours(lock: Lock, work: _Work, inserted: Sequence[Entry]) -> None:
    """Say that the writer is alive. Raises LockLost, and takes back what it brought back too late.

    Whoever took over has applied the decision, and the samples may have been removed again since:
    unlike an update, an insert has no filter that would notice that.
    """
    try:
        lock.renew()
    except LockLost:
        if inserted:
            later = take_lock(lock.dataset_id)
            try:
                recover(later, work.run)
                ids = _removed_since(work, [entry["sample_id"] for entry in inserted])
                query = {"_id": {"$in": ids}, "last_modified_at": work.stamp}
                work.samples.delete_many(query)
            finally:
                later.release()
        raise


def _removed_since(work: _Work, ids: Sequence[ObjectId]) -> list[ObjectId]:
    """The samples that a later decision of any run has removed, and none has brought back."""
    dataset = {"dataset_id": work.header["dataset_id"]}
    query = {
        **dataset,
        "run_key": {"$in": headers().distinct("run_key", dataset)},
        "sample_id": {"$in": list(ids)},
        "seq": {"$gt": work.header["seq"]},
        "op": {"$in": ["delete", "insert"]},
    }
    later = list(entries().find(query, {"document": 0}).sort("seq", 1))
    known = headers_by_id({entry["decision"] for entry in later})
    last: dict[ObjectId, str] = {}
    for entry in later:
        header = known.get(entry["decision"])
        if header is not None and header["state"] == "applied" and not was_lost(entry, header):
            last[entry["sample_id"]] = entry["op"]
    return [sample_id for sample_id, op in last.items() if op == "delete"]


def _with_label_field(work: _Work, chunk: list[Entry], refused: Refused) -> list[Entry]:
    """The entries that do not need the label field, if the dataset has it no more."""
    if work.schema.holds(work.run.label_field):
        return chunk
    why = {"reason": "no_field", "found": None}
    refused |= {entry["sample_id"]: why for entry in chunk if entry["expects_label"]}
    return [entry for entry in chunk if not entry["expects_label"]]


def _attempt(
    lock: Lock,
    write: Callable[[_Work, list[Entry], Refused], list[Entry]],
    work: _Work,
    chunk: list[Entry],
    refused: Refused,
) -> list[Entry]:
    """One attempt at a chunk. A sample that cannot be written is left alone, and others go on.

    The decision counts by now, so what fails because of one document must not stop it for ever:
    nobody could decide anything on the dataset any more.
    """
    try:
        return write(work, chunk, refused)
    except (LockLost, ConnectionFailure):
        raise
    except Exception as error:
        if isinstance(error, OperationFailure) and error.code in OF_THE_SERVER:
            raise
        lock.renew(now=True)  # whoever took over may have deleted the run meanwhile
        if len(chunk) > 1:
            again = [_attempt(lock, write, work, [entry], refused) for entry in chunk]
            return [entry for left in again for entry in left]
        logger.exception("sample %s could not be written", chunk[0]["sample_id"])
        found = f"{type(error).__name__}: {error}"[:LONGEST_REASON]
        refused[chunk[0]["sample_id"]] = {"reason": "error", "found": found}
        return []


def _note_refused(lock: Lock, header: Header, refused: Refused) -> None:
    if not refused:
        return
    notes = [
        UpdateOne(
            {"decision": header["_id"], "sample_id": sample_id},
            {"$set": {f"lost.{lock.token}": {**why, "found": _shortened(why["found"])}}},
        )
        for sample_id, why in refused.items()
    ]
    entries().bulk_write(notes, ordered=False)


def _shortened(found: Any) -> Any:
    """What was found, small enough to be kept beside a whole document."""
    if found is None or isinstance(found, int | float):
        return found
    return (found if isinstance(found, str) else repr(found))[:LONGEST_FOUND]


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
    if not entry["expects_label"] or found == entry["label_before"]:
        return None
    gone = found is None and not work.schema_again().holds(work.run.label_field)
    return {"reason": "no_field" if gone else "relabeled", "found": found}


def _set(work: _Work, chunk: list[Entry], refused: Refused) -> list[Entry]:
    """One attempt at changes in place; the entries to be tried again."""
    chunk = [work.fitted(entry) for entry in chunk]
    operations = [UpdateOne(_filter(work.run, e), update_of(e, work.stamp)) for e in chunk]
    unsent = {entry["sample_id"] for entry in chunk} - work.begun
    work.begun |= unsent
    matched, errors = _write(work.samples, operations)
    if not matched:
        work.begun -= unsent
    for index, message in errors.items():
        found = message[:LONGEST_REASON]
        refused[chunk[index]["sample_id"]] = {"reason": "error", "found": found}
    if matched == len(chunk):
        return []
    chunk = [entry for entry in chunk if entry["sample_id"] not in refused]
    query = {"_id": {"$in": [entry["sample_id"] for entry in chunk]}}
    # Only what is needed: another field may hold what Python cannot, such as the year 10,000.
    paths = {s["path"].partition(".")[0] for entry in chunk for s in entry["slots"]}
    keep = dict.fromkeys({*paths, work.run.label_field, "tags", "last_modified_at"}, 1)
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
            again.append(_planned_anew(work, entry, document))
    return again


def _done(work: _Work, entry: Entry, document: Any) -> bool:
    """Whether a document has the change, also where somebody edited it right afterwards."""
    if not work.may_have_done(entry["sample_id"]):
        return False
    shown = shows(entry, document, work.run.field("decision"))
    return document.get("last_modified_at") == work.stamp if shown is None else shown


def _planned_anew(work: _Work, entry: Entry, document: Any) -> Entry:
    """The entry for a document that somebody edited since; the journal says what is done now."""
    new = planned_anew(entry, document, work.tag)
    tags = ("slots", "add_tag", "pull_tag")
    if [new.get(name) for name in tags] != [entry.get(name) for name in tags]:
        change: dict[str, Any] = {"$set": {name: new[name] for name in tags if name in new}}
        if "add_tag" in entry and "add_tag" not in new:
            change["$unset"] = {"add_tag": ""}
        entries().update_one({"_id": entry["_id"]}, change)
    return {**new, "version": document.get("last_modified_at")}


def _delete(work: _Work, chunk: list[Entry], refused: Refused) -> list[Entry]:
    """One attempt at removals: mark the documents that are as the journal has them, delete those.

    The mark tells this decision's deletions from another's. A document that is already gone was
    deleted by this decision if an earlier writer, or an earlier attempt, had begun it.
    """
    ids = [entry["sample_id"] for entry in chunk]
    kept = kept_documents(work.header["_id"], ids)
    marks = []
    for entry in chunk:
        same = {"$eq": ["$$ROOT", {"$literal": RawBSONDocument(kept[entry["sample_id"]])}]}
        query = {**_filter(work.run, entry), "$expr": same}
        marks.append(UpdateOne(query, {"$set": {"last_modified_at": work.mark}}))
    matched, _ = _write(work.samples, marks)
    steps.reached("delete")
    marked, again = set(ids), []
    if matched < len(chunk):
        documents = raw_samples(work.run.dataset, ids)
        marked = {i for i, d in documents.items() if d.get("last_modified_at") == work.mark}
        gone = {i for i in ids if i not in documents and work.may_have_done(i)}
        others = [e for e in chunk if e["sample_id"] not in marked | gone]
        again = _removed_later(work, others, documents, refused)
    work.begun |= marked
    query = {"_id": {"$in": list(marked)}, "last_modified_at": work.mark}
    if work.samples.delete_many(query).deleted_count < len(marked):
        # Somebody saved another field of a sample between its mark and its deletion.
        documents = raw_samples(work.run.dataset, list(marked))
        kept_alive = [e for e in chunk if e["sample_id"] in marked and e["sample_id"] in documents]
        again += _removed_later(work, kept_alive, documents, refused)
    return again


def _removed_later(
    work: _Work,
    chunk: list[Entry],
    documents: dict[ObjectId, RawBSONDocument],
    refused: Refused,
) -> list[Entry]:
    """The entries whose samples somebody changed, with their documents as they are now."""
    again = []
    for entry in chunk:
        document = documents.get(entry["sample_id"])
        why = _conflict(work, entry, document)
        if why is None and document is not None and len(document.raw) > LARGEST_DOCUMENT:
            why = {"reason": "too_large", "found": None}
        if why is not None:
            refused[entry["sample_id"]] = why
        elif document is not None:
            again.append(_kept_anew(entry, document))
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
    source = {e["sample_id"]: e.get("kept_in", work.header["undoes"]) for e in chunk}
    kept: dict[ObjectId, bytes] = {}
    for removal in set(source.values()):
        kept |= kept_documents(removal, [i for i in ids if source[i] == removal])
    keep = dict.fromkeys(("created_at", "filepath", "last_modified_at"), 1)
    found = work.samples.find({"_id": {"$in": ids}}, keep)
    present = {document["_id"]: document for document in found}
    fitting = {removal: _Fitting(work, removal) for removal in set(source.values())}
    left, documents = [], []
    for entry in chunk:
        document = present.get(entry["sample_id"])
        before = RawBSONDocument(kept[entry["sample_id"]], EXACT)
        if document is None:
            left.append(entry)
            documents.append(fitting[source[entry["sample_id"]]].restored(before))
        elif not _brought_back(work, document, before):
            refused[entry["sample_id"]] = {"reason": "exists", "found": document.get("filepath")}
    if not left:
        return []
    work.begun |= {entry["sample_id"] for entry in left}
    steps.reached("insert")
    try:
        work.samples.insert_many(documents, ordered=True)
    except BulkWriteError as error:
        failed = error.details["writeErrors"][0]
        if failed["code"] != DUPLICATE_KEY or "_id" not in failed.get("keyPattern", {}):
            why = {"reason": "error", "found": failed["errmsg"][:LONGEST_REASON]}
            refused[left[failed["index"]]["sample_id"]] = why
        return [entry for entry in left if entry["sample_id"] not in refused]
    for fitted in fitting.values():
        work.left_out.update(fitted.left_out)
    return []


class _Fitting:
    """Removed documents as they fit into what the dataset declares by now."""

    def __init__(self, work: _Work, decision: ObjectId):
        self._work = work
        self.left_out: Counter[str] = Counter()
        removal = headers().find_one({"_id": decision}) or work.header
        self._names = names_now(removal, work.run)
        earlier = Schema.from_list(removal["schema"]) if "schema" in removal else work.schema
        self._places = work.schema.places(earlier)

    def restored(self, kept: RawBSONDocument) -> RawBSONDocument:
        """A document to be written: renamed fields renamed, others left out, stamped."""
        document: dict[str, Any] = {}
        for name, value in kept.items():
            place = self._places.get(name) or self._place_now(name)
            if place is None:
                self.left_out[name] += value is not None
            else:
                document[place] = value
        document["last_modified_at"] = self._work.stamp
        self._work.written |= document.keys()
        return RawBSONDocument(bson.encode(document), EXACT)

    def _place_now(self, name: str) -> str | None:
        """Where a field is now that the run writes, or its labels are in."""
        place = self._names.get(name, name)
        return place if place != name and self._work.schema.holds(place) else None


def _brought_back(work: _Work, document: Any, kept: RawBSONDocument) -> bool:
    if document.get("last_modified_at") == work.stamp:
        return True
    created = kept.get("created_at")
    same = isinstance(created, DatetimeMS) and document.get("created_at") == created.as_datetime(
        work.samples.codec_options
    )
    return work.may_have_done(document["_id"]) and same


def _refresh_in_memory(dataset: fo.Dataset, chunk: Sequence[Entry]) -> None:
    """Let this process's sample objects follow, as FiftyOne's own bulk writes do."""
    name = dataset._sample_collection_name
    gone = [entry["sample_id"] for entry in chunk if entry["op"] == "delete"]
    changed = [entry["sample_id"] for entry in chunk if entry["op"] == "set"]
    held = held_samples(dataset)
    try:
        fo.Sample._reset_docs(name, sample_ids=gone)
        for sample_id in changed if len(held) else []:
            sample = held.get(str(sample_id))
            if sample is not None:
                # Deleted by somebody since: its object stays as it was.
                with contextlib.suppress(ValueError, DoesNotExist):
                    sample.reload()
    except Exception:  # the decision is made whatever this process's objects show
        logger.exception("samples in memory could not be reloaded")
