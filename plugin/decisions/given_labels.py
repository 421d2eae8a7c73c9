"""The labels that people gave or confirmed, from the journal alone: by sample and author."""

from __future__ import annotations

from dataclasses import dataclass

from bson import ObjectId

from ..store.runs import Run
from .journal import BY_SEQ, applied_headers, entries, was_lost

JUDGING = ("relabel", "confirm")
"""The actions that say which label is right."""


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


def given_labels(run: Run) -> list[GivenLabel]:
    """What stands of each person on each sample: their last word where they decided more than once.

    A decision that was undone says nothing; one that lies below another one still does.
    """
    by_id = {header["_id"]: header for header in applied_headers(run)}
    if not by_id:
        return []
    names = ("decision", "sample_id", "label_after", "top_before", "top_after", "lost")
    made: dict[tuple[ObjectId, ObjectId], tuple[ObjectId | None, str | None]] = {}
    top: dict[ObjectId, ObjectId | None] = {}
    found = entries().find(run.owner, dict.fromkeys(names, 1)).sort("seq", 1).hint(BY_SEQ)
    for entry in found.batch_size(20_000):
        header = by_id.get(entry["decision"])
        if header is None or was_lost(entry, header):
            continue
        sample = entry["sample_id"]
        top[sample] = entry["top_after"]
        if header["action"] != "undo":
            made[sample, header["_id"]] = entry["top_before"], entry["label_after"]
    given: list[GivenLabel] = []
    for sample, last in top.items():
        heard: set[str] = set()
        at = last
        while at is not None and (sample, at) in made:
            below, label = made[sample, at]
            header = by_id[at]
            author = header["author"] or ""
            if header["action"] in JUDGING and label and author not in heard:
                heard.add(author)
                given.append(GivenLabel(str(sample), author, label, at == last))
            at = below
    return given
