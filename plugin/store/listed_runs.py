"""Runs as FiftyOne lists them now, and which of them is which run of ours.

FiftyOne knows nothing of what the plugin keeps: it renames, deletes and copies a run without that.
But the id of its own document of a run stays when the run is renamed, goes when the run is deleted,
and is another one in a copy of the dataset. ``deconfuse.runs`` keeps one document under that id, so
that each of these is noticed. All is read from the database: a process that has loaded the dataset
earlier does not see what others have done since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from .database import collection_of, open_database
from .samples import Dataset

COLLECTION = "deconfuse.runs"
METHOD = "deconfuse"
_KEPT_BEFORE = ("deconfuse.iterations", "deconfuse.decisions")


@dataclass(frozen=True)
class ListedRun:
    """A run as FiftyOne lists it.

    Attributes:
        id: the id of FiftyOne's document of the run
        key: its key now
        label_field: the field that it cleans
    """

    id: ObjectId
    key: str
    label_field: str


@dataclass(frozen=True)
class KnownRun:
    """A run as the plugin knows it.

    Attributes:
        id: the id of FiftyOne's document of the run
        key: the key that iterations, journal and fields are kept under
        label_field: the field that it cleans
        declared_at: when that field was declared; FiftyOne keeps it when a field is renamed
        others: the other ``Classification`` fields that the dataset had
    """

    id: ObjectId
    key: str
    label_field: str
    declared_at: datetime | None
    others: tuple[str, ...]


def listed_runs(dataset: Dataset) -> dict[str, ListedRun]:
    """The plugin's runs of a dataset by key, as the database has them now."""
    database = open_database()
    document = database["datasets"].find_one({"_id": dataset._doc.id}, {"runs": 1}) or {}
    ids = list((document.get("runs") or {}).values())
    if not ids:
        return {}
    query = {"_id": {"$in": ids}, "config.method": METHOD}
    keep = {"config.method": 1, "config.label_field": 1}
    return listed_in(document, database["runs"].find(query, keep))


def listed_in(
    dataset: Mapping[str, Any], runs: Iterable[Mapping[str, Any]]
) -> dict[str, ListedRun]:
    """The plugin's runs by key, of FiftyOne's documents of a dataset and of its runs."""
    keys = {i: key for key, i in (dataset.get("runs") or {}).items()}
    listed = [
        ListedRun(d["_id"], keys[d["_id"]], d["config"]["label_field"])
        for d in runs
        if d.get("config", {}).get("method") == METHOD
    ]
    return {run.key: run for run in sorted(listed, key=lambda run: run.key)}


def known_runs(dataset: Dataset) -> dict[ObjectId, KnownRun]:
    """The runs of a dataset that the plugin keeps something of, by their id."""
    return known_in(collection_of(COLLECTION).find({"dataset_id": dataset._doc.id}))


def known_in(documents: Iterable[Mapping[str, Any]]) -> dict[ObjectId, KnownRun]:
    """The runs of documents of the collection, by their id."""
    return {
        d["_id"]: KnownRun(
            d["_id"], d["run_key"], d["label_field"], d.get("declared_at"), tuple(d["others"])
        )
        for d in documents
    }


def know(
    dataset: Dataset,
    listed: ListedRun,
    declared_at: datetime | None = None,
    others: Sequence[str] = (),
) -> None:
    """Keep that a run is one of ours, under the key that it has now."""
    collection_of(COLLECTION).replace_one(
        {"_id": listed.id},
        {
            "dataset_id": dataset._doc.id,
            "run_key": listed.key,
            "label_field": listed.label_field,
            "declared_at": declared_at,
            "others": list(others),
        },
        upsert=True,
    )


def adopt(dataset: Dataset, listed: ListedRun) -> bool:
    """Get to know a run that was made before runs were noted; whether something is kept of it.

    Nothing is where the run came with a copy of its dataset.
    """
    if any(run.key == listed.key for run in known_runs(dataset).values()):
        return False
    owner = {"dataset_id": dataset._doc.id, "run_key": listed.key}
    database = open_database()
    if all(database[name].find_one(owner, {"_id": 1}) is None for name in _KEPT_BEFORE):
        return False
    know(dataset, listed)
    return True


def move(known: KnownRun, key: str) -> None:
    """Note that all that is kept of a run is under another key by now."""
    collection_of(COLLECTION).update_one({"_id": known.id}, {"$set": {"run_key": key}})


def is_copied(dataset: Dataset, key: str) -> bool:
    """Whether FiftyOne lists a run of which nothing is kept here: it came with a copy."""
    listed = listed_runs(dataset).get(key)
    return (
        listed is not None and listed.id not in known_runs(dataset) and not adopt(dataset, listed)
    )


def deleted_keys(dataset: Dataset) -> list[str]:
    """The keys of runs that something is kept of, and that FiftyOne lists no more."""
    listed = {run.id for run in listed_runs(dataset).values()}
    return sorted(run.key for run in known_runs(dataset).values() if run.id not in listed)


def load_config(dataset: Dataset, key: str) -> Any:
    """FiftyOne's configuration of a run, with the dataset's runs as they are now."""
    if key not in dataset.list_runs():
        dataset._reload(hard=True)
    return dataset.get_run_info(key).config
