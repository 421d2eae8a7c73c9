"""Labels, tags and our own fields are written in place, where nobody has changed them since."""

from __future__ import annotations

from typing import Any

from pymongo import UpdateOne

from .apply_work import Refused, Work, as_seen, bulk_write, conflict_of
from .changes import planned_anew, shows, update_of
from .journal import LONGEST_REASON, Entry, entries


def write_labels(work: Work, chunk: list[Entry], refused: Refused) -> list[Entry]:
    """One attempt at changes in place; the entries to be tried again."""
    chunk = [work.fitted(entry) for entry in chunk]
    operations = [
        UpdateOne(as_seen(work.run, e), update_of(e, work.stamp_over(e["version"]))) for e in chunk
    ]
    unsent = {entry["sample_id"] for entry in chunk} - work.begun
    work.begun |= unsent
    matched, errors = bulk_write(work.samples, operations)
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
        why = conflict_of(work, entry, document)
        if why is not None:
            refused[entry["sample_id"]] = why
        elif document is not None:
            again.append(_planned_anew(work, entry, document))
    return again


def _done(work: Work, entry: Entry, document: Any) -> bool:
    """Whether a document has the change, also where somebody edited it right afterwards."""
    if not work.may_have_done(entry["sample_id"]):
        return False
    shown = shows(entry, document, work.run.field("decision"))
    return work.stamped(document.get("last_modified_at")) if shown is None else shown


def _planned_anew(work: Work, entry: Entry, document: Any) -> Entry:
    """The entry for a document that somebody edited since; the journal says what is done now."""
    new = planned_anew(entry, document, work.tag)
    keep_changed(entry, new)
    return {**new, "version": document.get("last_modified_at")}


def keep_changed(entry: Entry, new: Entry) -> None:
    """Let the journal say what is done to tags now, where that is not what was planned."""
    tags = ("slots", "add_tag", "pull_tag")
    if [new.get(name) for name in tags] != [entry.get(name) for name in tags]:
        change: dict[str, Any] = {"$set": {name: new[name] for name in tags if name in new}}
        if "add_tag" in entry and "add_tag" not in new:
            change["$unset"] = {"add_tag": ""}
        entries().update_one({"_id": entry["_id"]}, change)
