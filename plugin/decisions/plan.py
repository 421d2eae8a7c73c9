"""Plan: read the samples of a decision and write down, in the journal, how each will change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from bson.errors import InvalidBSON

from ..documents import MISSING, value_at
from ..errors import InputError
from ..store.runs import Run
from ..store.samples import LARGEST_DOCUMENT, raw_samples, samples_of
from .changes import ACTIONS, KEEP_ALL, label_of, relabelling, slot, tagging
from .draft import Draft
from .file_copies import copies_kept, copies_of
from .journal import LONGEST_REASON, OBJECTS, Entry, chunked, headers_by_id, heads
from .request import Request


def plan_resolve(draft: Draft, request: Request) -> None:
    """Write down what relabel, confirm, remove, tag or keep_all does to each sample."""
    run = draft.run
    if draft.header.get("on") == OBJECTS:
        raise InputError(
            f"Run '{run.key}' is on objects: decide on labels of '{run.label_field}' by their "
            "label_ids. Nothing was changed."
        )
    for ids in chunked(request.ids):
        documents = read_documents(draft, ids, whole=request.action == "remove")
        last = heads(run, ids)
        same = asked_at_once(draft, request.seen, last)
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
            elif not request.takes(sample_id, found):
                draft.leave(sample_id, "relabeled", expected, found)
            elif request.action == "remove" and len(document.raw) > LARGEST_DOCUMENT:
                draft.leave(sample_id, "too_large", expected, found)
            else:
                head = last.get(sample_id, {})
                planned.append(
                    {
                        **entry_of(document, found),
                        **_forward(run, request, document, found, head.get("kind_after")),
                        **copies_kept(in_use, document),
                        "kind_before": head.get("kind_after"),
                        "top_before": head.get("top_after"),
                        "kind_after": ACTIONS.get(request.action, head.get("kind_after")),
                        "top_after": draft.id,
                    }
                )
        draft.add(planned)


def asked_at_once(draft: Draft, seen: int, last: Mapping[ObjectId, Entry]) -> set[ObjectId]:
    """Samples, or items, on which the same author decided the same while this decision waited.

    Args:
        draft: the decision
        seen: the last decision that its author had seen, negative where nobody looked
        last: what stands on each
    """
    newer = {i: e["decision"] for i, e in last.items() if e["seq"] > seen >= 0}
    if not newer:
        return set()
    asked = ("action", "author", "label", "labels", "tag", "box", "note", "basis")
    mine = {name: draft.header.get(name) for name in asked}
    known = headers_by_id(set(newer.values()))
    same = {i for i, h in known.items() if {name: h.get(name) for name in asked} == mine}
    return {sample_id for sample_id, decision in newer.items() if decision in same}


def read_documents(draft: Draft, ids: Sequence[ObjectId], *, whole: bool) -> dict[ObjectId, Any]:
    """The documents of samples, and in place of what Python cannot hold the error that it gave.

    Where whole documents are read, the draft notes the schema that they were written under.
    """
    run = draft.run
    if whole:
        draft.header.setdefault("schema", draft.now.schema.to_list())
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
        return {i: d for one in ids for i, d in read_documents(draft, [one], whole=False).items()}
    return {document["_id"]: document for document in found}


def _or_error(document: Any) -> Any:
    """A raw document whose top level can be read, or the error that reading it gave."""
    try:
        dict(document)
    except InvalidBSON as error:
        return error
    return document


def entry_of(document: Any, label: str | None) -> Entry:
    """What every entry says of a sample as it is now, before it says what changes."""
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
    shown = value_at(document, decision, MISSING)
    if standing is not None and shown in (MISSING, None):
        shown = standing  # somebody emptied the field; the journal says what stands
    slots = [slot(decision, shown, ACTIONS[request.action])]
    if (count := value_at(document, cies)) is not None:
        slots.append(slot(cies, count, None))
    if request.action == "relabel" and (given := request.gives(document["_id"])) is not None:
        slots.append(relabelling(document, run.label_field, given))
        return {"slots": slots, "label_after": given}
    change = tagging(document, request.tag) if request.tag is not None else {}
    return {**change, "slots": slots + change.get("slots", [])}
