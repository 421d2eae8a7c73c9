"""Changes of objects and tags: what one decision does to one label of a set, and back.

A label stays in the list of its image and is changed there (``set``), leaves it (``take``) or
enters it (``put``). A missing object is in another list, ``{run}_missing``, until it is accepted or
dismissed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from bson.raw_bson import RawBSONDocument

from ..documents import value_at
from ..store.label_sets import BOXES, TAGS, list_of
from ..store.runs import Run
from .changes import Document, inverse
from .journal import Entry

SET, PUT, TAKE = "set", "put", "take"
TURNED = {SET: SET, PUT: TAKE, TAKE: PUT, None: None}
OF_A_LABEL = ("label", "bounding_box", "tags")
"""The paths within a label that decisions change, beside our own attribute."""

SAME_BOX = 1e-6
"""Boxes whose numbers differ by less are one: files round."""

KIND_OF = {
    "relabel": "relabeled",
    "confirm": "confirmed",
    "remove": "removed",
    "tag": "tagged",
    "add": "added",
    "move": "moved",
}
"""The actions on objects, and what each leaves on an item."""

Box = list[float]


def labels_in(document: Document | None, field: str) -> list[Any] | None:
    """The boxes or tags in a field of a sample document; None where it has no list of them."""
    for name in (BOXES, TAGS):
        found = None if document is None else value_at(document, f"{field}.{name}")
        if isinstance(found, list):
            return found
    return None


def by_id(labels: Sequence[Any] | None) -> dict[ObjectId, Any]:
    """Labels by their ids."""
    found = (labels or ()) if isinstance(labels, list) else ()
    return {d["_id"]: d for d in found if isinstance(d, Mapping) and "_id" in d}


def class_of(label: Document | None) -> str | None:
    """The class of a label; None where it has none."""
    found = None if label is None else label.get("label")
    return found if isinstance(found, str) else None


def box_of(label: Document | None) -> Any:
    """The box of a label as it is stored; None where it has none."""
    return None if label is None else label.get("bounding_box")


def same_box(one: Any, other: Any) -> bool:
    """Whether two boxes are one, but for rounding; also whether both are none.

    Example:
        >>> same_box([0.1 + 0.2, 0, 1, 1], [0.3, 0, 1, 1]), same_box(None, [0, 0, 1, 1])
        (True, False)
    """
    if not (isinstance(one, list) and isinstance(other, list)):
        return one == other
    if one == other:
        return True
    return len(one) == len(other) and all(
        isinstance(a, int | float) and isinstance(b, int | float) and abs(a - b) <= SAME_BOX
        for a, b in zip(one, other, strict=True)
    )


def conflict_between(expected: str | None, expected_box: Any, label: Document) -> str | None:
    """Why a label is not as it was expected, if it is not: ``relabeled`` or ``moved``."""
    if class_of(label) != expected:
        return "relabeled"
    return None if same_box(box_of(label), expected_box) else "moved"


def turned(entry: Entry) -> dict[str, Any]:
    """The change that takes an entry's back, without what depends on the sample as it is now."""
    back = inverse({**entry, "op": "set"})
    return {
        **back,
        "op": "object",
        "labels": TURNED[entry["labels"]],
        "missing": TURNED[entry["missing"]],
        "label_before": entry["label_after"],
        "label_after": entry["label_before"],
        "box_before": entry["box_after"],
        "box_after": entry["box_before"],
    }


def list_path(run: Run) -> str:
    """Where a run's labels are in a sample, such as ``ground_truth.detections``."""
    return f"{run.label_field}.{list_of(run)}"


def paths_of(labels: str, entry: Entry) -> list[str]:
    """The declared paths that an entry writes to.

    Args:
        labels: as ``list_path`` gives it
        entry: the entry
    """
    tags = ["tags"] if "add_tag" in entry or "pull_tag" in entry else []
    inside = [f"{labels}.{s['path']}" for s in entry["slots"]] + [f"{labels}.{t}" for t in tags]
    return inside + ([labels.rpartition(".")[0]] if entry["labels"] in (PUT, TAKE) else [])


def raw_of(label: Any) -> bytes:
    """A label's BSON as the database holds it."""
    assert isinstance(label, RawBSONDocument)
    return bytes(label.raw)
