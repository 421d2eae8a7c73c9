"""Missing tags that were dismissed, taken off or not decided, known again in the next iteration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..objects.known import KnownDecisions
from ..objects.store import Columns
from ..runs.life import begins_anew
from ..store.iterations import pack_ids, unpack_ids
from ..store.runs import Run, list_runs, load_run
from ..store.samples import Dataset


def kept_run(dataset: Dataset, key: str) -> Run | None:
    """The run that goes on; None where one begins."""
    if key not in list_runs(dataset) or begins_anew(dataset, key):
        return None
    return load_run(dataset, key)


def carried_over(columns: Columns, classes: Sequence[str], known: KnownDecisions) -> Columns:
    """The columns, in which a missing tag that was proposed before has the id that it had.

    So that it stays dismissed, and is open again once that is undone; and is found by whoever
    waits for a decision on it.

    Args:
        columns: of an iteration
        classes: its class names
        known: what was decided so far
    """
    earlier = known.waiting(columns, classes) | known.gone(classes)
    gone = {(made.sample_id, made.label): item for item, made in earlier.items()}
    rows = np.flatnonzero(columns["label"] == len(classes))
    if not gone or not len(rows):
        return columns
    ids = columns["item_id"].copy()
    samples = unpack_ids(columns["sample_id"][rows])
    top = columns["top_class"][rows]
    tags = np.where(top[:, 0] == len(classes), top[:, 1], top[:, 0])
    for row, sample, tag in zip(rows.tolist(), samples, tags.tolist(), strict=True):
        item = gone.get((sample, classes[int(tag)]))
        if item is not None:
            ids[row] = pack_ids([item])[0]
    return {**columns, "item_id": ids}
