"""Answers about similar pairs of a cell: those that were found, else the nearest by features."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt

from ..plugin.duplicates.current import open_pairs
from ..plugin.duplicates.levels import LOWEST_THRESHOLD
from ..plugin.duplicates.store import KeptDuplicates, load_duplicates
from ..plugin.vectors.neighbours import NeighbourIndex
from . import events
from .one_thread import one_thread
from .opened import Opened, open_iteration
from .picture_events import thumbnail_store
from .sample_documents import paths_of

MOST_SEARCHED = 4_000
CANDIDATES = 120
SIDE = 64


def pairs(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.PairsReply:
    """The most similar pairs of a cell: no pair below the threshold of the near-duplicates."""
    opened = open_iteration(ctx, request)
    where = opened.cell(request.get("label"), request.get("prediction"))
    limit = max(1, min(50, int(request.get("limit") or 12)))
    kept = load_duplicates(opened.run)
    least = LOWEST_THRESHOLD if kept is None else kept.threshold
    found, scores = _kept(opened, where, kept)
    source = "duplicates" if len(found) else "nearest"
    if not len(found):
        rows = np.arange(where.start, where.stop)[~opened.gone[where]][:MOST_SEARCHED]
        found, scores = _nearest(opened, rows)
        found, scores = found[scores >= least], scores[scores >= least]
    found, scores = found[:limit], scores[:limit]
    used = np.unique(found)
    return events.PairsReply(
        first=found[:, 0].tolist(),
        second=found[:, 1].tolist(),
        ses=scores.round(4).tolist(),
        samples=opened.samples(used),
        source=source,
        least=round(least, 4),
    )


def _kept(
    opened: Opened, where: slice, kept: KeptDuplicates | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The pairs of find_duplicates at its threshold with a sample in the cell."""
    if kept is None:
        return np.empty((0, 2), np.int64), np.empty(0)
    every = open_pairs(opened.run, opened.state, kept, touching=where)
    here = ((every.pair >= where.start) & (every.pair < where.stop)).any(axis=1)
    return every.pair[here], every.ses[here]


def _nearest(
    opened: Opened, rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """SSIM of the closest pairs in feature space, highest first."""
    none = np.empty((0, 2), np.int64), np.empty(0)
    features = np.nan_to_num(opened.picked("features", rows).astype(np.float32))
    if len(rows) < 2 or not features.shape[1]:
        return none
    index, distance = NeighbourIndex(features, exact=True).nearest(min(4, len(rows) - 1))
    near = np.stack([np.repeat(np.arange(len(rows)), index.shape[1]), index.ravel()], 1)
    order = np.argsort(distance.ravel(), kind="stable")
    near = np.sort(near[order], axis=1)
    _, first = np.unique(near, axis=0, return_index=True)
    near = near[np.sort(first)][:CANDIDATES]
    used, local = np.unique(near, return_inverse=True)
    images = _planes(opened, rows[used])
    from ..plugin.duplicates.ssim import ssim_pairs  # imports torch, which takes seconds

    with one_thread():
        scores = ssim_pairs(images, local.reshape(-1, 2))
    best = np.argsort(-scores, kind="stable")
    return rows[near[best]], scores[best]


def _planes(opened: Opened, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    out = np.zeros((len(rows), SIDE, SIDE, 3), np.uint8)
    thumbs = thumbnail_store().get(paths_of(opened, opened.ids(rows)), SIDE, opened.windows)
    for at, thumb in enumerate(thumbs):
        if not thumb.problem:
            out[at] = np.asarray(thumb.open().convert("RGB").resize((SIDE, SIDE)))
    return out
