"""Recovery: what a writer that died left behind is applied, or taken back if it does not count."""

from __future__ import annotations

from collections.abc import Sequence

from bson import ObjectId

from ..store.runs import Run
from ..store.samples import Schema, samples_of
from .apply import RestoredTooLate, apply_decision
from .journal import Entry, Header, discard_uncommitted, entries, headers, headers_by_id, was_lost
from .lock import Lock, LockLost, abandoned, take_lock


def recover(lock: Lock, run: Run) -> None:
    """Apply or take back what an earlier writer left behind."""
    unfinished = lock.pending is not None or lock.crashed
    if lock.pending is not None:
        header = headers().find_one({"_id": lock.pending})
        if header is not None and header["state"] == "written":
            owner = Run(run.dataset, header["run_key"], header["label_field"])
            carry_out(lock, owner, header, resumed=True)
    if unfinished:
        discard_uncommitted(lock.dataset_id, lock.token)
        lock.clear()


def recover_abandoned(run: Run) -> None:
    """Apply what a writer that died left pending on the run's dataset, if anything."""
    dataset_id = run.owner["dataset_id"]
    if not abandoned(dataset_id):
        return
    lock = take_lock(dataset_id)
    try:
        recover(lock, run)
    except LockLost:
        return
    finally:
        lock.release()


def carry_out(
    lock: Lock,
    run: Run,
    header: Header,
    *,
    resumed: bool = False,
    planned: list[Entry] | None = None,
    schema: Schema | None = None,
) -> Header:
    """As :func:`apply_decision`; what came back after somebody else had taken over goes again.

    Raises:
        LockLost: if somebody else has taken over, who applies it instead
    """
    try:
        return apply_decision(lock, run, header, resumed=resumed, planned=planned, schema=schema)
    except RestoredTooLate as late:
        _take_back(run, late)
        raise


def _take_back(run: Run, late: RestoredTooLate) -> None:
    """Remove what came back too late, and what a later decision had removed by then.

    Whoever took over has applied the decision that brought it back.
    """
    lock = take_lock(run.owner["dataset_id"])
    try:
        recover(lock, run)
        ids = _removed_since(late.header, late.sample_ids)
        query = {"_id": {"$in": ids}, "last_modified_at": late.header["stamp"]}
        samples_of(run.dataset, durable=True).delete_many(query)
    finally:
        lock.release()


def _removed_since(header: Header, ids: Sequence[ObjectId]) -> list[ObjectId]:
    """The samples that a later decision of any run has removed, and none has brought back."""
    dataset = {"dataset_id": header["dataset_id"]}
    query = {
        **dataset,
        "run_key": {"$in": headers().distinct("run_key", dataset)},
        "sample_id": {"$in": list(ids)},
        "seq": {"$gt": header["seq"]},
        "op": {"$in": ["delete", "insert"]},
    }
    later = list(entries().find(query, {"document": 0}).sort("seq", 1))
    known = headers_by_id({entry["decision"] for entry in later})
    last: dict[ObjectId, str] = {}
    for entry in later:
        made = known.get(entry["decision"])
        if made is not None and made["state"] == "applied" and not was_lost(entry, made):
            last[entry["sample_id"]] = entry["op"]
    return [sample_id for sample_id, op in last.items() if op == "delete"]
