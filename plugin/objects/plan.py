"""Plan: read the labels of a decision on objects and write down how each will change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bson
from bson import ObjectId

from ..decisions.changes import KEEP_ALL, slot, tagging
from ..decisions.draft import Draft
from ..decisions.journal import ITEM, Entry, chunked, headers_by_id, heads
from ..decisions.object_changes import (
    KIND_OF,
    PUT,
    SET,
    TAKE,
    box_of,
    by_id,
    class_of,
    labels_in,
    list_path,
    paths_of,
    raw_of,
    same_box,
)
from ..decisions.plan import asked_at_once
from ..decisions.taken_labels import taken_labels
from ..decisions.undo_objects import object_entry_of, read_images, with_orders
from ..documents import MISSING
from ..errors import InputError
from ..store.label_sets import TAGS, list_of
from .items import KnownItems, known_items
from .outside_changes import lies_on
from .request import ObjectRequest
from .samples_of_items import find_samples


def plan_objects(draft: Draft, request: ObjectRequest) -> None:
    """Write down what a decision does to each object.

    Raises:
        InputError: if the run is not on objects, or one of the ids is that of several labels
    """
    run = draft.run
    if draft.header.get("on") is None:
        raise InputError(
            f"label_ids: run '{run.key}' is on whole samples, its label field '{run.label_field}' "
            f"holds Classifications. Decide on samples by their sample_ids. Nothing was changed."
        )
    items = known_items(run)
    if list_of(run) == TAGS:
        request.check_without_boxes()
    samples = find_samples(draft.run, request, items)
    # Those of one sample side by side: what is done to it is one update.
    ordered = sorted(request.items, key=lambda i: samples.get(i) or i)
    for ids in chunked(ordered):
        images = read_images(draft, [samples[i] for i in ids if i in samples])
        last = heads(run, ids, ITEM)
        planner = _Planner(draft, request, items, images, last, ids)
        same = asked_at_once(draft, request.seen, last)
        planned = [planner.entry(i, samples.get(i), already=i in same) for i in ids]
        draft.add(with_orders(draft, images, [entry for entry in planned if entry is not None]))


@dataclass
class _Planner:
    """What is known of a chunk of items, to plan each."""

    draft: Draft
    request: ObjectRequest
    items: KnownItems | None
    images: Mapping[ObjectId, Any]
    last: Mapping[ObjectId, Entry]
    ids: Sequence[ObjectId]

    def __post_init__(self) -> None:
        run = self.draft.run
        self._path = list_path(run)
        known = None if self.items is None else self.items.rows_of([str(i) for i in self.ids])
        rows = [-1] * len(self.ids) if known is None else known.tolist()
        self._rows = dict(zip(self.ids, rows, strict=True))
        self._labels = {i: by_id(labels_in(d, run.label_field)) for i, d in self.images.items()}
        self._missing = {
            i: by_id(labels_in(d, run.field("missing"))) for i, d in self.images.items()
        }
        self._tags: dict[ObjectId, dict[ObjectId, str | None]] = {}
        if list_of(run) == TAGS:
            self._tags = {
                sample: {item: class_of(label) for item, label in labels.items()}
                for sample, labels in self._labels.items()
            }
        made = headers_by_id({head["decision"] for head in self.last.values()})
        self._stamps = {i: header["stamp"] for i, header in made.items()}
        taken = [item for item, head in self.last.items() if head["kind_after"] == "removed"]
        self._taken = taken_labels(run, taken) if taken and self.request.taken else {}

    def entry(self, item: ObjectId, sample: ObjectId | None, *, already: bool) -> Entry | None:
        """The entry of an item; None where it is left alone."""
        document = self.images.get(sample) if sample is not None else None
        label = self._labels[sample].get(item) if document is not None and sample else None
        seen, seen_box = self._seen(item, sample, label)
        expected = self.request.expects(item, seen)
        expected_box = self.request.expects_box(item, seen_box)
        found, found_box = class_of(label), box_of(label)
        if label is None:
            found_box = self._candidate_box(item, sample)
        why = "already" if already else self._conflict(item, document, label)
        if why is None and found != expected and not self.request.is_given(item, found):
            why = "relabeled" if label is not None else "deleted"
        if why is None and not same_box(found_box, expected_box):
            why = "moved"
        if why is None and sample is not None and self._came(item, sample, label):
            why = "exists"
        change = None
        if why is None and sample is not None:
            change = self._change(item, sample, label)
            why = change if isinstance(change, str) else self._twice(item, sample, change)
        if why is not None or isinstance(change, str | None):
            about = {"expected_box": expected_box, "found_box": found_box}
            self.draft.leave(sample, why or "deleted", expected, found, label_id=str(item), **about)
            return None
        head = self.last.get(item, {})
        named = {"sample_id": sample, "item_id": item}
        full = {
            **object_entry_of(document, named),
            "label_before": found,
            "label_after": found,
            "box_before": found_box,
            "box_after": found_box,
            **change,
            "kind_before": head.get("kind_after"),
            "top_before": head.get("top_after"),
            "kind_after": KIND_OF.get(self.request.action, head.get("kind_after")),
            "top_after": self.draft.id,
        }
        origin = ObjectId(self.request.origins.get(str(item), str(item)))
        full |= {"origin_item": origin} if origin != item else {}
        return {**full, "paths": paths_of(self._path, full)}

    def _row(self, item: ObjectId) -> int:
        return self._rows[item]

    def _seen(self, item: ObjectId, sample: ObjectId | None, label: Any) -> tuple[str | None, Any]:
        """Class and box that the author saw: those of the last decision, or of the iteration."""
        row, head = self._row(item), self.last.get(item)
        stamp = None if head is None else self._stamps[head["decision"]].replace(tzinfo=None)
        later = stamp is not None and (
            row < 0 or self.items is None or stamp > self.items.created_at
        )
        if later and head is not None:
            if head["label_after"] is None and head["box_after"] is None:  # added and removed again
                return None, self._candidate_box(item, sample)
            return head["label_after"], head["box_after"]
        if row >= 0 and self.items is not None:
            return self.items.class_of(row), self.items.box_of(row)
        told = self.request.told.get(str(item))
        return class_of(label), told.box if told is not None and label is None else box_of(label)

    def _is_missing(self, item: ObjectId, sample: ObjectId) -> bool:
        """Whether an item is a missing label, now, by the iteration or by a file."""
        if item in self._missing.get(sample, {}):
            return True
        row = self._row(item)
        if row < 0 or self.items is None:
            return str(item) in self.request.told
        return self.items.class_of(row) is None

    def _candidate_box(self, item: ObjectId, sample: ObjectId | None) -> Any:
        """The box of a missing object; None where the item is none."""
        if item in self._taken:
            return None
        candidate = self._missing.get(sample, {}).get(item) if sample is not None else None
        if candidate is not None:
            return box_of(candidate)
        row, told = self._row(item), self.request.told.get(str(item))
        if row < 0 or self.items is None:
            return None if told is None else told.box
        return self.items.box_of(row) if self.items.class_of(row) is None else None

    def _conflict(self, item: ObjectId, document: Any, label: Any) -> str | None:
        """Why nothing of the kind can be done to an item, whatever its label is."""
        if document is None or labels_in(document, self.draft.run.label_field) is None:
            return "deleted"
        if label is not None:
            return "exists" if self.request.action == "add" else None
        if item in self._taken:
            return None if self.request.action in ("add", "remove") else "no_label"
        if not self._is_missing(item, document["_id"]):
            return "deleted"
        return None if self.request.action in ("add", "confirm") else "no_label"

    def _came(self, item: ObjectId, sample: ObjectId, label: Any) -> bool:
        """Whether somebody made a label where one was missing, which the iteration did not see."""
        box = self._candidate_box(item, sample)
        if label is not None or not self.request.alone or self.items is None or box is None:
            return False
        there = self._labels[sample]
        known = self.items.rows_of([str(i) for i in there]) >= 0
        new = [box_of(one) for one, seen in zip(there.values(), known, strict=True) if not seen]
        return lies_on(box, new)

    def _twice(self, item: ObjectId, sample: ObjectId, change: Mapping[str, Any]) -> str | None:
        """Why a tag cannot be put onto an image, where it is there already."""
        if not self._tags:
            return None
        there = self._tags[sample]
        before, after = there.get(item), change.get("label_after", there.get(item))
        if after is not None and after != before:
            if after in (name for i, name in there.items() if i != item):
                return "exists"
            there[item] = after
        elif after is None:
            there.pop(item, None)
        return None

    def _change(self, item: ObjectId, sample: ObjectId, label: Any) -> dict[str, Any] | str:
        """What the action does to an item, or why it cannot be done."""
        if label is None:
            return self._of_missing(item, sample)
        if self.request.action == "remove":
            gone = {"label_after": None, "box_after": None}
            return {"labels": TAKE, "document": raw_of(label), **gone}
        return self._in_place(item, label)

    def _in_place(self, item: ObjectId, label: Any) -> dict[str, Any] | str:
        run, request = self.draft.run, self.request
        if request.action == KEEP_ALL:
            return {"labels": SET}
        name, standing = run.field("decision"), self.last.get(item, {}).get("kind_after")
        shown = label.get(name, MISSING)
        if standing is not None and shown in (MISSING, None):
            shown = standing  # somebody emptied the attribute; the journal says what stands
        change: dict[str, Any] = {"labels": SET}
        slots = [slot(name, shown, KIND_OF[request.action])]
        if request.action == "relabel":
            slots.append(slot("label", label.get("label", MISSING), request.label_for(item)))
            change["label_after"] = request.label_for(item)
        elif request.action == "move":
            box = request.box_for(item) or self._seen_box(item)
            if box is None:
                return "unseen"
            if label.get("mask") is not None or label.get("mask_path") is not None:
                return "mask"
            slots.append(slot("bounding_box", label.get("bounding_box", MISSING), box))
            change["box_after"] = box
        elif request.action == "tag" and request.tag is not None:
            tagged = tagging(label, request.tag)
            return {**change, **tagged, "slots": slots + tagged.get("slots", [])}
        return {**change, "slots": slots}

    def _seen_box(self, item: ObjectId) -> list[float] | None:
        row = self._row(item)
        return self.items.seen_box_of(row) if row >= 0 and self.items is not None else None

    def _of_missing(self, item: ObjectId, sample: ObjectId) -> dict[str, Any]:
        if self.request.action == "remove":  # of a label that is off its image already
            return {}
        candidate = self._missing[sample].get(item)
        change: dict[str, Any] = {"proposed": self._proposed(item, candidate)}
        if candidate is not None:
            change |= {"missing": TAKE, "candidate": raw_of(candidate)}
        if self.request.action == "confirm":  # nothing is there
            return change
        return change | self._added(item, sample, candidate)

    def _proposed(self, item: ObjectId, candidate: Any) -> str | None:
        """The class that a missing object is proposed as."""
        row, told = self._row(item), self.request.told.get(str(item))
        if class_of(candidate) is not None:
            return class_of(candidate)
        if row < 0 or self.items is None:
            return None if told is None else told.proposed
        return self.items.seen_class_of(row)

    def _added(self, item: ObjectId, sample: ObjectId, candidate: Any) -> dict[str, Any]:
        """A missing object as a label, with the id that it has as an item."""
        run = self.draft.run
        label = self.request.label_for(item) or self._proposed(item, candidate)
        asked = self.request.box_for(item)
        box = None if self._tags else asked or self._candidate_box(item, sample)
        kind = {"_cls": "Classification"} if self._tags else {"_cls": "Detection", "attributes": {}}
        placed = {} if box is None else {"bounding_box": [float(v) for v in box]}
        new = {
            "_id": item,
            **kind,
            "tags": [],
            **self._taken.get(item, {}),
            "label": label,
            **placed,
            run.field("suspicion"): None,  # that of the candidate was that a label is missing
            run.field("decision"): KIND_OF["add"],
        }
        after = {"label_after": label, "box_after": placed.get("bounding_box")}
        return {"labels": PUT, "document": bson.encode(new), **after}
