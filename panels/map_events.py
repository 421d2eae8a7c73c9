"""Answers with the whole dataset as a map: every row's place, and what colours it."""

from __future__ import annotations

import base64
from typing import Any

import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..plugin.decisions.changes import KINDS
from ..plugin.decisions.state import DELETED
from ..plugin.errors import InputError
from ..plugin.layout.store import STEPS, map_disagreement, map_id, map_places
from . import events
from .opened import Opened, open_iteration

OPEN, OUTSIDE = 1, 2
MOST_SHARED = 2_000
OUTER_SHARE = 0.005
"""So many of the numbers at each end share its colour, for a few extremes would take it all."""


def dataset_map(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.MapReply:
    """Places where they are not on screen yet, and one value a row to colour it by."""
    opened = open_iteration(ctx, request)
    kept = map_id(opened.iteration)
    reply = events.MapReply(
        revision=opened.state.revision,
        map=kept,
        samples=opened.iteration.samples,
        places="",
        values="",
        low=0.0,
        high=0.0,
        shown="",
        names=[],
    )
    if kept is None:
        return reply
    values, names, low, high = _values(opened, request.get("colour"))
    reply.update(values=_packed(values), names=names, low=low, high=high)
    reply["shown"] = _packed(_shown(opened))
    places = map_places(opened.iteration) if request.get("map") != kept else None
    reply["places"] = "" if places is None else _packed(places)
    return reply


def same(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.SameReply:
    """What FiftyOne's selection calls rows of the map, and the other way round."""
    opened = open_iteration(ctx, request)
    rows = opened.rows(request.get("rows"), MOST_SHARED)
    ids = request["ids"]
    if len(ids) > MOST_SHARED:
        raise InputError(f"ids must be at most {MOST_SHARED}, got {len(ids)}")
    found = opened.iteration.rows_of([i for i in ids if ObjectId.is_valid(i)])
    return events.SameReply(ids=opened.ids(rows), rows=found[found >= 0].tolist())


def _values(opened: Opened, colour: Any) -> tuple[npt.NDArray[np.uint16], list[str], float, float]:
    iteration = opened.iteration
    if colour in ("label", "prediction"):
        return iteration.column(colour).astype(np.uint16), list(iteration.classes), 0.0, 0.0
    if colour == "decision":
        kind = opened.state.kind.astype(np.uint16)
        gone = kind == DELETED
        kind[gone] = 1 + len(KINDS)
        names = ["open", *KINDS, *(["deleted"] if gone.any() else [])]
        return kind, names, 0.0, 0.0
    if colour == "suspicion":
        return _spread(iteration.column("suspicion"))
    if colour == "disagreement":
        found = map_disagreement(iteration)
        return _spread(np.zeros(0, np.float32) if found is None else found)
    known = ", ".join(("label", "prediction", "decision", "suspicion", "disagreement"))
    raise InputError(f"colour must be one of {known}, got {colour!r}")


def _spread(
    numbers: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.uint16], list[str], float, float]:
    if not len(numbers):
        return np.zeros(0, np.uint16), [], 0.0, 0.0
    low, high = np.quantile(numbers, [OUTER_SHARE, 1.0 - OUTER_SHARE])
    share = np.clip((numbers - low) / max(float(high - low), 1e-12), 0.0, 1.0)
    return np.rint(share * STEPS).astype(np.uint16), [], float(low), float(high)


def _shown(opened: Opened) -> npt.NDArray[np.uint8]:
    shown = np.where(opened.decided, 0, OPEN).astype(np.uint8)
    inside = opened.rows_in_view()
    if inside is not None:
        shown[~inside & (shown == OPEN)] = OUTSIDE
    if opened.left_out is not None:
        shown[opened.left_out & (shown == OPEN)] = OUTSIDE
    return shown


def _packed(values: npt.NDArray[Any]) -> str:
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return base64.b64encode(np.ascontiguousarray(little).tobytes()).decode()
