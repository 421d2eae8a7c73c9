"""The field ``{run}_cies`` after a decision: what stays in its cells gets the new count."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..errors import InputError
from ..store.iterations import Iteration
from ..store.runs import Run
from ..store.sample_collection import is_deleted
from ..store.samples import samples_of, writing
from .journal import chunked, entries_of
from .state import Made, RunState, current_state

ROWS_AT_ONCE = 200
MOST_ROWS = 20_000
ATTEMPTS = 5
PAUSE_SECONDS = 1.0
"""What a thread waits before it writes, for further decisions on the same cells to join."""

_waiting: dict[ObjectId, tuple[threading.Thread, set[int]]] = {}
_lock = threading.Lock()


def follow_cies(run: Run, decision: ObjectId, made: Made | None = None) -> threading.Thread | None:
    """Write the new count onto the open samples of the cells that a decision touched.

    Smallest cells first, at most ``MOST_ROWS`` samples a decision. Where it is more than
    ``ROWS_AT_ONCE`` a thread writes them after a pause, once for all decisions until then. Larger
    cells keep the older number in this field until the next iteration; the state, and with it the
    panel, is exact at any time.

    Args:
        run: the run
        decision: one that was applied
        made: what this process knows of it, if it made it a moment ago

    Returns:
        the thread, if it is left to one
    """
    iteration = _last_iteration(run) if made is None else made.last
    # Decisions without an iteration have no cells.
    if iteration is None or not iteration.document["fields_written"]:
        return None
    state = current_state(run, iteration, made)
    if made is None:
        ids = [str(entry["sample_id"]) for entry in entries_of(decision, {"sample_id": 1})]
    else:
        ids = list(made.kinds)
    cells = _affordable(state, _touched(state, ids))
    if state.open_count[cells].sum() <= ROWS_AT_ONCE:
        _write(run, state, cells, made)
        return None
    return _write_later(run, state.iteration, cells)


def _write_later(run: Run, iteration: Iteration, cells: npt.NDArray[np.int64]) -> threading.Thread:
    """Have a thread write the cells, the one that waits to write if there is one."""
    with _lock:
        if iteration.id in _waiting:
            thread, waiting = _waiting[iteration.id]
            waiting.update(cells.tolist())
            return thread
        thread = threading.Thread(target=_write_soon, args=(run, iteration), name="deconfuse-cies")
        _waiting[iteration.id] = (thread, set(cells.tolist()))
    thread.start()
    return thread


def _write_soon(run: Run, iteration: Iteration) -> None:
    time.sleep(PAUSE_SECONDS)
    with _lock:
        _, cells = _waiting.pop(iteration.id)
    try:
        _write(run, current_state(run, iteration), np.array(sorted(cells), np.int64))
    except ValueError:
        if not is_deleted(run.dataset):  # while this waited
            raise


def _last_iteration(run: Run) -> Iteration | None:
    try:
        return run.iteration()
    except InputError:
        return None


def _touched(state: RunState, ids: Sequence[str]) -> npt.NDArray[np.int64]:
    rows = state.iteration.rows_of(ids)
    return np.unique(state.cell_of(rows[rows >= 0]))


def _affordable(state: RunState, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The smallest of the cells, as many as may be written."""
    cells = cells[np.argsort(state.open_count[cells], kind="stable")]
    return cells[np.cumsum(state.open_count[cells]) <= MOST_ROWS]


def _write(
    run: Run, state: RunState, cells: npt.NDArray[np.int64], made: Made | None = None
) -> None:
    """Write the counts, and again those that another decision has changed meanwhile."""
    for _ in range(ATTEMPTS):
        try:
            with writing(run.dataset, run.field("cies"), schema=made and made.schema):
                for cell in cells.tolist():
                    _write_cell(run, state, cell)
        except InputError:  # somebody deleted the field; the next iteration declares it again
            return
        now = current_state(run, state.iteration, made)
        cells = cells[now.open_count[cells] != state.open_count[cells]]
        if not len(cells):
            return
        state = now


def _write_cell(run: Run, state: RunState, cell: int) -> None:
    start, stop = (int(row) for row in state.iteration.cells.start[cell : cell + 2])
    is_open = state.kind[start:stop] == 0
    ids = state.iteration.ids_among(start, is_open)
    field, count = run.field("cies"), int(state.open_count[cell])
    for part in chunked([ObjectId(i) for i in ids]):
        # last_modified_at stays: nobody edited these samples.
        query: dict[str, Any] = {"_id": {"$in": list(part)}, field: {"$ne": count}}
        samples_of(run.dataset).update_many(query, {"$set": {field: count}})
