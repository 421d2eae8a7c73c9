"""Runs that FiftyOne gave another key: all that is kept of them, and their fields, go along.

Each step can be done twice, and ``deconfuse.runs`` says the new key last. So a process that dies in
between leaves a run that the next one that opens it carries over completely.
"""

from __future__ import annotations

from ..decisions.journal import HEADERS
from ..decisions.run_lock import run_lock
from ..errors import InputError
from ..store.columns import BUCKET
from ..store.current_jobs import COLLECTION as JOBS
from ..store.current_jobs import current_job
from ..store.database import open_database, own_collections
from ..store.declared import check_writable, declared_fields
from ..store.fields import OWN_FIELDS, group_in_sidebar, sidebar_group
from ..store.held import forget_deleted
from ..store.listed_runs import COLLECTION as KNOWN
from ..store.listed_runs import KnownRun, ListedRun, adopt, known_runs, listed_runs, move
from ..store.own_fields import delete_fields, names_of, own_attributes
from ..store.runs import Run, delete_run
from ..store.samples import Dataset, take_off_undeclared

_NOT_MOVED = {KNOWN, JOBS, HEADERS}
"""What goes last, ends by itself, and goes in its own way."""


def follow_renames(dataset: Dataset) -> dict[str, str]:
    """Carry over what is kept of renamed runs; costs three small queries where there are none.

    Returns:
        by new key, why what is kept of a run could not be carried over yet
    """
    if not _renamed(dataset):
        return {}
    any_run = Run(dataset, "", "")
    with run_lock(any_run):
        moving, refused = _movable(dataset, _renamed(dataset))
        targets = {listed.key for _, listed in moving}
        for at, (known, listed) in enumerate(moving):
            if known.key in targets:  # two runs that exchanged their keys
                aside = f"renamed_{known.id}"
                _carry(dataset, known, aside)
                moving[at] = (known_runs(dataset)[known.id], listed)
        for known, listed in moving:
            _delete_left(dataset, known, listed.key)
            _carry(dataset, known, listed.key)
    return refused


def _renamed(dataset: Dataset) -> list[tuple[KnownRun, ListedRun]]:
    listed = {run.id: run for run in listed_runs(dataset).values()}
    known = known_runs(dataset)
    if any(i not in known and adopt(dataset, run) for i, run in listed.items()):
        known = known_runs(dataset)
    return [(k, listed[i]) for i, k in known.items() if i in listed and listed[i].key != k.key]


def _movable(
    dataset: Dataset, renamed: list[tuple[KnownRun, ListedRun]]
) -> tuple[list[tuple[KnownRun, ListedRun]], dict[str, str]]:
    """Those that can be carried over now, and by new key why others cannot."""
    refused: dict[str, str] = {}
    while True:
        moving = [(known, listed) for known, listed in renamed if listed.key not in refused]
        staying = {known.key for known, listed in renamed if listed.key in refused}
        for known, listed in moving:
            why = _why_not(dataset, known, listed)
            if why is None and listed.key in staying:
                why = f"The earlier run '{listed.key}' was renamed and cannot be carried over yet."
            if why is not None:
                refused[listed.key] = why
        if all(listed.key not in refused for _, listed in moving):
            return moving, refused


def _why_not(dataset: Dataset, known: KnownRun, listed: ListedRun) -> str | None:
    """Why a run cannot be carried over now, if it cannot."""
    told = f"Run '{known.key}' of dataset '{dataset.name}' was renamed to '{listed.key}', "
    if not listed.key.isidentifier() or listed.key.startswith("_"):
        return (
            f"{told}which cannot be a run_key: it must be a valid Python name that does not begin "
            "with '_'. Rename it again (dataset.rename_run)."
        )
    if current_job(dataset, known.key) is not None:
        return f"{told}and is being worked on. Wait for that, or cancel it under the old key."
    declared = declared_fields(dataset)
    theirs = {k.key for k in known_runs(dataset).values()}
    taken = [
        n for n in OWN_FIELDS if f"{listed.key}_{n}" in declared and f"{known.key}_{n}" in declared
    ]
    if taken and listed.key not in theirs:
        return (
            f"{told}but the dataset has a field '{listed.key}_{taken[0]}' already. Rename that "
            "field, or the run again (dataset.rename_run)."
        )
    try:
        check_writable(dataset, names_of(known.key))
    except InputError as error:
        return f"{told}but its fields cannot be renamed: {error}"
    return None


def _delete_left(dataset: Dataset, known: KnownRun, key: str) -> None:
    """Delete what is left of a run that had the key before and that FiftyOne deleted."""
    listed = {run.id for run in listed_runs(dataset).values()}
    for other in known_runs(dataset).values():
        if other.key == key and other.id not in listed and other.id != known.id:
            left = Run(dataset, key, other.label_field)
            delete_fields(left)
            delete_run(left, listed=False)


def _carry(dataset: Dataset, known: KnownRun, key: str) -> None:
    earlier = Run(dataset, known.key, known.label_field)
    now = Run(dataset, key, known.label_field)
    _rename_fields(earlier, now)
    database = open_database()
    for name in own_collections():
        if name not in _NOT_MOVED:
            database[name].update_many(earlier.owner, {"$set": {"run_key": key}})
    # The journal's entries name the fields as they were: the header says under which key.
    written_as = {"$ifNull": ["$written_as", "$run_key"]}
    new = [{"$set": {"written_as": written_as, "run_key": {"$literal": key}}}]
    database[HEADERS].update_many(earlier.owner, new)
    files = {f"metadata.{k}": v for k, v in earlier.owner.items()}
    database[f"{BUCKET}.files"].update_many(files, {"$set": {"metadata.run_key": key}})
    move(known, key)


def _rename_fields(earlier: Run, now: Run) -> None:
    dataset = now.dataset
    declared = declared_fields(dataset)
    names = {earlier.field(n): now.field(n) for n in OWN_FIELDS if earlier.field(n) in declared}
    if not names:
        return
    _rename_attributes(earlier, now)
    forget_deleted(dataset)
    if not set(names) <= set(dataset.get_field_schema()):  # declared by another process
        dataset._reload(hard=True)
    dataset.rename_sample_fields(names)
    take_off_undeclared(dataset, names)  # what was written between FiftyOne's two steps
    config = dataset.app_config
    if config.sidebar_groups:
        old = sidebar_group(earlier)
        config.sidebar_groups = [g for g in config.sidebar_groups if g.name != old]
    group_in_sidebar(now)


def _rename_attributes(earlier: Run, now: Run) -> None:
    """Rename what a run on objects wrote onto labels, before the fields that hold them."""
    dataset, names = now.dataset, {}
    for path in own_attributes(dataset, earlier.key, inside=True):
        holder, _, name = path.rpartition(".")
        names[path] = f"{holder}.{now.field(name.removeprefix(f'{earlier.key}_'))}"
    if names:
        if not set(names) <= set(dataset.get_field_schema(flat=True)):
            dataset._reload(hard=True)
        dataset.rename_sample_fields(names)
