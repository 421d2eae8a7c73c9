"""Planning: read the samples of a decision and write down, in the journal, how each will change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from ..errors import InputError
from ..keeping.runs import Run
from . import turns
from .changes import (
    ACTIONS,
    KEEP_ALL,
    MISSING,
    inverse,
    label_of,
    relabelling,
    slot,
    tagging,
    value_at,
)
from .completion import raw_samples, samples_of
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
from .turns import Turn

LARGEST_DOCUMENT = 15 * 1024 * 1024
CONFLICTS_KEPT = 100


class Draft:
    """A decision that is being written to the journal.

    Attributes:
        header: its header; ``samples`` and ``conflicts`` are counted as samples are added
        conflicts: the first samples that will be left alone, and why
    """

    def __init__(self, run: Run, turn: Turn, header: Header):
        self.run, self.turn = run, turn
        self.header = header | {
            "seq": turn.token,
            "stamp": turn.stamp,
            "finisher": turn.token,
            "state": "written",
            "samples": 0,
            "conflicts": 0,
        }
        self.conflicts: list[dict[str, Any]] = []

    @property
    def id(self) -> ObjectId:
        """The decision's id."""
        return self.header["_id"]

    def write(self, plan: Callable[[Draft], None]) -> None:
        """Write the header, let the plan add the samples, and note their numbers."""
        headers().insert_one(self.header)
        turns.reached("header")
        plan(self)
        planned = ("samples", "conflicts", "undoes", "undoes_applied")
        counted = {name: self.header[name] for name in planned if name in self.header}
        headers().update_one({"_id": self.id}, {"$set": counted})

    def add(self, new: Sequence[Entry]) -> None:
        """Write the changes of samples."""
        owner = self.run.owner
        common = {"decision": self.id, "seq": self.turn.token, **owner}
        insert_entries([{**common, **entry} for entry in new])
        self.header["samples"] += len(new)
        turns.reached("entries")
        self.turn.renew()

    def leave(self, sample_id: ObjectId, reason: str, expected: Any, found: Any) -> None:
        """Leave a sample alone."""
        self.header["conflicts"] += 1
        if len(self.conflicts) < CONFLICTS_KEPT:
            names = ("sample_id", "reason", "expected", "found")
            values = (str(sample_id), reason, expected, found)
            self.conflicts.append(dict(zip(names, values, strict=True)))


@dataclass(frozen=True)
class Request:
    """What a person asked for, checked."""

    action: str
    ids: list[ObjectId]
    label: str | None
    tag: str | None
    expected: str | Mapping[str, str | None] | None

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
        documents = _read(run, ids, whole=request.action == "remove")
        last = heads(run, ids)
        planned = []
        for sample_id in ids:
            document = documents.get(sample_id)
            found = None if document is None else label_of(document, run.label_field)
            expected = request.expects(sample_id, found)
            if document is None:
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
                        **_forward(run, request, document, found),
                        "kind_before": head.get("kind_after"),
                        "top_before": head.get("top_after"),
                        "kind_after": ACTIONS.get(request.action, head.get("kind_after")),
                        "top_after": draft.id,
                    }
                )
        draft.add(planned)


def _read(run: Run, ids: Sequence[ObjectId], *, whole: bool) -> dict[ObjectId, Any]:
    if whole:
        return raw_samples(run.dataset, ids)
    ours = [run.field("decision"), run.field("cies")]
    keep = [run.label_field, *ours, "tags", "filepath", "last_modified_at"]
    found = samples_of(run.dataset).find({"_id": {"$in": list(ids)}}, dict.fromkeys(keep, 1))
    return {document["_id"]: document for document in found}


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


def _forward(run: Run, request: Request, document: Any, label: str | None) -> dict[str, Any]:
    if request.action == KEEP_ALL:
        return {}
    if request.action == "remove":
        return {"op": "delete", "label_after": None, "document": bytes(document.raw)}
    decision, cies = run.field("decision"), run.field("cies")
    slots = [slot(decision, value_at(document, decision), ACTIONS[request.action])]
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
    ids = [
        e["sample_id"]
        for e in entries_of(target["_id"], {"sample_id": 1, "lost": 1})
        if not was_lost(e, target) and (wanted is None or e["sample_id"] in wanted)
    ]
    undone = 0
    for chunk in chunked(ids):
        query = {"decision": target["_id"], "sample_id": {"$in": list(chunk)}}
        last = heads(draft.run, chunk)
        forward = list(entries().find(query, {"document": 0}))
        _refuse_blocked(target, forward, last)
        standing = [e for e in forward if last[e["sample_id"]]["top_after"] == e["top_after"]]
        undone += len(forward) - len(standing)
        _plan_back(draft, target, standing)
    if ids and undone == len(ids):
        raise InputError(f"Decision {target['_id']} was already undone")


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
    documents = _read(run, ids, whole=any(e["op"] == "insert" for e in standing))
    kept_files = _files_in_use(run, [e for e in standing if e["op"] == "delete"])
    planned = []
    for entry in standing:
        document = documents.get(entry["sample_id"])
        turned = {
            "kind_before": entry["kind_after"],
            "top_before": entry["top_after"],
            "kind_after": entry["kind_before"],
            "top_after": entry["top_before"],
        }
        if entry["op"] == "delete":
            back = _bring_back(draft, entry, document, kept_files)
        else:
            back = _put_back(draft, entry, document)
        if back is not None:
            planned.append({**back, **turned})
    draft.add(planned)


def _files_in_use(run: Run, removed: Sequence[Entry]) -> set[str]:
    files = [entry["filepath"] for entry in removed]
    found = samples_of(run.dataset).find({"filepath": {"$in": files}}, {"filepath": 1})
    return {document["filepath"] for document in found} if files else set()


def _bring_back(draft: Draft, entry: Entry, document: Any, in_use: set[str]) -> Entry | None:
    if document is not None or entry["filepath"] in in_use:
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
        "slots": [],
    }


def _put_back(draft: Draft, entry: Entry, document: Any) -> Entry | None:
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
    back = {**_entry(document, found), **_with_tags(change, document), "expects_label": touches}
    if change["op"] == "delete":
        return {**back, "label_after": None, "document": bytes(document.raw)}
    return {**back, "label_after": entry["label_before"] if touches else found}


def _with_tags(change: dict[str, Any], document: Any) -> dict[str, Any]:
    """The change, where tags were made for it and somebody has added others since."""
    slots = []
    for s in change["slots"]:
        if s["path"] != "tags" or value_at(document, "tags") == s.get("before", MISSING):
            slots.append(s)
        elif isinstance(value_at(document, "tags"), list):
            change = {**change, "pull_tag": s["before"][0]}
    return {**change, "slots": slots}
