"""What the panel reads of sample documents."""

from __future__ import annotations

from typing import Any

from bson import ObjectId

from ..plugin.store.samples import samples_of
from .opened import Opened


def documents_of(opened: Opened, ids: list[str], *fields: str) -> list[dict[str, Any]]:
    """The documents of some samples in their order, empty where one is gone."""
    query = {"_id": {"$in": [ObjectId(i) for i in ids]}}
    found = samples_of(opened.run.dataset).find(query, dict.fromkeys(fields, 1))
    by_id = {str(document["_id"]): document for document in found}
    return [by_id.get(i, {}) for i in ids]


def paths_of(opened: Opened, ids: list[str]) -> list[str]:
    """File paths of some samples, empty where one is gone."""
    return [document.get("filepath") or "" for document in documents_of(opened, ids, "filepath")]


def label_of(document: dict[str, Any], label_field: str) -> str:
    """The label that a document has now, empty if none."""
    value: Any = document
    for name in [*label_field.split("."), "label"]:
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else str(value)
