"""Changes: what one decision does to one sample document, forwards and backwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from ..documents import MISSING, value_at

Document = Mapping[str, Any]

KINDS = ("relabeled", "confirmed", "removed", "tagged")
"""What can stand on a sample, and the values of the field ``{run}_decision``."""

ACTIONS = {"relabel": "relabeled", "confirm": "confirmed", "remove": "removed", "tag": "tagged"}
"""The actions of ``resolve`` and the kind of decision that each leaves on a sample."""

KEEP_ALL = "keep_all"
"""The action on duplicates that are kept on purpose; what stands on the samples does not change."""


def label_of(document: Document, label_field: str) -> str | None:
    """The label of a sample document; None where it has none."""
    return value_at(document, f"{label_field}.label")


def slot(path: str, before: Any, after: Any) -> dict[str, Any]:
    """One value that changes; a key is left out where the path does not exist."""
    values = {"before": before, "after": after}
    return {"path": path} | {k: v for k, v in values.items() if v is not MISSING}


def relabelling(document: Document, label_field: str, label: str) -> dict[str, Any]:
    """The slot that gives a sample another label and keeps all else that its label holds."""
    held = value_at(document, label_field, MISSING)
    if isinstance(held, Mapping):
        return slot(f"{label_field}.label", held.get("label", MISSING), label)
    new = {"_id": ObjectId(), "_cls": "Classification", "tags": [], "label": label}
    return slot(label_field, held, new)


def tagging(document: Document, tag: str) -> dict[str, Any]:
    """The part of a change that adds a tag; empty where the sample has it."""
    tags = value_at(document, "tags", MISSING)
    if not isinstance(tags, list):
        return {"slots": [slot("tags", tags, [tag])]}
    return {} if tag in tags else {"add_tag": tag}


def planned_anew(change: Document, document: Document, tag: str | None) -> dict[str, Any]:
    """The change as it is due for a document that somebody edited since it was planned.

    Only tags can be due otherwise: a decision puts its tag on where it is not, and its undoing
    takes off no more than that.

    Args:
        change: the planned change
        document: the sample as it is now
        tag: the tag that the decision adds, if it adds one
    """
    slots = [s for s in change["slots"] if s["path"] != "tags"]
    if tag is not None:
        kept = {k: v for k, v in change.items() if k != "add_tag"}
        tagged = tagging(document, tag)
        return {**kept, **tagged, "slots": slots + tagged.get("slots", [])}
    made = [s for s in change["slots"] if s["path"] == "tags"]
    if not made or value_at(document, "tags", MISSING) == made[0].get("before", MISSING):
        return dict(change)
    if isinstance(value_at(document, "tags", MISSING), list) and made[0].get("before"):
        return {**change, "slots": slots, "pull_tag": made[0]["before"][0]}
    return {**change, "slots": slots}


def inverse(change: Document) -> dict[str, Any]:
    """The change that takes another one back."""
    swapped = [
        slot(s["path"], s.get("after", MISSING), s.get("before", MISSING)) for s in change["slots"]
    ]
    back: dict[str, Any] = {"op": _INVERSE_OP[change["op"]], "slots": swapped}
    if "add_tag" in change:
        back["pull_tag"] = change["add_tag"]
    if "pull_tag" in change:
        back["add_tag"] = change["pull_tag"]
    return back


_INVERSE_OP = {"set": "set", "delete": "insert", "insert": "delete"}


def update_of(change: Document, stamp: datetime) -> dict[str, Any]:
    """The MongoDB update of a change of kind ``set``."""
    sets = {s["path"]: s["after"] for s in change["slots"] if "after" in s}
    unsets = {s["path"]: "" for s in change["slots"] if "after" not in s}
    update: dict[str, Any] = {"$set": {**sets, "last_modified_at": stamp}}
    if unsets:
        update["$unset"] = unsets
    if "add_tag" in change:
        update["$addToSet"] = {"tags": change["add_tag"]}
    if "pull_tag" in change:
        update["$pull"] = {"tags": change["pull_tag"]}
    return update


def shows(change: Document, document: Document, decision_field: str) -> bool | None:
    """Whether a document gives evidence that a change was made to it; None if it could give none.

    The decision field is the witness where the change alters it, since nobody else writes it, and
    all else that the change alters where it does not, or where somebody has deleted that field.
    """
    changed = [s for s in change["slots"] if s.get("before", MISSING) != s.get("after", MISSING)]
    seen = {s["path"]: value_at(document, s["path"], MISSING) for s in changed}
    shown = {s["path"]: seen[s["path"]] == s.get("after", MISSING) for s in changed}
    if shown.get(decision_field) or seen.get(decision_field, MISSING) is not MISSING:
        return shown[decision_field]
    others = [shows_it for path, shows_it in shown.items() if path != decision_field]
    if decision_field in seen:
        return any(others)
    tags = value_at(document, "tags", MISSING)
    for name, wanted in (("add_tag", True), ("pull_tag", False)):
        if name in change:
            others.append((isinstance(tags, list) and change[name] in tags) is wanted)
    return any(others) if others else None
