"""Parts, what they answered and who works on them, in the database that all machines share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from bson import ObjectId
from pymongo import ReturnDocument, UpdateOne

from ..processes import this_process
from ..store.columns import BUCKET, ColumnRef, delete_columns, write_column
from ..store.database import collection_of
from . import steps
from .part import Answer, Array, Part
from .watch import Watch

WORKS, PARTS, WORKERS = "deconfuse.works", "deconfuse.parts", "deconfuse.workers"

Owner = Mapping[str, Any]
Document = dict[str, Any]


def works() -> Any:
    """One document a work: who coordinates it, what its workers need."""
    return collection_of(WORKS)


def parts() -> Any:
    """One document a part: what to do, its state, and where its answer is."""
    return collection_of(PARTS)


def workers() -> Any:
    """One document a worker that answered: whose process, what is wrong with it, beats."""
    return collection_of(WORKERS)


def part_id(owner: Owner, key: str) -> str:
    """The id of a part's document: a key is that of one run."""
    return f"{owner['dataset_id']}/{owner['run_key']}/{key}"


def begin_work(owner: Owner, needs: Mapping[str, Any]) -> ObjectId:
    """Begin a work; what a dead coordinator's workers finished before on this run stays."""
    parts().create_index([("work", 1), ("state", 1), ("at", 1)])
    _sweep(owner)
    work = ObjectId()
    document = {"_id": work, **owner, "needs": dict(needs), "process": this_process()}
    works().delete_many(dict(owner))
    workers().delete_many(dict(owner))
    works().insert_one({**document, "beats": 0, "over": False})
    return work


def _sweep(owner: Owner) -> None:
    """Delete columns that a worker wrote and did not come to say that they count."""
    query = {f"metadata.{k}": v for k, v in owner.items()} | {"metadata.part": {"$exists": True}}
    known = {p["_id"]: p for p in parts().find(dict(owner), {"columns": 1, "token": 1, "state": 1})}
    for file in collection_of(f"{BUCKET}.files").find(query, {"metadata": 1}):
        part = known.get(file["metadata"]["part"])
        counts = part and any(c["file"] == file["_id"] for c in part.get("columns", {}).values())
        written = part and part["state"] == "taken" and part["token"] == file["metadata"]["token"]
        if not counts and not written:
            delete_columns({"token": file["metadata"]["token"]})


def beat_work(work: ObjectId) -> None:
    """Say that the coordinator lives."""
    works().update_one({"_id": work}, {"$inc": {"beats": 1}})


def find_work(work: ObjectId) -> Document | None:
    """A work's document; None once it is over and cleared away."""
    return works().find_one({"_id": work})


def end_work(work: ObjectId) -> None:
    """Tell all workers to leave; what they are at is wanted no more."""
    works().update_one({"_id": work}, {"$set": {"over": True}})
    parts().delete_many({"work": work})


def is_over(document: Document, watch: Watch) -> bool:
    """Whether nobody waits for a work any more: it ended, or its coordinator is dead."""
    return bool(document["over"]) or watch.is_dead(document)


def withdraw_work(owner: Owner) -> None:
    """Delete what says that somebody works on a run; finished parts stay for the next work."""
    for collection in (workers(), works()):
        collection.delete_many(dict(owner))


def clear_work(owner: Owner) -> None:
    """Delete all that is kept of the works of a run: documents first, so that late ones notice."""
    parts().delete_many(dict(owner))
    withdraw_work(owner)
    delete_columns({**owner, "part": {"$exists": True}})


# --- parts ----------------------------------------------------------------------------------------


def give(owner: Owner, work: ObjectId, key: str, array: Array) -> None:
    """Keep an array that parts take, as the answer of a part that is done."""
    found = part_id(owner, key)
    parts().update_one({"_id": found}, {"$set": {"work": work}})
    if parts().count_documents({"_id": found}):
        return
    token = ObjectId()
    column = _write(owner, found, token, "array", array)
    state = {"state": "done", "token": token, "columns": {"array": column}, "facts": {}}
    # Whoever else gave the same array wrote the same.
    parts().update_one({"_id": found}, {"$set": {**owner, "work": work, **state}}, upsert=True)


def parts_left(owner: Owner) -> set[str]:
    """The ids of the parts that a work on the run which did not end has left done."""
    return {part["_id"] for part in parts().find({**owner, "state": "done"}, {"_id": 1})}


def put(owner: Owner, work: ObjectId, first: int, given: Sequence[Part]) -> list[str]:
    """Offer parts to the workers; the ids of their documents. What is done stays so."""
    ids = [part_id(owner, part.key) for part in given]
    if not ids:
        return ids
    changes = []
    for at, (name, part) in enumerate(zip(ids, given, strict=True), first):
        takes = {
            name: [[part_id(owner, key), column] for key, column in sources]
            for name, sources in part.takes.items()
        }
        fresh = {
            **owner,
            "kind": part.kind,
            "arguments": dict(part.arguments),
            "takes": takes,
            "about": part.about,
            "gpu": part.gpu,
            "state": "open",
            "token": None,
            "deaths": 0,
        }
        place = {"work": work, "at": at}
        changes.append(
            UpdateOne({"_id": name}, {"$setOnInsert": fresh, "$set": place}, upsert=True)
        )
    parts().bulk_write(changes, ordered=False)
    again = {"$set": {"state": "open", "deaths": 0}}
    parts().update_many({"_id": {"$in": ids}, "state": "failed"}, again)
    return ids


def claim(query: Mapping[str, Any], worker: ObjectId) -> Document | None:
    """Take an open part; None where there is none."""
    lease = {"token": ObjectId(), "worker": worker, "process": this_process()}
    return parts().find_one_and_update(
        {**query, "state": "open"},
        {"$set": {"state": "taken", "beats": 0, "share": 0.0, **lease}},
        sort=[("at", 1)],
        return_document=ReturnDocument.AFTER,
    )


def renew(part: Document, share: float) -> bool:
    """Keep a part that was taken; False where it is another's by now, done, or gone."""
    mine = {"_id": part["_id"], "token": part["token"], "state": "taken"}
    found = parts().update_one(mine, {"$inc": {"beats": 1}, "$set": {"share": share}})
    return found.matched_count == 1


def named(part: Document) -> str:
    """What a log may call a part."""
    return f"{part['kind']}: {part['about']}"


def commit(part: Document, answer: Answer) -> bool:
    """Keep an answer, unless another one was kept before; whether it counts.

    Its columns are written first, and deleted again where they do not count.
    """
    columns: dict[str, ColumnRef] = {}
    counts = False
    owner = {name: part[name] for name in ("dataset_id", "run_key")}
    try:
        for name, array in answer.columns.items():
            columns[name] = _write(owner, part["_id"], part["token"], name, array)
        steps.reached("written", named(part))
        told = {"state": "done", "columns": columns, "facts": dict(answer.facts)}
        told["token"] = part["token"]
        undone = {"_id": part["_id"], "state": {"$ne": "done"}}
        counts = parts().update_one(undone, {"$set": told}).matched_count == 1
    finally:
        if not counts:
            delete_columns({"part": part["_id"], "token": part["token"]})
    return counts


def _write(owner: Owner, part: str, token: ObjectId, name: str, array: Array) -> ColumnRef:
    return write_column(name, [np.asarray(array)], {**owner, "part": part, "token": token})


def fail(part: Document, why: str, *, by_input: bool) -> None:
    """Say that a part cannot be done, unless it is another's by now."""
    mine = {"_id": part["_id"], "token": part["token"], "state": "taken"}
    parts().update_one(mine, {"$set": {"state": "failed", "why": why, "by_input": by_input}})


def reopen(part: Document) -> None:
    """Let another worker have a part whose worker is no more."""
    lost = {"_id": part["_id"], "token": part["token"], "state": "taken"}
    parts().update_one(lost, {"$set": {"state": "open", "token": None}, "$inc": {"deaths": 1}})


def release(part: Document) -> None:
    """Give a part back that was not finished."""
    lost = {"_id": part["_id"], "token": part["token"], "state": "taken"}
    parts().update_one(lost, {"$set": {"state": "open", "token": None}})


def look_at(ids: Iterable[str]) -> list[Document]:
    """How parts stand, without what they were told."""
    return list(parts().find({"_id": {"$in": list(ids)}}, {"arguments": 0, "takes": 0}))


def columns_of(sources: Sequence[Sequence[str]]) -> list[ColumnRef]:
    """Where columns are that another part takes, in their order.

    Raises:
        LookupError: if one is not there: the work is over
    """
    asked = list({source[0] for source in sources})
    found = {p["_id"]: p for p in parts().find({"_id": {"$in": asked}}, {"columns": 1})}
    return [found[name]["columns"][column] for name, column in sources]


def forget_part(name: str) -> None:
    """Delete a part and what it answered."""
    parts().delete_one({"_id": name})
    delete_columns({"part": name})


# --- workers --------------------------------------------------------------------------------------


def join(owner: Owner, work: ObjectId, name: str, problem: str | None) -> ObjectId:
    """Say that a worker is there, and what keeps it from working, if anything."""
    worker = ObjectId()
    told = {"work": work, "name": name, "problem": problem, "process": this_process(), "beats": 0}
    workers().insert_one({"_id": worker, **owner, **told})
    return worker


def beat_worker(worker: ObjectId) -> bool:
    """Say that a worker lives; False where nobody wants to know any more."""
    return workers().update_one({"_id": worker}, {"$inc": {"beats": 1}}).matched_count == 1


def leave(worker: ObjectId) -> None:
    """Say that a worker is there no more."""
    workers().delete_one({"_id": worker})


def joined(work: ObjectId) -> list[Document]:
    """The workers of a work that answered and did not leave."""
    return list(workers().find({"work": work}))
