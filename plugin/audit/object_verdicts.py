"""Verdicts of a script on an audit of objects, many at once; nothing is done unless all can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..decisions.new_classes import check_classes
from ..decisions.object_changes import class_of
from ..decisions.resolution import Resolution
from ..errors import InputError
from ..store.iterations import unpack_ids
from . import verdicts as reading
from .object_audits import OpenedObjectAudit
from .object_judging import (
    Act,
    Seen,
    acts_of,
    check_seen,
    decide,
    judge_image,
    judge_item,
    label_now,
)

NOTHING = "(nothing there)"
"""What a script says of an outline in which there is nothing to label."""


def seen_by(verdict: Any, name: str) -> Seen:
    """What a script says of an outline.

    Args:
        verdict: a class, ``NOTHING``, None where nobody can tell, or a mapping with ``label`` and
            ``box`` where the outline should be another one
        name: what it is called in messages

    Raises:
        InputError: if it is none of these
    """
    if verdict is None:
        return Seen(unclear=True)
    if isinstance(verdict, str):
        if verdict != NOTHING:
            check_seen(verdict, None)
        return Seen() if verdict == NOTHING else Seen(verdict)
    if isinstance(verdict, Mapping) and set(verdict) == {"label", "box"}:
        label, box = verdict["label"], verdict["box"]
        if isinstance(label, str) and label != NOTHING:
            check_seen(label, box)
            return Seen(label, box)
    raise InputError(
        f"{name} must be a class, {NOTHING!r}, None where nobody can tell, or a mapping of 'label' "
        f"and 'box', got {verdict!r:.80}"
    )


def judge_all(
    audit: OpenedObjectAudit,
    verdicts: Any,
    *,
    author: str | None = None,
    new_class: bool = False,
) -> list[Resolution]:
    """Judge many places at once: by label id what is seen there, by sample id what is missing.

    Args:
        audit: the audit
        verdicts: for an item what :func:`seen_by` takes; for an image a list of mappings of
            ``label`` and ``box``, empty where nothing is missing, None where nobody can tell
        author: who judges
        new_class: make a class although it looks like one that is there

    Raises:
        InputError: if the audit does not hold one of them, one is judged already, cannot be used,
            or names a class that only looks like one that is there; nothing is done
    """
    items, images = _checked(audit, verdicts)
    ids = unpack_ids(audit.record.item_id)
    labels_now = {place: label_now(audit, place, ids[place]) for place in items}
    if not new_class:
        there = [class_of(label) for label in labels_now.values()]
        _check_classes(audit, items, images, there)
    made: list[Resolution] = []
    groups: dict[tuple[Act, bool], dict[str, Any]] = {}
    for place, seen in items.items():
        item, label = ids[place], labels_now[place]
        acts = [] if label is None and seen.unclear else acts_of(label, seen)
        if len(acts) == 1 and seen.box is None:
            groups.setdefault((acts[0], label is None), {})[item] = label
        else:
            made += judge_item(audit, place, seen, author=author) or []
    for (act, _), labels in groups.items():
        made.append(decide(audit, act, labels, author))
    for place, found in images.items():
        made += judge_image(audit, place, found, author=author) or []
    return made


_Objects = list[tuple[str, Sequence[float]]]


def _check_classes(
    audit: OpenedObjectAudit,
    items: Mapping[int, Seen],
    images: Mapping[int, _Objects | None],
    there: Sequence[str | None],
) -> None:
    ids = unpack_ids(audit.record.item_id)
    given = {f"the verdict on label {ids[at]}": seen.label for at, seen in items.items()}
    whole = unpack_ids(audit.record.image_id)
    for place, found in images.items():
        name = f"the verdict on sample {whole[place - len(ids)]}"
        given |= {f"{name}, object {at}": label for at, (label, _) in enumerate(found or (), 1)}
    check_classes(audit.run, given, [*audit.iteration.classes, NOTHING, *there])


def _checked(
    audit: OpenedObjectAudit, verdicts: Any
) -> tuple[dict[int, Seen], dict[int, _Objects | None]]:
    if not isinstance(verdicts, Mapping):
        raise InputError(
            f"verdicts must map label ids and sample ids to what is there, got "
            f"{type(verdicts).__name__}"
        )
    k = len(audit.record.row)
    of_item = {i: place for place, i in enumerate(unpack_ids(audit.record.item_id))}
    of_image = {i: k + at for at, i in enumerate(unpack_ids(audit.record.image_id))}
    items: dict[int, Seen] = {}
    images: dict[int, _Objects | None] = {}
    for key, verdict in verdicts.items():
        place = of_item.get(key, of_image.get(key))
        if place is None:
            raise InputError(f"audit {audit.record.id} holds neither label nor sample {key!r:.80}")
        if audit.verdict[place] not in (reading.WAITING, reading.GONE):
            raise InputError(f"{key} of the audit has been judged already")
        if audit.verdict[place] == reading.GONE:
            continue
        if place < k:
            items[place] = seen_by(verdict, f"the verdict on label {key}")
        else:
            images[place] = None if verdict is None else _objects(verdict, key)
    return items, images


def _objects(verdict: Any, key: str) -> _Objects:
    right = isinstance(verdict, list | tuple) and all(
        isinstance(one, Mapping) and set(one) == {"label", "box"} and isinstance(one["label"], str)
        for one in verdict
    )
    if not right:
        raise InputError(
            f"the verdict on sample {key} must be a list of mappings of 'label' and 'box', what is "
            f"missing there, or None where nobody can tell, got {verdict!r:.80}"
        )
    for one in verdict:
        check_seen(one["label"], one["box"])
    return [(one["label"], one["box"]) for one in verdict]
