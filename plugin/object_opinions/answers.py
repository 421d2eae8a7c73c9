"""A request for a second opinion on objects or tags, and how a disagreement is settled."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from bson import ObjectId

from ..decisions.journal import ITEM, chunked, heads
from ..decisions.object_changes import box_of, by_id, class_of, labels_in
from ..decisions.request import check_text
from ..decisions.resolution import Resolution
from ..errors import InputError
from ..objects.fields import NOTHING
from ..objects.items import known_items
from ..objects.request import ObjectRequest, Told
from ..objects.resolve import make_decision
from ..objects.state import items_state
from ..opinions.answers import SecondOpinion, basis_of, disputed
from ..opinions.store import NO_CLASS, Asked, Item, load_request
from ..store.label_sets import TAGS, list_of
from ..store.runs import Run
from ..store.samples import samples_of
from ..votes.agreement import Kappa, cohens_kappa


class ObjectOpinion(SecondOpinion):
    """A request with its answers; its items are labels and missing objects."""

    unit: ClassVar[str] = ITEM
    noun: ClassVar[str] = "object"
    can_be_nothing: ClassVar[bool] = True

    @property
    def words(self) -> tuple[str, ...]:
        """The classes that the run knows, and what says that nothing is there."""
        items = known_items(self.run)
        return (*(() if items is None else items.classes), NOTHING)

    @cached_property
    def documents(self) -> dict[ObjectId, Any]:
        """Path and labels of each image that is still there, by its id."""
        query = {"_id": {"$in": list({item.sample_id for item in self.items})}}
        field = self.run.label_field
        found = samples_of(self.run.dataset).find(query, {"filepath": 1, field: 1})
        return {document["_id"]: document for document in found}

    @cached_property
    def _labels(self) -> dict[ObjectId, dict[ObjectId, Any]]:
        field = self.run.label_field
        return {i: by_id(labels_in(found, field)) for i, found in self.documents.items()}

    def label_of(self, item: Item) -> Any:
        """The label of an item as it is stored, None without one."""
        return self._labels.get(item.sample_id, {}).get(item.unit_id)

    @cached_property
    def labels(self) -> dict[ObjectId, str | None]:
        """The class now of each item that is still there, ``NO_CLASS`` where it has no label.

        A label that was there and that no decision removed was deleted: it is not there any more.
        """
        found: dict[ObjectId, str | None] = {}
        without: list[Item] = []
        for item in self.items:
            label = self.label_of(item)
            if label is not None:
                found[item.unit_id] = class_of(label) or NO_CLASS
            elif item.sample_id not in self.documents:
                continue
            elif item.first == NO_CLASS:
                found[item.unit_id] = NO_CLASS
            else:
                without.append(item)
        for part in chunked(without):
            last = heads(self.run, [item.unit_id for item in part], ITEM)
            taken = (i for i, head in last.items() if head["kind_after"] == "removed")
            found |= dict.fromkeys(taken, NO_CLASS)
        return found

    def revision(self) -> int:
        """The last decision of the run as of now."""
        return items_state(self.run).revision


class TagOpinion(ObjectOpinion):
    """The same of tags, of each of which was asked whether it applies to its image."""

    noun: ClassVar[str] = "tag"

    def check_answer(self, item: Item, label: str) -> None:
        """Raise InputError unless it says that the tag applies, or that it does not."""
        if label not in (item.tag, NO_CLASS):
            raise InputError(
                f"the answer on tag {item.unit_id} must be {item.tag!r}, {NOTHING!r} or None, got "
                f"{label!r:.80}"
            )

    @cached_property
    def agreement(self) -> Kappa:
        """How far both agree beyond chance, where the question is whether a tag applies."""
        said = [(i.first != NO_CLASS, i.second != NO_CLASS) for i in self.both]
        pairs = np.array(said, np.int64).reshape(-1, 2)
        return cohens_kappa(pairs[:, 0], pairs[:, 1], 2)


def object_opinion(run: Run, asked: Asked) -> ObjectOpinion:
    """A request with its answers, on objects or on tags."""
    return (TagOpinion if list_of(run) == TAGS else ObjectOpinion)(run, asked)


def open_object_opinion(run: Run, request: str | None = None) -> ObjectOpinion:
    """A request on objects or tags, the last one if none is named.

    Raises:
        InputError: if there is none
    """
    return object_opinion(run, load_request(run, request))


def settle_object(
    opinion: ObjectOpinion,
    place: Any,
    label: str,
    *,
    expected: str | None = None,
    author: str | None = None,
) -> Resolution:
    """Settle a disagreement by an ordinary decision: what is right becomes of the label.

    Args:
        opinion: the request
        place: of the item
        label: what is right, ``NO_CLASS`` where nothing is there
        expected: the class that was shown, ``NO_CLASS`` for none; by default what it is now
        author: who settles

    Raises:
        InputError: if there is no disagreement at this place, or it was deleted
    """
    item, now = disputed(opinion, place)
    check_text("label", label)
    seen = now if expected is None else expected
    request = _to_be(opinion, item, seen, label)
    return make_decision(opinion.run, request, author=author, basis=basis_of(opinion))


def _to_be(opinion: ObjectOpinion, item: Item, seen: str, label: str) -> ObjectRequest:
    """What makes a label right of one that has the class ``seen``."""
    name, stored = str(item.unit_id), box_of(opinion.label_of(item))
    if seen:
        action = "remove" if not label else "confirm" if label == seen else "relabel"
        given = label if action == "relabel" else None
        boxes = None if stored is None else {name: stored}
        return ObjectRequest.checked(action, [name], given, None, None, {name: seen}, boxes)
    taken = _is_taken(opinion, item)
    action = "add" if label else "remove" if taken else "confirm"
    on_tags = isinstance(opinion, TagOpinion)
    if item.box is None and not on_tags:
        raise InputError(f"The object at place {item.place} has no outline")
    boxes = {name: None} if taken and not on_tags else None
    given = label or None
    request = ObjectRequest.checked(action, [name], given, None, None, {name: None}, boxes)
    return replace(
        request,
        labels={name: label or None},
        boxes={} if on_tags else {name: item.box},
        told={name: Told(item.sample_id, item.box, label or None)},
        taken=True,
    )


def _is_taken(opinion: ObjectOpinion, item: Item) -> bool:
    """Whether a decision took the label off its image."""
    head = heads(opinion.run, [item.unit_id], ITEM).get(item.unit_id)
    return head is not None and head["kind_after"] == "removed"
