"""Apply: carry a committed decision over to the dataset, once, whoever wrote it.

Every write's filter holds the ``last_modified_at`` that was seen and the expected label, and every
write sets the decision's own ``last_modified_at``. So a write can happen once only, also where the
writer was thought dead and another applies the decision at the same time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import fiftyone as fo
from bson import ObjectId
from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import ConnectionFailure, OperationFailure

from ..store.runs import Run
from ..store.samples import Schema, reload_held, schema_of
from . import steps
from .apply_work import Refused, Work
from .journal import (
    LONGEST_REASON,
    Entry,
    Header,
    chunked,
    entries,
    entries_of,
    headers,
    key_of,
    unit_of,
)
from .lock import Lock, LockLost
from .remove_samples import remove_samples
from .restore_samples import restore_samples
from .write_labels import write_labels
from .write_objects import write_objects

ATTEMPTS = 25
LONGEST_FOUND = 1_000
OF_THE_SERVER = (13, 89, 91, 189, 11600, 11602, 14031)
"""Codes of what is wrong with the server, not with a document: permissions, shutdown, full disk."""

logger = logging.getLogger(__name__)


class RestoredTooLate(LockLost):
    """Somebody else had taken over when samples came back: an insert has no filter to notice it.

    Attributes:
        header: of the decision that brought them back
        sample_ids: the samples
    """

    def __init__(self, header: Header, sample_ids: Sequence[ObjectId]):
        super().__init__()
        self.header, self.sample_ids = header, list(sample_ids)


def apply_decision(
    lock: Lock,
    run: Run,
    header: Header,
    *,
    resumed: bool = False,
    planned: list[Entry] | None = None,
    schema: Schema | None = None,
) -> Header:
    """Apply a committed decision to all its samples that do not show it, and mark it applied.

    Args:
        lock: the dataset's lock, under which this is done
        run: the run of the decision
        header: its header
        resumed: whether an earlier writer may have done a part of it
        planned: all its entries, where they are at hand
        schema: what the dataset declared a moment ago, where it is at hand

    Returns:
        the header as it is then kept

    Raises:
        LockLost: if somebody else has taken over, who applies it instead
    """
    mine = {"_id": header["_id"], "state": "written", "finisher": lock.token}
    if resumed:
        earlier = {**mine, "finisher": {"$lte": lock.token}}
        if not headers().update_one(earlier, {"$set": {"finisher": lock.token}}).matched_count:
            raise LockLost
    if planned is None:
        planned = list(entries_of(header["_id"], {"document": 0, "filepath": 0}))
    work = Work(run, header, resumed, schema or schema_of(run.dataset))
    lost = 0
    for chunk in chunked(planned):
        lock.renew()
        steps.reached("chunk")
        refused = _apply_chunk(lock, work, list(chunk))
        _note_refused(lock, header, refused)
        work.fit_again(chunk)
        _refresh_in_memory(run.dataset, [e for e in chunk if key_of(e) not in refused])
        lost += len(refused)
    steps.reached("applied")
    done = {
        "state": "applied",
        "applied": header["samples"] - lost,
        "conflicts": header["conflicts"] + lost,
        "left_out": dict(work.left_out),
    }
    kept = headers().find_one_and_update(
        mine,
        {"$set": done, "$currentDate": {"applied_at": True}},
        return_document=ReturnDocument.AFTER,
    )
    if kept is None:
        raise LockLost
    steps.reached("marked")
    lock.clear(release=not resumed, wrote=work.fields)
    steps.reached("cleared")
    return kept


def _apply_chunk(lock: Lock, work: Work, chunk: list[Entry]) -> Refused:
    """Write the changes of a chunk; the samples that were left alone, and why."""
    refused: Refused = {}
    for op, write in (
        ("set", write_labels),
        ("delete", remove_samples),
        ("insert", restore_samples),
        ("object", write_objects),
    ):
        left = [entry for entry in chunk if entry["op"] == op]
        if op != "insert":
            left = _with_label_field(work, left, refused)
        for _ in range(ATTEMPTS):
            if not left:
                break
            if op == "insert":
                lock.renew(now=True)
            left = _attempt(lock, write, work, left, refused)
            _still_ours(lock, work, chunk if op == "insert" else [])
        for entry in left:
            refused[key_of(entry)] = {"reason": "busy", "found": None}
    return refused


def _still_ours(lock: Lock, work: Work, inserted: Sequence[Entry]) -> None:
    """Say that the writer is alive.

    Raises:
        LockLost: if somebody else has taken over
        RestoredTooLate: if so, and samples were brought back
    """
    try:
        lock.renew()
    except LockLost:
        if inserted:
            ids = [entry["sample_id"] for entry in inserted]
            raise RestoredTooLate(work.header, ids) from None
        raise


def _with_label_field(work: Work, chunk: list[Entry], refused: Refused) -> list[Entry]:
    """The entries that do not need the label field, if the dataset has it no more."""
    if work.schema.holds(work.run.label_field):
        return chunk
    why = {"reason": "no_field", "found": None}
    refused |= {key_of(entry): why for entry in chunk if entry["expects_label"]}
    return [entry for entry in chunk if not entry["expects_label"]]


def _attempt(
    lock: Lock,
    write: Callable[[Work, list[Entry], Refused], list[Entry]],
    work: Work,
    chunk: list[Entry],
    refused: Refused,
) -> list[Entry]:
    """One attempt at a chunk. A sample that cannot be written is left alone, and others go on.

    The decision counts by now, so what fails because of one document must not stop it for ever:
    nobody could decide anything on the dataset any more.
    """
    try:
        return write(work, chunk, refused)
    except (LockLost, ConnectionFailure):
        raise
    except Exception as error:
        if isinstance(error, OperationFailure) and error.code in OF_THE_SERVER:
            raise
        lock.renew(now=True)  # whoever took over may have deleted the run meanwhile
        if len(chunk) > 1:
            again = [_attempt(lock, write, work, [entry], refused) for entry in chunk]
            return [entry for left in again for entry in left]
        logger.exception("sample %s could not be written", chunk[0]["sample_id"])
        found = f"{type(error).__name__}: {error}"[:LONGEST_REASON]
        refused[key_of(chunk[0])] = {"reason": "error", "found": found}
        return []


def _note_refused(lock: Lock, header: Header, refused: Refused) -> None:
    if not refused:
        return
    unit = unit_of(header)
    notes = [
        UpdateOne(
            {"decision": header["_id"], unit: key},
            {"$set": {f"lost.{lock.token}": {**why, "found": _shortened(why["found"])}}},
        )
        for key, why in refused.items()
    ]
    entries().bulk_write(notes, ordered=False)


def _shortened(found: Any) -> Any:
    """What was found, small enough to be kept beside a whole document."""
    if found is None or isinstance(found, int | float):
        return found
    return (found if isinstance(found, str) else repr(found))[:LONGEST_FOUND]


def _refresh_in_memory(dataset: fo.Dataset, chunk: Sequence[Entry]) -> None:
    """Let this process's sample objects follow, as FiftyOne's own bulk writes do."""
    name = dataset._sample_collection_name
    gone = [entry["sample_id"] for entry in chunk if entry["op"] == "delete"]
    changed = [entry["sample_id"] for entry in chunk if entry["op"] in ("set", "object")]
    try:
        fo.Sample._reset_docs(name, sample_ids=gone)
        reload_held(dataset, changed)
    except Exception:  # the decision is made whatever this process's objects show
        logger.exception("samples in memory could not be reloaded")
