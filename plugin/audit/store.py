"""Audits, checks before bulk decisions, and stopping targets: kept with their run.

Each is one document, written by one insert. An audit's document says what was drawn and with which
probability, and never changes but for being closed: its verdicts are decisions in the journal.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from ..errors import InputError
from ..store.database import collection_of, connection
from ..store.runs import Run
from .sampling import Draw

AUDITS = "deconfuse.audits"
CHECKS = "deconfuse.checks"
TARGETS = "deconfuse.targets"


@dataclass(frozen=True)
class AuditRecord:
    """An audit as it was drawn.

    Attributes:
        number: counts the run's audits from 1
        iteration: the number of the iteration that its rows belong to
        revision: the place of the last decision that was known at the draw
        row: int64 (n,), rows of the iteration in the order of presentation
        sample_id: ``S12`` (n,)
        open_rows: bool (N,), the rows that were open at the draw
        draw: strata, rounds and probabilities of the drawn ones
    """

    id: ObjectId
    number: int
    iteration: int
    revision: int
    seed: int
    drawn_at: datetime
    drawn_by: str
    closed: bool
    row: npt.NDArray[np.int64]
    sample_id: npt.NDArray[np.bytes_]
    open_rows: npt.NDArray[np.bool_]
    draw: Draw


def _collection(name: str) -> Any:
    _ensure_indexes(connection())
    return collection_of(name)


@cache
def _ensure_indexes(client: Any) -> None:
    """One audit of each number, also when two people draw at once."""
    by_number = [("dataset_id", 1), ("run_key", 1), ("number", 1)]
    collection_of(AUDITS).create_index(by_number, unique=True)


def insert_audit(run: Run, header: Mapping[str, Any], draw: Draw, record: Mapping[str, Any]) -> Any:
    """Keep an audit that was drawn.

    Args:
        run: the run
        header: ``number``, ``iteration``, ``revision``, ``seed``, ``drawn_by``, and whatever else
            is kept
        draw: what was drawn
        record: ``row``, ``sample_id`` and ``open_rows`` of :class:`AuditRecord`

    Raises:
        InputError: if somebody else drew one in the same moment
    """
    document = {
        **run.owner,
        **header,
        "_id": ObjectId(),
        "drawn_at": datetime.now(UTC),
        "closed": False,
        "size": len(draw.at),
        "rows": len(record["open_rows"]),
        "row": record["row"].astype("<i8").tobytes(),
        "sample_id": record["sample_id"].tobytes(),
        **packed_draw(draw),
        "open_rows": zlib.compress(np.packbits(record["open_rows"]).tobytes()),
    }
    try:
        _collection(AUDITS).insert_one(document)
    except DuplicateKeyError:
        raise InputError(
            f"Somebody else has just drawn an audit of run '{run.key}'. Judge that one."
        ) from None
    return document["_id"]


def packed_draw(draw: Draw) -> dict[str, Any]:
    """A draw as documents hold it, without its positions."""
    return {
        "stratum": draw.stratum.astype("<i4").tobytes(),
        "round": draw.round.astype("<i4").tobytes(),
        "probability": draw.probability.astype("<f8").tobytes(),
        "population": draw.population.tolist(),
    }


def unpacked_draw(document: Mapping[str, Any], at: npt.NDArray[np.int64]) -> Draw:
    """The draw that a document holds; ``at`` are its positions."""
    return Draw(
        at=at,
        stratum=np.frombuffer(document["stratum"], "<i4"),
        round=np.frombuffer(document["round"], "<i4"),
        population=np.array(document["population"], np.int64),
    )


def audits_of(run: Run) -> list[AuditRecord]:
    """All audits of a run, oldest first."""
    return [record_of(document) for document in audit_documents(run)]


def audit_documents(run: Run) -> list[dict[str, Any]]:
    """The documents of all audits of a run, oldest first."""
    return list(_collection(AUDITS).find(run.owner).sort("number", 1))


def load_audit(run: Run, audit: str | None) -> AuditRecord | None:
    """One audit, the last one if none is named; None where the run has none yet.

    Raises:
        InputError: if the run has none of that id
    """
    found = audit_document(run, audit)
    return None if found is None else record_of(found)


def audit_document(run: Run, audit: str | None) -> dict[str, Any] | None:
    """The document of an audit, as :func:`load_audit` finds it.

    Raises:
        InputError: if the run has none of that id
    """
    if audit is None:
        return _collection(AUDITS).find_one(run.owner, sort=[("number", -1)])
    valid = isinstance(audit, str) and ObjectId.is_valid(audit)
    found = _collection(AUDITS).find_one({**run.owner, "_id": ObjectId(audit)}) if valid else None
    if found is None:
        raise InputError(f"Run '{run.key}' has no audit {audit!r}")
    return found


def close_audit(record: AuditRecord) -> None:
    """Say that nobody will judge the rest of an audit."""
    _collection(AUDITS).update_one({"_id": record.id}, {"$set": {"closed": True}})


def record_of(document: Mapping[str, Any]) -> AuditRecord:
    """The audit that a document holds."""
    bits = np.frombuffer(zlib.decompress(document["open_rows"]), np.uint8)
    row = np.frombuffer(document["row"], "<i8")
    return AuditRecord(
        id=document["_id"],
        number=document["number"],
        iteration=document["iteration"],
        revision=document["revision"],
        seed=document["seed"],
        drawn_at=document["drawn_at"],
        drawn_by=document["drawn_by"],
        closed=document["closed"],
        row=row,
        sample_id=np.frombuffer(document["sample_id"], "S12"),
        open_rows=np.unpackbits(bits, count=document["rows"]).astype(bool),
        draw=unpacked_draw(document, row),
    )


def insert_check(run: Run, check: Mapping[str, Any]) -> str:
    """Keep a check that was drawn and return its id."""
    document = {**run.owner, **check, "_id": ObjectId(), "drawn_at": datetime.now(UTC)}
    _collection(CHECKS).insert_one(document)
    return str(document["_id"])


def load_check(run: Run, check: str) -> dict[str, Any]:
    """A check's document.

    Raises:
        InputError: if the run has none of that id
    """
    valid = isinstance(check, str) and ObjectId.is_valid(check)
    found = _collection(CHECKS).find_one({**run.owner, "_id": ObjectId(check)}) if valid else None
    if found is None:
        raise InputError(f"Run '{run.key}' has no check {check!r}")
    return found


def read_check(run: Run, check: str, exceptions: list[bytes]) -> None:
    """Keep the verdicts of a check; a second reading takes the place of the first."""
    values = {"exceptions": exceptions, "read_at": datetime.now(UTC)}
    _collection(CHECKS).update_one({**run.owner, "_id": ObjectId(check)}, {"$set": values})


def target_of(run: Run) -> dict[str, float] | None:
    """The stopping target that somebody set: ``share`` and ``confidence``."""
    found = _collection(TARGETS).find_one(run.owner)
    return None if found is None else {name: found[name] for name in ("share", "confidence")}


def set_target(run: Run, share: float, confidence: float) -> None:
    """Set the stopping target."""
    values = {"share": share, "confidence": confidence}
    _collection(TARGETS).update_one(run.owner, {"$set": values}, upsert=True)
