"""The field ``{run}_cies`` after a decision: what stays in its cells gets the new count."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..errors import InputError
from ..keeping.iterations import unpack_ids
from ..keeping.runs import Run
from .completion import samples_of
from .journal import chunked, entries_of
from .state import RunState, current_state

ROWS_AT_ONCE = 1_000
MOST_ROWS = 20_000
ATTEMPTS = 5


def follow_cies(run: Run, decision: ObjectId) -> threading.Thread | None:
    """Write the new count onto the open samples of the cells that a decision touched.

    Smallest cells first, at most ``MOST_ROWS`` samples a decision, and in a thread where it is
    more than ``ROWS_AT_ONCE``. Larger cells keep the older number in this field until the next
    iteration; the state, and with it the panel, is exact at any time.

    Returns:
        the thread, if one was started
    """
    try:
        iteration = run.iteration()
    except InputError:  # decisions without an iteration have no cells
        return None
    if not iteration.document["fields_written"]:
        return None
    state = current_state(run, iteration)
    cells = _affordable(state, _touched(state, decision))
    if state.open_count[cells].sum() <= ROWS_AT_ONCE:
        _write(run, state, cells)
        return None
    thread = threading.Thread(target=_write, args=(run, state, cells), name="deconfuse-cies")
    thread.start()
    return thread


def _touched(state: RunState, decision: ObjectId) -> npt.NDArray[np.int64]:
    ids = [str(entry["sample_id"]) for entry in entries_of(decision, {"sample_id": 1})]
    rows = state.iteration.rows_of(ids)
    return np.unique(state.cell_of(rows[rows >= 0]))


def _affordable(state: RunState, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The smallest of the cells, as many as may be written."""
    cells = cells[np.argsort(state.open_count[cells], kind="stable")]
    return cells[np.cumsum(state.open_count[cells]) <= MOST_ROWS]


def _write(run: Run, state: RunState, cells: npt.NDArray[np.int64]) -> None:
    """Write the counts, and again those that another decision has changed meanwhile."""
    for _ in range(ATTEMPTS):
        for cell in cells.tolist():
            _write_cell(run, state, cell)
        now = current_state(run, state.iteration)
        cells = cells[now.open_count[cells] != state.open_count[cells]]
        if not len(cells):
            return
        state = now


def _write_cell(run: Run, state: RunState, cell: int) -> None:
    start, stop = (int(row) for row in state.iteration.cells.start[cell : cell + 2])
    is_open = state.kind[start:stop] == 0
    ids = unpack_ids(state.iteration.column("sample_id", start, stop)[is_open])
    field, count = run.field("cies"), int(state.open_count[cell])
    for part in chunked([ObjectId(i) for i in ids]):
        # last_modified_at stays: nobody edited these samples.
        query: dict[str, Any] = {"_id": {"$in": list(part)}, field: {"$ne": count}}
        samples_of(run.dataset).update_many(query, {"$set": {field: count}})
