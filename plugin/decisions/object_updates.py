"""The one update that changes the objects of a sample, built from what is due on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import bson
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo import UpdateOne

from ..store.label_sets import list_of
from ..store.runs import Run
from .changes import update_of
from .journal import Entry
from .object_changes import PUT, SET, TAKE, box_of
from .object_numbers import numbers_after
from .object_places import with_returned

Order = list[ObjectId]


@dataclass(frozen=True)
class Lists:
    """A sample as it was read a moment ago.

    Attributes:
        document: its document
        labels: its labels
        missing: the objects that lack one, None where the field is not there
    """

    document: Mapping[str, Any]
    labels: list[Any]
    missing: list[Any] | None


@dataclass(frozen=True)
class Put:
    """Earlier orders of the two lists, the latest first: where what comes back belongs."""

    labels: Sequence[Order]
    missing: Sequence[Order]


def update_of_image(
    run: Run, lists: Lists, due: Sequence[Entry], put: Put, stamp: datetime
) -> UpdateOne:
    """The update of one sample.

    Args:
        run: the run
        lists: the sample as it was read
        due: what is to be done: in place, or out of lists, or into lists and out of lists
        put: where what enters a list belongs
        stamp: the new ``last_modified_at``
    """
    part = list_of(run)
    labels, missing = f"{run.label_field}.{part}", f"{run.field('missing')}.{part}"
    query = _query(labels, lists, due)
    numbers = _numbers(run, lists, due)
    entering = [e for e in due if PUT in (e["labels"], e["missing"])]
    if not entering:
        update, filters = _in_place(labels, missing, due, stamp)
        update["$set"] |= numbers
        return UpdateOne(query, update, array_filters=filters or None)
    parts = {labels: _Entering(lists.labels, due, "labels", "document", put.labels)}
    if lists.missing is not None:
        parts[missing] = _Entering(lists.missing, due, "missing", "candidate", put.missing)
    sets: dict[str, Any] = {k: {"$literal": v} for k, v in numbers.items()}
    for path, part in parts.items():
        if part.changes:
            # Places are counted in the list that was read.
            same = {"$eq": [f"${path}._id", {"$literal": part.present}]}
            query["$and"].append({"$expr": same})
            sets[path] = part.expression(path)
    return UpdateOne(query, [{"$set": {**sets, "last_modified_at": stamp}}])


def _query(labels: str, lists: Lists, due: Sequence[Entry]) -> dict[str, Any]:
    """The sample as it was read, and each label with the class and the box that are expected."""
    found = {label["_id"]: label for label in lists.labels}
    expected: list[dict[str, Any]] = []
    for entry in due:
        item = entry["item_id"]
        if entry["labels"] == TAKE:  # with all that the journal keeps of it
            expected.append({labels: {"$eq": found[item]}})
        if entry["labels"] in (SET, TAKE):
            seen = {
                "_id": item,
                "label": entry["label_before"],
                "bounding_box": box_of(found[item]),
            }
            expected.append({labels: {"$elemMatch": seen}})
        else:
            expected.append({f"{labels}._id": {"$ne": item}})
    version = lists.document.get("last_modified_at")
    return {"_id": lists.document["_id"], "last_modified_at": version, "$and": expected}


def _in_place(
    labels: str, missing: str, due: Sequence[Entry], stamp: datetime
) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """Changes of labels in place, by array filters, and what leaves a list."""
    update: dict[str, Any] = {"$set": {"last_modified_at": stamp}}
    filters: list[Mapping[str, Any]] = []
    alike: dict[bytes, tuple[dict[str, Any], list[ObjectId]]] = {}
    for entry in due:
        if entry["labels"] == SET:
            change = update_of(entry, stamp)
            change["$set"].pop("last_modified_at")
            alike.setdefault(bson.encode(change), (change, []))[1].append(entry["item_id"])
    for number, (change, items) in enumerate(alike.values()):
        for operator, values in change.items():
            inside = {f"{labels}.$[o{number}].{path}": value for path, value in values.items()}
            if inside:
                update.setdefault(operator, {}).update(inside)
        if any(change.values()):  # labels that are kept as they are change in nothing
            filters.append({f"o{number}._id": {"$in": items}})
    for path, name in ((labels, "labels"), (missing, "missing")):
        leaving = [e["item_id"] for e in due if e[name] == TAKE]
        if leaving:
            update.setdefault("$pull", {})[path] = {"_id": {"$in": leaving}}
    return update, filters


class _Entering:
    """One list that labels enter, and may leave.

    Attributes:
        present: the ids in it, as they were read
        changes: whether it changes
    """

    def __init__(
        self,
        labels: Sequence[Any],
        due: Sequence[Entry],
        name: str,
        kept: str,
        orders: Sequence[Order],
    ):
        self.present = [label["_id"] for label in labels]
        leaving = {e["item_id"] for e in due if e[name] == TAKE}
        self._new = {
            e["item_id"]: RawBSONDocument(e[kept])
            for e in due
            if e[name] == PUT and e.get(kept) and e["item_id"] not in self.present
        }
        staying = [item for item in self.present if item not in leaving]
        self._order = with_returned(staying, list(self._new), orders)
        self.changes = bool(self._new or leaving)

    def expression(self, path: str) -> dict[str, Any]:
        """The list as it is on the server, with slices of it round what enters."""
        at = {item: i for i, item in enumerate(self.present)}
        parts: list[Any] = []
        run: list[int] = []
        for item in [*self._order, None]:
            place = at.get(item) if item is not None and item not in self._new else None
            if run and (place is None or place != run[-1] + 1):
                parts.append({"$slice": [f"${path}", run[0], len(run)]})
                run = []
            if place is not None:
                run.append(place)
            elif item is not None:
                parts.append([{"$literal": self._new[item]}])
        return {"$concatArrays": parts}


def _numbers(run: Run, lists: Lists, due: Sequence[Entry]) -> dict[str, Any]:
    """What the sample says of its objects once all is done."""
    decision, score = run.field("decision"), run.field("suspicion")
    labels = {d["_id"]: (d.get(score), d.get(decision)) for d in lists.labels}
    missing = {d["_id"]: d.get(score) for d in lists.missing or ()}
    for entry in due:
        item = entry["item_id"]
        if entry["labels"] == TAKE:
            labels.pop(item, None)
        elif entry["labels"] == PUT:
            new = RawBSONDocument(entry["document"])
            labels[item] = (new.get(score), new.get(decision))
        else:
            for slot in entry["slots"]:
                if slot["path"] == decision and item in labels:
                    labels[item] = (labels[item][0], slot.get("after"))
        if entry["missing"] == TAKE:
            missing.pop(item, None)
        elif entry["missing"] == PUT and entry.get("candidate") and lists.missing is not None:
            missing[item] = RawBSONDocument(entry["candidate"]).get(score)
    of_labels = [{score: s, decision: d} for s, d in labels.values()]
    return numbers_after(run, lists.document, of_labels, [{score: s} for s in missing.values()])
