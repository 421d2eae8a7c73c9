"""The stopping target of a run, and how far it is by all of its audits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import BoolArray
from ..decisions.state import RunState, current_state
from ..errors import InputError
from ..objects.iteration import object_iteration
from ..objects.state import items_state
from ..store.iterations import Iteration
from ..store.runs import Run
from . import stopping
from .audits import OpenedAudit
from .object_audits import OpenedObjectAudit
from .object_store import object_audits_of
from .stopping import Distance
from .store import (
    AuditRecord,
    audits_of,
    set_target,
    target_of,
)


@dataclass(frozen=True)
class Target:
    """The stopping target of a run and how far it is."""

    share: float
    confidence: float
    distance: Distance


def choose_target(run: Run, share: Any, confidence: Any) -> None:
    """Set the stopping target: find ``share`` of the errors, with ``confidence``.

    Raises:
        InputError: if one of them is no number between 0 and 1
    """
    for name, value in (("share", share), ("confidence", confidence)):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0.0 < value < 1.0:
            raise InputError(f"{name} must be a number between 0 and 1, got {value!r}")
    set_target(run, float(share), float(confidence))


def read_target(run: Run) -> Target:
    """The stopping target and its distance; 90 % of the errors with 95 % unless somebody chose."""
    state = current_state(run)
    counts = state.counts()
    audits = [OpenedAudit(run, record) for record in audits_of(run)]
    beyond = [_beyond(run, state, audit.record) for audit in audits]
    return _target(run, audits, beyond, counts["by_kind"]["relabeled"], counts["open"])


def read_object_target(run: Run) -> Target:
    """The same of a run on objects: of wrong labels, and missing objects that are candidates.

    What no detector proposed is in no list that could be gone through to its end.
    """
    iteration = object_iteration(run)
    state = items_state(run, iteration.document)
    is_open = state.kind == 0
    audits = [OpenedObjectAudit(run, record) for record in object_audits_of(run)]
    found = sum(made.kind not in ("confirmed", "tagged") for made in state.standing.values())
    found -= sum(int(audit.missed.sum()) for audit in audits)
    beyond = []
    for audit in audits:
        if audit.record.iteration == iteration.number:
            beyond.append(int((is_open & ~audit.record.open_rows).sum()))
        else:
            known = audit.iteration.column("item_id")[audit.record.open_rows]
            beyond.append(_not_among(iteration, "item_id", is_open, known))
    return _target(run, audits, beyond, found, int(is_open.sum()))


def _target(
    run: Run, audits: Sequence[OpenedAudit], beyond: Sequence[int], found: int, open_: int
) -> Target:
    """How far a run is by its audits; ``beyond`` counts what is open that each did not know."""
    chosen = target_of(run) or {}
    share = chosen.get("share", stopping.SHARE)
    confidence = chosen.get("confidence", stopping.CONFIDENCE)
    bounds = []
    for audit, unknown in zip(audits, beyond, strict=True):
        alpha = stopping.spent(audit.record.number, 1.0 - confidence)
        bound = audit.reading.bound(alpha)
        if bound is not None:
            bounds.append(bound + unknown)
    return Target(share, confidence, stopping.distance(found, open_, bounds, share))


def _beyond(run: Run, state: RunState, record: AuditRecord) -> int:
    """Open samples that the audit was not drawn from: new ones, and reopened ones."""
    is_open = state.kind == 0
    if record.iteration == state.iteration.number:
        return int((is_open & ~record.open_rows).sum())
    drawn_from = run.iteration(record.iteration).column("sample_id")[record.open_rows]
    return _not_among(state.iteration, "sample_id", is_open, drawn_from)


def _not_among(iteration: Iteration, name: str, open_rows: BoolArray, known: Any) -> int:
    """Open rows whose id, in a column, is none of those that are known."""
    return int((~np.isin(iteration.column(name)[open_rows], known)).sum())
