"""Answers with the open samples in the order of a score: the grid of the Ranking screen."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt

from ..plugin.decisions.ranking import BARS, COMPUTED_BY, Ranked, Ranking, computed, open_rows
from ..plugin.decisions.ranking import ranking as ranking_by
from ..plugin.votes.kept import ranking_of_votes
from . import events
from .opened import Opened
from .opened_objects import OpenedObjects, open_any
from .picture_events import MOST_ON_SCREEN


def ranking(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.RankingReply:
    """A page of the open samples that FiftyOne's view holds, highest value first."""
    opened = open_any(ctx, request)
    by = str(request.get("by"))
    found = _found(opened, by)
    reply = events.RankingReply(
        revision=opened.state.revision,
        rows=[],
        ids=[],
        samples=[],
        labels=[],
        predictions=[],
        values=[],
        total=0,
        open=0,
        outside=0,
        bars=[0] * BARS,
        lowest=0.0,
        highest=1.0,
        available=computed(opened.run, opened.iteration),
        operator=COMPUTED_BY[by],
    )
    if found is not None:
        given = None if opened.left_out is None else ~opened.left_out
        inside = opened.rows_in_view()
        if inside is not None and given is not None:
            inside &= given
        ranked = _ranked(opened, request, found, given if inside is None else inside)
        reply.update(
            total=len(ranked.rows),
            open=ranked.open,
            bars=ranked.bars.tolist(),
            lowest=found.lowest,
            highest=found.highest,
        )
        if inside is not None:
            reply["outside"] = _ranked(opened, request, found, given).open - ranked.open
        _fill(reply, opened, request, found.values, ranked.rows)
    return reply


def ranked_rows(opened: Opened, request: dict[str, Any]) -> npt.NDArray[np.int64]:
    """The open rows of a ranking in its order; none where its score was not computed."""
    found = _found(opened, str(request.get("by")))
    if found is None:
        return np.zeros(0, np.int64)
    return _ranked(opened, request, found, None).rows


def _found(opened: Opened, by: str) -> Ranking | None:
    """The ranking by a score; by votes, of the person's whom the screens are filtered by."""
    if by == "votes" and opened.given is not None:
        return ranking_of_votes(opened.run, opened.iteration, opened.given)
    return ranking_by(opened.run, opened.iteration, by)


def _ranked(
    opened: Opened,
    request: dict[str, Any],
    found: Ranking,
    inside: npt.NDArray[np.bool_] | None,
) -> Ranked:
    above, label = request.get("above"), request.get("label")
    return open_rows(found, opened.state, above=above, label=label, inside=inside)


def _fill(
    reply: events.RankingReply,
    opened: Opened,
    request: dict[str, Any],
    values: npt.NDArray[np.float32],
    ranked: npt.NDArray[np.int64],
) -> None:
    """Put the page that is asked for into the reply."""
    offset = max(0, int(request.get("offset") or 0))
    limit = min(MOST_ON_SCREEN, max(1, int(request.get("limit") or MOST_ON_SCREEN)))
    rows = ranked[offset : offset + limit]
    cells, cell = opened.iteration.cells, opened.state.cell_of(rows)
    reply.update(
        rows=rows.tolist(),
        ids=opened.ids(rows),
        samples=opened.sample_ids(rows) if isinstance(opened, OpenedObjects) else [],
        labels=cells.label[cell].tolist(),
        predictions=cells.prediction[cell].tolist(),
        values=values[rows].astype(float).round(5).tolist(),
    )
