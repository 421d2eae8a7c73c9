"""Matching: which labels of a dataset the rows of an audit trail on objects are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bson import ObjectId

from ..decisions.journal import ITEM, chunked, entries, entries_of, heads
from ..decisions.object_changes import box_of, by_id, class_of, labels_in, same_box
from ..decisions.trail_decisions import TrailRow
from ..decisions.trail_matching import NO_FILE, NO_ID, NOT_HERE, After, Matched, moved
from ..store.label_sets import TAGS, list_of
from ..store.runs import Run
from ..store.samples import samples_of
from .boxes import iou
from .dismissed import SAME_OBJECT
from .items import known_items

NO_LABEL = "its sample has no label of this class where the file's was"
NO_LABELS = "its sample has no labels"


class ItemMatcher:
    """Finds the labels, and the missing objects, of rows.

    Args:
        run: the run whose dataset is looked through
        match: samples by ``id``, by ``filepath``, or ``auto``: by id, else by file path
        roots: the folder that file paths begin with in the file, and the one here; or None

    Attributes:
        sample_of: the sample of each item that was found, by the item's id
    """

    def __init__(self, run: Run, match: str, roots: tuple[str | None, str | None]):
        self._run, self._roots = run, roots
        self._by_id, self._by_path = match != "filepath", match != "id"
        self.sample_of: dict[str, ObjectId] = {}
        self._of_label: dict[str, tuple[Any, Any]] = {}  # by id in the file: first box there, here
        self._of_missing: dict[str, Any] = {}  # by id in the file: the box here
        self._foreseen: dict[str, ObjectId] = {}  # by id in the file: what is only previewed
        self._boxes_foreseen: dict[tuple[str, bool], Any] = {}

    def box_here(self, row: TrailRow) -> Any:
        """The box that what a row is about has here, where it was as the row's author saw it.

        That of the file, but for what was found by overlap: there it is the one that was found, as
        long as nobody in the file has given it another one. A missing object keeps its box.
        """
        if row.label_before is None:
            return self._of_missing.get(row.about, row.box_before)
        first, here = self._of_label.get(row.about, (None, None))
        return here if here is not None and same_box(first, row.box_before) else row.box_before

    def _overlaps(self, row: TrailRow, box: Any) -> None:
        """Note the box here of what a row is about, the first one that is told."""
        if row.label_before is None:
            self._of_missing.setdefault(row.about, box)
        else:
            self._of_label.setdefault(row.about, (row.box_before, box))

    def foresee(self, row: TrailRow, item: ObjectId, before: Any, after: After | None) -> None:
        """Take an item to be known by decisions that are only previewed, as their entries would."""
        self._foreseen[row.about] = item
        if row.about != str(item):  # what has its own id is found by that
            self._boxes_foreseen.setdefault((row.about, row.label_before is None), before)

    def find(self, rows: Sequence[TrailRow]) -> Matched:
        """The items of rows, as the dataset stands."""
        out = Matched()
        samples = self._samples(rows, out)
        taken: set[ObjectId] = set()
        waiting: list[tuple[TrailRow, ObjectId]] = []
        earlier, boxes = self._earlier(rows)
        images = self._images(list(set(samples.values())))
        items = {row.about: earlier.get(row.about, ObjectId(row.about)) for row in rows}
        known = self._known(list(items.values())) | set(self._foreseen.values())
        for row in rows:
            sample = samples.get(row.about)
            if sample is None:
                continue
            item = items[row.about]
            if item in known or self._is_on(item, images.get(sample)):
                taken.add(item)
                there = row.about, row.label_before is None
                if there in boxes:
                    self._overlaps(row, boxes[there])
                self._note(out, row, item, sample)
            else:
                waiting.append((row, sample))
        for row, sample in waiting:
            self._by_overlap(row, sample, images.get(sample), taken, out)
        return out

    def find_decided(self, rows: Sequence[TrailRow], decision: ObjectId) -> Matched:
        """The items of rows among those of one decision of this run, by the ids in the file."""
        keep = {ITEM: 1, "origin_item": 1, "sample_id": 1}
        decided = {str(e.get("origin_item", e[ITEM])): e for e in entries_of(decision, keep)}
        out = Matched()
        for row in rows:
            entry = decided.get(row.about)
            if entry is not None:
                self._note(out, row, entry[ITEM], entry["sample_id"])
        return out

    def _note(self, out: Matched, row: TrailRow, item: ObjectId, sample: ObjectId) -> None:
        out.samples.append((row, item))
        self.sample_of[str(item)] = sample

    def _samples(self, rows: Sequence[TrailRow], out: Matched) -> dict[str, ObjectId]:
        """The sample of each row, by what the row is about; others are put where they count."""
        collection, found = samples_of(self._run.dataset), dict[str, ObjectId]()
        known: set[ObjectId] = set()
        for part in chunked(list({ObjectId(row.sample_id) for row in rows if self._by_id})):
            known |= {d["_id"] for d in collection.find({"_id": {"$in": list(part)}}, {"_id": 1})}
        left: dict[str, list[TrailRow]] = defaultdict(list)
        for row in rows:
            path = moved(row.filepath, self._roots) if self._by_path else None
            if ObjectId(row.sample_id) in known:
                found[row.about] = ObjectId(row.sample_id)
            elif path is None:
                out.miss([row], NO_ID if self._by_id else NO_FILE)
            else:
                left[path].append(row)
        here: dict[str, list[ObjectId]] = defaultdict(list)
        for part in chunked(list(left)):
            for d in collection.find({"filepath": {"$in": list(part)}}, {"filepath": 1}):
                here[d["filepath"]].append(d["_id"])
        for path, about in left.items():
            if len(here[path]) == 1:
                found |= {row.about: here[path][0] for row in about}
            elif here[path]:
                out.ambiguous.extend(about)
            else:
                out.miss(about, NOT_HERE if self._by_id else NO_FILE)
        return found

    def _earlier(
        self, rows: Sequence[TrailRow]
    ) -> tuple[dict[str, ObjectId], dict[tuple[str, bool], Any]]:
        """What earlier decisions of the same file were made on, by the ids in it.

        Returns:
            the items; and the first box of each as a label, and as a missing object (True)
        """
        found: dict[str, ObjectId] = {}
        boxes: dict[tuple[str, bool], Any] = {}
        keep = dict.fromkeys((ITEM, "origin_item", "label_before", "box_before"), 1)
        for part in chunked([row.about for row in rows]):
            query = {**self._run.owner, "origin_item": {"$in": [ObjectId(i) for i in part]}}
            for entry in entries().find(query, keep).sort("seq", 1):
                about = str(entry["origin_item"])
                found[about] = entry[ITEM]
                boxes.setdefault((about, entry["label_before"] is None), entry["box_before"])
        return found | self._foreseen, {**self._boxes_foreseen, **boxes}

    def _images(self, ids: Sequence[ObjectId]) -> Mapping[ObjectId, Any]:
        run, found = self._run, dict[ObjectId, Any]()
        keep = dict.fromkeys((run.label_field, run.field("missing")), 1)
        for part in chunked(ids):
            for document in samples_of(run.dataset).find({"_id": {"$in": list(part)}}, keep):
                found[document["_id"]] = document
        return found

    def _known(self, ids: Sequence[ObjectId]) -> set[ObjectId]:
        """Those of some ids that the iteration or the journal of the run knows."""
        found: set[ObjectId] = set()
        items = known_items(self._run)
        for part in chunked(ids):
            found |= set(heads(self._run, part, ITEM))
            if items is not None:
                rows = items.rows_of([str(i) for i in part]).tolist()
                found |= {i for i, row in zip(part, rows, strict=True) if row >= 0}
        return found

    def _is_on(self, item: ObjectId, document: Any) -> bool:
        fields = (self._run.label_field, self._run.field("missing"))
        return any(item in by_id(labels_in(document, field)) for field in fields)

    def _by_overlap(
        self,
        row: TrailRow,
        sample: ObjectId,
        document: Any,
        taken: set[ObjectId],
        out: Matched,
    ) -> None:
        """Find a label of the same class, or a missing object, where the file's was."""
        run, missing = self._run, row.label_before is None
        box = row.box_before or row.box_after
        wanted = (row.proposed or row.label_after) if missing else row.label_before
        field = run.field("missing") if missing else run.label_field
        free = [d for d in labels_in(document, field) or () if d.get("_id") not in taken]
        on_tags = list_of(run) == TAGS
        closest = _first if on_tags else _closest
        best = closest(box, [d for d in free if class_of(d) == wanted])
        if best is not None:
            taken.add(best["_id"])
            self._overlaps(row, box_of(best))
            self._note(out, row, best["_id"], sample)
            return
        labels = labels_in(document, run.label_field)
        there = closest(box, [d for d in labels or () if class_of(d) == wanted])
        told = wanted is not None and (box is not None or on_tags)
        if missing and labels is not None and told and there is None:
            self._note(out, row, ObjectId(row.about), sample)  # it is proposed by the file alone
        else:
            out.miss([row], NO_LABEL if labels is not None else NO_LABELS)


def _first(_: Any, tags: Sequence[Any]) -> Any:
    """The first of some tags of one class; there is hardly ever another."""
    return next(iter(tags), None)


def _closest(box: Any, labels: Sequence[Any]) -> Any:
    """The label whose box overlaps most with a box; None where none overlaps enough."""
    usable = [d for d in labels if _is_box(box_of(d))]
    if not _is_box(box) or not usable:
        return None
    boxes = np.array([box_of(d) for d in usable], np.float64)
    shared = iou(np.tile(np.array(box, np.float64), (len(boxes), 1)), boxes)
    at = int(np.argmax(shared))
    return usable[at] if shared[at] >= SAME_OBJECT else None


def _is_box(box: Any) -> bool:
    return isinstance(box, list) and len(box) == 4 and all(isinstance(v, int | float) for v in box)
