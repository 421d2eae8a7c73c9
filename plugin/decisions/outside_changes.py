"""What changed in a dataset outside of a run since the scores of an iteration were written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..documents import value_at
from ..store.runs import Run
from ..store.samples import samples_of
from .state import RunState

READ_CHUNK = 5_000
IDS_A_QUERY = 50_000
ITERATIONS_KEPT = 8


@dataclass(frozen=True)
class OutsideChanges:
    """How many samples somebody else added, deleted, or gave another label.

    Attributes:
        added: samples made after the iteration
        deleted: samples of the iteration that are gone, those removed by decisions left out
        relabelled: open samples of the iteration with another label than it saw
    """

    added: int
    deleted: int
    relabelled: int


@dataclass
class _Seen:
    """What this process knows of one iteration; only later edits are looked at again."""

    since: datetime
    relabelled: tuple[ObjectId, ...] = ()


def outside_changes(run: Run, state: RunState) -> OutsideChanges:
    """Compare a dataset with an iteration.

    Labels are compared one by one where ``last_modified_at`` is later than the run's own writing,
    which FiftyOne sets with every edit. So the cost is that of the edits since, and in a process
    that of the edits since the last call.

    Args:
        run: the run
        state: the iteration, and what is decided in it
    """
    iteration = state.iteration
    collection = samples_of(run.dataset)
    stamp: datetime = iteration.document.get("fields_stamp") or iteration.created_at
    seen = _seen(iteration.id, stamp.replace(tzinfo=None))
    added = collection.count_documents({"created_at": {"$gt": iteration.created_at}})
    return OutsideChanges(
        added=added,
        deleted=len(state.deleted),
        relabelled=_relabelled(run, state, seen),
    )


@lru_cache(maxsize=ITERATIONS_KEPT)
def _seen(iteration_id: ObjectId, since: datetime) -> _Seen:
    return _Seen(since)


def _relabelled(run: Run, state: RunState, seen: _Seen) -> int:
    known = list(seen.relabelled)
    query: dict[str, Any] = {"last_modified_at": {"$gt": seen.since}}
    if known:
        query = {"$or": [query, {"_id": {"$in": known}}]}
    keep = {f"{run.label_field}.label": 1, "last_modified_at": 1}
    newest, found = seen.since, []
    for document in samples_of(run.dataset).find(query, keep).batch_size(READ_CHUNK):
        found.append((document["_id"], value_at(document, f"{run.label_field}.label")))
        newest = max(newest, document.get("last_modified_at") or newest)
    ids = [sample_id for sample_id, _ in found]
    rows = state.iteration.rows_of([str(i) for i in ids])
    inside = np.flatnonzero(rows >= 0)
    label = _labels(state, rows[inside])
    differs = [at for at, name in zip(inside.tolist(), label, strict=True) if found[at][1] != name]
    seen.relabelled = tuple(ids[at] for at in differs[:IDS_A_QUERY])
    if len(differs) <= IDS_A_QUERY:  # else all are looked at again
        seen.since = max(seen.since, newest - timedelta(milliseconds=1))
    return int((state.kind[rows[differs]] == 0).sum())


def _labels(state: RunState, rows: npt.NDArray[np.int64]) -> list[str]:
    if not len(rows):
        return []
    start = int(rows.min())
    label = state.iteration.column("label", start, int(rows.max()) + 1)[rows - start]
    return [state.iteration.classes[i] for i in label]
