"""Tags that several runs' decisions share: put on by the first, taken off with the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bson import ObjectId

from ..keeping.runs import Run
from .journal import entries, headers, heads, was_lost

LEFT_TAG = "left_tag"
"""In an entry of an undo: the tag that it left on the sample for another run's decision."""


def relied_on(run: Run, tag: str, ids: Sequence[ObjectId]) -> set[ObjectId]:
    """The samples on which a decision of another run stands that gives them the tag, too."""
    query = {**_other_runs(run), "action": "tag", "tag": tag, "state": "applied"}
    standing: set[ObjectId] = set()
    for key in headers().distinct("run_key", query):
        other = Run(run.dataset, key, run.label_field)
        tagging = set(headers().distinct("_id", {**query, "run_key": key}))
        last = heads(other, ids)
        standing |= {i for i, head in last.items() if head["top_after"] in tagging}
    return standing


def left_by_others(run: Run, tag: str, ids: Sequence[ObjectId], after: int) -> set[ObjectId]:
    """The samples on which another run's undo has left the tag that its decision had put on.

    Args:
        run: the run
        tag: the tag
        ids: the samples
        after: the place of the decision that it was left for
    """
    left: set[ObjectId] = set()
    query: dict[str, Any] = {
        **_other_runs(run),
        LEFT_TAG: tag,
        "state": "applied",
        "seq": {"$gt": after},
    }
    for header in headers().find(query):
        mine = {"decision": header["_id"], "sample_id": {"$in": list(ids)}, LEFT_TAG: tag}
        left |= {e["sample_id"] for e in entries().find(mine) if not was_lost(e, header)}
    return left


def _other_runs(run: Run) -> dict[str, Any]:
    return {"dataset_id": run.owner["dataset_id"], "run_key": {"$ne": run.key}}
