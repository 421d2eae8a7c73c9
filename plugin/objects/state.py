"""Current state of a run on objects: its last iteration with the journal applied."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId
from cachetools import LRUCache

from ..decisions.deleted_samples import DeletedSamples
from ..decisions.journal import BY_SEQ, Header, applied_headers, entries, was_lost
from ..decisions.object_changes import KIND_OF, same_box
from ..decisions.recovery import recover_abandoned
from ..decisions.state import DELETED
from ..errors import InputError
from ..store.runs import Run
from .items import KnownItems, items_of
from .shown import is_suspect
from .store import IMAGES, last_iteration

KINDS = tuple(KIND_OF.values())
"""What can stand on an item. ``confirmed`` on a missing object: nothing is there."""

STATES_KEPT = 8
_NONE: npt.NDArray[np.int64] = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Standing:
    """What stands on an item.

    Attributes:
        kind: one of ``KINDS``
        decision: the id of the decision
        sample_id: the item's sample
        label: the class that the decision left, None where no label is there
        box: the box that it left; of a missing object that was dismissed, the object's
        was_label: the class before it; of a missing object the one that was proposed
        was_box: the box before it
        stamp: when it was made, by the database's clock
    """

    kind: str
    decision: str
    sample_id: str
    label: str | None
    box: Any
    was_label: str | None
    was_box: Any
    stamp: datetime


@dataclass(frozen=True)
class ItemsState:
    """What is open and what is decided; a snapshot that no later decision changes.

    Attributes:
        items: the iteration whose rows the arrays are aligned with
        revision: the place of the last decision that is in it; 0 before the first
        kind: uint8 (n,), 0 where a row is open, ``DELETED`` where somebody deleted its sample, else
            1 + the index in ``KINDS``
        standing: what stands on items by id, also on those that the iteration does not hold
        deleted: int64 (d,), the places of the samples that were deleted among those judged
    """

    items: KnownItems
    revision: int
    kind: npt.NDArray[np.uint8]
    standing: Mapping[str, Standing]
    deleted: npt.NDArray[np.int64] = field(default_factory=lambda: _NONE)

    def decided(self, item_ids: Sequence[str]) -> dict[str, Standing]:
        """What stands on those of the items that carry a decision."""
        return {i: self.standing[i] for i in item_ids if i in self.standing}

    @property
    def suspects(self) -> npt.NDArray[np.bool_]:
        """The open rows that are worth a look: bool (n,)."""
        return np.asarray((self.kind == 0) & is_suspect(self.items.column("suspicion")))

    def counts(self) -> dict[str, Any]:
        """How far the run is.

        Returns:
            ``items``, ``reviewed`` and ``open`` of the iteration, without those whose samples
            somebody deleted before anything was decided on them; ``to_review``, those worth a look
            that are open; ``suspects`` left, more likely wrong than right, by kind of error; and
            ``by_kind``: what stands on all items, those included that the iteration
            does not hold
        """
        names = self.items.document["kinds"]
        wrong = (self.kind == 0) & (self.items.column("suspicion") > 0)
        left = np.bincount(self.items.column("kind")[wrong], minlength=len(names))
        reviewed = int(((self.kind > 0) & (self.kind < DELETED)).sum())
        is_open = int((self.kind == 0).sum())
        kinds = [standing.kind for standing in self.standing.values()]
        return {
            "items": is_open + reviewed,
            "reviewed": reviewed,
            "open": is_open,
            "to_review": int(self.suspects.sum()),
            "suspects": {name: int(left[at]) for at, name in enumerate(names)},
            "by_kind": {kind: kinds.count(kind) for kind in KINDS},
        }


def items_state(run: Run, document: Mapping[str, Any] | None = None) -> ItemsState:
    """The state of a run on objects as of now, all processes' decisions included.

    What a call costs depends on the number of decisions since the last call in this process.

    Args:
        run: the run
        document: that of an iteration, by default of the run's last

    Raises:
        InputError: if there is no iteration
    """
    document = last_iteration(run) if document is None else document
    if document is None:
        raise InputError(
            f"Run '{run.key}' of dataset '{run.dataset.name}' has no iteration on objects yet. "
            "Run find_label_errors to make one."
        )
    recover_abandoned(run)
    with _lock:
        follower = _followers.get(document["_id"])
        if follower is None:
            follower = _followers[document["_id"]] = _Follower(items_of(document))
    return follower.follow(run)


class _Follower:
    """Keeps the state of one iteration up to date in this process."""

    def __init__(self, items: KnownItems):
        self._lock = threading.Lock()
        self._state = ItemsState(items, 0, np.zeros(len(items), np.uint8), {})
        self._shown = self._state
        self._deleted = DeletedSamples(lambda: items.column(IMAGES), items.created_at, None)

    def follow(self, run: Run) -> ItemsState:
        with self._lock:
            new = applied_headers(run, after=self._state.revision)
            if new:
                changed = changed_items(run, self._state.revision, new)
                self._state = self._with(changed, new[-1]["seq"])
            return self._without_deleted(run)

    def _without_deleted(self, run: Run) -> ItemsState:
        """The state in which items are not open whose samples somebody deleted."""
        state, shown, items = self._state, self._shown, self._state.items
        images = self._deleted.rows(run)
        if not len(images):
            return state
        if shown.deleted is not images or shown.revision != state.revision:
            gone = np.isin(items.column("sample_id"), items.column(IMAGES)[images])
            kind = state.kind.copy()
            kind[gone & (kind == 0)] = DELETED
            self._shown = replace(state, kind=kind, deleted=images)
        return self._shown

    def _with(self, changed: Mapping[str, Standing | None], revision: int) -> ItemsState:
        state, items = self._state, self._state.items
        standing, kind = dict(state.standing), state.kind.copy()
        rows = items.rows_of(list(changed))
        for (item, made), row in zip(changed.items(), rows.tolist(), strict=True):
            standing.pop(item, None)
            if made is not None:
                standing[item] = made
            if row >= 0:
                kind[row] = 0 if made is None or not holds(items, row, made) else _CODE[made.kind]
        return replace(state, revision=revision, kind=kind, standing=standing)


_CODE = {kind: code for code, kind in enumerate(KINDS, start=1)}
_followers: LRUCache[ObjectId, _Follower] = LRUCache(STATES_KEPT)
_lock = threading.Lock()


def holds(items: KnownItems, row: int, made: Standing) -> bool:
    """Whether a decision is on the label that an iteration saw, or was made after it.

    A label that somebody changed between a decision and the iteration is open again.
    """
    if made.stamp > items.created_at:
        return True
    return still_holds(items.class_of(row), items.box_of(row), made)


def still_holds(label: str | None, box: Any, made: Standing) -> bool:
    """Whether a label is as a decision left it.

    Args:
        label: its class now; None for a missing object, such as a dismissed one that is seen again
        box: its box now
        made: the decision
    """
    if label is None or made.label is None:
        return label == made.label
    return label == made.label and same_box(box, made.box)


def standing_items(run: Run) -> dict[str, Standing]:
    """What stands on each item of a run on which a decision stands, from the journal alone."""
    new = applied_headers(run)
    return {i: made for i, made in changed_items(run, 0, new).items() if made} if new else {}


def changed_items(run: Run, after: int, new: Sequence[Header]) -> dict[str, Standing | None]:
    """What stands on each item that decisions touched, None where nothing does any more."""
    by_id = {header["_id"]: header for header in new}
    names = ("decision", "sample_id", "item_id", "kind_after", "top_after", "lost")
    of_label = ("label_before", "label_after", "box_before", "box_after", "proposed")
    keep = dict.fromkeys((*names, *of_label), 1)
    query = {**run.owner, "seq": {"$gt": after, "$lte": new[-1]["seq"]}}
    changed: dict[str, Standing | None] = {}
    for entry in entries().find(query, keep).sort("seq", 1).hint(BY_SEQ).batch_size(20_000):
        header = by_id.get(entry["decision"])
        if header is None or was_lost(entry, header):
            continue
        kind = entry["kind_after"]
        changed[str(entry["item_id"])] = kind and Standing(
            kind=kind,
            decision=str(entry["top_after"]),
            sample_id=str(entry["sample_id"]),
            label=entry["label_after"],
            box=entry["box_after"],
            was_label=entry["label_before"] or entry.get("proposed"),
            was_box=entry["box_before"],
            stamp=header["stamp"].replace(tzinfo=None),
        )
    return changed
