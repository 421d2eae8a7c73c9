"""The field ``{run}_decision`` as the journal has it: written anew where others lost it.

The journal alone says what is decided. The field is there for the sidebar and for scripts.
"""

from __future__ import annotations

import fiftyone as fo
from bson import ObjectId
from pymongo import UpdateOne

from ..store.declared import declared_fields
from ..store.fields import FIELDS, OBJECT_ATTRIBUTES
from ..store.label_sets import list_of
from ..store.runs import Run
from ..store.samples import Schema, catch_up, reload_held, samples_of, schema_of
from .journal import chunked
from .run_lock import run_lock
from .state import standing_decisions


def restore_decision_field(run: Run) -> int:
    """Let the field say what the journal says; the number of samples where it did not.

    Nothing is written where it does, nor where the field is not declared and nothing is decided.
    """
    with run_lock(run):
        if run.field("decision") not in declared_fields(run.dataset):
            if not standing_decisions(run):
                return 0
            _declare(run)
        return _write(run)


def keep_decision_field(run: Run, schema: Schema) -> Schema:
    """Make FiftyOne know the field, and write it anew if somebody deleted it.

    For whoever has the dataset's lock.

    Args:
        run: the run
        schema: the dataset's schema

    Returns:
        the schema that then is in force
    """
    name = run.field("decision")
    if schema.holds(name) or (schema := catch_up(run.dataset)).holds(name):
        return schema
    _declare(run)
    _write(run)
    return schema_of(run.dataset)


def keep_decision_attribute(run: Run, schema: Schema) -> Schema:
    """Make FiftyOne know ``{run}_decision`` of the labels of a run on objects or tags.

    Args:
        run: a run on objects
        schema: the dataset's schema

    Returns:
        the same
    """
    path = f"{run.label_field}.{list_of(run)}.{run.field('decision')}"
    if path not in run.dataset.get_field_schema(flat=True):
        catch_up(run.dataset)
        told = OBJECT_ATTRIBUTES["decision"]
        run.dataset.add_sample_field(path, fo.StringField, description=told)
    return schema


def _declare(run: Run) -> None:
    catch_up(run.dataset)
    description = FIELDS["decision"]
    run.dataset.add_sample_field(run.field("decision"), fo.StringField, description=description)


def _write(run: Run) -> int:
    field = run.field("decision")
    collection = samples_of(run.dataset)
    wanted = {ObjectId(i): kind for i, kind in standing_decisions(run).items()}
    changes: dict[ObjectId, str | None] = {}
    shown: set[ObjectId] = set()
    for document in collection.find({field: {"$nin": [None, ""]}}, {field: 1}):
        shown.add(document["_id"])
        if document[field] != wanted.get(document["_id"]):
            changes[document["_id"]] = wanted.get(document["_id"])
    changes |= {i: kind for i, kind in wanted.items() if i not in shown and kind != "removed"}
    written = 0
    for part in chunked(list(changes.items())):
        # last_modified_at stays: nobody edited these samples.
        writes = [UpdateOne({"_id": i}, {"$set": {field: kind}}) for i, kind in part]
        written += collection.bulk_write(writes, ordered=False).matched_count
    if written:
        reload_held(run.dataset)
    return written
