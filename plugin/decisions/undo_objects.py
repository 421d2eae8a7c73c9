"""Undo on objects: each label goes back to what it was, to its place in the list and its bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import bson
from bson import ObjectId

from ..store.database import undecoded
from ..store.label_sets import list_of
from ..store.runs import Run
from ..store.samples import samples_of
from .changes import planned_anew
from .draft import Draft
from .journal import Entry, Header, entries
from .object_changes import (
    OF_A_LABEL,
    PUT,
    SET,
    TAKE,
    box_of,
    by_id,
    class_of,
    conflict_between,
    labels_in,
    list_path,
    paths_of,
    raw_of,
    turned,
)
from .object_places import packed
from .run_names import names_now


def plan_objects_back(draft: Draft, target: Header, standing: Sequence[Entry]) -> None:
    """Write down how each object of a decision goes back to what it was."""
    run = draft.run
    images = read_images(draft, [entry["sample_id"] for entry in standing])
    kept, labels = _kept(standing, names_now(target, run)), list_path(run)
    planned: list[Entry] = []
    for entry in standing:
        document = images.get(entry["sample_id"])
        back = turned(entry)
        label = by_id(labels_in(document, run.label_field)).get(entry["item_id"])
        why = _conflict(back, document, label)
        if why is not None:
            expected = {"expected_box": back["box_before"], "found_box": box_of(label)}
            about = {"label_id": str(entry["item_id"]), **expected}
            draft.leave(entry["sample_id"], why, back["label_before"], class_of(label), **about)
            continue
        if back["labels"] == SET and label is not None:
            back = planned_anew(back, label, None)
        entered = {**object_entry_of(document, entry), **back, **kept.get(entry["_id"], {})}
        entered |= {name: entry[name] for name in ("proposed", "origin_item") if name in entry}
        if back["labels"] == TAKE:
            entered["document"] = raw_of(label)
        entered |= {
            "kind_before": entry["kind_after"],
            "top_before": entry["top_after"],
            "kind_after": entry["kind_before"],
            "top_after": entry["top_before"],
        }
        planned.append({**entered, "paths": paths_of(labels, entered)})
    draft.add(with_orders(draft, images, planned))


def _conflict(back: dict[str, Any], document: Any, label: Any) -> str | None:
    if document is None:
        return "deleted"
    if back["labels"] in (PUT, None):
        return None if label is None else "exists"
    if label is None:
        return "deleted"
    return conflict_between(back["label_before"], back["box_before"], label)


def _kept(
    standing: Sequence[Entry], earlier: Mapping[str, str]
) -> dict[ObjectId, dict[str, bytes]]:
    """The labels and candidates that entries took out, by the entry's id.

    Args:
        standing: the entries
        earlier: the fields that are called otherwise by now
    """
    query = {"_id": {"$in": [entry["_id"] for entry in standing]}}
    found = entries().find(query, {"document": 1, "candidate": 1})
    renamed = {k: v for k, v in earlier.items() if k not in OF_A_LABEL}
    names = ("document", "candidate")
    return {
        e["_id"]: {name: _named(e[name], renamed) for name in names if name in e} for e in found
    }


def _named(label: bytes, names: Mapping[str, str]) -> bytes:
    """A label's BSON with our attributes as they are called today."""
    if not names:
        return label
    return bson.encode({names.get(k, k): v for k, v in bson.decode(label).items()})


def renamed_label(label: bytes, header: Header, run: Run) -> bytes:
    """The BSON of a label that a decision kept, with our attributes as they are called today."""
    names = names_now(header, run)
    return _named(label, {k: v for k, v in names.items() if k not in OF_A_LABEL})


def object_entry_of(document: Any, item: dict[str, Any]) -> Entry:
    """What every entry says of an object, before it says what changes."""
    return {
        "sample_id": item["sample_id"],
        "item_id": item["item_id"],
        "filepath": document.get("filepath"),
        "version": document.get("last_modified_at"),
        "expects_label": True,
        "op": "object",
        "labels": None,
        "missing": None,
        "slots": [],
    }


def read_images(draft: Draft, ids: Sequence[ObjectId]) -> dict[ObjectId, Any]:
    """What is needed of samples, their labels as the database holds them."""
    run = draft.run
    part = list_of(run)
    keep = [f"{run.label_field}.{part}", f"{run.field('missing')}.{part}"]
    query = {"_id": {"$in": list(set(ids))}}
    wanted = dict.fromkeys([*keep, "filepath", "last_modified_at"], 1)
    found = undecoded(samples_of(run.dataset)).find(query, wanted)
    return {document["_id"]: document for document in found}


def with_orders(draft: Draft, images: dict[ObjectId, Any], planned: list[Entry]) -> list[Entry]:
    """The entries, of which the first of each image says in which order its lists are.

    Only where something leaves them: it is what tells where that belongs when it comes back.
    """
    fields = {"labels": draft.run.label_field, "missing": draft.run.field("missing")}
    told: set[tuple[ObjectId, str]] = set()
    found: list[Entry] = []
    for entry in planned:
        order: dict[str, bytes] = {}
        for name, field in fields.items():
            labels = labels_in(images[entry["sample_id"]], field)
            if entry[name] == TAKE and labels and (entry["sample_id"], name) not in told:
                told.add((entry["sample_id"], name))
                order[name] = packed(label["_id"] for label in labels)
        found.append({**entry, "order": order} if order else entry)
    return found
