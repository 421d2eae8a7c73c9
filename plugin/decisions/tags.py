"""Tags that several runs' decisions share: put on by the first, taken off with the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bson import ObjectId

from ..store.runs import Run
from .changes import planned_anew
from .journal import Entry, Header, entries, headers, headers_by_id, heads, was_lost

LEFT_TAG = "left_tag"
"""In an entry of an undo: the tag that it left on the sample for another run's decision."""


def tag_of(header: Header | None) -> tuple[str | None, bool]:
    """The tag that a decision is about, and whether it puts it on.

    Undoing a tag takes it off, undoing that puts it on again, and so on.
    """
    puts_on = True
    while header is not None and header["action"] == "undo":
        puts_on = not puts_on
        header = headers_by_id([header["undoes"]]).get(header["undoes"])
    if header is None or header["action"] != "tag":
        return None, False
    return header["tag"], puts_on


class TagsTakenBack:
    """What happens to the tag of a decision when it is taken back, or done again.

    Args:
        run: the run
        target: the decision that is taken back
        ids: samples of it
        header: that of the decision that does so; a tag that is left for another run is noted there
    """

    def __init__(self, run: Run, target: Header, ids: Sequence[ObjectId], header: Header):
        self._header = header
        self._tag, put_on = tag_of(target)
        self._again = not put_on
        self._relied: set[ObjectId] = set()
        self._left: set[ObjectId] = set()
        if self._tag is not None:
            self._relied = relied_on(run, self._tag, ids)
            self._left = left_by_others(run, self._tag, ids, target["seq"])

    def taken_back(self, entry: Entry, change: dict[str, Any], document: Any) -> dict[str, Any]:
        """The change, in which a tag stays while another run's decision needs it."""
        if self._tag is None:
            return change
        if self._again:
            return planned_anew(change, document, self._tag)
        whole = any(s["path"] == "tags" for s in change["slots"])
        if not (whole or "pull_tag" in change or entry["sample_id"] in self._left):
            return change
        if entry["sample_id"] in self._relied:
            self._header[LEFT_TAG] = self._tag
            slots = [s for s in change["slots"] if s["path"] != "tags"]
            kept = {k: v for k, v in change.items() if k != "pull_tag"}
            return {**kept, "slots": slots, LEFT_TAG: self._tag}
        return change if whole else {**change, "pull_tag": self._tag}


def relied_on(run: Run, tag: str, ids: Sequence[ObjectId]) -> set[ObjectId]:
    """The samples on which a decision of another run stands that gives them the tag, too."""
    query = {**_other_runs(run), "action": "tag", "tag": tag, "state": "applied"}
    relied: set[ObjectId] = set()
    for key in headers().distinct("run_key", query):
        other = Run(run.dataset, key, run.label_field)
        tagging = set(headers().distinct("_id", {**query, "run_key": key}))
        standing = _standing(other, ids)
        relied |= {i for i, decisions in standing.items() if not tagging.isdisjoint(decisions)}
    return relied


def _standing(run: Run, ids: Sequence[ObjectId]) -> dict[ObjectId, set[ObjectId]]:
    """All decisions that stand on each of some samples, one upon the other."""
    last = heads(run, ids)
    keep = {"sample_id": 1, "decision": 1, "top_before": 1}
    below = {
        (e["sample_id"], e["decision"]): e["top_before"]
        for e in entries().find({**run.owner, "sample_id": {"$in": list(last)}}, keep)
    }
    standing: dict[ObjectId, set[ObjectId]] = {}
    for sample_id, head in last.items():
        decision, decisions = head["top_after"], standing.setdefault(sample_id, set())
        while decision is not None and decision not in decisions:
            decisions.add(decision)
            decision = below.get((sample_id, decision))
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
