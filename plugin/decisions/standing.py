"""Which decisions stand, the last first, and each in the terms in which a person would name it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from bson import ObjectId

from ..store.runs import Run
from .journal import (
    ITEM,
    SAMPLES_PER_CHUNK,
    Header,
    entries_of,
    headers,
    headers_by_id,
    heads,
    unit_of,
    was_lost,
)

LOOKED_AT = 500
LABELS_NAMED = 3
SAMPLES_NAMED = 3


@dataclass(frozen=True)
class Named:
    """A decision as a person would name it.

    Attributes:
        id: its id
        action: ``relabel``, ``confirm``, ``remove``, ``tag`` or ``keep_all``
        label: the label that it gave; of several the most frequent, as one text
        tag: the tag that it put on
        before: the labels that its samples had, the most frequent first, at most three
        others: whether they had more
        samples: how many were changed
        sample_ids: the first of them, at most three
        item_ids: of a decision on objects the ids of the first labels, at most three
        filepath: the file of the first of them, also where it was removed
        again: whether it was undone and redone
        author: who decided, empty where nobody is named
        header: what the journal says of it as a whole
    """

    id: str
    action: str
    label: str | None
    tag: str | None
    before: tuple[str, ...]
    others: bool
    samples: int
    sample_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    filepath: str
    again: bool
    author: str
    header: Header


def standing(run: Run, author: str | None = None) -> Iterator[Header]:
    """The decisions that stand on at least one sample, the last first; mostly from headers alone.

    Args:
        run: the run
        author: whose decisions, by default everybody's
    """
    turned: dict[ObjectId, _Turn] = {}
    query = {**run.owner, "state": "applied"}
    for header in headers().find(query, {"schema": 0}).sort("seq", -1):
        last = turned.get(header["_id"])
        if header["action"] == "undo":
            # The newest of all that turned a decision round says how it stands, whichever of its
            # undos that one undid.
            one = _Turn(header["seq"], 1, header["applied"])
            further = last and _Turn(last.seq, last.times + 1, last.applied)
            known = [turn for turn in (one, further, turned.get(header["undoes"])) if turn]
            turned[header["undoes"]] = max(known)
        elif last is not None and last.times % 2 and last.applied == header["applied"]:
            continue  # taken back, and on all of its samples
        elif author in (None, header["author"]) and _stands(run, header):
            yield header


class _Turn(NamedTuple):
    """An undo of a decision, or of an undo of it, and so on: how deep, and on how many samples."""

    seq: int
    times: int
    applied: int


def _stands(run: Run, header: Header) -> bool:
    decision, unit = header["_id"], unit_of(header)
    ids = (entry[unit] for entry in entries_of(decision, {unit: 1}))
    while chunk := list(islice(ids, SAMPLES_PER_CHUNK)):
        if any(head["top_after"] == decision for head in heads(run, chunk, unit).values()):
            return True
    return False


def named(run: Run, decision: ObjectId) -> Named | None:
    """A decision of the run by its id; of an undo, what it took back or did again."""
    header = headers_by_id([decision]).get(decision)
    times = 0
    while header is not None and header["action"] == "undo":
        header, times = headers_by_id([header["undoes"]]).get(header["undoes"]), times + 1
    if header is None or header["run_key"] != run.key:
        return None
    return name_of(header, again=times > 1 and times % 2 == 0)


def name_of(header: Header, *, again: bool = False) -> Named:
    """What a header and the first of its entries say; of very many samples not all are read."""
    names = (ITEM, "sample_id", "label_before", "label_after", "filepath", "lost")
    keep: dict[str, int] = dict.fromkeys(names, 1)
    read = islice(entries_of(header["_id"], keep), LOOKED_AT)
    changed: list[dict[str, Any]] = [entry for entry in read if not was_lost(entry, header)]
    before = Counter(entry["label_before"] or "" for entry in changed)
    return Named(
        id=str(header["_id"]),
        action=header["action"],
        label=_several(changed) if header.get("labels") else header["label"],
        tag=header["tag"],
        before=tuple(label for label, _ in before.most_common(LABELS_NAMED)),
        others=len(before) > LABELS_NAMED or header["applied"] > len(changed),
        samples=header["applied"],
        sample_ids=tuple(str(entry["sample_id"]) for entry in changed[:SAMPLES_NAMED]),
        item_ids=tuple(str(entry[ITEM]) for entry in changed[:SAMPLES_NAMED] if ITEM in entry),
        filepath=str(changed[0].get("filepath") or "") if changed else "",
        again=again,
        author=header["author"] or "",
        header=header,
    )


def _several(changed: list[dict[str, Any]]) -> str | None:
    """The labels that samples were given, the most frequent first: "coat, bag, …"."""
    given = Counter(entry["label_after"] for entry in changed)
    named = [str(label) for label, _ in given.most_common(LABELS_NAMED)]
    return ", ".join([*named, "…"] if len(given) > LABELS_NAMED else named) or None
