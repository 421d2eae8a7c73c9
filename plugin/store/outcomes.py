"""What became of work that was started from the App: kept until a person has seen it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bson import ObjectId

from ..processes import has_died
from .current_jobs import is_worked_on
from .database import collection_of
from .samples import Dataset

COLLECTION = "deconfuse.outcomes"
LOST_AFTER_SECONDS = 60.0
"""After which work without a living job has ended, whose process nobody here can look at."""

State = Literal["started", "done", "refused", "cancelled", "failed", "ended"]
Variant = Literal["success", "warning", "error", "info"]


@dataclass(frozen=True)
class Outcome:
    """What became of the last work that was started on a run.

    Attributes:
        id: names it
        run_key: the run, empty for work on none
        task: what was done, for a person to read
        state: how it ended; ``ended`` is work whose process died
        messages: what there is to say, as pairs of a variant and a text
    """

    id: str
    run_key: str
    task: str
    state: State
    messages: tuple[tuple[Variant, str], ...]


def _outcomes() -> Any:
    return collection_of(COLLECTION)


def note_start(
    dataset: Dataset, run_key: str, token: ObjectId, task: str, process: Mapping[str, Any]
) -> None:
    """Take note that work was started; what became of the run's earlier work is forgotten."""
    owner = {"dataset_id": dataset._doc.id, "run_key": run_key}
    _outcomes().delete_many(owner)
    fresh = {**owner, "task": task, "process": dict(process), "state": "started", "messages": []}
    values: dict[str, Any] = {name: {"$literal": value} for name, value in fresh.items()}
    _outcomes().update_one({"_id": token}, [{"$set": {**values, "at": "$$NOW"}}], upsert=True)


def note_end(token: ObjectId, state: State, messages: Sequence[tuple[Variant, str]]) -> bool:
    """Take note of the end; False where it was known, or the work is another one by now."""
    said = [{"variant": variant, "text": text} for variant, text in messages]
    changed = _outcomes().update_one(
        {"_id": token, "state": "started"}, {"$set": {"state": state, "messages": said}}
    )
    return changed.matched_count == 1


def forget_outcome(dataset: Dataset, token: str) -> bool:
    """Forget what a person has seen; False where there is none of this id."""
    if not ObjectId.is_valid(token):
        return False
    mine = {"_id": ObjectId(token), "dataset_id": dataset._doc.id, "state": {"$ne": "started"}}
    if _outcomes().delete_one(mine).deleted_count:
        return True
    ended = any(outcome.id == token for outcome in outcomes_of(dataset))
    del mine["state"]
    return ended and _outcomes().delete_one(mine).deleted_count == 1


def outcomes_of(dataset: Dataset) -> list[Outcome]:
    """What became of all work on a dataset that has ended and that nobody has dismissed yet."""
    age = {"$divide": [{"$subtract": ["$$NOW", "$at"]}, 1_000]}
    stages = [{"$match": {"dataset_id": dataset._doc.id}}, {"$addFields": {"age": age}}]
    return [
        outcome
        for document in _outcomes().aggregate([*stages, {"$sort": {"_id": 1}}])
        if (outcome := _outcome(document)) is not None
    ]


def _outcome(document: Mapping[str, Any]) -> Outcome | None:
    state = document["state"]
    messages: list[tuple[Variant, str]]
    messages = [(said["variant"], said["text"]) for said in document["messages"]]
    if state == "started":
        lost = has_died(document["process"]) or document["age"] > LOST_AFTER_SECONDS
        if not lost or is_worked_on(document["dataset_id"], document["run_key"]):
            return None
        now = _outcomes().find_one({"_id": document["_id"]})  # it may have ended in between
        if now is None or now["state"] != "started":
            return None if now is None else _outcome(now)
        state = "ended"
        messages = [("error", lost_text(document["task"]))]
    return Outcome(
        str(document["_id"]), document["run_key"], document["task"], state, tuple(messages)
    )


def lost_text(task: str, why: str = "its process, or the App's server, ended") -> str:
    """What is said of work that ended before it was done."""
    return f"{task} ended before it was done: {why}. Start it again."
