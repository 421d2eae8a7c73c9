"""Which samples of an iteration somebody deleted from the dataset, past the journal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from time import monotonic

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..store.iterations import unpack_ids
from ..store.runs import Run
from ..store.samples import samples_of

IDS_A_QUERY = 50_000
QUICK = 0.2
PAUSE = 10.0
"""A look that took longer than ``QUICK`` seconds is not repeated for ten times as long."""

Rows = npt.NDArray[np.int64]


class DeletedSamples:
    """Follows which of some samples are in the dataset.

    They are looked up one by one only when the numbers of samples do not add up otherwise than
    when they were looked up last: what is there, what was added since, what decisions removed.

    Args:
        sample_ids: gives S12 (n,), the samples; called when they are looked up
        made: when they were read; what was created later was added
        before: how many samples the dataset had then, None where nobody knows
    """

    def __init__(
        self,
        sample_ids: Callable[[], npt.NDArray[np.bytes_]],
        made: datetime,
        before: int | None,
    ):
        self._sample_ids, self._made, self._before = sample_ids, made, before
        self._lock = Lock()
        self._rows: Rows = np.zeros(0, np.int64)
        self._lacking = None if before is None else 0
        self._not_until = 0.0

    def known(self) -> Rows:
        """The rows that were gone when somebody looked last."""
        return self._rows

    def rows(self, run: Run, removed: npt.NDArray[np.bool_] | None = None) -> Rows:
        """The rows whose samples are gone, ascending; the same array until that changes.

        Args:
            run: the run
            removed: bool (n,), rows that decisions removed, which are not meant
        """
        collection = samples_of(run.dataset)
        there = collection.estimated_document_count()
        added = collection.count_documents({"created_at": {"$gt": self._made}})
        taken = 0 if removed is None else int(removed.sum())
        lacking = (self._before or 0) + added - taken - there
        with self._lock:
            if lacking == self._lacking or monotonic() < self._not_until:
                return self._rows
            began = monotonic()
            found = self._look(run)
            if removed is not None:
                found = found[~removed[found]]
            if not np.array_equal(found, self._rows):
                self._rows = found
            self._lacking = lacking
            took = monotonic() - began
            self._not_until = monotonic() + (PAUSE * took if took > QUICK else 0.0)
            return self._rows

    def _look(self, run: Run) -> Rows:
        ids, collection = self._sample_ids(), samples_of(run.dataset)
        gone = [np.zeros(0, np.int64)]
        for start in range(0, len(ids), IDS_A_QUERY):
            part = [ObjectId(i) for i in unpack_ids(ids[start : start + IDS_A_QUERY])]
            query = {"_id": {"$in": part}}
            if collection.count_documents(query, hint="_id_") < len(part):
                there = {d["_id"] for d in collection.find(query, {"_id": 1}).hint("_id_")}
                gone.append(np.flatnonzero([i not in there for i in part]) + start)
        return np.concatenate(gone)
