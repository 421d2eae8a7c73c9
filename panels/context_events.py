"""What a judgement is made beside: typical images of two classes, and a sample's neighbours."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt

from ..plugin.decisions.changes import KINDS
from ..plugin.decisions.state import said_of
from ..plugin.duplicates.alike import groups_of_rows
from ..plugin.scoring.typical import one_of_each
from ..plugin.store.iterations import Iteration
from ..plugin.vectors.nearest import nearest_rows
from . import events
from .opened import Opened, open_iteration
from .sample_documents import documents_of, label_of

TYPICAL = 3
NEIGHBOURS = 6
CANDIDATES = 24
"""Of each kind: some are near-duplicates, were deleted, or have another label by now."""

_CODE = {kind: code for code, kind in enumerate(("", *KINDS))}
Rows = npt.NDArray[np.int64]


def context(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ContextReply:
    """Typical images of the label and of the class beside it, and the nearest neighbours."""
    opened = open_iteration(ctx, request)
    row = int(opened.rows([request["row"]], 1)[0])
    label, other = _two_classes(opened, row)
    groups = groups_of_rows(opened.run, opened.iteration)
    shows = {c: one_of_each(_showing(opened, c), groups, row) for c in (label, other)}
    candidates = {c: rows[:CANDIDATES] for c, rows in shows.items()}
    near, note = _neighbours(opened, row)
    every = np.unique(np.concatenate([*candidates.values(), near]))
    now = dict(zip(every.tolist(), _labels_now(opened, every), strict=True))
    typical = {
        c: [r for r in rows.tolist() if now[r] == opened.classes[c]][:TYPICAL]
        for c, rows in candidates.items()
    }
    neighbours = [r for r in near.tolist() if now[r] is not None][:NEIGHBOURS]
    used = np.array([*dict.fromkeys([*typical[label], *typical[other], *neighbours])], np.int64)
    return events.ContextReply(
        revision=opened.state.revision,
        row=row,
        label=label,
        other=other,
        typical=typical[label],
        typical_other=typical[other],
        neighbours=neighbours,
        alike=[r for r in neighbours if groups[r] == groups[row]],
        samples=events.ContextSamples(
            **opened.samples(used),
            current_label=[now[r] or "" for r in used.tolist()],
            decision=said_of(KINDS, opened.state.kind[used]),
        ),
        note=note,
    )


def _two_classes(opened: Opened, row: int) -> tuple[int, int]:
    """The label, and the prediction; where that is the label, the most probable of the others."""
    at = np.array([row])
    label = int(opened.picked("label", at)[0])
    probable = opened.picked("top_class", at)[0].tolist()
    return label, next((c for c in probable if c != label), label)


def _showing(opened: Opened, c: int) -> Rows:
    """Rows that show class ``c``, the most typical first.

    Those come first that a person found right and the classifier predicts so, by its certainty;
    then what it is most certain of; then what a person found right against it.
    """
    cells, kind = opened.iteration.cells, opened.state.kind
    where = opened.iteration.cell_slice(c, c)
    agreed = np.arange(where.start, where.stop)[kind[where] == 0][::-1]
    confirmed = np.flatnonzero(kind == _CODE["confirmed"])
    given = np.flatnonzero(kind == _CODE["relabeled"])
    confirmed = confirmed[cells.label[opened.state.cell_of(confirmed)] == c]
    predicted = cells.prediction[opened.state.cell_of(confirmed)] == c
    given = given[cells.prediction[opened.state.cell_of(given)] == c]
    right = np.sort(np.concatenate([confirmed[predicted], given]))
    right = right[np.argsort(-opened.picked("p_max", right), kind="stable")]
    return np.concatenate([right, agreed, confirmed[~predicted]])


def _labels_now(opened: Opened, rows: Rows) -> list[str | None]:
    """The label that each sample has now, None where it is gone."""
    field = opened.run.label_field
    found = documents_of(opened, opened.ids(rows), f"{field}.label")
    return [label_of(document, field) if document else None for document in found]


def _neighbours(opened: Opened, row: int) -> tuple[Rows, str]:
    """The nearest rows by the iteration's features, or why there are none."""
    features = _features(opened.iteration)
    if not features.shape[1]:
        return np.empty(
            0, np.int64
        ), "This iteration has no features, so nobody knows its neighbours."
    return nearest_rows(features, row, NEIGHBOURS + CANDIDATES)[0], ""


@lru_cache(maxsize=2)
def _features(iteration: Iteration) -> npt.NDArray[np.float16]:
    """All features, 64 bytes a sample at most: the queue asks for each sample in turn."""
    return iteration.column("features")
