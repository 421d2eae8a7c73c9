"""Judging an audit of objects: what a person sees in an outline, or in a whole image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from bson import ObjectId

from ..decisions.journal import ITEM, headers_by_id, heads
from ..decisions.object_changes import box_of, by_id, class_of, labels_in
from ..decisions.resolution import Resolution
from ..decisions.undo import undo
from ..errors import InputError
from ..objects.boxes import Boxes
from ..objects.dismissed import SAME_OBJECT
from ..objects.overlaps import overlaps
from ..objects.request import ObjectRequest, Told
from ..objects.resolve import add_seen, resolve
from ..objects.state import KINDS
from ..store.iterations import pack_ids, unpack_ids
from ..store.samples import samples_of
from . import verdicts as reading
from .judging import ATTEMPTS, UNCLEAR_TAG, basis_of
from .object_audits import OpenedObjectAudit
from .object_store import Verdict, drop_verdicts, keep_verdict

MOST_SEEN = 500
"""Objects that one look at an image may find."""

_ADDED = 1 + KINDS.index("added")


@dataclass(frozen=True)
class Seen:
    """What a person sees in an outline.

    Attributes:
        label: the class; None where nothing is to be labelled there, or where ``unclear``
        box: the outline as it should be, where it is another one
        unclear: nobody can tell
    """

    label: str | None = None
    box: Sequence[float] | None = None
    unclear: bool = False


def judge_item(
    audit: OpenedObjectAudit, place: int, seen: Seen, *, author: str | None = None
) -> list[Resolution] | None:
    """Judge one item of an audit by what a person sees in its outline.

    A label is confirmed where class and outline are its own, else relabelled, moved, or both; it
    is removed where nothing is there, and tagged ``unclear`` where nobody can tell. A missing
    object is added, or dismissed.

    Returns:
        the decisions, none where nobody can tell of a missing object; None where the item is not
        in the dataset any more

    Raises:
        InputError: if the audit has no such item, or it was judged already
    """
    audit.require_place(place)
    if place >= len(audit.record.row):
        raise InputError(f"place {place} of the audit is a whole image: say what is missing in it")
    if audit.item_verdict[place] == reading.GONE:
        return None
    if audit.item_verdict[place] != reading.WAITING:
        raise InputError("This object of the audit has been judged already. Undo that first.")
    if seen.label is not None:
        check_seen(seen.label, seen.box)
    item = unpack_ids(audit.record.item_id[place : place + 1])[0]
    is_candidate = bool(audit.is_candidate[audit.record.row[place]])
    for _ in range(ATTEMPTS):
        label = label_now(audit, place, item)
        if label is None and not is_candidate:
            return None
        if label is None and seen.unclear:
            _keep(audit, place, Verdict(unclear=True), author)
            return []
        made: list[Resolution] = []
        for act in acts_of(label, seen):
            made.append(decide(audit, act, {item: label}, author))
            if made[-1].decision is None:
                break
            label = label_now(audit, place, item)
        if made[-1].decision is not None or made[-1].conflicts[0]["reason"] == "already":
            return made
        if made[-1].conflicts[0]["reason"] == "mask":
            _take_back(audit, made, author)
            raise InputError("This label has a mask, which another outline would warp")
    raise InputError("This object of the audit is being changed by somebody else. Try again.")


def label_now(audit: OpenedObjectAudit, place: int, item: str) -> Any:
    """The label of a drawn item as it is stored, None without one."""
    sample = unpack_ids(audit.record.sample_id[place : place + 1])[0]
    field = audit.run.label_field
    document = samples_of(audit.run.dataset).find_one({"_id": ObjectId(sample)}, {field: 1})
    return by_id(labels_in(document, field)).get(ObjectId(item))


def check_seen(label: Any, box: Any) -> None:
    """Raise InputError where something seen cannot be labelled so: its class, or its outline."""
    ObjectRequest.checked("add", [str(ObjectId())], label, box, None, None, None)


class Act(NamedTuple):
    """A decision on an item."""

    action: str
    label: str | None = None
    box: Sequence[float] | None = None


def acts_of(label: Any, seen: Seen) -> list[Act]:
    """What a verdict does to an item, whose label is as it is now."""
    if label is None:
        return [Act("confirm") if seen.label is None else Act("add", seen.label, seen.box)]
    if seen.unclear:
        return [Act("tag")]
    if seen.label is None:
        return [Act("remove")]
    moved = [Act("move", box=seen.box)] if seen.box is not None else []
    relabelled = [Act("relabel", seen.label)] if seen.label != class_of(label) else []
    return [*moved, *relabelled] or [Act("confirm")]


def decide(
    audit: OpenedObjectAudit, act: Act, labels: Mapping[str, Any], author: str | None
) -> Resolution:
    """Decide on items, given by their ids with the labels as they are now, all there or none."""
    there = all(label is not None for label in labels.values())
    return resolve(
        audit.run,
        act.action,
        list(labels),
        label=act.label,
        box=act.box,
        tag=UNCLEAR_TAG if act.action == "tag" else None,
        expected_label={i: class_of(label) for i, label in labels.items()},
        expected_box={i: box_of(d) for i, d in labels.items()} if there else None,
        author=author,
        iteration=audit.record.iteration,
        basis=basis_of(audit),
    )


def judge_image(
    audit: OpenedObjectAudit,
    place: int,
    seen: Sequence[tuple[str, Sequence[float]]] | None,
    *,
    author: str | None = None,
) -> list[Resolution] | None:
    """Say which objects of a whole image lack a label: class and box of each, None: cannot tell.

    They become labels, as one decision; what overlaps a missing object that was proposed is it.

    Returns:
        the decision, none where nothing is missing; None where the image is not in the dataset

    Raises:
        InputError: if the audit has no such image, it was judged already, or an object cannot be
            added; nothing was changed
    """
    audit.require_place(place)
    at = place - len(audit.record.row)
    if at < 0:
        raise InputError(f"place {place} of the audit is an object: say what it is")
    if audit.image_verdict[at] == reading.GONE:
        return None
    if audit.image_verdict[at] != reading.WAITING:
        raise InputError("This image of the audit has been judged already. Undo that first.")
    if seen is not None and len(seen) > MOST_SEEN:
        raise InputError(f"at most {MOST_SEEN} objects of one image, got {len(seen)}")
    for label, box in seen or ():
        check_seen(label, box)
    sample = unpack_ids(audit.record.image_id[at : at + 1])[0]
    told = _told(audit, sample, seen or ())
    known = audit.iteration.rows_of(list(told))
    verdict = Verdict(seen is None, tuple(told), int((known >= 0).sum()))
    drop_verdicts(audit.record, [] if place in audit.kept else [place])
    _keep(audit, place, verdict, author)
    if not told:
        return []
    try:
        made = add_seen(
            audit.run,
            told,
            author=author,
            iteration=audit.record.iteration,
            basis=basis_of(audit),
        )
    except BaseException:
        drop_verdicts(audit.record, [place])
        raise
    if made.conflict_count:
        _take_back(audit, [made], author)
        drop_verdicts(audit.record, [place])
        raise InputError("This image of the audit is being changed by somebody else. Try again.")
    return [made]


def _told(
    audit: OpenedObjectAudit, sample: str, seen: Sequence[tuple[str, Sequence[float]]]
) -> dict[str, Told]:
    """The objects that were seen, by the ids that they get: that of a candidate where it is one."""
    rows = np.flatnonzero(audit.iteration.column("sample_id") == pack_ids([sample])[0])
    rows = rows[audit.is_candidate[rows] & (audit.items.kind[rows] != _ADDED)]
    ids = unpack_ids(audit.iteration.column("item_id")[rows])
    boxes = audit.iteration.column("box")[rows]
    found: dict[str, Told] = {}
    for label, box in seen:
        best = _most_overlapping(box, boxes, [i in found for i in ids])
        item = str(ObjectId()) if best is None else ids[best]
        found[item] = Told(ObjectId(sample), list(box), label)
    return found


def _most_overlapping(box: Sequence[float], boxes: Any, taken: Sequence[bool]) -> int | None:
    """Which of some boxes a box is the same object as, if any of those that are not taken."""
    if not len(boxes):
        return None
    none = np.zeros(len(boxes), np.int32)
    one = Boxes(np.array([box], np.float32), none[:1], np.array([0, 1]))
    pairs = overlaps(one, Boxes(boxes.astype(np.float32), none, np.array([0, len(boxes)])), 0.01)
    same = [
        (iou, at)
        for at, iou in zip(pairs.other.tolist(), pairs.iou.tolist(), strict=True)
        if iou >= SAME_OBJECT and not taken[at]
    ]
    return max(same)[1] if same else None


def _keep(audit: OpenedObjectAudit, place: int, verdict: Verdict, author: str | None) -> None:
    if not keep_verdict(audit.run, audit.record, place, verdict, author):
        raise InputError("This place of the audit has been judged already. Undo that first.")


def _take_back(audit: OpenedObjectAudit, made: Sequence[Resolution], author: str | None) -> None:
    for one in reversed(made):
        if one.decision is not None:
            undo(audit.run, one.decision, author=author)


def take_back(audit: OpenedObjectAudit, place: int, *, author: str | None = None) -> int:
    """Take a verdict of the audit back: what it decided is undone, and its place waits again.

    Returns:
        how many decisions were undone

    Raises:
        InputError: if the audit has no such place, or nothing of it stands there
    """
    audit.require_place(place)
    at, kept, undone = place - len(audit.record.row), audit.kept.get(place), 0
    if at < 0:
        items = unpack_ids(audit.record.item_id[place : place + 1])
    else:
        items = [] if kept is None else list(kept.items)
    for item in items:
        while (decision := _verdict_on(audit, item)) is not None:
            undo(audit.run, decision, author=author)
            undone += 1
    drop_verdicts(audit.record, [place])
    if kept is None and not undone:
        raise InputError("No verdict of this audit stands there any more.")
    return undone


def _verdict_on(audit: OpenedObjectAudit, item: str) -> str | None:
    """The decision that stands on an item, where it is a verdict of the audit."""
    head = heads(audit.run, [ObjectId(item)], ITEM).get(ObjectId(item))
    if head is None or head["top_after"] is None:
        return None
    basis = headers_by_id([head["top_after"]])[head["top_after"]].get("basis") or {}
    return str(head["top_after"]) if basis.get("audit") == str(audit.record.id) else None
