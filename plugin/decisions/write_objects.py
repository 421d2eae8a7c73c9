"""Labels of ``Detections`` fields are changed, taken out and put back where they are as expected.

All that one decision does to one sample is one update, whose filter holds the version of the
sample and, of each label, the class and box that are expected. What others add or change beside
them stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from ..store.database import undecoded
from ..store.samples import samples_of
from . import steps
from .apply_work import Refused, Work, bulk_write
from .changes import planned_anew, shows
from .journal import LONGEST_REASON, Entry, entries
from .object_changes import (
    PUT,
    SET,
    TAKE,
    box_of,
    by_id,
    class_of,
    conflict_between,
    labels_in,
    raw_of,
)
from .object_places import packed, unpacked
from .object_updates import Lists, Put, update_of_image
from .write_labels import keep_changed

Orders = dict[ObjectId, list[list[ObjectId]]]


def write_objects(work: Work, chunk: list[Entry], refused: Refused) -> list[Entry]:
    """One attempt at changes of objects; the entries to be tried again."""
    groups: dict[ObjectId, list[Entry]] = defaultdict(list)
    for entry in _with_documents(chunk):
        groups[entry["sample_id"]].append(entry)
    documents = _read(work, list(groups))
    orders = _orders(work, [e for e in chunk if PUT in (e["labels"], e["missing"])])
    images: list[tuple[_Image, UpdateOne]] = []
    again: list[Entry] = []
    for sample_id, group in groups.items():
        image = _Image(work, documents.get(sample_id), refused)
        for entry in group:
            image.add(entry)
        again += image.later
        if image.due:
            images.append((image, image.update(orders.get(sample_id, {}))))
    if not images:
        return again
    steps.reached("objects")
    work.written |= _fields(work)
    sent = [entry for image, _ in images for entry in image.due]
    unsent = {entry["item_id"] for entry in sent} - work.begun
    work.begun |= unsent
    matched, errors = bulk_write(work.samples, [update for _, update in images])
    if not matched:
        work.begun -= unsent
    for index, message in errors.items():
        why = {"reason": "error", "found": message[:LONGEST_REASON]}
        refused |= {entry["item_id"]: why for entry in images[index][0].due}
    if matched == len(images):
        return again
    # Which of them were written is seen on the samples, in the next attempt.
    return again + [entry for entry in sent if entry["item_id"] not in refused]


def _fields(work: Work) -> set[str]:
    names = [work.run.label_field, *(work.run.field(n) for n in ("missing", "errors", "suspicion"))]
    return {name for name in names if work.schema.holds(name)}


def _read(work: Work, ids: Sequence[ObjectId]) -> dict[ObjectId, Any]:
    """What is needed of sample documents, their labels as the database holds them."""
    collection = samples_of(work.run.dataset, durable=True)
    keep = dict.fromkeys([*_fields(work), "last_modified_at"], 1)
    found = undecoded(collection).find({"_id": {"$in": list(ids)}}, keep)
    return {document["_id"]: document for document in found}


def _with_documents(chunk: Sequence[Entry]) -> list[Entry]:
    """The entries with the labels that they take out or put in, read where they are not at hand."""
    lack = [e["_id"] for e in chunk if e["labels"] in (PUT, TAKE) and "document" not in e]
    query = {"_id": {"$in": lack}}
    kept = {e["_id"]: e for e in entries().find(query, {"document": 1})} if lack else {}
    return [{**entry, **kept.get(entry["_id"], {})} for entry in chunk]


def _orders(work: Work, putting: Sequence[Entry]) -> dict[ObjectId, dict[str, Any]]:
    """By sample, the orders that its lists had when something left them, the latest first."""
    found: dict[ObjectId, dict[str, Any]] = defaultdict(lambda: defaultdict(list))
    if work.header["action"] != "undo" or not putting:
        return found
    dataset = {"dataset_id": work.run.owner["dataset_id"]}
    query = {
        **dataset,
        "run_key": {"$in": entries().distinct("run_key", dataset)},
        "sample_id": {"$in": list({entry["sample_id"] for entry in putting})},
        "order": {"$exists": True},
    }
    for entry in entries().find(query, {"sample_id": 1, "order": 1}).sort("seq", -1):
        for name, order in entry["order"].items():
            found[entry["sample_id"]][name].append(unpacked(order))
    return found


@dataclass
class _Image:
    """One sample, and what is due on it.

    Attributes:
        due: the entries that the next update carries out
        later: those that need an update of their own after it
    """

    work: Work
    document: Any
    refused: Refused
    due: list[Entry] = field(default_factory=list)
    later: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        run = self.work.run
        self.labels = labels_in(self.document, run.label_field)
        self.missing = labels_in(self.document, run.field("missing"))
        self._label, self._candidate = by_id(self.labels), by_id(self.missing)

    def add(self, entry: Entry) -> None:
        """Have a change done, unless it is done or must be left alone."""
        if self._done(entry):
            return
        why = self._conflict(entry)
        if why is not None:
            self.refused[entry["item_id"]] = why
            return
        putting = PUT in (entry["labels"], entry["missing"])
        others = [e for e in self.due if (PUT in (e["labels"], e["missing"])) != putting]
        if others:
            self.later.append(entry)
        else:
            self.due.append(self._as_it_is(entry))

    def _done(self, entry: Entry) -> bool:
        item, run = entry["item_id"], self.work.run
        if entry["labels"] is None and entry["missing"] is None:
            return self.document is not None and item not in self._label
        if self.document is None or not self.work.may_have_done(item):
            return False
        if entry["labels"] is None:
            return (item in self._candidate) is (entry["missing"] == PUT)
        if entry["labels"] != SET:
            return self.labels is not None and (item in self._label) is (entry["labels"] == PUT)
        if item not in self._label:
            return False
        shown = shows(entry, self._label[item], run.field("decision"))
        version = self.document.get("last_modified_at")
        return self.work.stamped(version) if shown is None else shown

    def _conflict(self, entry: Entry) -> dict[str, Any] | None:
        """Why an object must be left alone, if it must."""
        if self.document is None:
            return {"reason": "deleted", "found": None}
        if self.labels is None:
            gone = not self.work.schema_again().holds(self.work.run.label_field)
            return {"reason": "no_field" if gone else "deleted", "found": None}
        label = self._label.get(entry["item_id"])
        found = {"found": class_of(label), "found_box": box_of(label)}
        if entry["labels"] in (PUT, None):
            return None if label is None else {"reason": "exists", **found}
        if label is None:
            return {"reason": "deleted", "found": None}
        why = conflict_between(entry["label_before"], entry["box_before"], label)
        return None if why is None else {"reason": why, **found}

    def _as_it_is(self, entry: Entry) -> Entry:
        """The entry for the label as it is now; the journal says what is done now."""
        item = entry["item_id"]
        if entry["labels"] == SET:
            new = planned_anew(entry, self._label[item], self.work.tag)
            keep_changed(entry, new)
            return new
        changed: dict[str, Any] = {}
        if entry["labels"] == TAKE and raw_of(self._label[item]) != entry["document"]:
            changed["document"] = raw_of(self._label[item])
        if entry["missing"] == TAKE and item in self._candidate:
            now = raw_of(self._candidate[item])
            changed |= {"candidate": now} if now != entry.get("candidate") else {}
        if changed:
            entries().update_one({"_id": entry["_id"]}, {"$set": changed})
        return {**entry, **changed}

    def update(self, orders: dict[str, list[list[ObjectId]]]) -> UpdateOne:
        """The update that carries out what is due."""
        self._keep_orders()
        lists = Lists(self.document, self.labels or [], self.missing)
        put = Put(orders.get("labels", []), orders.get("missing", []))
        stamp = self.work.stamp_over(self.document.get("last_modified_at"))
        return update_of_image(self.work.run, lists, self.due, put, stamp)

    def _keep_orders(self) -> None:
        """Keep the order of each list that something leaves, unless one like it is kept."""
        for name, labels in (("labels", self.labels), ("missing", self.missing)):
            leaving = [e for e in self.due if e[name] == TAKE]
            if not leaving or labels is None:
                continue
            now = [label["_id"] for label in labels]
            kept = [unpacked(e["order"][name]) for e in leaving if name in e.get("order", {})]
            if not any(_holds(order, now) for order in kept):
                change = {"$set": {f"order.{name}": packed(now)}}
                entries().update_one({"_id": leaving[0]["_id"]}, change)


def _holds(order: Sequence[ObjectId], now: Sequence[ObjectId]) -> bool:
    """Whether a list is a part of an earlier one, in the same order."""
    present = set(now)
    return [item for item in order if item in present] == list(now)
