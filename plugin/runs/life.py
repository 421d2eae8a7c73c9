"""A run as a whole: deleted, begun anew, pointed at another field; never beside a decision."""

from __future__ import annotations

from ..annotation.store import forget_annotations
from ..decisions.run_lock import run_lock
from ..errors import InputError, meant
from ..store.declared import declared_fields
from ..store.jobs import Job
from ..store.label_field import check_started, likely_label_field, note_label_field
from ..store.label_kinds import fields_of, kind_of, kind_of_run, word_of
from ..store.listed_runs import ListedRun, deleted_keys, is_copied, know, listed_runs, load_config
from ..store.own_fields import check_own_fields, delete_fields, left_over, own_fields
from ..store.runs import Run, check_run_key, create_run, delete_run, list_runs, no_such_run, unlist
from ..store.samples import Dataset

DELETE_PATIENCE = 30.0
"""Seconds that the deletion of a run waits for a decision under way."""


def deletable_run(dataset: Dataset, key: str) -> Run:
    """A run, or what was left of one: by FiftyOne's own ``delete_run``, or in a copy of a view.

    Raises:
        InputError: if there is neither
    """
    listed = listed_runs(dataset)
    if key in listed:
        return Run(dataset, key, listed[key].label_field)
    if isinstance(key, str) and (key in deleted_keys(dataset) or left_over(dataset, key)):
        return Run(dataset, key, "")
    there = [*listed, *deleted_keys(dataset)]
    raise no_such_run(dataset, key, there, ", and nothing of one is left")


def delete_whole_run(run: Run) -> None:
    """Delete a run with its fields, journal and all else that is kept of it; labels stay.

    A decision under way is waited for. FiftyOne forgets the run first: from then on nobody decides
    on it, and whoever finds what is left, should this process die, can delete it the same way.

    Raises:
        InputError: if it is being worked on, a decision does not end, or a field is read-only;
            nothing was changed
    """
    with Job(run.dataset, run.key, "Deleting the run"), run_lock(run, DELETE_PATIENCE):
        check_own_fields(run.dataset, run.key, ours=True)
        unlist(run)
        forget_annotations(run)
        delete_fields(run)
        delete_run(run)


def begins_anew(dataset: Dataset, key: str) -> str | None:
    """Why a run of this key would begin anew although something of it is there; None otherwise."""
    if is_copied(dataset, key):
        return (
            f"Run '{key}' came with a copy of another dataset and was begun anew: the iterations "
            "and decisions stayed there."
        )
    if key in list_runs(dataset):
        return None
    if key in deleted_keys(dataset):
        return (
            f"An earlier run '{key}' had been deleted in FiftyOne; what was left of it, its "
            "decisions included, was deleted too."
        )
    fields = left_over(dataset, key)
    if fields:
        return f"Fields that another run '{key}' had left ({', '.join(fields)}) were begun anew."
    return None


def begin_run(dataset: Dataset, key: str, label_field: str) -> Run:
    """Open a run, making it if there is none, without anything that an earlier one left."""
    check_run_key(dataset, key, label_field)
    run = Run(dataset, key, label_field)
    if begins_anew(dataset, key):
        with run_lock(run):
            check_own_fields(dataset, key, ours=key in list_runs(dataset))
            listed = listed_runs(dataset).get(key)
            forget_annotations(run)
            delete_fields(run)
            delete_run(run, listed=False)
            if listed is not None:
                know(dataset, listed)
    run = create_run(dataset, key, label_field)
    note_label_field(run)
    return run


def repoint_run(run: Run, label_field: str) -> Run:
    """Let a run clean another field, to which its labels were moved, and keep its decisions.

    Raises:
        InputError: if it holds another kind of labels than the run is on, or belongs to a run;
            nothing was changed
    """
    dataset = run.dataset
    with Job(dataset, run.key, "Pointing the run at another label field"), run_lock(run):
        _check_target(run, label_field)
        config = load_config(dataset, run.key)
        config.label_field = label_field
        dataset.update_run_config(run.key, config)
        moved = Run(dataset, run.key, label_field)
        know(dataset, ListedRun(listed_runs(dataset)[run.key].id, run.key, label_field))
        note_label_field(moved)
    return moved


def _check_target(run: Run, label_field: str) -> None:
    check_started(run)
    declared = declared_fields(run.dataset)
    if run.key not in listed_runs(run.dataset):
        raise InputError(f"Run '{run.key}' was deleted meanwhile. Nothing was changed.")
    kind = kind_of_run(run, declared)
    if not isinstance(label_field, str) or kind_of(declared.get(label_field)) != kind:
        there, likely = fields_of(run.dataset, kind), likely_label_field(run, declared)
        near = meant(label_field, there)
        hint = f" '{likely}' is the likely one." if likely and not near else near
        raise InputError(
            f"label_field: run '{run.key}' is on {word_of(kind)}, and dataset '{run.dataset.name}' "
            f"has no {word_of(kind)} field {label_field!r} (there are: "
            f"{', '.join(there) or 'none'}).{hint}"
        )
    if label_field in own_fields(run.dataset):
        raise InputError(f"label_field: '{label_field}' is written by a run, and holds no labels")
