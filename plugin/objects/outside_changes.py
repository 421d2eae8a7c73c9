"""What others did to the labels of a run on objects or tags since an iteration saw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..decisions.object_changes import same_box
from ..documents import value_at
from ..store.iterations import pack_ids, unpack_ids
from ..store.runs import Run
from ..store.samples import samples_of
from .boxes import iou
from .iteration import ObjectIteration

READ_CHUNK = 5_000
SAME_PLACE = 0.5
"""The overlap from which on a new label is where one was missing."""

Label = tuple[str, list[float] | None]
"""Its class and its box, which tags have none of."""


@dataclass(frozen=True)
class LabelChanges:
    """How much of what an iteration saw is otherwise now, what decisions did left out.

    Attributes:
        added: samples made after the iteration
        deleted: samples of the iteration that are gone
        labels_added: labels made after the iteration on its samples, as their ids tell
        labels_deleted: open labels that are gone from their samples
        relabelled: open labels with another class or another box
    """

    added: int
    deleted: int
    labels_added: int
    labels_deleted: int
    relabelled: int


def label_changes(
    run: Run, iteration: ObjectIteration, decided: npt.NDArray[np.bool_], deleted: int
) -> LabelChanges:
    """Compare the labels of a dataset with an iteration.

    Only samples that were edited after the run had written its attributes are looked at; an edit
    in the seconds of that writing is seen where the label itself is looked at.

    Args:
        run: the run
        iteration: of the run
        decided: bool (n,), whether each row is not open
        deleted: how many of its samples the run's state does not find any more
    """
    collection, made = samples_of(run.dataset), iteration.created_at
    since: datetime = iteration.document.get("fields_stamp") or made
    known = pack_ids(iteration.images)
    edited = {"last_modified_at": {"$gt": since}}
    held = _labels_of(run, iteration, edited)
    mine = np.isin(iteration.column("sample_id"), pack_ids([str(i) for i in held]))
    labelled = iteration.column("label") != iteration.nothing
    rows = np.flatnonzero(mine & labelled & ~decided)
    labels = {i: label for one in held.values() for i, label in one.items()}
    gone, changed = _compared(iteration, rows, labels)
    images = {ObjectId(i) for i in unpack_ids(known)}
    new = [i for sample, one in held.items() if sample in images for i in one]
    late = [i for i in new if _made_after(i, made)]
    return LabelChanges(
        added=collection.count_documents({"created_at": {"$gt": made}}),
        deleted=deleted,
        labels_added=int((iteration.rows_of(late) < 0).sum()) if late else 0,
        labels_deleted=int(gone.sum()),
        relabelled=int(changed.sum()),
    )


def done_elsewhere(
    run: Run, iteration: ObjectIteration, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Whether somebody else dealt with each of some open rows: bool (k,).

    Its label is gone or another one; where one was missing a label was made there since, of any
    class for objects, of the class for tags. Rows whose sample is gone are not.
    """
    sample = unpack_ids(iteration.column("sample_id")[rows])
    held = _labels_of(run, iteration, {"_id": {"$in": [ObjectId(i) for i in {*sample}]}})
    there = np.array([ObjectId(i) in held for i in sample], bool)
    missing = iteration.column("label")[rows] == iteration.nothing
    labels = {i: label for one in held.values() for i, label in one.items()}
    gone, changed = _compared(iteration, rows, labels)
    done = there & ~missing & (gone | changed)
    for at in np.flatnonzero(there & missing).tolist():
        done[at] = _is_labelled(iteration, int(rows[at]), held[ObjectId(sample[at])])
    return done


def _compared(
    iteration: ObjectIteration, rows: npt.NDArray[np.int64], labels: Mapping[str, Label]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which labels of some rows are gone, and which have another class or box."""
    gone, changed = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    classes, label = iteration.classes, iteration.column("label")[rows].tolist()
    boxes = iteration.column("box")[rows].tolist() if iteration.has_boxes else [None] * len(rows)
    for at, item in enumerate(unpack_ids(iteration.column("item_id")[rows])):
        now = labels.get(item)
        if now is None:
            gone[at] = True
        elif label[at] < len(classes):
            name, box = now
            changed[at] = name != classes[label[at]] or not same_box(box, boxes[at])
    return gone, changed


def _is_labelled(iteration: ObjectIteration, row: int, held: Mapping[str, Label]) -> bool:
    late = [i for i in held if _made_after(i, iteration.created_at)]
    known = iteration.rows_of(late) >= 0 if late else np.zeros(0, bool)
    new = {i: held[i] for i, ours in zip(late, known, strict=True) if not ours}
    if not iteration.has_boxes:
        seen = int(iteration.column("prediction")[row])
        return any(name in iteration.classes[seen : seen + 1] for name, _ in new.values())
    return lies_on(iteration.column("box")[row], [box for _, box in new.values()])


def lies_on(place: Any, boxes: Sequence[Any]) -> bool:
    """Whether one of some boxes, some of which may be none, is where a label was missing."""
    usable = np.array([box for box in boxes if box], np.float64).reshape(-1, 4)
    return bool((iou(np.broadcast_to(place, usable.shape), usable) >= SAME_PLACE).any())


def _labels_of(
    run: Run, iteration: ObjectIteration, query: Mapping[str, Any]
) -> dict[ObjectId, dict[str, Label]]:
    """The labels of some samples by their ids."""
    field = f"{run.label_field}.{'detections' if iteration.has_boxes else 'classifications'}"
    keep = {f"{field}.{name}": 1 for name in ("_id", "label", "bounding_box")}
    found: dict[ObjectId, dict[str, Label]] = {}
    for document in samples_of(run.dataset).find(query, keep).batch_size(READ_CHUNK):
        held = value_at(document, field)
        found[document["_id"]] = {
            str(one.get("_id")): (str(one.get("label")), one.get("bounding_box"))
            for one in (held if isinstance(held, list) else [])
            if isinstance(one, dict)
        }
    return found


def _made_after(item: str, moment: datetime) -> bool:
    """Whether an id was made after a moment, to the second."""
    if not ObjectId.is_valid(item):
        return False
    made = ObjectId(item).generation_time.replace(tzinfo=None)
    return made >= moment.replace(tzinfo=None, microsecond=0)
