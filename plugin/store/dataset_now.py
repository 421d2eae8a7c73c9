"""What a writer looks at before it writes, read in one command: schema, runs, last iteration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from ..errors import InputError
from .database import collection_of
from .declared import Declared, declared_in
from .iterations import COLLECTION as ITERATIONS
from .listed_runs import COLLECTION as KNOWN
from .listed_runs import KnownRun, ListedRun, known_in, listed_in
from .runs import Run
from .samples import Schema, schema_in


@dataclass(frozen=True)
class DatasetNow:
    """A dataset as the database has it at one moment, whatever this process has loaded.

    Attributes:
        schema: the fields that it declares, by their names in documents
        declared: FiftyOne's documents of them, by name
        listed: the runs that FiftyOne lists, by key
        known: the runs that something is kept of, by id
        last: the document of the run's last iteration, if it has one
    """

    schema: Schema
    declared: Declared
    listed: Mapping[str, ListedRun]
    known: Mapping[ObjectId, KnownRun]
    last: Mapping[str, Any] | None


def dataset_now(run: Run) -> DatasetNow:
    """Read the dataset of a run; what others change later is not in it.

    Raises:
        InputError: if the dataset was deleted
    """
    dataset_id = run.owner["dataset_id"]
    run_ids = {"$map": {"input": {"$objectToArray": {"$ifNull": ["$runs", {}]}}, "in": "$$this.v"}}
    keep = dict.fromkeys(
        ("sample_fields", "runs", "known", "last", *(f"listed.{name}" for name in _OF_A_RUN)), 1
    )
    last = [{"$match": run.owner}, {"$sort": {"number": -1}}, {"$limit": 1}]
    found = collection_of("datasets").aggregate(
        [
            {"$match": {"_id": dataset_id}},
            {"$project": {"sample_fields": 1, "runs": 1, "run_ids": run_ids}},
            _joined("runs", "run_ids", "_id", "listed"),
            _joined(KNOWN, "_id", "dataset_id", "known"),
            {"$lookup": {"from": ITERATIONS, "pipeline": last, "as": "last"}},
            {"$project": keep},
        ]
    )
    document = next(iter(found), None)
    if document is None:
        raise InputError(f"Dataset '{run.dataset.name}' was deleted")
    return DatasetNow(
        schema_in(document),
        declared_in(document),
        listed_in(document, document["listed"]),
        known_in(document["known"]),
        next(iter(document["last"]), None),
    )


_OF_A_RUN = ("_id", "config.method", "config.label_field")


def _joined(collection: str, ours: str, theirs: str, name: str) -> dict[str, Any]:
    return {"$lookup": {"from": collection, "localField": ours, "foreignField": theirs, "as": name}}
