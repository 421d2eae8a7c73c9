"""Undo: a decision that turns another one round, sample by sample, where that one still stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId

from ..documents import MISSING, value_at
from ..errors import InputError
from ..store.runs import Run
from ..store.samples import LARGEST_DOCUMENT
from .changes import inverse, label_of, planned_anew
from .commit import LAST_ITERATION, commit, header_of
from .draft import Draft
from .file_copies import added_since, copies_kept, copies_of
from .journal import (
    ITEM,
    LONGEST_REASON,
    SAMPLES_PER_CHUNK,
    Entry,
    Header,
    chunked,
    entries,
    entries_of,
    headers,
    headers_by_id,
    heads,
    key_of,
    unit_of,
    was_lost,
)
from .plan import entry_of, read_documents
from .resolution import Resolution
from .run_names import entry_now, names_now
from .standing import standing
from .tags import TagsTakenBack
from .undo_objects import plan_objects_back


def undo(run: Run, decision: str | None = None, *, author: str | None = None) -> Resolution:
    """Take a decision back exactly; undoing an undo does the decision again.

    Args:
        run: the run
        decision: its id; by default the last one that stands, of ``author`` if one is given
        author: who takes it back

    Raises:
        InputError: if there is no such decision, it was already taken back, or a later decision
            stands on one of its samples; nothing is changed
    """
    if decision is not None and not (isinstance(decision, str) and ObjectId.is_valid(decision)):
        raise InputError(f"decision must be the id of a decision, got {decision!r}")
    header = header_of(run, "undo", author, None, LAST_ITERATION)

    def plan(draft: Draft) -> None:
        target = _named(run, decision) if decision else _last_standing(run, author)
        plan_undo(draft, target)

    return commit(run, header, plan)


def _named(run: Run, decision: str) -> Header:
    header = headers().find_one({**run.owner, "_id": ObjectId(decision), "state": "applied"})
    if header is None:
        raise InputError(f"Run '{run.key}' has no decision {decision}")
    return header


def _last_standing(run: Run, author: str | None) -> Header:
    """The last decision that stands on at least one sample."""
    for header in standing(run, author):
        return header
    whose = "" if author is None else f" of '{author}'"
    raise InputError(f"Run '{run.key}' has no decision{whose} that could be undone")


def plan_undo(draft: Draft, target: Header, only: Sequence[ObjectId] | None = None) -> None:
    """Write down how each sample of a decision goes back to what it was.

    Raises:
        InputError: if a later decision stands on one of the samples, or all were taken back before
    """
    draft.header |= {"undoes": target["_id"], "undoes_applied": target["applied"]}
    unit = unit_of(target)
    wanted = None if only is None else set(only)
    names = names_now(target, draft.run)
    few = target["samples"] <= SAMPLES_PER_CHUNK  # and their entries are read but once
    made = [
        e
        for e in entries_of(target["_id"], {"document": 0} if few else {unit: 1, "lost": 1})
        if not was_lost(e, target) and (wanted is None or e[unit] in wanted)
    ]
    ids = [e[unit] for e in made]
    undone = 0
    for chunk in chunked(ids):
        query = {"decision": target["_id"], unit: {"$in": list(chunk)}}
        last = heads(draft.run, chunk, unit)
        of_chunk = (e for e in made if e[unit] in last)
        read = of_chunk if few else entries().find(query, {"document": 0})
        forward = [entry_now(e, names) for e in read]
        _refuse_blocked(target, forward, last)
        still = [e for e in forward if last[e[unit]]["top_after"] == e["top_after"]]
        undone += len(forward) - len(still)
        back = plan_objects_back if unit == ITEM else _plan_back
        back(draft, target, _last_made(draft.run, target, still, last))
    if ids and undone == len(ids):
        raise InputError(f"Decision {target['_id']} was already undone")


def _last_made(
    run: Run, target: Header, standing: Sequence[Entry], last: Mapping[ObjectId, Entry]
) -> list[Entry]:
    """The entries by which a decision stands: those of its last redoing, where it was redone.

    They say what the samples were like then; others may have changed them since the first time.
    """
    unit = unit_of(target)
    changed = {e[unit]: (e["top_before"], e["top_after"]) for e in standing}
    later = [i for i in changed if last[i]["decision"] != target["_id"]]
    if not later:
        return list(standing)
    query = {**run.owner, unit: {"$in": later}, "seq": {"$gt": target["seq"]}}
    found = list(entries().find(query, {"document": 0}).sort("seq", 1))
    known = headers_by_id({entry["decision"] for entry in found})
    newer: dict[ObjectId, Entry] = {}
    for entry in found:
        header = known.get(entry["decision"])
        same = (entry["top_before"], entry["top_after"]) == changed[entry[unit]]
        if same and header and header["state"] == "applied" and not was_lost(entry, header):
            newer[entry[unit]] = entry_now(entry, names_now(header, run))
    return [newer.get(entry[unit], entry) for entry in standing]


def _refuse_blocked(
    target: Header, forward: Sequence[Entry], last: Mapping[ObjectId, Entry]
) -> None:
    covered = [e for e in forward if last[key_of(e)]["top_after"] != e["top_after"]]
    if target["action"] != "undo":
        covered = _below_a_later_one(target, covered, last)
    later = headers_by_id({last[key_of(e)]["decision"] for e in covered})
    blocking = {i: h for i, h in later.items() if h.get("undoes") != target["_id"]}
    if not blocking:
        return
    newest = max(blocking.values(), key=lambda h: h["seq"])
    count = sum(last[key_of(e)]["decision"] in blocking for e in covered)
    what = "objects" if unit_of(target) == ITEM else "samples"
    raise InputError(
        f"Decision {target['_id']} ({target['action']}) cannot be undone: a later decision stands "
        f"on {count} of its {what}, {newest['_id']} ({newest['action']} by {newest['author']}). "
        f"Undo {newest['_id']} first."
    )


def _below_a_later_one(
    target: Header, covered: Sequence[Entry], last: Mapping[ObjectId, Entry]
) -> list[Entry]:
    """Those on which something stands that was decided after the target.

    Elsewhere the target was taken back before, with or without what lay below it.
    """
    tops = headers_by_id({last[key_of(e)]["top_after"] for e in covered} - {None})
    newer = {i for i, header in tops.items() if header["seq"] > target["seq"]}
    return [e for e in covered if last[key_of(e)]["top_after"] in newer]


def _plan_back(draft: Draft, target: Header, standing: Sequence[Entry]) -> None:
    run = draft.run
    ids = [e["sample_id"] for e in standing]
    documents = read_documents(draft, ids, whole=any(e["op"] == "insert" for e in standing))
    taken = added_since(run, target, [e for e in standing if e["op"] == "delete"])
    again = [e["sample_id"] for e in standing if e["op"] == "insert"]
    in_use = copies_of(run, {i: documents[i] for i in again if i in documents})
    tags = TagsTakenBack(run, target, ids, draft.header)
    planned = []
    for entry in standing:
        document = documents.get(entry["sample_id"])
        turned = {
            "kind_before": entry["kind_after"],
            "top_before": entry["top_after"],
            "kind_after": entry["kind_before"],
            "top_after": entry["top_before"],
        }
        if isinstance(document, Exception):
            draft.leave(entry["sample_id"], "error", None, str(document)[:LONGEST_REASON])
            continue
        if entry["op"] == "delete":
            back = _bring_back(draft, entry, document, taken)
        else:
            back = _put_back(draft, entry, document, tags)
            if back is not None and back["op"] == "delete":
                back |= copies_kept(in_use, document)
        if back is not None:
            planned.append({**back, **turned})
    draft.add(planned)


def _bring_back(draft: Draft, entry: Entry, document: Any, taken: set[str]) -> Entry | None:
    if document is not None or entry["filepath"] in taken:
        draft.leave(entry["sample_id"], "exists", None, entry["filepath"])
        return None
    return {
        "sample_id": entry["sample_id"],
        "filepath": entry["filepath"],
        "version": None,
        "label_before": None,
        "label_after": entry["label_before"],
        "expects_label": False,
        "op": "insert",
        "kept_in": entry["decision"],
        "slots": [],
    }


def _put_back(draft: Draft, entry: Entry, document: Any, tags: TagsTakenBack) -> Entry | None:
    run = draft.run
    if document is None:
        draft.leave(entry["sample_id"], "deleted", entry["label_after"], None)
        return None
    found = label_of(document, run.label_field)
    change = inverse(entry)
    touches = change["op"] == "delete" or any(
        s["path"].partition(".label")[0] == run.label_field for s in change["slots"]
    )
    whole = [s for s in change["slots"] if s["path"] == run.label_field]
    altered = any(value_at(document, s["path"], MISSING) != s.get("before", MISSING) for s in whole)
    if touches and (found != entry["label_after"] or altered):
        draft.leave(entry["sample_id"], "relabeled", entry["label_after"], found)
        return None
    change = tags.taken_back(entry, planned_anew(change, document, None), document)
    back = {**entry_of(document, found), **change, "expects_label": touches}
    if change["op"] == "delete":
        if len(document.raw) > LARGEST_DOCUMENT:
            draft.leave(entry["sample_id"], "too_large", entry["label_after"], found)
            return None
        return {**back, "label_after": None, "document": bytes(document.raw)}
    return {**back, "label_after": entry["label_before"] if touches else found}
