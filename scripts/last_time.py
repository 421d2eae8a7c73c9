"""The demo's dataset of last time: opened as it was left, or known as one that nobody worked on."""

from __future__ import annotations

from typing import Any

from plugin.decisions.journal import HEADERS
from plugin.decisions.state import DELETED, current_state
from plugin.errors import InputError
from plugin.objects.state import items_state
from plugin.runs.opening import newest_first
from plugin.store.database import collection_of
from plugin.store.iterations import COLLECTION as ITERATIONS
from plugin.store.iterations import ON_OBJECTS, last_on_objects
from plugin.store.runs import Run, load_run

UNFINISHED = "deconfuse_demo_unfinished"
"""In ``info`` of a dataset from its first moment until its first run has ended."""


def new_dataset(name: str, *, persistent: bool = True) -> Any:
    """A new dataset in place of any other of that name, known as unfinished until it is told."""
    import fiftyone as fo

    dataset = fo.Dataset(name, overwrite=True, persistent=persistent)
    dataset.info[UNFINISHED] = True
    dataset.save()
    return dataset


def finish(dataset: Any) -> None:
    """Note that a dataset is complete: from now on it is never taken for an interrupted start."""
    if dataset.info.pop(UNFINISHED, None) is not None:
        dataset.save()


def dataset_of_last_time(name: str) -> Any | None:
    """The dataset of last time; None where there is none, or one that nobody can have worked on.

    Whatever has an iteration of any run or a decision is opened, under whatever name the run goes
    by now. What has neither is opened as well, for somebody may have deleted the run and kept the
    labels, unless it is empty or its start was interrupted.

    Raises:
        SystemExit: if it is there and cannot be opened
    """
    import fiftyone as fo

    if not fo.dataset_exists(name):
        return None
    try:
        dataset = fo.load_dataset(name)
        if not _is_worked_on(dataset) and (UNFINISHED in dataset.info or len(dataset) == 0):
            return None
        finish(dataset)
    except Exception as error:
        raise SystemExit(
            f"The dataset of last time, {name!r}, cannot be opened, and nothing was changed: "
            f"{error}\nTo begin anew without it and its decisions: FRESH=1"
        ) from None
    return dataset


def _is_worked_on(dataset: Any) -> bool:
    """Whether there is an iteration or a decision, also of runs that FiftyOne has forgotten."""
    owner = {"dataset_id": dataset._doc.id}
    kept = (ITERATIONS, ON_OBJECTS, HEADERS)
    return any(collection_of(name).find_one(owner, {"_id": 1}) is not None for name in kept)


def how_far(dataset: Any) -> list[str]:
    """What was found in each run of a dataset and what is decided of it, a line each."""
    keys = newest_first(dataset)
    if not keys:
        return ["It has no run of Deconfuse; the panel starts one on the labels as they are."]
    return [_run_line(load_run(dataset, key)) for key in keys]


def _run_line(run: Run) -> str:
    told = f"Run {run.key!r} on {run.label_field!r}"
    try:
        found, left, decided, what = _counts(run)
    except InputError as error:
        return f"{told}: {error}"
    return f"{told}: {found:,} suspects found, {left:,} of them open; {decided:,} {what} decided."


def _counts(run: Run) -> tuple[int, int, int, str]:
    """Suspects found, those left, what is decided on, and what each of these is."""
    if last_on_objects(run) is not None:
        state = items_state(run)
        suspect = (state.items.column("suspicion") > 0) & (state.kind != DELETED)
        counts = state.counts()
        left = sum(counts["suspects"].values())
        return int(suspect.sum()), left, sum(counts["by_kind"].values()), "labels"
    state = current_state(run)
    suspect = state.iteration.suspect_rows & (state.kind != DELETED)
    counts = state.counts()
    left = counts["misclassified_open"]
    return int(suspect.sum()), left, sum(counts["by_kind"].values()), "images"
