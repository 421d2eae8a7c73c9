"""Asking for a second opinion on objects or tags: which labels and missing ones, and of whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from bson import ObjectId

from ..decisions.given_labels import GivenItem, given_items
from ..decisions.journal import ITEM
from ..decisions.object_changes import box_of, by_id, class_of, labels_in
from ..objects.boxes import USABLE, within_image
from ..objects.cell_names import cell_of
from ..objects.iteration import ObjectIteration, object_iteration
from ..objects.state import ItemsState, items_state
from ..opinions.request import Draw, Made, check_author, checked_ids, known_people
from ..opinions.store import NO_CLASS, Put, put_before
from ..store.iterations import unpack_ids
from ..store.label_field import is_on_sets
from ..store.label_sets import TAGS, list_of
from ..store.runs import Run
from ..store.samples import samples_of


def request_object_opinion(
    run: Run,
    to: str,
    *,
    label_ids: Sequence[str] | None = None,
    cell: tuple[str, str] | None = None,
    decisions_of: str | None = None,
    n: int | None = None,
    seed: int | None = None,
    author: str | None = None,
) -> Made:
    """Put labels and missing ones to another person, blind: objects as outlines, tags by name.

    Args:
        run: a run on objects or tags
        to: who is asked: a name that others know them by
        label_ids: the labels, and the ids of missing objects; or
        cell: the label and the prediction whose open objects are meant; or
        decisions_of: of whom what they decided is meant, where their decision stands
        n: so many of them, drawn at random; by default all
        seed: of the random numbers
        author: who asks

    Raises:
        InputError: on bad input, or if no object is left to ask about; nothing is changed
    """
    noun = "tag" if list_of(run) == TAGS else "object"
    draw = Draw.checked(to, (label_ids, cell, decisions_of), n, seed, "label_ids", noun)
    iteration = object_iteration(run)
    state = items_state(run, iteration.document)
    given = given_items(run)
    if decisions_of is not None:
        standing = [one for one in given if one.on_top]
        check_author(decisions_of, draw.to, {one.author for one in standing})
        about = f"decisions of {decisions_of}"
        ids = [ObjectId(one.item_id) for one in standing if one.author == decisions_of]
    elif cell is not None:
        about, ids = f"{cell[0]} predicted {cell[1]}", _of_cell(run, iteration, state, cell)
    else:
        about, ids = "a selection", checked_ids("label_ids", label_ids or [])
    left: dict[str, int] = {}
    items = _Askable(run, draw.to, ids, state, given).put(left)
    return draw.put(run, about, items, left, author, iteration.number)


def people_of(run: Run) -> dict[str, int]:
    """Names that a run knows, on samples or on objects, with their decisions that stand."""
    return known_people(run, given_items(run) if is_on_sets(run) else None)


def _of_cell(
    run: Run, iteration: ObjectIteration, state: ItemsState, cell: tuple[str, str]
) -> list[ObjectId]:
    where = iteration.cell_slice(*cell_of(run, iteration.classes, *cell))
    is_open = state.kind[where] == 0
    ids = iteration.column("item_id", where.start, where.stop)[is_open]
    return [ObjectId(i) for i in unpack_ids(ids)]


@dataclass
class _Askable:
    """Items of a run, of which some can be put to a person."""

    run: Run
    to: str
    ids: Sequence[ObjectId]
    state: ItemsState
    given: Sequence[GivenItem]

    def put(self, left: dict[str, int]) -> list[Put]:
        """What can be asked about; what cannot is counted in ``left``, by reason."""
        before = put_before(self.run, self.to, self.ids, ITEM)
        own = {one.item_id for one in self.given if one.author == self.to}
        items: list[Put] = []
        for item in self.ids:
            found = self._first(item)
            if not isinstance(found, str):
                if item in before:
                    found = f"put to {self.to} before"
                elif str(item) in own:
                    found = f"decided on by {self.to}"
            if isinstance(found, str):
                left[found] = left.get(found, 0) + 1
            else:
                items.append(found)
        return items

    @cached_property
    def _rows(self) -> dict[ObjectId, int]:
        rows = self.state.items.rows_of([str(i) for i in self.ids])
        return dict(zip(self.ids, rows.tolist(), strict=True))

    @cached_property
    def _samples(self) -> dict[ObjectId, ObjectId]:
        """The sample of each item that the iteration or the journal knows."""
        items, standing = self.state.items, self.state.standing
        found = {i: items.sample_of(row) for i, row in self._rows.items() if row >= 0}
        for item in self.ids:
            if item not in found and str(item) in standing:
                found[item] = ObjectId(standing[str(item)].sample_id)
        return found

    @cached_property
    def _labels(self) -> Mapping[ObjectId, Mapping[ObjectId, Any]]:
        """The labels of each sample that is there, by their ids."""
        field, held = self.run.label_field, list_of(self.run)
        query = {"_id": {"$in": list(set(self._samples.values()))}}
        keep = dict.fromkeys((f"{field}.{held}.{n}" for n in ("_id", "label", "bounding_box")), 1)
        found = samples_of(self.run.dataset).find(query, keep)
        return {document["_id"]: by_id(labels_in(document, field)) for document in found}

    def _first(self, item: ObjectId) -> Put | str:
        """An item as it is now, or why nobody can be asked about it."""
        if item not in self._samples:
            return "not in the iteration"
        sample = self._samples[item]
        if sample not in self._labels:
            return "not in the dataset"
        label = self._labels[sample].get(item)
        on_tags = list_of(self.run) == TAGS
        box = box_of(label) if label is not None else self._known_box(item)
        if not on_tags and not _can_be_drawn(box):
            return "without an outline"
        if label is not None and not class_of(label):
            return "without a label"
        if label is None and not self._is_nothing(item):
            return "not in the dataset"
        first = class_of(label) or NO_CLASS
        if not on_tags:
            return Put(sample, first, item, box)
        tag = first or self._missing_tag(item)
        if tag not in self.state.items.classes:
            return "of a tag that the iteration does not know"
        return Put(sample, first, item, None, tag)

    def _is_nothing(self, item: ObjectId) -> bool:
        """Whether an item that is no label now was missing, or was taken off its image."""
        standing, row = self.state.standing.get(str(item)), self._rows[item]
        if standing is not None:
            return standing.label is None
        return row >= 0 and self.state.items.class_of(row) is None

    def _missing_tag(self, item: ObjectId) -> str | None:
        """Which tag is missing, or was taken off."""
        standing, row = self.state.standing.get(str(item)), self._rows[item]
        if standing is not None and standing.was_label:
            return standing.was_label
        return self.state.items.seen_class_of(row) if row >= 0 else None

    def _known_box(self, item: ObjectId) -> Any:
        """Where something is that has no label: by the journal, or by the iteration."""
        standing, row = self.state.standing.get(str(item)), self._rows[item]
        found = None if standing is None else standing.box or standing.was_box
        return found or (self.state.items.box_of(row) if row >= 0 else None)


def _can_be_drawn(box: Any) -> bool:
    right = isinstance(box, list) and len(box) == 4
    if not right or not all(isinstance(value, int | float) for value in box):
        return False
    return bool(within_image(np.array([box], np.float64))[1][0] == USABLE)
