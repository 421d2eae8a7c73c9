"""One decision while it is applied: what was begun, what was written, what must be left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from bson import ObjectId
from pymongo.errors import BulkWriteError

from ..store.runs import Run
from ..store.samples import Schema, samples_of, schema_of, take_off_undeclared
from .changes import label_of
from .journal import Entry, Header
from .tags import tag_of

BEFORE_ANY_SAMPLE = timedelta(days=20_000)
TICK = timedelta(milliseconds=1)
"""What the database tells times apart by."""
WRITES = 16
"""A decision writes a sample twice at most, and again where others wrote meanwhile."""
Refused = dict[ObjectId, dict[str, Any]]


@dataclass
class Work:
    """One decision while it is applied.

    Attributes:
        schema: what the dataset declares; what has no place in it is not written
        left_out: by field, how many documents came back without it
        written: the fields that were written since the schema was read
        fields: all fields that were written, and the one that follows the decision
        begun: the samples that a write was sent for which may have been done
    """

    run: Run
    header: Header
    resumed: bool
    schema: Schema
    left_out: Counter[str] = field(default_factory=Counter)
    written: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    begun: set[ObjectId] = field(default_factory=set)
    _read_again: bool = False

    @property
    def stamp(self) -> datetime:
        """The ``last_modified_at`` of what it writes, see `stamp_over`."""
        return self.header["stamp"]

    def stamp_over(self, version: Any) -> datetime:
        """The ``last_modified_at`` to be written over another one, which it differs from.

        Somebody may have saved a sample in the very millisecond in which the lock was taken, and
        a decision may write a sample twice. Who has read what was there between the two must not be
        able to save over what is written now.
        """
        return version + TICK if self._near(version, WRITES - 1) else self.stamp

    def stamped(self, version: Any) -> bool:
        """Whether a ``last_modified_at`` may be of this decision."""
        return self._near(version, WRITES)

    def _near(self, version: Any, ticks: int) -> bool:
        if not isinstance(version, datetime):
            return False
        after = version.replace(tzinfo=None) - self.stamp.replace(tzinfo=None)
        return timedelta(0) <= after <= ticks * TICK

    @property
    def mark(self) -> datetime:
        """The ``last_modified_at`` of what is being removed: a time that nobody else ever gives.

        The stamp is a time like any other. Somebody who saved a sample in the very millisecond in
        which the lock was taken has written the same.
        """
        return self.stamp - BEFORE_ANY_SAMPLE

    @cached_property
    def tag(self) -> str | None:
        """The tag that the decision puts on, if it puts one on."""
        tag, puts_on = tag_of(self.header)
        return tag if puts_on else None

    def may_have_done(self, sample_id: ObjectId) -> bool:
        """Whether a write of this decision may have reached a sample before."""
        return self.resumed or sample_id in self.begun

    @property
    def samples(self) -> Any:
        """The collection; each write is durable before it is counted as done."""
        return samples_of(self.run.dataset, durable=True)

    def fitted(self, entry: Entry) -> Entry:
        """The entry without values that have no place in the dataset any more."""
        slots = [s for s in entry["slots"] if self.schema.holds(s["path"])]
        self.written |= {s["path"].partition(".")[0] for s in slots}
        return {**entry, "slots": slots}

    def schema_again(self) -> Schema:
        """The schema, read once more in this chunk."""
        if not self._read_again:
            self.schema, self._read_again = schema_of(self.run.dataset), True
        return self.schema

    def fit_again(self, chunk: Sequence[Entry]) -> None:
        """Take off what was written to a field that somebody deleted at the same time."""
        before, cies = self.schema, self.run.field("cies")
        self.schema, self._read_again = schema_of(self.run.dataset), False
        ids = [entry["sample_id"] for entry in chunk]
        gone = take_off_undeclared(self.run.dataset, self.written, ids, self.schema)
        self.left_out.update(dict.fromkeys(gone, len(ids)) if self._brings_back(chunk) else {})
        self.fields |= self.written
        if before.holds(cies) or self.schema.holds(cies):
            self.fields.add(cies)
        self.written.clear()

    @staticmethod
    def _brings_back(chunk: Sequence[Entry]) -> bool:
        return any(entry["op"] == "insert" for entry in chunk)


def as_seen(run: Run, entry: Entry) -> dict[str, Any]:
    """The query for a sample as it was seen when the decision was planned."""
    query = {"_id": entry["sample_id"], "last_modified_at": entry["version"]}
    if entry["expects_label"]:
        query[f"{run.label_field}.label"] = entry["label_before"]
    return query


def bulk_write(collection: Any, operations: list[Any]) -> tuple[int, dict[int, str]]:
    """The number of documents that matched, and the operations that the database refused."""
    try:
        result = collection.bulk_write(operations, ordered=False)
        return result.matched_count, {}
    except BulkWriteError as error:
        errors = {e["index"]: e["errmsg"] for e in error.details["writeErrors"]}
        return error.details["nMatched"], errors


def conflict_of(work: Work, entry: Entry, document: Any) -> dict[str, Any] | None:
    """Why a sample must be left alone, if it must."""
    if document is None:
        return {"reason": "deleted", "found": None}
    found = label_of(document, work.run.label_field)
    if not entry["expects_label"] or found == entry["label_before"]:
        return None
    gone = found is None and not work.schema_again().holds(work.run.label_field)
    return {"reason": "no_field" if gone else "relabeled", "found": found}
