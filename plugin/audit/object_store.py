"""Audits of objects as they are kept, with the verdicts that no decision tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from ..store.database import collection_of, connection
from ..store.runs import Run
from .sampling import Draw
from .store import (
    AuditRecord,
    audit_document,
    audit_documents,
    packed_draw,
    record_of,
    unpacked_draw,
)

VERDICTS = "deconfuse.verdicts"


@dataclass(frozen=True)
class ObjectAuditRecord(AuditRecord):
    """An audit of objects as it was drawn; its ``n`` places are those of items, then of images.

    Attributes:
        item_id: ``S12`` (k,), the drawn items, with which ``row``, ``sample_id`` and ``draw`` go
        image_id: ``S12`` (n − k,), the images to look at whole
        image_draw: strata and rounds of those; None where there are none
    """

    item_id: npt.NDArray[np.bytes_]
    image_id: npt.NDArray[np.bytes_]
    image_draw: Draw | None

    @property
    def places(self) -> int:
        """How many verdicts the audit asks for."""
        return len(self.row) + len(self.image_id)


def parts_of_images(image_id: npt.NDArray[np.bytes_], draw: Draw | None) -> dict[str, Any]:
    """What a document holds of the images to look at."""
    if draw is None:
        return {"image_id": b"", "images": None}
    return {"image_id": image_id.tobytes(), "images": packed_draw(draw)}


def load_object_audit(run: Run, audit: str | None) -> ObjectAuditRecord | None:
    """One audit, the last one if none is named; None where the run has none yet.

    Raises:
        InputError: if the run has none of that id
    """
    document = audit_document(run, audit)
    return None if document is None else _record(document)


def object_audits_of(run: Run) -> list[ObjectAuditRecord]:
    """All audits of a run, oldest first."""
    return [_record(document) for document in audit_documents(run)]


def _record(document: Mapping[str, Any]) -> ObjectAuditRecord:
    base = record_of(document)
    image_id = np.frombuffer(document["image_id"], "S12")
    drawn = document["images"]
    return ObjectAuditRecord(
        **{field.name: getattr(base, field.name) for field in fields(base)},
        item_id=np.frombuffer(document["item_id"], "S12"),
        image_id=image_id,
        image_draw=None if drawn is None else unpacked_draw(drawn, np.arange(len(image_id))),
    )


@dataclass(frozen=True)
class Verdict:
    """A verdict that no decision tells of: on a whole image, or that nobody can tell.

    Attributes:
        unclear: nobody can tell
        items: the objects that lack a label, as items of the run, by their ids
        candidates: how many of those had been proposed
    """

    unclear: bool
    items: tuple[str, ...] = ()
    candidates: int = 0


def _verdicts() -> Any:
    _ensure_index(connection())
    return collection_of(VERDICTS)


@cache
def _ensure_index(client: Any) -> None:
    """One verdict a place, also when two people judge at once."""
    collection_of(VERDICTS).create_index([("audit", 1), ("place", 1)], unique=True)


def verdicts_of(audit: AuditRecord) -> dict[int, Verdict]:
    """The verdicts that are kept of an audit, by place."""
    return {
        found["place"]: Verdict(
            found["unclear"], tuple(str(i) for i in found["items"]), found["candidates"]
        )
        for found in _verdicts().find({"audit": audit.id})
    }


def keep_verdict(
    run: Run, audit: AuditRecord, place: int, verdict: Verdict, author: str | None
) -> bool:
    """Keep a verdict; False where somebody else has just given one."""
    try:
        _verdicts().insert_one(
            {
                **run.owner,
                "audit": audit.id,
                "place": place,
                "unclear": verdict.unclear,
                "items": [ObjectId(i) for i in verdict.items],
                "candidates": verdict.candidates,
                "author": author or "",
                "given_at": datetime.now(UTC),
            }
        )
    except DuplicateKeyError:
        return False
    return True


def drop_verdicts(audit: AuditRecord, places: Sequence[int]) -> None:
    """Forget verdicts that were taken back."""
    _verdicts().delete_many({"audit": audit.id, "place": {"$in": list(places)}})
