"""The dataset as FiftyOne stores it: its samples' collection, and its schema of the moment.

FiftyOne refuses to read a sample that holds a field which the dataset does not declare. What is
written here is written past FiftyOne, so it is fitted to the schema in the database, which another
process may have changed since this one loaded the dataset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import fiftyone as fo
from bson import ObjectId
from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from mongoengine.errors import DoesNotExist
from pymongo import WriteConcern

from ..errors import InputError
from .database import collection_of, undecoded

Dataset: TypeAlias = Any
"""A ``fiftyone.Dataset``; FiftyOne ships no types, so this and the next only tell what is meant."""

Collection: TypeAlias = Any
"""A ``fiftyone.Dataset`` or ``fiftyone.DatasetView``."""

UNDECLARED = "deconfuse.undeclared"
"""Values that were taken off samples because their dataset does not declare the field."""

LARGEST_DOCUMENT = 15 * 1024 * 1024
"""Bytes of a sample that can still be kept whole beside what a journal says of it."""

DURABLE = WriteConcern(w=1, j=True)
"""A write that a crash of the database does not take back once it was acknowledged."""


def samples_of(dataset: Dataset, *, durable: bool = False) -> Any:
    """The collection that holds the samples of a dataset.

    Args:
        dataset: the dataset
        durable: whether writes return only when a crash of the database does not undo them
    """
    collection = dataset._sample_collection
    return collection.with_options(write_concern=DURABLE) if durable else collection


def raw_samples(dataset: Dataset, ids: Sequence[ObjectId]) -> dict[ObjectId, RawBSONDocument]:
    """Sample documents exactly as the database holds them."""
    found = undecoded(samples_of(dataset)).find({"_id": {"$in": list(ids)}})
    return {_id_of(document): document for document in found}


def _id_of(document: RawBSONDocument) -> Any:
    """The id of a raw document, also of one that holds what Python cannot read."""
    try:
        return document["_id"]
    except InvalidBSON:  # the id comes first: 4 bytes of length, a type, "_id", and 12 bytes
        return ObjectId(document.raw[9:21])


@dataclass(frozen=True)
class DeclaredField:
    """A field as a dataset declares it.

    Attributes:
        kind: its type, with that of its elements or of its embedded document
        created_at: when it was declared; FiftyOne keeps it when a field is renamed
    """

    kind: str
    created_at: datetime | None


class Schema:
    """The top-level fields that a dataset declares at one moment, by their names in documents."""

    def __init__(self, fields: Mapping[str, DeclaredField]):
        self.fields = dict(fields)

    def holds(self, path: str) -> bool:
        """Whether a value at a dotted path of a document is one that FiftyOne can read."""
        return path.partition(".")[0] in self.fields

    def to_list(self) -> list[list[Any]]:
        """As plain values, to be kept with documents that may come back one day."""
        return [[name, field.kind, field.created_at] for name, field in self.fields.items()]

    @classmethod
    def from_list(cls, kept: Iterable[Sequence[Any]]) -> Schema:
        """What :meth:`to_list` gave."""
        return cls({name: DeclaredField(kind, created) for name, kind, created in kept})

    def places(self, earlier: Schema) -> dict[str, str | None]:
        """Where the fields of an earlier schema are now.

        Args:
            earlier: the schema that some documents were written under

        Returns:
            by earlier name: the name now, another one where the field was renamed; None where it
            is gone or was declared anew with another type
        """
        found: dict[str, str | None] = {}
        for name, field in earlier.fields.items():
            here = self.fields.get(name)
            if here is not None:
                found[name] = name if here.kind == field.kind else None
            else:
                found[name] = self._renamed(field, earlier)
        return found

    def _renamed(self, field: DeclaredField, earlier: Schema) -> str | None:
        """The one field that is new since ``earlier`` and was declared when ``field`` was."""
        if field.created_at is None:
            return None
        lost = [f for n, f in earlier.fields.items() if n not in self.fields and f == field]
        new = [n for n, f in self.fields.items() if n not in earlier.fields and f == field]
        return new[0] if len(lost) == len(new) == 1 else None


_KEPT = ("name", "ftype", "subfield", "embedded_doc_type", "db_field", "created_at")


def schema_of(dataset: Dataset) -> Schema:
    """The schema that the database holds for a dataset now, whatever this process has loaded.

    Raises:
        InputError: if the dataset was deleted
    """
    keep = {f"sample_fields.{name}": 1 for name in _KEPT}
    document = collection_of("datasets").find_one({"_id": dataset._doc.id}, keep)
    if document is None:
        raise InputError(f"Dataset '{dataset.name}' was deleted")
    return schema_in(document)


def schema_in(dataset: Mapping[str, Any]) -> Schema:
    """The schema in FiftyOne's document of a dataset."""
    return Schema(
        {
            field.get("db_field") or field["name"]: DeclaredField(
                "|".join(str(field.get(part) or "") for part in _KEPT[1:4]),
                field.get("created_at"),
            )
            for field in dataset["sample_fields"]
        }
    )


def catch_up(dataset: Dataset) -> Schema:
    """Let this process know the fields that the database declares, if others have changed them.

    Returns:
        the schema of the moment
    """
    schema = schema_of(dataset)
    known = dataset.get_field_schema(include_private=True)
    if {field.db_field or name for name, field in known.items()} != schema.fields.keys():
        dataset._reload(hard=True)
        reload_held(dataset, hard=True)
    return schema


def held_samples(dataset: Dataset) -> Mapping[str, Any]:
    """The sample objects of a dataset that this process holds, by sample id."""
    return getattr(fo.Sample, "_instances", {}).get(dataset._sample_collection_name, {})


def reload_held(dataset: Dataset, ids: Iterable[ObjectId] | None = None, **how: bool) -> None:
    """Let sample objects that this process holds see what was written past them.

    Args:
        dataset: the dataset
        ids: the samples, all by default
        how: as ``fiftyone.Sample.reload`` takes it; ``hard`` where fields have changed
    """
    held = held_samples(dataset)
    wanted = list(held) if ids is None else [str(i) for i in ids] if len(held) else []
    for sample_id in wanted:
        sample = held.get(sample_id)
        # Deleted by somebody since, or with its dataset: its object stays as it was.
        with suppress(ValueError, TypeError, AttributeError, DoesNotExist):
            if sample is not None:
                sample.reload(**how)


@contextmanager
def writing(dataset: Dataset, *fields: str, schema: Schema | None = None) -> Iterator[Any]:
    """The samples' collection, to write some declared fields of theirs.

    A field that somebody deletes or renames while it is being written is taken off again, for it
    would leave samples that FiftyOne cannot read.

    Args:
        dataset: the dataset
        fields: the top-level fields that are written
        schema: the schema of a moment ago, if it is at hand; afterwards it is read in any case

    Raises:
        InputError: if one of them is not declared
    """
    before = schema or schema_of(dataset)
    gone = [name for name in fields if not before.holds(name)]
    if gone:
        raise InputError(
            f"Field '{gone[0]}' of dataset '{dataset.name}' was deleted or renamed; "
            "nothing was written to it"
        )
    try:
        yield samples_of(dataset)
    finally:
        take_off_undeclared(dataset, fields)


def take_off_undeclared(
    dataset: Dataset,
    fields: Iterable[str],
    ids: Sequence[ObjectId] | None = None,
    schema: Schema | None = None,
) -> list[str]:
    """Remove fields that the dataset does not declare from its documents.

    Args:
        dataset: the dataset
        fields: the names to look at
        ids: the samples to look at; all by default
        schema: the schema of the moment, if it is at hand

    Returns:
        the names that were not declared
    """
    schema = schema or schema_of(dataset)
    gone = sorted({name for name in fields if not schema.holds(name)})
    if gone:
        query: dict[str, Any] = {"$or": [{name: {"$exists": True}} for name in gone]}
        if ids is not None:
            query["_id"] = {"$in": list(ids)}
        collection = samples_of(dataset, durable=True)
        collection.update_many(query, {"$unset": dict.fromkeys(gone, "")})
    return gone


def undeclared_fields(dataset: Dataset) -> dict[str, int]:
    """Fields that documents hold and the dataset does not declare, with the number of samples.

    It reads every document once; a dataset that has any is one that FiftyOne cannot read.
    """
    schema = schema_of(dataset)
    counted = samples_of(dataset).aggregate(
        [
            {"$project": {"held": {"$objectToArray": "$$ROOT"}}},
            {"$unwind": "$held"},
            {"$group": {"_id": "$held.k", "samples": {"$sum": 1}}},
        ],
        allowDiskUse=True,
    )
    return {c["_id"]: c["samples"] for c in counted if not schema.holds(c["_id"])}


def repair(dataset: Dataset) -> dict[str, int]:
    """Take off every field that the dataset does not declare, and keep the values aside.

    Returns:
        the fields that were found, with the number of samples that held each; their values are
        in the collection ``deconfuse.undeclared``, one document a sample
    """
    found = undeclared_fields(dataset)
    if found:
        wanted = dict.fromkeys(found, 1)
        kept = {"dataset_id": dataset._doc.id, "sample_id": "$_id", "taken_off_at": "$$NOW"}
        samples_of(dataset).aggregate(
            [
                {"$match": {"$or": [{name: {"$exists": True}} for name in found]}},
                {"$project": wanted},
                {"$project": {"values": "$$ROOT", **kept, "_id": 0}},
                {"$project": {"values._id": 0}},
                {"$merge": {"into": UNDECLARED}},
            ]
        )
        take_off_undeclared(dataset, found)
        catch_up(dataset)
    return found
