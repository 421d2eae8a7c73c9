"""Answers with the open samples in the order of a score: the grid of the Ranking screen."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt

from ..plugin.decisions.ranking import BARS, COMPUTED_BY, Ranked, Ranking, computed, open_rows
from ..plugin.decisions.ranking import ranking as ranking_by
from . import events
from .opened import Opened
from .opened_objects import open_any
from .picture_events import MOST_ON_SCREEN


def ranking(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.RankingReply:
    """A page of the open samples that FiftyOne's view holds, highest value first."""
    opened = open_any(ctx, request)
    by = str(request.get("by"))
    found = ranking_by(opened.run, opened.iteration, by)
    reply = events.RankingReply(
        revision=opened.state.revision,
        rows=[],
        ids=[],
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
        inside = opened.rows_in_view()
        ranked = _ranked(opened, request, found, inside)
        reply.update(
            total=len(ranked.rows),
            open=ranked.open,
            bars=ranked.bars.tolist(),
            lowest=found.lowest,
            highest=found.highest,
        )
        if inside is not None:
            reply["outside"] = _ranked(opened, request, found, None).open - ranked.open
        _fill(reply, opened, request, found.values, ranked.rows)
    return reply


def ranked_rows(opened: Opened, request: dict[str, Any]) -> npt.NDArray[np.int64]:
    """The open rows of a ranking in its order; none where its score was not computed."""
    found = ranking_by(opened.run, opened.iteration, str(request.get("by")))
    if found is None:
        return np.zeros(0, np.int64)
    return _ranked(opened, request, found, None).rows


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
        labels=cells.label[cell].tolist(),
        predictions=cells.prediction[cell].tolist(),
        values=values[rows].astype(float).round(5).tolist(),
    )
