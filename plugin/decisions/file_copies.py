"""Samples that share one file: which of them were there when one of them was removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId

from ..store.runs import Run
from ..store.samples import samples_of
from .journal import Entry, Header, entries, headers

Copies = dict[str, list[ObjectId]]
"""Samples by their file."""


def copies_of(run: Run, documents: Mapping[ObjectId, Any]) -> Copies:
    """The samples that hold each of the files of some samples, these included."""
    files = {d.get("filepath") for d in documents.values() if not isinstance(d, Exception)}
    found: Copies = {}
    if not files:
        return found
    query = {"filepath": {"$in": list(files)}}
    for document in samples_of(run.dataset).find(query, {"filepath": 1}):
        found.setdefault(document["filepath"], []).append(document["_id"])
    return found


def copies_kept(in_use: Copies, document: Any) -> Entry:
    """What the entry of a removal keeps of the samples with the same file; nothing if it is one."""
    copies = in_use.get(document.get("filepath"), [])
    return {"copies": copies} if len(copies) > 1 else {}


def added_since(run: Run, target: Header, removed: Sequence[Entry]) -> set[str]:
    """The files of removed samples that are in samples by now which were not there at that time.

    Args:
        run: the run
        target: the removal
        removed: entries of it
    """
    files = [entry["filepath"] for entry in removed]
    if not files:
        return set()
    before: dict[str, set[ObjectId]] = {}
    for entry in removed:
        known = before.setdefault(entry["filepath"], set())
        known |= {entry["sample_id"], *entry.get("copies", ())}
    found = samples_of(run.dataset).find({"filepath": {"$in": files}}, {"filepath": 1})
    others = {d["_id"]: d["filepath"] for d in found if d["_id"] not in before[d["filepath"]]}
    earlier = _decided_before(run, target["seq"], list(others))
    return {path for sample_id, path in others.items() if sample_id not in earlier}


def _decided_before(run: Run, seq: int, ids: Sequence[ObjectId]) -> set[ObjectId]:
    """Those of some samples that a decision was made on before, such as copies removed earlier."""
    if not ids:
        return set()
    dataset = {"dataset_id": run.owner["dataset_id"]}
    keys = headers().distinct("run_key", dataset)
    query = {
        **dataset,
        "run_key": {"$in": keys},
        "sample_id": {"$in": list(ids)},
        "seq": {"$lt": seq},
    }
    return {entry["sample_id"] for entry in entries().find(query, {"sample_id": 1})}
