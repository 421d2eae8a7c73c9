"""What people said of samples, or of labels of a set, from the journal alone: by author."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from bson import ObjectId

from ..store.runs import Run
from .journal import BY_SEQ, ITEM, SAMPLE, Entry, Header, applied_headers, entries, was_lost

JUDGING = ("relabel", "confirm")
"""The actions that say which label is right."""

JUDGING_ITEMS = (*JUDGING, "remove", "add", "move")
"""The actions that say what is right of an object or a tag, which may be nothing."""


@dataclass(frozen=True)
class GivenLabel:
    """What one person said of one sample by a decision that stands.

    Attributes:
        on_top: whether no later decision stands on the sample
    """

    sample_id: str
    author: str
    label: str
    on_top: bool


@dataclass(frozen=True)
class GivenItem:
    """What one person said of one label of a set, or of one that was missing.

    Attributes:
        label: the class, None where they said that nothing is there
        box: where it is, also where they said that nothing is; None of a tag
        on_top: whether no later decision stands on it
    """

    sample_id: str
    item_id: str
    author: str
    label: str | None
    box: Any
    on_top: bool


def given_labels(run: Run) -> list[GivenLabel]:
    """What stands of each person on each sample: their last word where they decided more than once.

    A decision that was undone says nothing; one that lies below another one still does.
    """
    given: list[GivenLabel] = []
    for sample, decisions in _standing(run, SAMPLE, ("label_after",)):
        heard: set[str] = set()
        for place, (header, entry) in enumerate(decisions):
            author, label = header["author"] or "", entry["label_after"]
            if header["action"] in JUDGING and label and author not in heard:
                heard.add(author)
                given.append(GivenLabel(str(sample), author, label, place == 0))
    return given


def given_items(run: Run) -> list[GivenItem]:
    """What stands of each person on each label of a run on objects or tags; their last word.

    A decision says the class that it left, and nothing where it left no label.
    """
    given: list[GivenItem] = []
    for item, decisions in _standing(run, ITEM, ("label_after", "box_after", "box_before")):
        heard: set[str] = set()
        of_item: list[GivenItem] = []
        known_box = None
        for place, (header, entry) in enumerate(decisions):
            author, box = header["author"] or "", entry["box_after"] or entry["box_before"]
            known_box = known_box or box
            if header["action"] in JUDGING_ITEMS and author not in heard:
                heard.add(author)
                said = entry["label_after"] or None
                sample = str(entry["sample_id"])
                of_item.append(GivenItem(sample, str(item), author, said, box, place == 0))
        given += [one if one.box else replace(one, box=known_box) for one in of_item]
    return given


def _standing(
    run: Run, unit: str, names: tuple[str, ...]
) -> Iterator[tuple[ObjectId, list[tuple[Header, Entry]]]]:
    """Each sample, or label, with the decisions that stand on it, the last first."""
    by_id = {header["_id"]: header for header in applied_headers(run)}
    if not by_id:
        return
    keep = dict.fromkeys(("decision", "sample_id", unit, "top_before", "top_after", "lost"), 1)
    keep |= dict.fromkeys(names, 1)
    made: dict[tuple[ObjectId, ObjectId], Entry] = {}
    top: dict[ObjectId, ObjectId | None] = {}
    found = entries().find(run.owner, keep).sort("seq", 1).hint(BY_SEQ)
    for entry in found.batch_size(20_000):
        header = by_id.get(entry["decision"])
        if header is None or unit not in entry or was_lost(entry, header):
            continue
        top[entry[unit]] = entry["top_after"]
        if header["action"] != "undo":
            made[entry[unit], header["_id"]] = entry
    for key, last in top.items():
        at, decisions = last, list[tuple[Header, Entry]]()
        while at is not None and (key, at) in made:
            entry = made[key, at]
            decisions.append((by_id[at], entry))
            at = entry["top_before"]
        yield key, decisions
