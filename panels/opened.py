"""What an event works on: the run, the iteration, its current state, and FiftyOne's view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt
from fiftyone.core.stages import Select, ViewStage
from fiftyone.core.view import DatasetView

from ..plugin.decisions.changes import KINDS
from ..plugin.decisions.state import DELETED, RunState, current_state
from ..plugin.errors import InputError
from ..plugin.images.dataset_windows import image_windows
from ..plugin.images.deep import Windows
from ..plugin.runs import opening
from ..plugin.scoring.cells import HISTOGRAM_BINS, histogram_bin
from ..plugin.scoring.iies import iies
from ..plugin.scoring.overview import expected_errors, expected_errors_of_rows
from ..plugin.store.iterations import Iteration, pack_ids, unpack_ids
from ..plugin.store.runs import Run
from ..plugin.votes.kept import Given, rows_given
from . import events
from .view_members import all_members, members_of, view_is_set


@dataclass
class Opened:
    """One iteration of a run as an event finds it."""

    ctx: foo.ExecutionContext
    run: Run
    iteration: Iteration
    given: Given | None = None
    """The votes that the screens are filtered by; None where they are not."""
    standing: ClassVar[tuple[str, ...]] = KINDS
    """What can stand on a row, beside nothing."""

    @cached_property
    def state(self) -> RunState:
        """The iteration with the journal applied."""
        return current_state(self.run, self.iteration)

    @cached_property
    def decided(self) -> npt.NDArray[np.bool_]:
        """Whether each row is not open: a decision stands on it, or somebody deleted its sample."""
        return self.state.kind != 0

    @cached_property
    def left_out(self) -> npt.NDArray[np.bool_] | None:
        """The rows that the filter by votes leaves out; None where there is no filter."""
        if self.given is None:
            return None
        return ~rows_given(self.run, self.iteration, self.given)

    @cached_property
    def gone(self) -> npt.NDArray[np.bool_]:
        """The rows that no screen shows as open: decided, or left out by the filter by votes."""
        return self.decided if self.left_out is None else self.decided | self.left_out

    def deleted_among(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Those of some rows that a screen would show as open, had nobody deleted their samples."""
        rows = rows[self.state.kind[rows] == DELETED]
        return rows if self.left_out is None else rows[~self.left_out[rows]]

    @cached_property
    def open_count(self) -> npt.NDArray[np.int64]:
        """Open samples of each cell: int64 (m,)."""
        if self.left_out is None:
            return self.state.open_count
        cell = self.state.cell_of(np.flatnonzero(~self.gone))
        return np.bincount(cell, minlength=len(self.iteration.cells))

    @cached_property
    def open_histogram(self) -> npt.NDArray[np.integer[Any]]:
        """The same by IIES: (m, 20)."""
        if self.left_out is None:
            return self.state.open_histogram
        rows = np.flatnonzero(~self.gone)
        place = self.state.cell_of(rows) * HISTOGRAM_BINS + self.bars(rows)
        size = len(self.iteration.cells) * HISTOGRAM_BINS
        return np.bincount(place, minlength=size).reshape(-1, HISTOGRAM_BINS)

    def counts(self) -> dict[str, Any]:
        """How far the run is, of what the filter by votes leaves."""
        if self.left_out is None:
            return self.state.counts()
        kinds = np.bincount(self.state.kind[~self.left_out], minlength=len(self.standing) + 1)
        kinds = kinds[: len(self.standing) + 1]
        by_kind = dict(zip(self.standing, kinds[1:].tolist(), strict=True))
        return {"samples": int(kinds.sum()), "open": int(kinds[0]), "by_kind": by_kind}

    @property
    def label_count(self) -> int:
        """The indices that labels and predictions can have."""
        return len(self.classes)

    @cached_property
    def open_suspects(self) -> npt.NDArray[np.int64]:
        """Open samples of each cell that are misclassified: int64 (m,)."""
        return np.where(self.iteration.suspect_cells, self.open_count, 0)

    @property
    def suspects(self) -> int:
        """Suspects before anything was decided, without those that somebody deleted."""
        suspect = self.iteration.suspect_rows
        if self.left_out is not None:
            suspect = suspect & ~self.left_out
        return int((suspect & (self.state.kind != DELETED)).sum())

    @cached_property
    def open_errors(self) -> npt.NDArray[np.float64]:
        """Expected errors of each cell among what is open: float64 (m,)."""
        every = cell_errors(self.iteration)
        rows = np.flatnonzero(self.gone)
        if not len(rows):
            return every
        p_label = label_probability(self.iteration)
        gone = expected_errors_of_rows(p_label, self.iteration.cells.start, rows)
        return np.maximum(every - gone, 0.0)

    def bars(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The bin of the histogram of each of some rows."""
        score = iies(self.picked("p_max", rows), self.picked("p_label", rows))
        return histogram_bin(score, len(self.classes))

    @property
    def windows(self) -> Windows:
        """By which the run's deep pictures are shown."""
        return image_windows(self.run.dataset, self.iteration)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names."""
        return self.iteration.classes

    def rows(self, wanted: Any, limit: int) -> npt.NDArray[np.int64]:
        """Row numbers of a request, checked.

        Raises:
            InputError: if one is not a row of the iteration or there are more than ``limit``
        """
        rows = np.asarray(wanted if isinstance(wanted, list) else [], np.int64)
        if len(rows) > limit:
            raise InputError(f"rows must be at most {limit}, got {len(rows)}")
        if len(rows) and (rows.min() < 0 or rows.max() >= self.iteration.samples):
            raise InputError(
                f"rows must lie between 0 and {self.iteration.samples - 1}, "
                f"got {rows.min()} to {rows.max()}"
            )
        return rows

    def cell(self, label: Any, prediction: Any) -> slice:
        """The rows of a cell of a request, checked."""
        count = self.label_count
        for name, value in (("label", label), ("prediction", prediction)):
            if not isinstance(value, int) or not 0 <= value < count:
                raise InputError(f"{name} must be a class index below {count}, got {value!r}")
        return self.iteration.cell_slice(label, prediction)

    def ids(self, rows: npt.NDArray[np.int64]) -> list[str]:
        """The sample ids of some rows."""
        return unpack_ids(self.picked("sample_id", rows))

    def sample_ids(self, rows: npt.NDArray[np.int64]) -> list[str]:
        """The ids of the samples that some rows lie on: each row is one, unless it is an object."""
        return self.ids(rows)

    def samples(self, rows: npt.NDArray[np.int64]) -> events.SampleColumns:
        """Rows as the screen wants them."""
        ids = self.ids(rows)
        score = iies(self.picked("p_max", rows), self.picked("p_label", rows))
        return events.SampleColumns(
            row=rows.tolist(),
            id=ids,
            label=self.picked("label", rows).tolist(),
            prediction=self.picked("prediction", rows).tolist(),
            iies=score.round(4).tolist(),
            suspicion=self.picked("suspicion", rows).astype(float).round(3).tolist(),
            in_view=self.inside(rows).tolist(),
        )

    def picked(self, name: str, rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Some rows of a column, reading no more than from the first to the last of them."""
        if not len(rows):
            return self.iteration.column(name, 0, 0)
        start = int(rows.min())
        return self.iteration.column(name, start, int(rows.max()) + 1)[rows - start]

    def in_view(self, ids: list[str]) -> npt.NDArray[np.bool_]:
        """Which of some samples FiftyOne's current view holds."""
        if not view_is_set(self.ctx):
            return np.ones(len(ids), bool)
        held = members_of(self.ctx, ids)
        return np.fromiter((i in held for i in ids), bool, len(ids))

    def inside(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of some rows FiftyOne's current view holds."""
        return self.in_view(self.sample_ids(rows))

    def done_elsewhere(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of some open rows somebody else dealt with: of samples each is asked about."""
        return np.zeros(len(rows), bool)

    def shown_by(self, rows: npt.NDArray[np.int64], before: DatasetView) -> list[ViewStage]:
        """The stages that show some rows in FiftyOne's grid, in their order, after a view."""
        return [Select(self.ids(rows), ordered=True)]

    def rows_in_view(self) -> npt.NDArray[np.bool_] | None:
        """Whether FiftyOne's current view holds each row; None where it holds all."""
        members = self.members()
        if members is None:
            return None
        rows = self.iteration.rows_of(unpack_ids(members))
        inside = np.zeros(self.iteration.samples, bool)
        inside[rows[rows >= 0]] = True
        return inside

    def members(self) -> npt.NDArray[np.bytes_] | None:
        """The ids of the samples in FiftyOne's current view, packed; None where it holds all."""
        return pack_ids(all_members(self.ctx)) if view_is_set(self.ctx) else None


def open_run(ctx: foo.ExecutionContext, key: Any, *, objects: bool = False) -> Run:
    """The run of a request.

    Args:
        ctx: what the event is called with
        key: the run's key
        objects: whether it may be on objects, too

    Raises:
        InputError: if no dataset is open, it has no such run, or the run cannot be worked on
    """
    return opening.open_run(dataset_of(ctx), str(key), objects=objects)


def dataset_of(ctx: foo.ExecutionContext) -> Any:
    """The dataset that the App shows.

    Raises:
        InputError: if none is open
    """
    if ctx.dataset is None:
        raise InputError("No dataset is open in the App. Open one first.")
    return ctx.dataset


def open_iteration(ctx: foo.ExecutionContext, request: Mapping[str, Any]) -> Opened:
    """The run and iteration of a request; the last iteration if none is named."""
    run = open_run(ctx, request.get("run"))
    number = request.get("iteration")
    return Opened(ctx, run, run.iteration(int(number) if number else None), given_in(request))


def given_in(request: Mapping[str, Any]) -> Given | None:
    """The votes that a request filters by."""
    annotator = request.get("annotator")
    if annotator is None:
        return None
    return Given(annotator, request.get("meant"), request.get("said"))


@lru_cache(maxsize=4)
def cell_errors(iteration: Iteration) -> npt.NDArray[np.float64]:
    """Expected errors of each cell with nothing decided; iterations are immutable and few."""
    return expected_errors(label_probability(iteration), iteration.cells.start)


@lru_cache(maxsize=4)
def label_probability(iteration: Iteration) -> npt.NDArray[np.float32]:
    """The probability that each row's label is right, which every decision needs; 4 bytes a sample.

    It is p[label]; of a class that is set apart, the share of labels that agreed elsewhere.
    """
    p_label = iteration.column("p_label")
    if iteration.set_apart.any():
        apart = iteration.set_apart[iteration.column("label")]
        p_label = np.where(apart, np.float32(iteration.counts["accuracy"]), p_label)
    return p_label
