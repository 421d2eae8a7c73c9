"""What became of a decision, as its author is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from .journal import ITEM, Header, entries, was_lost

CONFLICTS_SHOWN = 100


@dataclass(frozen=True)
class Resolution:
    """What became of one call of :func:`resolve` or :func:`undo`.

    Attributes:
        decision: the decision's id; None where no sample could be changed, and none was made
        action: ``relabel``, ``confirm``, ``remove``, ``tag``, on objects also ``add`` and
            ``move``, or ``undo``
        applied: number of samples, or objects, that were changed
        conflict_count: number of those that were left alone
        conflicts: the first of them, each ``{sample_id, reason, expected, found}``; the reason is
            ``relabeled`` (its label is not the expected one), ``deleted``, ``exists`` (undo of a
            removal finds its id or file in use), ``already`` (the same was decided at the same
            time), ``no_field`` (the label field was deleted), ``busy``, ``too_large`` or ``error``.
            Of objects each says its ``label_id``, ``expected_box`` and ``found_box`` too, and the
            reason can be ``moved`` (its box is not the expected one), ``no_label`` (a missing
            object has none that could be changed), ``unseen`` (no detector sees where to move it)
            or ``mask`` (moving its box would warp its mask)
        undoes: the id of the decision that was taken back
        seq: the decision's place among all decisions on the dataset; it grows
        basis: the audit or check that it rests on, if any
        left_out: by field that is no longer declared, how many samples came back without their
            value of it; the journal keeps the values
    """

    decision: str | None
    action: str
    run_key: str
    iteration: int | None
    applied: int
    conflict_count: int
    conflicts: tuple[dict[str, Any], ...] = field(default=())
    label: str | None = None
    tag: str | None = None
    undoes: str | None = None
    author: str | None = None
    note: str | None = None
    created_at: str | None = None
    seq: int | None = None
    basis: dict[str, Any] | None = None
    left_out: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The resolution as plain, JSON-ready values."""
        return {**asdict(self), "conflicts": [dict(c) for c in self.conflicts]}


def resolution_of(header: Header, planned: list[dict[str, Any]], *, made: bool) -> Resolution:
    """What is told of a decision; ``planned`` are the conflicts that were found before it."""
    conflicts = planned[:CONFLICTS_SHOWN]
    left_out = header.get("left_out", {})
    if made and header["applied"] < header["samples"]:
        conflicts = [*conflicts, *_late_conflicts(header)][:CONFLICTS_SHOWN]
        made = header["applied"] > 0
    return Resolution(
        decision=str(header["_id"]) if made else None,
        action=header["action"],
        run_key=header["run_key"],
        iteration=header["iteration"],
        applied=header["applied"] if made else 0,
        conflict_count=header["conflicts"],
        conflicts=tuple(conflicts),
        label=header["label"],
        tag=header["tag"],
        undoes=str(header["undoes"]) if header["undoes"] else None,
        author=header["author"],
        note=header["note"],
        created_at=utc_text(header["created_at"]),
        seq=header["seq"] if made else None,
        basis=header.get("basis"),
        left_out=left_out,
    )


def _late_conflicts(header: Header) -> Iterable[dict[str, Any]]:
    query = {"decision": header["_id"], f"lost.{header['finisher']}": {"$exists": True}}
    for entry in entries().find(query).limit(CONFLICTS_SHOWN):
        why = was_lost(entry, header) or {}
        yield {
            "sample_id": str(entry["sample_id"]),
            "reason": why["reason"],
            "expected": entry["label_before"],
            "found": why["found"],
            **_of_object(entry, why),
        }


def _of_object(entry: dict[str, Any], why: dict[str, Any]) -> dict[str, Any]:
    """What is said of an object beside that."""
    if ITEM not in entry:
        return {}
    boxes = {"expected_box": entry["box_before"], "found_box": why.get("found_box")}
    return {"label_id": str(entry[ITEM]), **boxes}


def utc_text(moment: datetime) -> str:
    """A time as ISO 8601 in UTC, to the millisecond.

    Example:
        >>> utc_text(datetime(2024, 2, 29, 12, 0, 0, 5000))
        '2024-02-29T12:00:00.005Z'
    """
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"
