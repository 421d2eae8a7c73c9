"""Resolve: relabel, confirm, remove or tag samples, journalled first and applied once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from ..store.runs import Run
from .commit import LAST_ITERATION, commit, header_of
from .draft import Draft
from .plan import plan_resolve
from .request import Label, Request
from .resolution import Resolution


def resolve(
    run: Run,
    action: str,
    sample_ids: Sequence[str],
    *,
    label: Label = None,
    tag: str | None = None,
    expected_label: str | Mapping[str, str | None] | None = None,
    note: str | None = None,
    author: str | None = None,
    iteration: int | None = None,
    basis: Mapping[str, Any] | None = None,
    seen: int | None = None,
) -> Resolution:
    """Relabel, confirm, remove or tag samples: one decision, however many samples.

    Args:
        run: the run
        action: ``relabel`` (needs ``label``), ``confirm``, ``remove`` or ``tag`` (needs ``tag``)
        sample_ids: the samples; repeated ids count once
        label: the label that ``relabel`` gives, to all samples or by sample id
        tag: the tag that ``tag`` adds
        expected_label: the label that the author saw, for all samples or by sample id; samples
            with another one are left alone. By default what they have at the time of the call
        note: a remark for the audit trail
        author: who decided; by default the user of this process
        iteration: the iteration that the author looked at, by default the run's last
        basis: what the decision rests on, kept with it: the audit that it is a verdict of, or the
            random check that was made before (see ``audits.py`` and ``checks.py``)
        seen: the ``seq`` of the last decision that the author had seen, by default of the last one
            made; the same decision of the same author made since counts once

    Raises:
        InputError: on bad input, with nothing changed
    """
    request = Request.checked(action, sample_ids, label, tag, expected_label)
    looked_at = LAST_ITERATION if iteration is None else iteration
    header = header_of(run, action, author, note, looked_at)

    def plan(draft: Draft) -> None:
        last = draft.asked_after
        plan_resolve(draft, replace(request, seen=last if seen is None else min(seen, last)))

    rests = {"tag": tag, "basis": dict(basis) if basis else None}
    return commit(run, header | labels_of(label) | rests, plan)


def labels_of(label: Label) -> dict[str, Any]:
    """What a header says of the labels that are given.

    ``label`` is None where each sample gets one of its own, which its entry says; ``labels`` then
    tells two such decisions apart.
    """
    if not isinstance(label, Mapping):
        return {"label": label}
    every = repr(sorted(label.items())).encode()
    return {"label": None, "labels": sha256(every).hexdigest()}
