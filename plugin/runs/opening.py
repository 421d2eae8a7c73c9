"""How operators and panel open a run: with what FiftyOne's users did to it and its dataset since.

A run that FiftyOne renamed is carried over first. Whoever is to work on a run needs its labels, so
the label field is looked at each time; whoever reads what is kept of a run does not need it.
"""

from __future__ import annotations

from datetime import datetime

from ..errors import InputError
from ..store.database import collection_of
from ..store.iterations import COLLECTION as ITERATIONS
from ..store.iterations import ON_OBJECTS
from ..store.label_field import check_label_field, check_started, is_on_objects, is_on_sets
from ..store.listed_runs import listed_runs
from ..store.runs import Run, list_runs, load_run
from ..store.samples import Dataset
from .renamed import follow_renames


def open_run(dataset: Dataset, key: str, *, objects: bool = False) -> Run:
    """Open a run to work on it.

    Args:
        dataset: its dataset
        key: its key
        objects: whether it may be on objects, too

    Raises:
        InputError: if there is no such run, it cannot be carried over from the key that it had, it
            came with a copy of its dataset, or its label field is gone or of another type
    """
    run = find_run(dataset, key)
    check_started(run)
    if not (objects and is_on_objects(run)):
        check_label_field(run)
    return run


def open_any_run(dataset: Dataset, key: str) -> tuple[Run, bool]:
    """Open a run to decide in it, and say whether it is on objects or tags, or on whole samples.

    Raises:
        InputError: as :func:`open_run`
    """
    run = find_run(dataset, key)
    check_started(run)
    if is_on_sets(run):
        return run, True
    check_label_field(run)
    return run, False


def find_run(dataset: Dataset, key: str) -> Run:
    """Open a run to read what is kept of it.

    Raises:
        InputError: if there is no such run, or it cannot be carried over from the key that it had
    """
    refused = follow_renames(dataset)
    if key in refused:
        raise InputError(refused[key])
    return load_run(dataset, key)


def open_kept_run(dataset: Dataset, key: str) -> Run:
    """As :func:`find_run`, where nothing being kept is a mistake: in a copy of the dataset.

    Raises:
        InputError: as there, or if the run came with a copy of its dataset
    """
    run = find_run(dataset, key)
    check_started(run)
    return run


def find_runs(dataset: Dataset) -> dict[str, tuple[Run, str | None]]:
    """The runs of a dataset by key, each with what keeps it from being worked on, if anything."""
    refused = follow_renames(dataset)
    found: dict[str, tuple[Run, str | None]] = {}
    for key in list_runs(dataset):
        run = load_run(dataset, key)
        found[key] = run, refused.get(key) or _problem(run)
    return found


def newest_first(dataset: Dataset) -> list[str]:
    """The keys of a dataset's runs, the one with the newest iteration first.

    It is likely the one that is being worked on: forms begin with it, as the panel does. Runs
    without an iteration come last, the one that was begun last before the others.
    """
    follow_renames(dataset)
    listed, made = listed_runs(dataset), _last_made(dataset)
    begun = sorted((key for key in listed if key in made), key=made.__getitem__, reverse=True)
    others = {key: run.id for key, run in listed.items() if key not in made}
    return [*begun, *sorted(others, key=others.__getitem__, reverse=True)]


def _last_made(dataset: Dataset) -> dict[str, datetime]:
    """When the last iteration of each run was made, on whole samples or on objects."""
    last = {"$group": {"_id": "$run_key", "at": {"$max": "$created_at"}}}
    stages = [{"$match": {"dataset_id": dataset._doc.id}}, last]
    made: dict[str, datetime] = {}
    for name in (ITERATIONS, ON_OBJECTS):
        for found in collection_of(name).aggregate(stages):
            made[found["_id"]] = max(found["at"], made.get(found["_id"], found["at"]))
    return made


def _problem(run: Run) -> str | None:
    try:
        check_started(run)
        if not is_on_sets(run):
            check_label_field(run)
    except InputError as error:
        return str(error)
    return None
