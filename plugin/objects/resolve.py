"""Resolve on objects: journalled first and applied once, as on images; one item a label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..decisions.commit import LAST_ITERATION, commit, header_of
from ..decisions.draft import Draft
from ..decisions.resolution import Resolution
from ..decisions.resolve import labels_of
from ..store.runs import Run
from .plan import plan_objects
from .request import ObjectRequest, Told


def resolve(
    run: Run,
    action: str,
    label_ids: Sequence[str],
    *,
    label: str | None = None,
    box: Sequence[float] | None = None,
    tag: str | None = None,
    expected_label: str | Mapping[str, str | None] | None = None,
    expected_box: Sequence[float] | Mapping[str, Sequence[float] | None] | None = None,
    note: str | None = None,
    author: str | None = None,
    iteration: int | None = None,
    basis: Mapping[str, Any] | None = None,
    seen: int | None = None,
) -> Resolution:
    """Decide on objects: one decision, however many objects on however many samples.

    Args:
        run: a run on a ``Detections`` field, or on the tags of a ``Classifications`` field
        action: ``relabel`` (needs ``label``), ``confirm``, ``remove`` (the label, never the
            sample), ``tag`` (needs ``tag``), ``move`` (to the predicted outline, or to ``box``),
            or ``add`` (a missing object gets a label; of class ``label``, by default the predicted
            one). ``confirm`` of a missing object says that nothing is there
        label_ids: the labels, and the ids of missing objects; repeated ids count once
        label: the class
        box: x, y, width and height relative to the image
        tag: the tag that ``tag`` adds to the labels
        expected_label: the class that the author saw, for all or by label id, None for none.
            Labels with another one are left alone. By default what the last decision on the label
            left, or the last iteration saw
        expected_box: the box that the author saw, likewise
        note: a remark for the audit trail
        author: who decided; by default the user of this process
        iteration: the iteration that the author looked at, by default the run's last
        basis: what the decision rests on, kept with it
        seen: the ``seq`` of the last decision that the author had seen, by default of the last one
            made; the same decision of the same author made since counts once

    Raises:
        InputError: on bad input, with nothing changed
    """
    request = ObjectRequest.checked(
        action, label_ids, label, box, tag, expected_label, expected_box
    )
    return make_decision(
        run, request, note=note, author=author, iteration=iteration, basis=basis, seen=seen
    )


def make_decision(
    run: Run,
    request: ObjectRequest,
    *,
    note: str | None = None,
    author: str | None = None,
    iteration: int | None = None,
    basis: Mapping[str, Any] | None = None,
    seen: int | None = None,
) -> Resolution:
    """Decide as a request says that is checked already; see :func:`resolve`."""
    looked_at = LAST_ITERATION if iteration is None else iteration
    header = header_of(run, request.action, author, note, looked_at) | {
        **labels_of(request.given()),
        "tag": request.tag,
        "box": request.box,
        "basis": dict(basis) if basis else None,
    }

    def plan(draft: Draft) -> None:
        last = draft.asked_after
        plan_objects(draft, replace(request, seen=last if seen is None else min(seen, last)))

    return commit(run, header, plan)


def add_seen(
    run: Run,
    seen: Mapping[str, Told],
    *,
    author: str | None = None,
    iteration: int | None = None,
    basis: Mapping[str, Any] | None = None,
) -> Resolution:
    """Give labels to objects that a person saw, proposed or not, as one decision.

    Args:
        run: a run on a ``Detections`` field
        seen: by the id that each label will have, that of a missing object where it is one: its
            sample, its box, and its class, which were checked
        author: who decided; by default the user of this process
        iteration: the iteration that the author looked at, by default the run's last
        basis: what the decision rests on, kept with it

    Raises:
        InputError: on bad input, with nothing changed
    """
    request = ObjectRequest.checked("add", list(seen), None, None, None, None, None).of_a_file(
        labels={i: told.proposed for i, told in seen.items()},
        boxes={i: [float(v) for v in told.box] for i, told in seen.items()},
        told=seen,
        origins={},
    )
    looked_at = LAST_ITERATION if iteration is None else iteration
    header = header_of(run, "add", author, None, looked_at) | {
        "label": None,
        "tag": None,
        "box": None,
        "basis": dict(basis) if basis else None,
    }

    def plan(draft: Draft) -> None:
        plan_objects(draft, replace(request, seen=draft.asked_after))

    return commit(run, header, plan)
