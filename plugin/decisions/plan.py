"""Plan: read the samples of a decision and write down, in the journal, how each will change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from bson.errors import InvalidBSON

from ..errors import InputError
from ..store.declared import check_writable
from ..store.runs import Run
from ..store.samples import samples_of, schema_of
from ..values import LONGEST_TEXT
from . import steps
from .apply import LARGEST_DOCUMENT, LONGEST_REASON, raw_samples
from .changes import (
    ACTIONS,
    KEEP_ALL,
    MISSING,
    inverse,
    label_of,
    planned_anew,
    relabelling,
    slot,
    tagging,
    value_at,
)
from .file_copies import added_since, copies_kept, copies_of
from .journal import (
    Entry,
    Header,
    chunked,
    entries,
    entries_of,
    headers,
    headers_by_id,
    heads,
    insert_entries,
    was_lost,
)
from .lock import Lock
from .run_names import entry_now, names_now
from .tags import LEFT_TAG, TagsTakenBack

CONFLICTS_KEPT = 100

_COUNTED = ("samples", "conflicts", "undoes", "undoes_applied", "schema", LEFT_TAG)
"""What the header says of its samples, known when all are planned."""


class Draft:
    """A decision that is being written to the journal.

    Attributes:
        header: its header; ``samples`` and ``conflicts`` are counted as samples are added
        conflicts: the first samples that will be left alone, and why
        entries: the changes of its samples, where they are few enough to be held in memory
    """

    def __init__(self, run: Run, lock: Lock, header: Header):
        self.run, self.lock = run, lock
        self.header = header | {
            "seq": lock.token,
            "stamp": lock.stamp,
            "finisher": lock.token,
            "state": "written",
            "samples": 0,
            "conflicts": 0,
        }
        self.conflicts: list[dict[str, Any]] = []
        self.entries: list[Entry] | None = None
        self._written: dict[str, Any] | None = None

    @property
    def id(self) -> ObjectId:
        """The decision's id."""
        return self.header["_id"]

    def write(self, plan: Callable[[Draft], None]) -> None:
        """Let the plan add the samples; the header goes before the first of them."""
        plan(self)
        counted = {k: v for k, v in self.header.items() if k in _COUNTED}
        if self._written is not None and counted != self._written:
            headers().update_one({"_id": self.id}, {"$set": counted})

    def add(self, new: Sequence[Entry]) -> None:
        """Write the changes of samples."""
        if not new:
            return
        check_writable(self.run.dataset, (path for entry in new for path in _written_by(entry)))
        self.header["samples"] += len(new)
        if self._written is None:
            headers().insert_one(self.header)
            self._written = {k: v for k, v in self.header.items() if k in _COUNTED}
            steps.reached("header")
        common = {"decision": self.id, "seq": self.lock.token, **self.run.owner}
        full = [{**common, **entry} for entry in new]
        insert_entries(full)
        self.entries = full if self.header["samples"] == len(full) else None
        steps.reached("entries")
        self.lock.renew()

    def leave(self, sample_id: ObjectId, reason: str, expected: Any, found: Any) -> None:
        """Leave a sample alone."""
        self.header["conflicts"] += 1
        if len(self.conflicts) < CONFLICTS_KEPT:
            names = ("sample_id", "reason", "expected", "found")
            values = (str(sample_id), reason, expected, found)
            self.conflicts.append(dict(zip(names, values, strict=True)))


def _written_by(entry: Entry) -> list[str]:
    """The paths of a sample that an entry changes."""
    tags = ["tags"] if "add_tag" in entry or "pull_tag" in entry else []
    return [s["path"] for s in entry["slots"]] + tags


@dataclass(frozen=True)
class Request:
    """What a person asked for, checked.

    Attributes:
        seen: the last decision of the dataset that had been made when it was asked, negative where
            nobody looked; one that asks for the same and was made since was asked at the same time
    """

    action: str
    ids: list[ObjectId]
    label: str | None
    tag: str | None
    expected: str | Mapping[str, str | None] | None
    seen: int = -1

    @classmethod
    def checked(
        cls,
        action: str,
        sample_ids: Sequence[str],
        label: str | None,
        tag: str | None,
        expected: str | Mapping[str, str | None] | None,
    ) -> Request:
        """The request, or InputError where a parameter cannot be used."""
        if action not in (*ACTIONS, KEEP_ALL):
            known = ", ".join((*ACTIONS, KEEP_ALL))
            raise InputError(f"action must be one of {known}, got {action!r}")
        for name, value, owner in (("label", label, "relabel"), ("tag", tag, "tag")):
            if action == owner:
                _check_text(name, value, needed_by=owner)
            elif value is not None:
                raise InputError(f"{name} goes with action '{owner}', not with '{action}'")
        if action == "tag" and not tag:
            raise InputError("tag must not be empty")
        ids = _checked_ids(sample_ids)
        if isinstance(expected, Mapping):
            _check_expected(expected, ids)
        elif expected is not None:
            _check_text("expected_label", expected)
        return cls(action, ids, label, tag, expected)

    def expects(self, sample_id: ObjectId, found: str | None) -> str | None:
        """The label that the author saw."""
        if self.expected is None:
            return found
        return self.expected if isinstance(self.expected, str) else self.expected[str(sample_id)]


def _check_text(name: str, value: Any, needed_by: str | None = None) -> None:
    if not isinstance(value, str):
        wanted = f"action '{needed_by}' needs a {name}" if needed_by else f"{name} must be a text"
        raise InputError(f"{wanted}, got {value!r}")
    if len(value) > LONGEST_TEXT:
        raise InputError(
            f"{name} must be a text of at most {LONGEST_TEXT:,} characters, got {len(value):,}"
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{name} is no valid Unicode text: {error.reason}") from None


def _checked_ids(sample_ids: Sequence[str]) -> list[ObjectId]:
    if isinstance(sample_ids, str | bytes):
        raise InputError("sample_ids must be a list of sample ids, got a text")
    unique = dict.fromkeys(sample_ids)
    for sample_id in unique:
        if not ObjectId.is_valid(sample_id):
            raise InputError(f"sample_ids must hold sample ids, got {sample_id!r}")
    if not unique:
        raise InputError("sample_ids is empty: choose at least one sample")
    return list(dict.fromkeys(ObjectId(sample_id) for sample_id in unique))


def _check_expected(expected: Mapping[str, str | None], ids: Sequence[ObjectId]) -> None:
    for sample_id in ids:
        if str(sample_id) not in expected:
            raise InputError(f"expected_label says nothing of sample {sample_id}")
        value = expected[str(sample_id)]
        if value is not None:
            _check_text(f"expected_label of sample {sample_id}", value)


def plan_resolve(draft: Draft, request: Request) -> None:
    """Write down what relabel, confirm, remove, tag or keep_all does to each sample."""
    run = draft.run
    for ids in chunked(request.ids):
        documents = _read(draft, ids, whole=request.action == "remove")
        last = heads(run, ids)
        same = _asked_at_once(draft, request, last)
        in_use = copies_of(run, documents) if request.action == "remove" else {}
        planned = []
        for sample_id in ids:
            document = documents.get(sample_id)
            if isinstance(document, Exception):
                draft.leave(sample_id, "error", None, str(document)[:LONGEST_REASON])
                continue
            found = None if document is None else label_of(document, run.label_field)
            expected = request.expects(sample_id, found)
            if sample_id in same:
                draft.leave(sample_id, "already", expected, found)
            elif document is None:
                draft.leave(sample_id, "deleted", expected, None)
            elif expected != found:
                draft.leave(sample_id, "relabeled", expected, found)
            elif request.action == "remove" and len(document.raw) > LARGEST_DOCUMENT:
                draft.leave(sample_id, "too_large", expected, found)
            else:
                head = last.get(sample_id, {})
                planned.append(
                    {
                        **_entry(document, found),
                        **_forward(run, request, document, found, head.get("kind_after")),
                        **copies_kept(in_use, document),
                        "kind_before": head.get("kind_after"),
                        "top_before": head.get("top_after"),
                        "kind_after": ACTIONS.get(request.action, head.get("kind_after")),
                        "top_after": draft.id,
                    }
                )
        draft.add(planned)


def _asked_at_once(draft: Draft, request: Request, last: Mapping[ObjectId, Entry]) -> set[ObjectId]:
    """Samples on which the same decision of the same author was made while this one waited."""
    newer = {i: e["decision"] for i, e in last.items() if e["seq"] > request.seen >= 0}
    if not newer:
        return set()
    asked = ("action", "author", "label", "tag", "note", "basis")
    mine = {name: draft.header.get(name) for name in asked}
    known = headers_by_id(set(newer.values()))
    same = {i for i, h in known.items() if {name: h.get(name) for name in asked} == mine}
    return {sample_id for sample_id, decision in newer.items() if decision in same}


def _read(draft: Draft, ids: Sequence[ObjectId], *, whole: bool) -> dict[ObjectId, Any]:
    """The documents of samples, and in place of what Python cannot hold the error that it gave.

    Where whole documents are read, the draft notes the schema that they were written under.
    """
    run = draft.run
    if whole:
        draft.header.setdefault("schema", schema_of(run.dataset).to_list())
        read = raw_samples(run.dataset, ids)
        return {i: _or_error(document) for i, document in read.items()}
    ours = [run.field("decision"), run.field("cies")]
    keep = [run.label_field, *ours, "tags", "filepath", "last_modified_at"]
    query = {"_id": {"$in": list(ids)}}
    try:
        found = list(samples_of(run.dataset).find(query, dict.fromkeys(keep, 1)))
    except InvalidBSON as error:
        if len(ids) == 1:
            return {ids[0]: error}
        return {i: d for one in ids for i, d in _read(draft, [one], whole=False).items()}
    return {document["_id"]: document for document in found}


def _or_error(document: Any) -> Any:
    """A raw document whose top level can be read, or the error that reading it gave."""
    try:
        dict(document)
    except InvalidBSON as error:
        return error
    return document


def _entry(document: Any, label: str | None) -> Entry:
    return {
        "sample_id": document["_id"],
        "filepath": document.get("filepath"),
        "version": document.get("last_modified_at"),
        "label_before": label,
        "label_after": label,
        "expects_label": True,
        "op": "set",
        "slots": [],
    }


def _forward(
    run: Run, request: Request, document: Any, label: str | None, standing: str | None
) -> dict[str, Any]:
    if request.action == KEEP_ALL:
        return {}
    if request.action == "remove":
        return {"op": "delete", "label_after": None, "document": bytes(document.raw)}
    decision, cies = run.field("decision"), run.field("cies")
    shown = value_at(document, decision)
    if standing is not None and shown in (MISSING, None):
        shown = standing  # somebody emptied the field; the journal says what stands
    slots = [slot(decision, shown, ACTIONS[request.action])]
    if value_at(document, cies) not in (MISSING, None):
        slots.append(slot(cies, value_at(document, cies), None))
    if request.action == "relabel" and request.label is not None:
        slots.append(relabelling(document, run.label_field, request.label))
        return {"slots": slots, "label_after": request.label}
    change = tagging(document, request.tag) if request.tag is not None else {}
    return {**change, "slots": slots + change.get("slots", [])}


def plan_undo(draft: Draft, target: Header, only: Sequence[ObjectId] | None = None) -> None:
    """Write down how each sample of a decision goes back to what it was.

    Raises:
        InputError: if a later decision stands on one of the samples, or all were taken back before
    """
    draft.header |= {"undoes": target["_id"], "undoes_applied": target["applied"]}
    wanted = None if only is None else set(only)
    names = names_now(target, draft.run)
    ids = [
        e["sample_id"]
        for e in entries_of(target["_id"], {"sample_id": 1, "lost": 1})
        if not was_lost(e, target) and (wanted is None or e["sample_id"] in wanted)
    ]
    undone = 0
    for chunk in chunked(ids):
        query = {"decision": target["_id"], "sample_id": {"$in": list(chunk)}}
        last = heads(draft.run, chunk)
        forward = [entry_now(e, names) for e in entries().find(query, {"document": 0})]
        _refuse_blocked(target, forward, last)
        standing = [e for e in forward if last[e["sample_id"]]["top_after"] == e["top_after"]]
        undone += len(forward) - len(standing)
        _plan_back(draft, target, _last_made(draft.run, target, standing, last))
    if ids and undone == len(ids):
        raise InputError(f"Decision {target['_id']} was already undone")


def _last_made(
    run: Run, target: Header, standing: Sequence[Entry], last: Mapping[ObjectId, Entry]
) -> list[Entry]:
    """The entries by which a decision stands: those of its last redoing, where it was redone.

    They say what the samples were like then; others may have changed them since the first time.
    """
    steps = {e["sample_id"]: (e["top_before"], e["top_after"]) for e in standing}
    later = [i for i in steps if last[i]["decision"] != target["_id"]]
    if not later:
        return list(standing)
    query = {**run.owner, "sample_id": {"$in": later}, "seq": {"$gt": target["seq"]}}
    found = list(entries().find(query, {"document": 0}).sort("seq", 1))
    known = headers_by_id({entry["decision"] for entry in found})
    newer: dict[ObjectId, Entry] = {}
    for entry in found:
        header = known.get(entry["decision"])
        same = (entry["top_before"], entry["top_after"]) == steps[entry["sample_id"]]
        if same and header and header["state"] == "applied" and not was_lost(entry, header):
            newer[entry["sample_id"]] = entry_now(entry, names_now(header, run))
    return [newer.get(entry["sample_id"], entry) for entry in standing]


def _refuse_blocked(
    target: Header, forward: Sequence[Entry], last: Mapping[ObjectId, Entry]
) -> None:
    covered = [e for e in forward if last[e["sample_id"]]["top_after"] != e["top_after"]]
    later = headers_by_id({last[e["sample_id"]]["decision"] for e in covered})
    blocking = {i: h for i, h in later.items() if h.get("undoes") != target["_id"]}
    if not blocking:
        return
    newest = max(blocking.values(), key=lambda h: h["seq"])
    count = sum(last[e["sample_id"]]["decision"] in blocking for e in covered)
    raise InputError(
        f"Decision {target['_id']} ({target['action']}) cannot be undone: a later decision stands "
        f"on {count} of its samples, {newest['_id']} ({newest['action']} by {newest['author']}). "
        f"Undo {newest['_id']} first."
    )


def _plan_back(draft: Draft, target: Header, standing: Sequence[Entry]) -> None:
    run = draft.run
    ids = [e["sample_id"] for e in standing]
    documents = _read(draft, ids, whole=any(e["op"] == "insert" for e in standing))
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
    altered = any(value_at(document, s["path"]) != s.get("before", MISSING) for s in whole)
    if touches and (found != entry["label_after"] or altered):
        draft.leave(entry["sample_id"], "relabeled", entry["label_after"], found)
        return None
    change = tags.taken_back(entry, planned_anew(change, document, None), document)
    back = {**_entry(document, found), **change, "expects_label": touches}
    if change["op"] == "delete":
        if len(document.raw) > LARGEST_DOCUMENT:
            draft.leave(entry["sample_id"], "too_large", entry["label_after"], found)
            return None
        return {**back, "label_after": None, "document": bytes(document.raw)}
    return {**back, "label_after": entry["label_before"] if touches else found}
