"""Judging the samples of an audit: each verdict is a decision of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from ..decisions.changes import label_of
from ..decisions.new_classes import check_classes
from ..decisions.resolution import Resolution
from ..decisions.resolve import resolve
from ..errors import InputError
from ..store.iterations import unpack_ids
from ..store.samples import samples_of
from . import verdicts as reading
from .audits import OpenedAudit

UNCLEAR_TAG = "unclear"
ATTEMPTS = 5


def give_verdict(
    audit: OpenedAudit, place: int, label: str | None, *, author: str | None = None
) -> Resolution | None:
    """Judge one sample: the class that a person sees in it, or None where nobody can tell.

    The sample's own label is confirmed, another class relabels it, None tags it ``unclear``.

    Returns:
        the decision; None where the sample is not in the dataset any more

    Raises:
        InputError: if the audit has no such place, or a decision stands on its sample already
    """
    audit.require_place(place)
    if audit.verdict[place] == reading.GONE:
        return None
    if audit.verdict[place] != reading.WAITING:
        raise InputError("This sample of the audit has been judged already. Undo that first.")
    sample_id = unpack_ids(audit.record.sample_id[place : place + 1])[0]
    for _ in range(ATTEMPTS):
        document = samples_of(audit.run.dataset).find_one(
            {"_id": ObjectId(sample_id)}, {audit.run.label_field: 1}
        )
        if document is None:
            return None
        now = label_of(document, audit.run.label_field)
        made = _decide(audit, *_decision_of(label, now), {sample_id: now}, author)
        if made.decision is not None or made.conflicts[0]["reason"] == "already":
            return made
    raise InputError("This sample of the audit is being changed by somebody else. Try again.")


def _decision_of(given: str | None, now: str | None) -> tuple[str, str | None]:
    """The action that a verdict is, and the label that it gives."""
    if given is None:
        return "tag", None
    return ("confirm", None) if given == now else ("relabel", given)


def _decide(
    audit: OpenedAudit,
    action: str,
    label: str | None,
    expected: Mapping[str, str | None],
    author: str | None,
) -> Resolution:
    return resolve(
        audit.run,
        action,
        list(expected),
        label=label,
        tag=UNCLEAR_TAG if action == "tag" else None,
        expected_label=expected,
        author=author,
        iteration=audit.record.iteration,
        basis=basis_of(audit),
    )


def basis_of(audit: OpenedAudit) -> dict[str, Any]:
    """What the journal notes with a verdict."""
    return {"kind": "audit", "audit": str(audit.record.id), "number": audit.record.number}


def give_verdicts(
    audit: OpenedAudit,
    verdicts: Mapping[str, str | None],
    *,
    author: str | None = None,
    new_class: bool = False,
) -> list[Resolution]:
    """Judge many samples at once, by sample id; one decision for each class that is given.

    Args:
        audit: the audit
        verdicts: the class that is seen in each, None where nobody can tell
        author: who judges
        new_class: make a class although it looks like one that is there

    Raises:
        InputError: if the audit does not hold one of them, it is judged already, or its class only
            looks like one that is there; nothing is done
    """
    _check_verdicts(audit, verdicts)
    groups: dict[tuple[str, str | None], dict[str, str | None]] = {}
    query, field = {"_id": {"$in": [ObjectId(i) for i in verdicts]}}, audit.run.label_field
    found = samples_of(audit.run.dataset).find(query, {field: 1})
    labels = {str(document["_id"]): label_of(document, field) for document in found}
    if not new_class:
        given = {f"the verdict on sample {i}": label for i, label in verdicts.items()}
        check_classes(audit.run, given, [*audit.state.iteration.classes, *labels.values()])
    for sample_id, now in labels.items():
        groups.setdefault(_decision_of(verdicts[sample_id], now), {})[sample_id] = now
    return [_decide(audit, *decision, expected, author) for decision, expected in groups.items()]


def _check_verdicts(audit: OpenedAudit, verdicts: Any) -> None:
    if not isinstance(verdicts, Mapping):
        raise InputError(f"verdicts must map sample ids to classes, got {type(verdicts).__name__}")
    places = {i: place for place, i in enumerate(unpack_ids(audit.record.sample_id))}
    for sample_id, label in verdicts.items():
        if sample_id not in places:
            raise InputError(f"audit {audit.record.id} does not hold sample {sample_id!r}")
        if audit.verdict[places[sample_id]] not in (reading.WAITING, reading.GONE):
            raise InputError(f"sample {sample_id} of the audit has been judged already")
        if label is not None and not isinstance(label, str):
            raise InputError(f"the verdict on sample {sample_id} must be a class, got {label!r}")
