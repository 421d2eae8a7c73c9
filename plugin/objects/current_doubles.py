"""Two labels on one object as they are now: the pairs of an iteration with the journal applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId
from cachetools import TTLCache, cached

from ..arrays import BoolArray, Float64Array, Int64Array
from ..decisions.object_changes import BOXES, box_of, by_id, class_of, labels_in
from ..duplicates.dismissed import dismissed_groups
from ..duplicates.fields import sign_of_change
from ..duplicates.groups import DuplicateGroup, duplicate_groups, holding
from ..store.iterations import unpack_ids
from ..store.runs import Run
from ..store.samples import samples_of
from .boxes import iou
from .doubles import COINCIDE
from .iteration import ObjectIteration
from .state import KINDS, items_state

REMOVED = 1 + KINDS.index("removed")
GROUPS_KEPT = 4
FRESH_SECONDS = 30.0
"""How long a change may go unnoticed that moves neither count nor modification time."""
CHUNK = 2_000
ROUNDED = 1e-5


@dataclass(frozen=True)
class Double:
    """A label as it is now, of a group of labels on one object.

    Attributes:
        sample_id: its image's
        filepath: its image's
        label: its class
        box: its box as it is stored
    """

    sample_id: str
    filepath: str
    label: str
    box: list[float]


@dataclass(frozen=True)
class CurrentDoubles:
    """Groups of labels that are probably on one object and that nobody has kept on purpose.

    Attributes:
        groups: by rows of the iteration; those whose classes differ first, then by falling overlap
        pair: int64 (p, 2), the pairs of rows that make them
        iou: float64 (p,), of their boxes as they are now
        members: each row in a group
        kept: how many groups were kept on purpose
    """

    groups: list[DuplicateGroup]
    pair: Int64Array
    iou: Float64Array
    members: dict[int, Double]
    kept: int

    def of_rows(self, wanted: npt.NDArray[np.bool_]) -> CurrentDoubles:
        """The groups that hold one of some rows, whole: ``wanted`` is bool (n,), by row."""
        groups, held = holding(self.groups, wanted)
        pairs = held[self.pair].all(axis=1)
        members = {row: member for row, member in self.members.items() if held[row]}
        return replace(
            self, groups=groups, pair=self.pair[pairs], iou=self.iou[pairs], members=members
        )


def rows_of_doubles(
    run: Run, iteration: ObjectIteration, kind: npt.NDArray[np.uint8]
) -> Int64Array:
    """The pairs of an iteration that stand by the journal alone: int64 (p, 2), rows.

    Args:
        run: the run
        iteration: the iteration
        kind: uint8 (n,), what is decided on each row, as ``state.ItemsState`` has it
    """
    if "double_one" not in iteration.document["columns"]:
        return np.empty((0, 2), np.int64)
    ends = [
        iteration.rows_of(unpack_ids(iteration.column(f"double_{n}"))) for n in ("one", "other")
    ]
    pair = np.stack(ends, axis=1).astype(np.int64).reshape(-1, 2)
    pair = pair[(pair >= 0).all(axis=1)]
    pair = pair[(kind[pair] != REMOVED).all(axis=1)]
    return pair[~dismissed_groups(run, iteration).holds(pair)]


def cells_with_doubles(
    run: Run, iteration: ObjectIteration, kind: npt.NDArray[np.uint8]
) -> BoolArray:
    """For each cell of an iteration whether an open label in it is one of two on one object."""
    rows = np.unique(rows_of_doubles(run, iteration, kind))
    rows = rows[kind[rows] == 0]
    cell = np.searchsorted(iteration.cells.start, rows, side="right") - 1
    flags = np.zeros(len(iteration.cells), bool)
    flags[cell] = True
    return flags


def current_doubles(run: Run, iteration: ObjectIteration) -> CurrentDoubles:
    """The groups with the labels as they are now.

    Reads every image with such labels, and is kept until something in the dataset changes.
    """
    state = items_state(run, iteration.document)
    as_of = (iteration.id, state.revision, sign_of_change(run.dataset))
    return _grouped(run, iteration, state.kind, as_of)


def _as_of(run: Run, iteration: ObjectIteration, kind: Any, as_of: Any) -> Any:
    del run, iteration, kind
    return as_of


@cached(TTLCache(GROUPS_KEPT, FRESH_SECONDS), key=_as_of, lock=Lock())
def _grouped(
    run: Run, iteration: ObjectIteration, kind: npt.NDArray[np.uint8], as_of: Any
) -> CurrentDoubles:
    del as_of
    pair = rows_of_doubles(run, iteration, kind)
    rows = np.unique(pair)
    members = _read(run, iteration, rows)
    there = np.array([[int(row) in members for row in two] for two in pair], bool).reshape(-1, 2)
    pair = pair[there.all(axis=1)]
    box = np.array([[members[row].box for row in two] for two in pair.tolist()], np.float64)
    box = box.reshape(-1, 2, 4)
    overlap = iou(box[:, 0], box[:, 1]).astype(np.float64)
    near = overlap >= COINCIDE - ROUNDED
    pair, overlap = pair[near], overlap[near]
    rows = np.unique(pair)
    groups = duplicate_groups(
        np.searchsorted(rows, pair), overlap, [members[row].label for row in rows.tolist()]
    )
    suspicion = iteration.column("suspicion")
    return CurrentDoubles(
        groups=[_by_row(group, rows, suspicion) for group in groups],
        pair=pair,
        iou=overlap,
        members={row: members[row] for row in rows.tolist()},
        kept=len(dismissed_groups(run, iteration).groups),
    )


def _by_row(group: DuplicateGroup, rows: Int64Array, suspicion: Any) -> DuplicateGroup:
    """A group by rows; the one to keep is the least suspicious."""
    members = rows[group.members]
    keep = int(members[np.argmin(suspicion[members])])
    return replace(group, members=members.tolist(), keep=keep)


def _read(run: Run, iteration: ObjectIteration, rows: Int64Array) -> dict[int, Double]:
    """The labels of some rows that are still there, with a class and a box."""
    samples = unpack_ids(iteration.column("sample_id")[rows])
    items = [ObjectId(i) for i in unpack_ids(iteration.column("item_id")[rows])]
    documents: dict[str, Mapping[str, Any]] = {}
    part = f"{run.label_field}.{BOXES}"
    keep = [f"{part}.{name}" for name in ("_id", "label", "bounding_box")]
    wanted = sorted(set(samples))
    for start in range(0, len(wanted), CHUNK):
        query = {"_id": {"$in": [ObjectId(i) for i in wanted[start : start + CHUNK]]}}
        found = samples_of(run.dataset).find(query, dict.fromkeys([*keep, "filepath"], 1))
        documents |= {str(document["_id"]): document for document in found}
    labels = {i: by_id(labels_in(d, run.label_field)) for i, d in documents.items()}
    members: dict[int, Double] = {}
    for row, sample, item in zip(rows.tolist(), samples, items, strict=True):
        label = labels.get(sample, {}).get(item)
        name, box = class_of(label), box_of(label)
        if name is not None and _is_box(box):
            path = str(documents[sample].get("filepath") or "")
            members[row] = Double(sample, path, name, box)
    return members


def _is_box(box: Any) -> bool:
    return (
        isinstance(box, list)
        and len(box) == 4
        and all(isinstance(v, int | float) and np.isfinite(v) for v in box)
    )
