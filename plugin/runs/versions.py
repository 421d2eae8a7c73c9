"""What is worked out beside a run's iterations, and whether any of it is another one by now."""

from __future__ import annotations

from typing import Any

from ..duplicates import store as duplicates
from ..importance import store as importance_rounds
from ..layout import store as maps
from ..store import scores as ranks
from ..store.database import open_database
from ..store.runs import Run

SEEN = {
    "maps": (maps.COLLECTION, {}, ("map_id",)),
    "scores": (ranks.COLLECTION, {}, ("rank_id",)),
    "duplicates": (duplicates.COLLECTION, {}, ("_id", "threshold", "scope")),
    "rounds": (importance_rounds.COLLECTION, {"kind": "round"}, ("_id", "created_at")),
}
"""Collection, which of its documents, and the fields that tell one from another."""


def versions(run: Run) -> dict[str, str]:
    """A text for each of ``SEEN``: another one as soon as something of it is another one."""
    database = open_database()
    found: dict[str, str] = {}
    for name, (collection, which, fields) in SEEN.items():
        wanted: dict[str, Any] = {"_id": 0} | dict.fromkeys(fields, 1)
        documents = database[collection].find({**run.owner, **which}, wanted)
        texts = [" ".join(str(document.get(field)) for field in fields) for document in documents]
        found[name] = " ".join(sorted(texts))
    return found
