"""Runs: cleaning projects on one label field of one dataset, and their iterations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..errors import InputError, meant
from .columns import BUCKET, delete_columns
from .current_jobs import COLLECTION as JOBS
from .current_jobs import is_worked_on
from .database import collection_of, open_database, own_collections
from .iterations import COLLECTION as ITERATIONS
from .iterations import Iteration, last_on_objects, load_iteration
from .listed_runs import COLLECTION as KNOWN
from .listed_runs import METHOD, adopt, know, known_runs, listed_runs
from .samples import Dataset, samples_of

ABANDONED_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Run:
    """One run, known by its dataset and key.

    Attributes:
        dataset: the FiftyOne dataset
        key: the run key, prefix of the run's fields
        label_field: the ``Classification`` field that is being cleaned
    """

    dataset: Dataset
    key: str
    label_field: str

    @property
    def owner(self) -> dict[str, Any]:
        """The query that finds everything that belongs to the run."""
        return {"dataset_id": self.dataset._doc.id, "run_key": self.key}

    def field(self, name: str) -> str:
        """The name of one of the run's fields on samples, such as ``deconfuse_iies``."""
        return f"{self.key}_{name}"

    def iterations(self) -> list[Iteration]:
        """The committed iterations, first to last, without their columns."""
        documents = _collection().find(self.owner).sort("number", 1)
        return [Iteration(document) for document in documents]

    def iteration(self, number: int | None = None) -> Iteration:
        """One iteration, the last if no number is given.

        Raises:
            InputError: if there is no such iteration
        """
        query = self.owner if number is None else {**self.owner, "number": number}
        document = _collection().find_one(query, sort=[("number", -1)])
        if document is None and last_on_objects(self) is not None:
            raise InputError(
                f"Run '{self.key}' of dataset '{self.dataset.name}' is on the labels of "
                f"'{self.label_field}' one by one, objects or tags; this works on runs on whole "
                "samples only, so far."
            )
        if document is None:
            what = "no iteration yet" if number is None else f"no iteration {number}"
            raise InputError(
                f"Run '{self.key}' of dataset '{self.dataset.name}' has {what}. "
                "Run find_label_errors to make one."
            )
        return load_iteration(document)

    def has_unwritten_fields(self) -> bool:
        """Whether the fields on the samples do not show the last iteration yet."""
        last = _collection().find_one(self.owner, {"fields_written": 1}, sort=[("number", -1)])
        return last is not None and not last["fields_written"]

    def mark_fields_written(self, iteration: Iteration, stamp: datetime) -> None:
        """Note that the fields on the samples show this iteration.

        Args:
            iteration: the iteration
            stamp: the ``last_modified_at`` of that writing; later ones are somebody else's
        """
        samples = samples_of(self.dataset).estimated_document_count()
        noted = {"fields_written": True, "fields_stamp": stamp, "dataset_samples": samples}
        _collection().update_one({"_id": iteration.id}, {"$set": noted})

    def mark_written_late(self, iteration: Iteration) -> None:
        """Note that others may have changed the dataset before its fields were written.

        What they changed cannot be told by time or number then, and is looked up one by one.
        """
        told = {"fields_stamp": "", "dataset_samples": ""}
        _collection().update_one({"_id": iteration.id}, {"$unset": told})


def _collection() -> Any:
    return collection_of(ITERATIONS)


def list_runs(dataset: Dataset) -> list[str]:
    """The keys of the dataset's runs."""
    return list(listed_runs(dataset))


def load_run(dataset: Dataset, key: str) -> Run:
    """Open a run.

    Raises:
        InputError: if the dataset has no such run
    """
    listed = listed_runs(dataset)
    if key not in listed:
        raise no_such_run(dataset, key, listed, ". Run find_label_errors to start one")
    return Run(dataset, key, listed[key].label_field)


def no_such_run(dataset: Dataset, key: object, there: Iterable[str], rest: str = "") -> InputError:
    """The error of a key that is that of no run.

    Args:
        dataset: the dataset
        key: what was given
        there: the keys that are
        rest: how the sentence goes on
    """
    names = list(there)
    return InputError(
        f"Dataset '{dataset.name}' has no Deconfuse run with run_key '{key}' (its runs: "
        f"{', '.join(names) or 'none'}){rest}.{meant(key, names)}"
    )


def create_run(dataset: Dataset, key: str, label_field: str) -> Run:
    """Open a run, making it if the dataset has none of that key.

    Raises:
        InputError: if the key is no valid name, is used by something else, or its run cleans
            another label field
    """
    check_run_key(dataset, key, label_field)
    if key not in listed_runs(dataset):
        sweep()
        dataset.register_run(key, dataset.init_run(method=METHOD, label_field=label_field))
    listed = listed_runs(dataset)[key]
    if listed.id not in known_runs(dataset) and not adopt(dataset, listed):
        know(dataset, listed)
    return Run(dataset, key, label_field)


def check_run_key(dataset: Dataset, key: str, label_field: str) -> None:
    """Raise InputError where ``create_run`` would."""
    if not isinstance(key, str) or not key.isidentifier() or key.startswith("_"):
        raise InputError(
            f"run_key must be a valid Python name that does not begin with '_', got {key!r}"
        )
    listed = listed_runs(dataset)
    if key in listed:
        used_for = listed[key].label_field
        if used_for != label_field:
            raise InputError(
                f"run_key '{key}' belongs to a run on label field '{used_for}', not "
                f"'{label_field}'. Choose another run_key, or delete_run first."
            )
    elif dataset.has_run(key):
        raise InputError(f"run_key '{key}' is used by another plugin's run on this dataset")


def describe_run(run: Run) -> dict[str, Any]:
    """A run and its iterations as plain values: settings, counts, reasons for skipping."""
    return {
        "run_key": run.key,
        "label_field": run.label_field,
        "iterations": [
            {
                "number": iteration.number,
                "created_at": iteration.created_at.isoformat(),
                "settings": iteration.settings,
                "classes": len(iteration.classes),
                **iteration.counts,
                "skipped": iteration.document["skipped"].get("reasons", {}),
            }
            for iteration in run.iterations()
        ],
    }


def delete_run(run: Run, *, listed: bool = True) -> None:
    """Delete all that is kept of a run, save its fields on samples (see ``own_fields.py``).

    Args:
        run: the run
        listed: whether FiftyOne forgets it too
    """
    if listed:
        unlist(run)
    delete_columns(run.owner)
    last = (JOBS, KNOWN)  # what keeps others out, and by what a deletion is gone on with
    for name in (*(n for n in own_collections() if n not in last), *last):
        collection_of(name).delete_many(run.owner)


def unlist(run: Run) -> None:
    """Let FiftyOne forget a run. From here on nobody opens it, and what is kept of it can go."""
    if run.key not in listed_runs(run.dataset):
        return
    if not run.dataset.has_run(run.key):  # made by another process
        run.dataset._reload(hard=True)
    run.dataset.delete_run(run.key)


def discard_empty(run: Run) -> None:
    """Take back ``create_run`` where no iteration was committed."""
    if _collection().find_one(run.owner, {"_id": 1}) is None:
        unlist(run)
        collection_of(KNOWN).delete_many(run.owner)


def sweep() -> None:
    """Delete what belongs to datasets that no longer exist and what was never committed."""
    database = open_database()
    owners = {name: set(database[name].distinct("dataset_id")) for name in own_collections()}
    files = set(database[f"{BUCKET}.files"].distinct("metadata.dataset_id"))
    # Read last: what somebody keeps of a dataset that he has just made is not taken for a leftover.
    living = set(database["datasets"].distinct("_id"))
    for name, ids in owners.items():
        if ids - living:
            database[name].delete_many({"dataset_id": {"$in": list(ids - living)}})
    for owner in [{"dataset_id": i} for i in files - living] + _uncommitted_owners(database):
        delete_columns(owner)


def _uncommitted_owners(database: Any) -> list[dict[str, Any]]:
    files = database[f"{BUCKET}.files"]
    committed = set(database[ITERATIONS].distinct("_id"))
    age = {"$subtract": ["$$NOW", "$uploadDate"]}
    stale = {"$expr": {"$gt": [age, int(ABANDONED_AFTER.total_seconds() * 1_000)]}}
    stages = [{"$match": stale}, {"$group": {"_id": "$metadata.iteration_id"}}]
    old = {found["_id"] for found in files.aggregate(stages)} - committed - {None}
    return [{"iteration_id": i} for i in old if not _is_being_written(files, i)]


def _is_being_written(files: Any, iteration_id: Any) -> bool:
    """Whether somebody works on the run: what looks old was dated by the writer's own clock."""
    owner = files.find_one({"metadata.iteration_id": iteration_id}, {"metadata": 1})
    return owner is not None and is_worked_on(
        owner["metadata"].get("dataset_id"), str(owner["metadata"].get("run_key"))
    )
