"""The stopping target of a run, and how far it is by all of its audits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..decisions.state import RunState, current_state
from ..errors import InputError
from ..store.runs import Run
from . import stopping
from .audits import OpenedAudit
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
    chosen = target_of(run) or {}
    share = chosen.get("share", stopping.SHARE)
    confidence = chosen.get("confidence", stopping.CONFIDENCE)
    state = current_state(run)
    counts = state.counts()
    bounds = []
    for record in audits_of(run):
        alpha = stopping.spent(record.number, 1.0 - confidence)
        bound = OpenedAudit(run, record).reading.bound(alpha)
        if bound is not None:
            bounds.append(bound + _beyond(run, state, record))
    found = counts["by_kind"]["relabeled"]
    return Target(share, confidence, stopping.distance(found, counts["open"], bounds, share))


def _beyond(run: Run, state: RunState, record: AuditRecord) -> int:
    """Open samples that the audit was not drawn from: new ones, and reopened ones."""
    is_open = state.kind == 0
    if record.iteration == state.iteration.number:
        return int((is_open & ~record.open_rows).sum())
    drawn_from = run.iteration(record.iteration).column("sample_id")[record.open_rows]
    return int((~np.isin(state.iteration.column("sample_id")[is_open], drawn_from)).sum())
