"""Rankings: the open samples of a run in the order of one score, with a threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from ..errors import InputError
from ..layout.store import map_disagreement, map_id
from ..store.iterations import Iteration
from ..store.runs import Run
from ..store.scores import rank_id, read_rank
from .state import RunState

BARS = 40
RANKINGS_KEPT = 4
"""In memory, each 13 bytes a sample."""

COMPUTED_BY = {
    "suspicion": "find_label_errors",
    "confidence": "find_label_errors",
    "importance": "rank_by_importance",
    "disagreement": "map_dataset",
    "cleanlab": "find_label_errors",
    "both": "find_label_errors",
    "votes": "find_label_errors",
}
"""The scores that samples can be ranked by, and the operator that computes each.

``suspicion`` and ``disagreement`` are the fields of these names. ``confidence`` is the probability
of the prediction, of samples whose prediction is not their label and whose class is not set apart.
``importance`` is that of
rank_by_importance. ``cleanlab`` is one minus cleanlab's label quality, so that the highest is the
worst here too; ``both`` is the suspicion of the samples that cleanlab's filter reports. ``votes``
is the probability that the least likely of people's votes on a sample is wrong.
"""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ranking:
    """One score of an iteration's rows, in order; no decision changes it.

    Attributes:
        values: float32 (n,), NaN on rows that are not ranked
        order: int32 (r,), the ranked rows, highest value first, then in the iteration's order
        falling: float32 (r,), the values in that order
        bins: uint8 (n,), the bar of each ranked row in a histogram from ``lowest`` to ``highest``
        lowest, highest: the range of the values; 0 and 1 where there are none
    """

    values: npt.NDArray[np.float32]
    order: npt.NDArray[np.int32]
    falling: npt.NDArray[np.float32]
    bins: npt.NDArray[np.uint8]
    lowest: float
    highest: float


@dataclass(frozen=True)
class Ranked:
    """Open rows of a ranking.

    Attributes:
        rows: those at or above the threshold, highest first
        open: how many open rows are ranked, without the threshold
        bars: int64 (40,), all of these by value
    """

    rows: Rows
    open: int
    bars: npt.NDArray[np.int64]


def computed(run: Run, iteration: Iteration) -> dict[str, bool]:
    """Which of ``COMPUTED_BY`` have been computed for an iteration."""
    return {name: _stamp(run, iteration, name) is not None for name in COMPUTED_BY}


def ranking(run: Run, iteration: Iteration, by: str) -> Ranking | None:
    """The ranking by a score, None where it was not computed; kept in memory for the next call.

    Raises:
        InputError: if there is no such score
    """
    if by not in COMPUTED_BY:
        raise InputError(f"by must be one of {', '.join(COMPUTED_BY)}, got {by!r}")
    stamp = _stamp(run, iteration, by)
    return None if stamp is None else _kept(run, iteration, by, stamp)


def open_rows(
    found: Ranking,
    state: RunState,
    *,
    above: float | None = None,
    label: int | None = None,
    inside: npt.NDArray[np.bool_] | None = None,
) -> Ranked:
    """The ranked rows on which no decision stands, in order.

    Args:
        found: the ranking
        state: the run's current state, of the same iteration
        above: leave out rows with a lower value
        label: only rows of this class
        inside: bool (n,), only these rows

    Raises:
        InputError: if ``above`` is not a finite number or ``label`` no class of the iteration
    """
    wanted = state.kind == 0
    if inside is not None:
        wanted &= inside
    if label is not None:
        span = _rows_of_label(state.iteration, label)
        wanted[: span.start] = False
        wanted[span.stop :] = False
    stop = _place(found, above)
    rows = found.order[:stop]
    counted = wanted & ~np.isnan(found.values)
    return Ranked(
        rows=rows[wanted[rows]].astype(np.int64),
        open=int(counted.sum()),
        bars=np.bincount(found.bins[counted], minlength=BARS),
    )


def _place(found: Ranking, above: float | None) -> int:
    """How many values of a ranking are at or above a threshold."""
    if above is None:
        return len(found.order)
    if isinstance(above, bool) or not isinstance(above, int | float) or not np.isfinite(above):
        raise InputError(f"above must be a finite number or null, got {above!r}")
    return int(np.searchsorted(-found.falling, -np.float32(above), side="right"))


def _rows_of_label(iteration: Iteration, label: int) -> slice:
    """Rows are sorted by label, so those of one are consecutive."""
    count = len(iteration.set_apart)  # of objects one more than classes: a label that is missing
    if isinstance(label, bool) or not isinstance(label, int) or not 0 <= label < count:
        raise InputError(f"label must be a class index below {count}, got {label!r}")
    cells = iteration.cells
    first, last = np.searchsorted(cells.label, [label, label + 1])
    return slice(int(cells.start[first]), int(cells.start[last]))


def _stamp(run: Run, iteration: Iteration, by: str) -> str | None:
    """What names the values that are there now, None where there are none."""
    if by == "disagreement":
        return map_id(iteration)
    if by == "importance":
        return rank_id(run, iteration, "importance")
    if by == "cleanlab":
        return rank_id(run, iteration, "cleanlab_score")
    if by == "both":
        return rank_id(run, iteration, "cleanlab_issue")
    if by == "votes":
        return rank_id(run, iteration, "vote_wrong")
    return str(iteration.id)


def _kept(run: Run, iteration: Iteration, by: str, stamp: str) -> Ranking | None:
    return ranking_of((str(iteration.id), by, stamp), lambda: _values(run, iteration, by))


def ranking_of(
    key: tuple[str, str, str], values: Callable[[], npt.NDArray[np.float32] | None]
) -> Ranking | None:
    """The ranking by any values, kept in memory by its key; None where there are none.

    Args:
        key: what names the values: the iteration, the score, and what else tells them apart
        values: float32 (n,), NaN on rows that are not ranked; made where they are not in memory
    """
    with _lock:
        if key in _rankings:
            return _rankings[key]
    found = values()
    if found is None:
        return None
    made = _ranked(found)
    with _lock:
        _rankings[key] = made
    return made


_rankings: LRUCache[tuple[str, str, str], Ranking] = LRUCache(RANKINGS_KEPT)
_lock = Lock()


def _values(run: Run, iteration: Iteration, by: str) -> npt.NDArray[np.float32] | None:
    if by == "suspicion":
        return iteration.column("suspicion")
    if by == "confidence":
        suspect = iteration.suspect_rows
        return np.where(suspect, iteration.column("p_max"), np.nan).astype(np.float32)
    if by == "disagreement":
        return map_disagreement(iteration)
    if by == "importance":
        return read_rank(run, iteration, "importance")
    if by == "votes":
        return read_rank(run, iteration, "vote_wrong")
    if by == "cleanlab":
        quality = read_rank(run, iteration, "cleanlab_score")
        return None if quality is None else 1.0 - quality
    issue = read_rank(run, iteration, "cleanlab_issue")
    if issue is None:
        return None
    return np.where(issue > 0, iteration.column("suspicion"), np.nan).astype(np.float32)


def _ranked(values: npt.NDArray[np.float32]) -> Ranking:
    values = np.where(np.isfinite(values), values, np.nan).astype(np.float32)
    rows = np.flatnonzero(~np.isnan(values))
    order = rows[np.argsort(-values[rows], kind="stable")].astype(np.int32)
    falling = values[order]
    lowest, highest = (float(falling[-1]), float(falling[0])) if len(order) else (0.0, 1.0)
    bins = np.zeros(len(values), np.uint8)
    width = max(highest - lowest, 1e-12) / BARS
    bins[rows] = np.clip((values[rows].astype(np.float64) - lowest) / width, 0, BARS - 1)
    return Ranking(values, order, falling, bins, lowest, highest)
