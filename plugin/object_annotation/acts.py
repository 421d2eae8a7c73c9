"""What annotators did to each object of an image, as decisions would say it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bson import ObjectId

from ..annotation.fetch import meant_class
from ..decisions.resolution import CONFLICTS_SHOWN
from .regions import SAME_OBJECT, UNMOVED, Region, Understood, overlap
from .sent import SentObject


@dataclass(frozen=True)
class Seen:
    """An object as an annotator saw it.

    Attributes:
        label: its class, None where it has no label
        box: its box
        decision: the decision that stood on it
    """

    label: str | None
    box: Any
    decision: ObjectId | None


@dataclass(frozen=True)
class Act:
    """What an annotator did to one object.

    Attributes:
        origin: what ``new_item`` calls a new box, also where it is an object that was proposed
    """

    action: str
    sample_id: str
    item_id: str
    label: str | None
    box: list[float] | None
    seen: Seen
    author: str
    origin: str


@dataclass
class Fetched:
    """What became of the answers; see ``annotation.fetch.Fetched``."""

    made: Counter[str] = field(default_factory=Counter)
    already: int = 0
    conflict_count: int = 0
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    annotators: Counter[str] = field(default_factory=Counter)

    def refuse(self, found: Iterable[Mapping[str, Any]], count: int | None = None) -> None:
        """Note what no decision was made of."""
        told = [dict(conflict) for conflict in found]
        self.conflict_count += len(told) if count is None else count
        self.conflicts = [*self.conflicts, *told][:CONFLICTS_SHOWN]


class AnsweredImage:
    """One image that was sent, and what an answer makes of it."""

    def __init__(
        self,
        key: str,
        sample: str,
        sent: Sequence[SentObject],
        candidates: Mapping[str, tuple[str | None, list[float]]],
        items: Mapping[str, str],
    ):
        self._key, self._sample, self._candidates = key, sample, candidates
        self._taken: set[str] = set()
        self._items = items
        self._sent = {str(o.item_id): o for o in sent if o.item_id is not None}

    def acts(
        self,
        said: Understood,
        author: str,
        before: Mapping[str, Seen],
        known: set[str],
        fetched: Fetched,
    ) -> list[Act]:
        """What was done to each object."""
        found: list[Act] = []
        told: list[tuple[str, str, SentObject | None, Region | None]] = [
            (i, i, self._sent[i], region) for i, region in said.kept.items()
        ]
        for region in said.new:
            origin = str(new_item(self._key, self._sample, region.id))
            told.append((self._id_of(region, origin), origin, None, region))
        for item, origin, sent, region in told:
            if region is not None and region.label not in known:
                about = {"sample_id": self._sample, "label_id": item, "answer": region.label}
                like = meant_class(region.label, sorted(known))
                fetched.refuse([{**about, "reason": "unknown_label", **like}])
                continue
            earlier = before.get(item)
            seen = earlier or self._seen(item, sent)
            if earlier is not None and _same(region, earlier):
                fetched.already += 1
                continue
            made = self._acts(item, sent, region, seen, author, first=earlier is None)
            found += [replace(act, origin=origin) for act in made]
        return found

    def _seen(self, item: str, sent: SentObject | None) -> Seen:
        if sent is None:
            candidate = self._candidates.get(item)
            return Seen(None, None if candidate is None else candidate[1], None)
        return Seen(None if sent.missing else sent.label, sent.box, sent.decision)

    def _acts(
        self,
        item: str,
        sent: SentObject | None,
        region: Region | None,
        seen: Seen,
        author: str,
        *,
        first: bool,
    ) -> list[Act]:
        def act(action: str, seen: Seen, label: Any = None, box: Any = None) -> Act:
            return Act(action, self._sample, item, label, box, seen, author, item)

        if seen.label is None:
            if region is None:
                asked = first and sent is not None and sent.missing
                return [act("confirm", seen)] if asked else []
            return [act("add", seen, region.label, list(region.box))]
        if region is None:
            return [act("remove", seen)]
        made: list[Act] = []
        if region.label != seen.label:
            made.append(act("relabel", seen, region.label))
            seen = Seen(region.label, seen.box, seen.decision)
        if overlap(region.box, seen.box) < UNMOVED:
            made.append(act("move", seen, None, list(region.box)))
        if not made and first and sent is not None and sent.asked:
            made.append(act("confirm", seen))
        return made

    def _id_of(self, region: Region, origin: str) -> str:
        """The item that a new box is: a missing object that lies there, else one of its own.

        What it was when it was fetched before, it is again.
        """
        if origin in self._items:
            return self._items[origin]
        near = [
            (overlap(box, region.box), i)
            for i, (_, box) in self._candidates.items()
            if i not in self._taken and i not in self._sent
        ]
        best, item = max(near, default=(0.0, ""))
        if best >= SAME_OBJECT:
            self._taken.add(item)
            return item
        return origin


def new_item(key: str, sample: str, region: str) -> ObjectId:
    """The id of an object that annotators added, from what their server calls it."""
    digest = hashlib.blake2b(f"{key}/{sample}/{region}".encode(), digest_size=12).digest()
    return ObjectId(digest)


def _same(region: Region | None, earlier: Seen) -> bool:
    if region is None or earlier.label is None:
        return region is None and earlier.label is None
    return region.label == earlier.label and overlap(region.box, earlier.box) >= UNMOVED
