"""Labels that decisions took off their images, as the journal keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bson
from bson import ObjectId

from ..store.runs import Run
from .journal import BY_ITEM, ITEM, entries, headers_by_id, was_lost
from .object_changes import TAKE
from .undo_objects import renamed_label


def taken_labels(run: Run, items: Sequence[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """The label of each item as it was when it was last taken off its image.

    Args:
        run: the run
        items: not more than a chunk of items whose labels decisions removed
    """
    query = {**run.owner, ITEM: {"$in": list(items)}, "labels": TAKE, "document": {"$exists": True}}
    newest = list(entries().find(query).sort("seq", 1).hint(BY_ITEM))
    made = headers_by_id({entry["decision"] for entry in newest})
    found: dict[ObjectId, dict[str, Any]] = {}
    for entry in newest:
        header = made.get(entry["decision"])
        if header is None or header["state"] != "applied" or was_lost(entry, header):
            continue
        found[entry[ITEM]] = bson.decode(renamed_label(entry["document"], header, run))
    return found
