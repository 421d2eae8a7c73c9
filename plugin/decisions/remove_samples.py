"""Removals: what is as the journal has it is marked, and what is marked is deleted."""

from __future__ import annotations

from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo import UpdateOne

from ..store.samples import LARGEST_DOCUMENT, raw_samples
from . import steps
from .apply_work import Refused, Work, as_seen, bulk_write, conflict_of
from .journal import Entry, entries, kept_documents


def remove_samples(work: Work, chunk: list[Entry], refused: Refused) -> list[Entry]:
    """One attempt at removals: mark the documents that are as the journal has them, delete those.

    The mark tells this decision's deletions from another's. A document that is already gone was
    deleted by this decision if an earlier writer, or an earlier attempt, had begun it.
    """
    ids = [entry["sample_id"] for entry in chunk]
    kept = kept_documents(work.header["_id"], ids)
    marks = []
    for entry in chunk:
        same = {"$eq": ["$$ROOT", {"$literal": RawBSONDocument(kept[entry["sample_id"]])}]}
        query = {**as_seen(work.run, entry), "$expr": same}
        marks.append(UpdateOne(query, {"$set": {"last_modified_at": work.mark}}))
    matched, _ = bulk_write(work.samples, marks)
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
    work: Work, chunk: list[Entry], documents: dict[ObjectId, RawBSONDocument], refused: Refused
) -> list[Entry]:
    """The entries whose samples somebody changed, with their documents as they are now."""
    again = []
    for entry in chunk:
        document = documents.get(entry["sample_id"])
        why = conflict_of(work, entry, document)
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
