"""A request for a second opinion as it stands: what waits, how far both agree, what is to settle.

All of it is derived: the answers, what the samples are like now, and what stands on them. An answer
is no decision; a disagreement is settled by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from bson import ObjectId

from ..decisions.changes import label_of
from ..decisions.journal import chunked, headers_by_id, heads
from ..decisions.recovery import recover_abandoned
from ..decisions.request import check_text
from ..decisions.resolution import Resolution
from ..decisions.resolve import resolve
from ..decisions.state import current_state
from ..errors import InputError
from ..store.runs import Run
from ..store.samples import samples_of
from ..votes.agreement import Kappa, cohens_kappa
from .store import Asked, Item, items_of, load_request, take_answer_back, write_answer

ATTEMPTS = 5


@dataclass(frozen=True)
class Disagreement:
    """A sample on which two people differ.

    Attributes:
        now: its label now, None where it was deleted
        relabelled: whether it has another label than when the request was made
        settled: whether a decision made since the answer stands on it
    """

    item: Item
    now: str | None
    relabelled: bool
    settled: bool


class SecondOpinion:
    """A request with its answers."""

    def __init__(self, run: Run, asked: Asked):
        self.run, self.asked = run, asked

    @cached_property
    def items(self) -> list[Item]:
        """The items, in their order."""
        return items_of(self.asked)

    @cached_property
    def labels(self) -> dict[ObjectId, str | None]:
        """The label now of each sample that is still there."""
        query = {"_id": {"$in": [item.sample_id for item in self.items]}}
        found = samples_of(self.run.dataset).find(query, {self.run.label_field: 1})
        return {document["_id"]: label_of(document, self.run.label_field) for document in found}

    @cached_property
    def waiting(self) -> list[Item]:
        """Those without an answer whose samples are still there."""
        return [i for i in self.items if not i.answered and i.sample_id in self.labels]

    @cached_property
    def gone(self) -> int:
        """How many were deleted before they were answered."""
        return sum(not i.answered and i.sample_id not in self.labels for i in self.items)

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
                self.labels.get(item.sample_id),
                self.labels.get(item.sample_id, item.first) != item.first,
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

    def _decided_since(self, items: list[Item]) -> set[int]:
        recover_abandoned(self.run)
        found: set[int] = set()
        for part in chunked(items):
            last = heads(self.run, [item.sample_id for item in part])
            tops = headers_by_id({entry["top_after"] for entry in last.values()} - {None})
            for item in part:
                head = last.get(item.sample_id)
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
    """Keep what the second person sees in a sample: a class, or None where nobody can tell.

    Returns:
        False where the sample is not in the dataset any more, so that nothing is kept

    Raises:
        InputError: if there is no such place, or it was answered already
    """
    item = opinion.place(place)
    if label is not None:
        check_text("label", label)
        if not label:
            raise InputError("label must not be empty")
    if item.sample_id not in opinion.labels:
        return False
    values = {
        "second": label,
        "unclear": label is None,
        "revision": current_state(opinion.run).revision,
    }
    if not write_answer(opinion.asked, place, values):
        raise InputError("This sample has been answered already, in another window perhaps.")
    return True


def answer_many(opinion: SecondOpinion, answers: Mapping[str, str | None]) -> None:
    """Keep many answers at once, by sample id.

    Raises:
        InputError: if the request does not hold one of them, or it is answered; nothing is kept
    """
    places = {str(item.sample_id): item for item in opinion.items}
    for sample_id, label in answers.items():
        if sample_id not in places:
            raise InputError(
                f"request {opinion.asked.id} for a second opinion does not hold sample "
                f"{sample_id!r}"
            )
        if places[sample_id].answered:
            raise InputError(f"sample {sample_id} has been answered already")
        if label is not None and (not isinstance(label, str) or not label):
            raise InputError(f"the answer on sample {sample_id} must be a class, got {label!r}")
    for sample_id, label in answers.items():
        answer(opinion, places[sample_id].place, label)


def take_back(opinion: SecondOpinion, place: Any) -> bool:
    """Forget an answer, so that the sample waits again; whether there was one."""
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
    item = opinion.place(place)
    check_text("label", label)
    if item.second is None or item.second == item.first:
        raise InputError(f"The two people do not disagree on the sample at place {place}.")
    now = opinion.labels.get(item.sample_id)
    if now is None:
        raise InputError("This sample was deleted meanwhile; there is nothing to settle.")
    seen = now if expected is None else expected
    same = label == seen
    number = opinion.asked.number
    return resolve(
        opinion.run,
        "confirm" if same else "relabel",
        [str(item.sample_id)],
        label=None if same else label,
        expected_label=seen,
        author=author,
        basis={"kind": "second_opinion", "opinion": str(opinion.asked.id), "number": number},
    )
