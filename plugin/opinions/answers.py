"""A request for a second opinion as it stands: what waits, how far both agree, what is to settle.

All of it is derived: the answers, what the samples are like now, and what stands on them. An answer
is no decision; a disagreement is settled by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from bson import ObjectId

from ..decisions.changes import label_of
from ..decisions.journal import SAMPLE, chunked, headers_by_id, heads
from ..decisions.new_classes import check_classes
from ..decisions.recovery import recover_abandoned
from ..decisions.request import check_text
from ..decisions.resolution import Resolution
from ..decisions.resolve import resolve
from ..decisions.state import current_state
from ..errors import InputError
from ..store.runs import Run
from ..store.samples import samples_of
from ..votes.agreement import Kappa, cohens_kappa
from .store import (
    NO_CLASS,
    Asked,
    Item,
    items_of,
    load_request,
    take_answer_back,
    write_answer,
)

ATTEMPTS = 5


@dataclass(frozen=True)
class Disagreement:
    """A sample, or a label of a set, on which two people differ.

    Attributes:
        now: its label now, None where it was deleted; ``NO_CLASS`` where an object has none
        relabelled: whether it has another label than when the request was made
        settled: whether a decision made since the answer stands on it
    """

    item: Item
    now: str | None
    relabelled: bool
    settled: bool


class SecondOpinion:
    """A request with its answers.

    Attributes:
        unit: what it is about: ``sample_id``, or ``item_id`` for labels of sets
        noun: what that is called in messages
        can_be_nothing: whether an answer may be that nothing is there
    """

    unit: ClassVar[str] = SAMPLE
    noun: ClassVar[str] = "sample"
    can_be_nothing: ClassVar[bool] = False

    def __init__(self, run: Run, asked: Asked):
        self.run, self.asked = run, asked

    @property
    def words(self) -> tuple[str, ...]:
        """The classes that the request was made with, and what else an answer can be."""
        return self.run.iteration(self.asked.iteration).classes

    @cached_property
    def items(self) -> list[Item]:
        """The items, in their order."""
        return items_of(self.asked)

    @cached_property
    def labels(self) -> dict[ObjectId, str | None]:
        """The label now of each sample, or item, that is still there, by its id."""
        query = {"_id": {"$in": [item.sample_id for item in self.items]}}
        found = samples_of(self.run.dataset).find(query, {self.run.label_field: 1})
        return {document["_id"]: label_of(document, self.run.label_field) for document in found}

    @cached_property
    def waiting(self) -> list[Item]:
        """Those without an answer that are still there."""
        return [i for i in self.items if not i.answered and i.unit_id in self.labels]

    @cached_property
    def gone(self) -> int:
        """How many were deleted before they were answered."""
        return sum(not i.answered and i.unit_id not in self.labels for i in self.items)

    @cached_property
    def both(self) -> list[Item]:
        """Those that both people named a class for."""
        return [item for item in self.items if item.second is not None]

    @cached_property
    def unclear(self) -> int:
        """How many the second person could not tell."""
        return sum(item.unclear for item in self.items)

    @cached_property
    def agreement(self) -> Kappa:
        """How far both agree beyond chance."""
        said = [(item.first, str(item.second)) for item in self.both]
        classes = sorted({name for pair in said for name in pair})
        at = {name: index for index, name in enumerate(classes)}
        pairs = np.array([(at[a], at[b]) for a, b in said], np.int64).reshape(-1, 2)
        return cohens_kappa(pairs[:, 0], pairs[:, 1], max(len(classes), 1))

    @cached_property
    def disagreements(self) -> list[Disagreement]:
        """Where they differ, those that are not settled first."""
        differ = [item for item in self.both if item.first != item.second]
        since = self._decided_since(differ)
        found = [
            Disagreement(
                item,
                self.labels.get(item.unit_id),
                self.labels.get(item.unit_id, item.first) != item.first,
                item.place in since,
            )
            for item in differ
        ]
        return sorted(found, key=lambda one: (one.settled or one.now is None, one.item.place))

    @cached_property
    def to_settle(self) -> int:
        """Disagreements that wait for a decision."""
        return sum(not d.settled and d.now is not None for d in self.disagreements)

    def place(self, place: Any) -> Item:
        """One item.

        Raises:
            InputError: if the request has no such place
        """
        last = len(self.items) - 1
        if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place <= last:
            raise InputError(f"place must lie between 0 and {last}, got {place!r}")
        return self.items[place]

    def check_answer(self, item: Item, label: str) -> None:
        """Raise InputError where a class cannot be what somebody sees."""
        check_text("label", label)
        if label == NO_CLASS and not self.can_be_nothing:
            raise InputError("label must not be empty")

    def revision(self) -> int:
        """The last decision of the run as of now."""
        return current_state(self.run).revision

    def _decided_since(self, items: list[Item]) -> set[int]:
        recover_abandoned(self.run)
        found: set[int] = set()
        for part in chunked(items):
            last = heads(self.run, [item.unit_id for item in part], self.unit)
            tops = headers_by_id({entry["top_after"] for entry in last.values()} - {None})
            for item in part:
                head = last.get(item.unit_id)
                header = tops.get(head["top_after"]) if head and head["top_after"] else None
                if header is not None and header["seq"] > item.revision:
                    found.add(item.place)
        return found


def open_opinion(run: Run, request: str | None = None) -> SecondOpinion:
    """A request, the last one if none is named.

    Raises:
        InputError: if there is none
    """
    return SecondOpinion(run, load_request(run, request))


def answer(opinion: SecondOpinion, place: Any, label: str | None) -> bool:
    """Keep what the second person sees: a class, or None where nobody can tell.

    Args:
        opinion: the request
        place: of the item
        label: the class; on objects ``NO_CLASS`` where nothing is there

    Returns:
        False where the item is not in the dataset any more, so that nothing is kept

    Raises:
        InputError: if there is no such place, or it was answered already
    """
    item = opinion.place(place)
    if label is not None:
        opinion.check_answer(item, label)
    if item.unit_id not in opinion.labels:
        return False
    values = {"second": label, "unclear": label is None, "revision": opinion.revision()}
    if not write_answer(opinion.asked, place, values):
        raise InputError(
            f"This {opinion.noun} has been answered already, in another window perhaps."
        )
    return True


def answer_many(
    opinion: SecondOpinion, answers: Mapping[str, str | None], *, new_class: bool = False
) -> None:
    """Keep many answers at once, by the id of the sample, or of the label.

    Args:
        opinion: the request
        answers: the class that the second person sees in each, None where nobody can tell
        new_class: take a class for another one although it looks like one that is there

    Raises:
        InputError: if the request does not hold one of them, it is answered, or its class only
            looks like one that is there; nothing is kept
    """
    places = {str(item.unit_id): item for item in opinion.items}
    noun = opinion.noun
    for unit_id, label in answers.items():
        if unit_id not in places:
            raise InputError(
                f"request {opinion.asked.id} for a second opinion does not hold {noun} {unit_id!r}"
            )
        if places[unit_id].answered:
            raise InputError(f"{noun} {unit_id} has been answered already")
        right = isinstance(label, str) and (label or opinion.can_be_nothing)
        if label is not None and not right:
            raise InputError(f"the answer on {noun} {unit_id} must be a class, got {label!r}")
        if label is not None:
            opinion.check_answer(places[unit_id], label)
    if not new_class:
        given = {f"the answer on {noun} {i}": label for i, label in answers.items()}
        labels = [label for item in opinion.items for label in (item.first, item.second)]
        check_classes(opinion.run, given, [*opinion.words, *labels, *opinion.labels.values()])
    for unit_id, label in answers.items():
        answer(opinion, places[unit_id].place, label)


def take_back(opinion: SecondOpinion, place: Any) -> bool:
    """Forget an answer, so that its item waits again; whether there was one."""
    opinion.place(place)
    return take_answer_back(opinion.asked, place)


def settle(
    opinion: SecondOpinion,
    place: Any,
    label: str,
    *,
    expected: str | None = None,
    author: str | None = None,
) -> Resolution:
    """Settle a disagreement by an ordinary decision: the label is confirmed, or another one given.

    Args:
        opinion: the request
        place: of the sample
        label: what is right
        expected: the label that was shown; by default what it is now
        author: who settles

    Raises:
        InputError: if there is no disagreement at this place, or its sample was deleted
    """
    item, now = disputed(opinion, place)
    check_text("label", label)
    seen = now if expected is None else expected
    same = label == seen
    return resolve(
        opinion.run,
        "confirm" if same else "relabel",
        [str(item.sample_id)],
        label=None if same else label,
        expected_label=seen,
        author=author,
        basis=basis_of(opinion),
    )


def disputed(opinion: SecondOpinion, place: Any) -> tuple[Item, str]:
    """The item at a place, to be settled, and its label now.

    Raises:
        InputError: if there is no disagreement, or it was deleted
    """
    item = opinion.place(place)
    if item.second is None or item.second == item.first:
        raise InputError(f"The two people do not disagree on the {opinion.noun} at place {place}.")
    now = opinion.labels.get(item.unit_id)
    if now is None:
        raise InputError(f"This {opinion.noun} was deleted meanwhile; there is nothing to settle.")
    return item, now


def basis_of(opinion: SecondOpinion) -> dict[str, Any]:
    """What a decision that settles rests on."""
    asked = opinion.asked
    return {"kind": "second_opinion", "opinion": str(asked.id), "number": asked.number}
