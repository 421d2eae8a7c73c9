"""A decision that is being written to the journal: its header, and the changes of its samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bson import ObjectId

from ..store.dataset_now import DatasetNow
from ..store.declared import check_writable
from ..store.runs import Run
from . import steps
from .journal import Entry, Header, headers, insert_entries
from .lock import Lock
from .tags import LEFT_TAG

CONFLICTS_KEPT = 100

_COUNTED = ("samples", "conflicts", "undoes", "undoes_applied", "schema", LEFT_TAG)
"""What the header says of its samples, known when all are planned."""


class Draft:
    """A decision that is being written to the journal.

    Attributes:
        now: the dataset as it was when the lock was taken
        schema: what it declares since the run's own field was declared, where it was not
        header: its header; ``samples`` and ``conflicts`` are counted as samples are added
        conflicts: the first samples that will be left alone, and why
        entries: the changes of its samples, where they are few enough to be held in memory
        asked_after: the last ``seq`` under which writing had ended when it was asked for
    """

    def __init__(self, run: Run, lock: Lock, header: Header, now: DatasetNow, asked_after: int):
        self.run, self.lock, self.now, self.schema = run, lock, now, now.schema
        self.header = header | {
            "seq": lock.token,
            "stamp": lock.stamp,
            "finisher": lock.token,
            "state": "written",
            "samples": 0,
            "conflicts": 0,
        }
        self.asked_after = asked_after
        self.conflicts: list[dict[str, Any]] = []
        self.entries: list[Entry] | None = None
        self._written: dict[str, Any] | None = None

    @property
    def id(self) -> ObjectId:
        """The decision's id."""
        return self.header["_id"]

    def write(self, plan: Callable[[Draft], None]) -> None:
        """Let the plan add the samples; the header goes before the first of them."""
        plan(self)
        counted = {k: v for k, v in self.header.items() if k in _COUNTED}
        if self._written is not None and counted != self._written:
            headers().update_one({"_id": self.id}, {"$set": counted})

    def add(self, new: Sequence[Entry]) -> None:
        """Write the changes of samples."""
        if not new:
            return
        paths = (path for entry in new for path in written_by(entry))
        # Read with the lock a moment ago; what a later chunk may write is looked up anew.
        declared = self.now.declared if self._written is None else None
        check_writable(self.run.dataset, paths, declared)
        self.header["samples"] += len(new)
        if self._written is None:
            headers().insert_one(self.header)
            self._written = {k: v for k, v in self.header.items() if k in _COUNTED}
            steps.reached("header")
        common = {"decision": self.id, "seq": self.lock.token, **self.run.owner}
        full = [{**common, **{k: v for k, v in e.items() if k != "paths"}} for e in new]
        insert_entries(full)
        self.entries = full if self.header["samples"] == len(full) else None
        steps.reached("entries")
        self.lock.renew()

    def leave(
        self, sample_id: ObjectId | None, reason: str, expected: Any, found: Any, **more: Any
    ) -> None:
        """Leave a sample alone, or one of its objects."""
        self.header["conflicts"] += 1
        if len(self.conflicts) < CONFLICTS_KEPT:
            names = ("sample_id", "reason", "expected", "found")
            values = (str(sample_id) if sample_id else None, reason, expected, found)
            self.conflicts.append(dict(zip(names, values, strict=True)) | more)


def written_by(entry: Entry) -> list[str]:
    """The paths of a sample that an entry changes."""
    if entry["op"] == "object":
        return entry["paths"]
    tags = ["tags"] if "add_tag" in entry or "pull_tag" in entry else []
    return [s["path"] for s in entry["slots"]] + tags
