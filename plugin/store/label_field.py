"""The label field of a run, looked at again: whether it is there, and where it went if not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bson import ObjectId

from ..documents import value_at
from ..errors import InputError
from .dataset_now import DatasetNow
from .declared import (
    CLASSIFICATION,
    CLASSIFICATIONS,
    Declared,
    declared_fields,
    is_classification,
    is_classifications,
    is_detections,
    no_such_field,
    type_name,
)
from .iterations import last_on_objects, unpack_ids
from .label_kinds import KINDS, LISTS, fields_of, kind_of, kind_of_run, word_of
from .listed_runs import KnownRun, ListedRun, is_copied, know, known_runs, listed_runs
from .runs import Run
from .samples import Dataset, samples_of

LABELS_COMPARED = 300
LEAST_AGREEMENT = 0.5

OBJECTS_SO_FAR = (
    "On objects, find_label_errors writes scores, kinds and missing objects, which FiftyOne shows "
    "and sorts, the panel shows them in its overview, cells, ranking and queue and two labels on "
    "one object in its duplicates, resolve and undo decide on them, estimate_remaining says how "
    "many errors are left, send_to_annotation has annotators go over their boxes, "
    "request_second_opinion puts them to another person, accept_consensus takes over what votes "
    "say, and delete_run takes them back, and there is a report; near-duplicate images, maps and "
    "importance do not work on them yet."
)

TAGS_SO_FAR = (
    "On tags, find_label_errors writes scores, kinds and missing tags, which FiftyOne shows and "
    "sorts, the panel shows them in its overview, cells, ranking, queue and progress, resolve and "
    "undo decide on them, request_second_opinion puts them to another person, delete_run takes "
    "them back, and there is a report; near-duplicates, maps, estimates, importance and annotation "
    "do not work on them yet."
)


def check_label_field(run: Run, declared: Declared | None = None) -> None:
    """Raise InputError unless the run's label field is a ``Classification`` field still.

    The message names the field that it probably became.

    Args:
        run: the run
        declared: what its dataset declares, where it was read a moment ago
    """
    declared = declared_fields(run.dataset) if declared is None else declared
    field = declared.get(run.label_field)
    if is_classification(field):
        return
    if is_on_objects(run, declared):
        raise InputError(
            f"Run '{run.key}' is on objects: '{run.label_field}' holds Detections. {OBJECTS_SO_FAR}"
        )
    if is_on_tags(run, declared):
        raise InputError(
            f"Run '{run.key}' is on tags: '{run.label_field}' holds Classifications. {TAGS_SO_FAR}"
        )
    likely = likely_label_field(run, declared)
    name, kind = run.dataset.name, kind_of_run(run, declared)
    what = (
        f"is not a field of dataset '{name}' any more"
        if field is None
        else f"of dataset '{name}' is of type {type_name(field)} now, and no {word_of(kind)}"
    )
    there = fields_of(run.dataset, kind)
    hint = (
        f"It was probably renamed to '{likely}': repoint_run(run_key='{run.key}', "
        f"label_field='{likely}') goes on with it, decisions and undo included."
        if likely
        else "Bring it back, or point the run at the field that holds the labels now with "
        f"repoint_run ({word_of(kind)} fields: {', '.join(there) or 'none'})."
    )
    raise InputError(
        f"The label field '{run.label_field}' of run '{run.key}' {what}. {hint} "
        "Nothing was changed."
    )


def check_not_moved(run: Run, declared: Declared) -> None:
    """Raise InputError where a run's label field is gone, whichever kind of labels it is on."""
    if run.label_field not in declared:
        check_label_field(run, declared)


def is_on_objects(run: Run, declared: Declared | None = None) -> bool:
    """Whether a run is on the objects of a ``Detections`` field.

    Args:
        run: the run
        declared: what its dataset declares, where it was read a moment ago
    """
    declared = declared_fields(run.dataset) if declared is None else declared
    return is_detections(declared.get(run.label_field)) and not run.iterations()


def is_on_tags(run: Run, declared: Declared | None = None) -> bool:
    """Whether a run is on the tags of a ``Classifications`` field; see :func:`is_on_objects`."""
    declared = declared_fields(run.dataset) if declared is None else declared
    return is_classifications(declared.get(run.label_field)) and not run.iterations()


def is_on_sets(run: Run, declared: Declared | None = None) -> bool:
    """Whether a run is on labels that are sets, objects or tags, whose items are decided on."""
    declared = declared_fields(run.dataset) if declared is None else declared
    return is_on_objects(run, declared) or is_on_tags(run, declared)


def label_fields(dataset: Dataset) -> list[str]:
    """The fields that a run can clean: ``Classification`` fields that no run writes."""
    return fields_of(dataset, CLASSIFICATION)


def check_classification(dataset: Dataset, field: str, option: str) -> None:
    """Raise InputError unless ``field`` is a ``Classification`` field of the dataset.

    Args:
        dataset: the dataset
        field: the field's name
        option: what named it
    """
    if not is_classification(declared_fields(dataset).get(field)):
        there = label_fields(dataset)
        raise no_such_field(dataset, field, option, "a Classification field", there)


def check_labels(dataset: Dataset, field: str) -> None:
    """Raise InputError unless ``field``, given as ``label_field``, holds labels of some kind."""
    if kind_of(declared_fields(dataset).get(field)) is None:
        there = [name for kind in KINDS for name in fields_of(dataset, kind)]
        expected = "a Classification, Classifications or Detections field"
        raise no_such_field(dataset, field, "label_field", expected, there)


def tag_fields(dataset: Dataset) -> list[str]:
    """The fields of tags that a run can clean: ``Classifications`` fields that no run writes."""
    return fields_of(dataset, CLASSIFICATIONS)


def likely_label_field(run: Run, declared: Declared) -> str | None:
    """The field that a run's labels are probably in by now, None where there is no likely one."""
    known, kind = _known(run), kind_of_run(run, declared)
    fields = fields_of(run.dataset, kind)
    if known is not None and known.declared_at is not None:
        same = [
            name
            for name in fields
            if declared[name].get("created_at") == known.declared_at and name not in known.others
        ]
        if len(same) == 1:
            return same[0]
    there_before = {run.label_field, *(known.others if known else ()), *_predictions_of(run)}
    new = [name for name in fields if name not in there_before]
    compared = _agreement if kind == CLASSIFICATION else _scored_by
    agreement = {name: compared(run, name) for name in new}
    best = max(new, key=agreement.__getitem__, default=None)
    return best if best is not None and agreement[best] >= LEAST_AGREEMENT else None


def note_label_field(run: Run) -> None:
    """Keep what tells the label field from others one day: when it was declared, and beside which.

    To be called whenever the run gets an iteration or another field.
    """
    listed = listed_runs(run.dataset).get(run.key)
    if listed is None:
        return
    declared = declared_fields(run.dataset)
    kind = kind_of(declared.get(run.label_field))
    fields = [n for n in declared if kind_of(declared[n]) == kind and n != run.label_field]
    made: Any = declared.get(run.label_field, {}).get("created_at")
    know(run.dataset, ListedRun(listed.id, run.key, run.label_field), made, fields)


def check_current(run: Run, now: DatasetNow) -> bool:
    """Raise InputError where a run was deleted, renamed or pointed elsewhere since it was opened.

    Args:
        run: the run
        now: its dataset, read by a writer that has its lock: nobody does any of that then

    Returns:
        whether the run is on objects
    """
    listed, known = now.listed.get(run.key), now.known
    kept = known.get(listed.id) if listed is not None else None
    if listed is None:
        moved = next((k for k in known.values() if k.key == run.key), None)
        keys = {entry.id: key for key, entry in now.listed.items()}
        renamed = moved is not None and moved.id in keys
        what = f"renamed to '{keys[moved.id]}'" if moved and renamed else "deleted or renamed"
        raise InputError(f"Run '{run.key}' was {what} meanwhile. Nothing was changed.")
    if kept is not None and kept.key != run.key:
        raise InputError(
            f"Run '{kept.key}' was renamed to '{run.key}' and is not carried over yet. Nothing was "
            "changed; open it again."
        )
    if kept is None:  # otherwise it is no copy: something of it is kept under its id
        check_started(run)
    if listed.label_field != run.label_field:
        raise InputError(
            f"Run '{run.key}' was pointed at label field '{listed.label_field}' meanwhile. Nothing "
            "was changed; open it again."
        )
    if now.last is None and is_on_sets(run, now.declared):
        return True
    check_label_field(run, now.declared)
    return False


def check_started(run: Run) -> None:
    """Raise InputError where a run came with a copy of its dataset, and nothing else of it did."""
    if is_copied(run.dataset, run.key):
        raise InputError(COPIED.format(key=run.key, name=run.dataset.name))


COPIED = (
    "Run '{key}' came with a copy of another dataset: its iterations and decisions stayed there. "
    "find_label_errors starts it anew in dataset '{name}', with nothing decided; to bring "
    "decisions along, export them there and import them here afterwards."
)


def _known(run: Run) -> KnownRun | None:
    return next((k for k in known_runs(run.dataset).values() if k.key == run.key), None)


def _predictions_of(run: Run) -> set[str]:
    settings = [i.settings for i in run.iterations()]
    settings += [(last_on_objects(run) or {}).get("settings") or {}]
    return {f for some in settings for f in some.get("prediction_fields") or ()}


def _scored_by(run: Run, field: str) -> float:
    """The share of some samples with boxes or tags in a field on which a run wrote its scores."""
    path = f"{field}.{LISTS[kind_of_run(run)]}"
    collection = samples_of(run.dataset)
    labelled = collection.find({f"{path}.0": {"$exists": True}}, {f"{path}.{run.field('kind')}": 1})
    found = [value_at(d, path) or [] for d in labelled.limit(LABELS_COMPARED)]
    marked = sum(any(run.field("kind") in label for label in labels) for labels in found)
    return marked / len(found) if found else 0.0


def _agreement(run: Run, field: str) -> float:
    """The share of some samples whose label in a field is what the last iteration saw."""
    iterations = run.iterations()
    if not iterations or not iterations[-1].samples:
        return 0.0
    last = iterations[-1]
    rows = np.unique(np.linspace(0, last.samples - 1, LABELS_COMPARED).astype(np.int64))
    ids = unpack_ids(last.column("sample_id")[rows])
    seen = [last.classes[i] for i in last.column("label")[rows].tolist()]
    now = _labels_now(run.dataset, field, ids)
    return sum(now.get(i) == label for i, label in zip(ids, seen, strict=True)) / len(ids)


def _labels_now(dataset: Dataset, field: str, ids: Sequence[str]) -> dict[str, Any]:
    query = {"_id": {"$in": [ObjectId(i) for i in ids]}}
    found = samples_of(dataset).find(query, {f"{field}.label": 1})
    return {str(d["_id"]): value_at(d, f"{field}.label") for d in found}
