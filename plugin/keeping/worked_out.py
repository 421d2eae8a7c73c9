"""What is worked out beside a run's iterations, and whether any of it is another one by now."""

from __future__ import annotations

import fiftyone.core.odm as foo

from . import duplicates, importance_rounds, maps, ranks
from .runs import Run

COLLECTIONS = tuple(module.COLLECTION for module in (maps, ranks, duplicates, importance_rounds))


def worked_out(run: Run) -> str:
    """Another text once a map, a score, a comparison or a round of cleaning is another one."""
    seen = {"_id": 0, "created_at": 1, "threshold": 1, "scope": 1}
    database = foo.get_db_conn()
    newest = [
        database[name].find_one(run.owner, seen, sort=[("created_at", -1)]) or {}
        for name in COLLECTIONS
    ]
    return "/".join(" ".join(str(value) for value in found.values()) for found in newest)
