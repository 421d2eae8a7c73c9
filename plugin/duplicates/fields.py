"""The fields ``{run}_ses`` and ``{run}_duplicates``, and what is read of samples that are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

import fiftyone as fo
import numpy as np
from bson import ObjectId
from pymongo import UpdateOne

from ..documents import value_at
from ..progress import Report
from ..splits import SplitRule
from ..store.fields import declare_fields
from ..store.iterations import Iteration, unpack_ids
from ..store.runs import Run
from ..store.samples import Dataset, reload_held, samples_of, writing
from .pairs import highest_ses, partners
from .row_pairs import pairs_of_rows
from .store import KeptDuplicates, load_duplicates, mark_fields_written

WRITE_CHUNK = 1_000
READ_CHUNK = 20_000


class Member(NamedTuple):
    """What is known of a sample that is alike with another."""

    label: str | None
    split: str | None


def split_rule(run: Run) -> SplitRule:
    """How the splits of the run's samples are found, as it was said when they were compared."""
    kept = load_duplicates(run)
    return SplitRule.of_document(None if kept is None else kept.document.get("splits"))


def split_names(run: Run) -> list[str]:
    """The splits that the run's dataset has, by its rule."""
    rule, collection = split_rule(run), samples_of(run.dataset)
    found: dict[str, list[Any]] = {}
    for path in rule.paths:
        field = run.dataset.get_field(path)
        if field is None or getattr(field, "document_type", None) not in (None, fo.Classification):
            continue
        at = f"${path}.label" if getattr(field, "document_type", None) else f"${path}"
        stages = [{"$unwind": at}] if path == "tags" else []
        found[path] = [d["_id"] for d in collection.aggregate([*stages, {"$group": {"_id": at}}])]
    return rule.names(found)


def read_members(run: Run, sample_ids: Sequence[str]) -> dict[str, Member]:
    """Label and split of those of the samples that are in the dataset, as they are now."""
    collection, rule = samples_of(run.dataset), split_rule(run)
    keep = dict.fromkeys(rule.paths, 1)
    if run.label_field not in keep:  # MongoDB takes no path beside one that it is part of
        keep[f"{run.label_field}.label"] = 1
    found: dict[str, Member] = {}
    for start in range(0, len(sample_ids), READ_CHUNK):
        ids = [ObjectId(i) for i in sample_ids[start : start + READ_CHUNK]]
        for document in collection.find({"_id": {"$in": ids}}, keep).batch_size(READ_CHUNK):
            label = value_at(document, f"{run.label_field}.label")
            split = rule.split_of(document)
            found[str(document["_id"])] = Member(label if isinstance(label, str) else None, split)
    return found


def sign_of_change(dataset: Dataset) -> Any:
    """What differs after samples were added, deleted or edited; costs no more for more samples."""
    collection = samples_of(dataset)
    newest = {"last_modified_at": 1}
    if "last_modified_at_1" not in collection.index_information():
        return collection.estimated_document_count()
    last = collection.find_one({}, newest, sort=[("last_modified_at", -1)])
    return collection.estimated_document_count(), last and last.get("last_modified_at")


def write_duplicates(run: Run, iteration: Iteration, report: Report) -> None:
    """Write what is in force onto the samples, and take it off those that it no longer concerns.

    ``{run}_ses`` is the highest SES that was kept of the sample in this scope, whatever the
    threshold; ``{run}_duplicates`` holds its duplicates at the threshold.
    """
    declare_fields(run)
    with writing(run.dataset, run.field("ses"), run.field("duplicates")) as collection:
        _write_in_force(run, iteration, report, collection)
    reload_held(run.dataset)


def _write_in_force(run: Run, iteration: Iteration, report: Report, collection: Any) -> None:
    while (kept := load_duplicates(run)) is not None:
        now = datetime.now(UTC).replace(tzinfo=None)
        ses, duplicates = run.field("ses"), run.field("duplicates")
        concerned: set[ObjectId] = set()
        changes = _changes(run, kept, iteration, now)
        total = max(1, kept.samples)
        while part := list(islice(changes, WRITE_CHUNK)):
            collection.bulk_write([change for _, change in part], ordered=False)
            concerned.update(sample for sample, _ in part)
            report(min(1.0, len(concerned) / total), "Writing duplicates onto the samples")
        query = {"$or": [{name: {"$ne": None}} for name in (ses, duplicates)]}
        stale = [d["_id"] for d in collection.find(query, {"_id": 1}) if d["_id"] not in concerned]
        for start in range(0, len(stale), READ_CHUNK):
            collection.update_many(
                {"_id": {"$in": stale[start : start + READ_CHUNK]}},
                {"$set": {ses: None, duplicates: None, "last_modified_at": now}},
            )
        if mark_fields_written(kept):
            break


def _changes(
    run: Run, kept: KeptDuplicates, iteration: Iteration, now: datetime
) -> Iterator[tuple[ObjectId, UpdateOne]]:
    """The update of each sample that is in a pair; those that show it already stay as they are."""
    pairs = pairs_of_rows(kept, iteration, kept.floor, kept.scope)
    ids = unpack_ids(iteration.column("sample_id"))
    highest = highest_ses(pairs, iteration.samples)
    alike = dict(partners(pairs.at(kept.threshold)))
    for row in np.flatnonzero(~np.isnan(highest)).tolist():
        others = [ids[i] for i in alike[row]] if row in alike else None
        values = {run.field("ses"): float(highest[row]), run.field("duplicates"): others}
        sample = ObjectId(ids[row])
        changed = {"$or": [{name: {"$ne": value}} for name, value in values.items()]}
        update = {"$set": {**values, "last_modified_at": now}}
        yield sample, UpdateOne({"_id": sample, **changed}, update)
