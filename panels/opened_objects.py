"""What an event works on where labels are sets: rows are items, objects with boxes or tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import Lock
from typing import Any, ClassVar

import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt
from cachetools import LRUCache
from fiftyone.core.stages import Select, SelectLabels, ToPatches, ViewStage
from fiftyone.core.view import DatasetView

from ..plugin.decisions.state import DELETED, RunState
from ..plugin.errors import InputError
from ..plugin.images.crops import Box, Crop
from ..plugin.objects.iteration import ObjectIteration, object_iteration, object_iterations
from ..plugin.objects.outside_changes import done_elsewhere
from ..plugin.objects.state import KINDS, ItemsState, items_state
from ..plugin.runs.opening import open_any_run
from ..plugin.scoring.overview import expected_errors, expected_errors_of_rows
from ..plugin.store.iterations import Iteration, pack_ids, unpack_ids
from ..plugin.store.runs import Run
from . import events
from .opened import Opened, dataset_of, given_in
from .view_members import label_members, view_is_set


@dataclass
class OpenedObjects(Opened):
    """One iteration on objects or tags as an event finds it."""

    iteration: ObjectIteration  # pyright: ignore[reportIncompatibleVariableOverride]
    standing: ClassVar[tuple[str, ...]] = KINDS

    @cached_property
    def state(self) -> RunState:
        """The iteration with the journal applied."""
        found = items_state(self.run, self.iteration.document)
        key = (str(self.iteration.id), found.revision, len(found.deleted))
        with _lock:
            if key not in _states:
                _states[key] = _counted(self.iteration, found)
            return _states[key]

    @property
    def label_count(self) -> int:
        """The classes, and *nothing*."""
        return len(self.classes) + 1

    @cached_property
    def open_suspects(self) -> npt.NDArray[np.int64]:
        """Open items of each cell that are more likely wrong than right, misplaced ones too."""
        rows = np.flatnonzero(self.iteration.suspect_rows & ~self.gone)
        return np.bincount(self.state.cell_of(rows), minlength=len(self.iteration.cells))

    @property
    def suspects(self) -> int:
        """Suspects before anything was decided, without those that somebody deleted."""
        suspects = self.iteration.suspect_rows & (self.state.kind != DELETED)
        return int((suspects if self.left_out is None else suspects & ~self.left_out).sum())

    @cached_property
    def open_errors(self) -> npt.NDArray[np.float64]:
        """Expected errors of each cell among what is open."""
        wrong, start = _probability_wrong(self.iteration), self.iteration.cells.start
        gone = expected_errors_of_rows(1 - wrong, start, np.flatnonzero(self.gone))
        return np.maximum(expected_errors(1 - wrong, start) - gone, 0.0)

    def bars(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The bin of the histogram of each of some rows."""
        return self.iteration.bins[rows].astype(np.int64)

    def ids(self, rows: npt.NDArray[np.int64]) -> list[str]:
        """The ids of the labels of some rows."""
        return unpack_ids(self.picked("item_id", rows))

    def sample_ids(self, rows: npt.NDArray[np.int64]) -> list[str]:
        """The ids of the samples that some rows lie on."""
        return unpack_ids(self.picked("sample_id", rows))

    def samples(self, rows: npt.NDArray[np.int64]) -> events.SampleColumns:
        """Rows as the screen wants them."""
        found = super().samples(rows)
        found["objects"] = self.about(rows)
        return found

    def about(self, rows: npt.NDArray[np.int64]) -> events.ObjectColumns:
        """What else there is of objects."""
        return events.ObjectColumns(
            sample=self.sample_ids(rows),
            kind=[self.iteration.kinds[kind] for kind in self.picked("kind", rows)],
            iou=self.picked("iou", rows).astype(float).round(3).tolist(),
            confidence=self.picked("confidence", rows).astype(float).round(3).tolist(),
        )

    def crops(self, rows: npt.NDArray[np.int64], paths: list[str]) -> list[Crop]:
        """What is shown of some objects, whose images are at ``paths``."""
        own, seen = self.boxes(rows)
        return [Crop(p, a, b) for p, a, b in zip(paths, own, seen, strict=True)]

    def boxes(self, rows: npt.NDArray[np.int64]) -> tuple[list[Box | None], list[Box | None]]:
        """The label's box of each of some rows, and what is predicted there; None without one."""
        if not self.iteration.has_boxes:
            return [None] * len(rows), [None] * len(rows)
        missing = self.picked("label", rows) == len(self.classes)
        own = [_box(b) for b in self.picked("box", rows)]
        own = [None if gone else b for gone, b in zip(missing, own, strict=True)]
        return own, [_box(b) for b in self.picked("seen_box", rows)]

    def done_elsewhere(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of some open rows have another label now, or none, or one where it was missing."""
        if not len(rows):
            return np.zeros(0, bool)
        return done_elsewhere(self.run, self.iteration, rows)

    def shown_by(self, rows: npt.NDArray[np.int64], before: DatasetView) -> list[ViewStage]:
        """The stages that show some items in their order: objects as patches, tags on images.

        Raises:
            InputError: if the view shows patches of something else
        """
        missing = bool(len(rows)) and int(self.picked("label", rows[:1])[0]) == len(self.classes)
        field = self.run.field("missing") if missing else self.run.label_field
        ids = self.ids(rows)
        if before._is_patches:
            if before._dataset.get_field(field) is None:
                raise InputError(
                    f"FiftyOne shows patches, and none of '{field}'. Go back to its images, then "
                    "show the cell in the grid."
                )
            return [Select(ids, ordered=True)]
        if not self.iteration.has_boxes:
            images = [*dict.fromkeys(self.sample_ids(rows))]
            return [Select(images, ordered=True), SelectLabels(ids=ids, fields=field)]
        return [
            Select(sorted(set(self.sample_ids(rows)))),
            SelectLabels(ids=ids, fields=field),
            ToPatches(field),
            Select(ids, ordered=True),
        ]

    def rows_in_view(self) -> npt.NDArray[np.bool_] | None:
        """Whether FiftyOne's current view holds the label of each row; None where it holds all.

        A missing object is in it with its sample, unless the view narrows what is missing.
        """
        if not view_is_set(self.ctx):
            return None
        column = self.iteration.column
        return self._inside(column("sample_id"), column("item_id"), column("label"), None)

    def inside(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of some rows FiftyOne's current view holds."""
        if not view_is_set(self.ctx):
            return np.ones(len(rows), bool)
        sample, item, label = (self.picked(n, rows) for n in ("sample_id", "item_id", "label"))
        return self._inside(sample, item, label, sorted(set(unpack_ids(sample))))

    def _inside(
        self,
        sample: npt.NDArray[np.bytes_],
        item: npt.NDArray[np.bytes_],
        label: npt.NDArray[np.int32],
        among: list[str] | None,
    ) -> npt.NDArray[np.bool_]:
        held = "detections" if self.iteration.has_boxes else "classifications"
        own, missing = self.run.label_field, self.run.field("missing")
        samples, labels = label_members(self.ctx, {own: held, missing: held}, among)
        found = np.isin(sample, pack_ids(samples))
        for field, mine in (
            (own, label != len(self.classes)),
            (missing, label == len(self.classes)),
        ):
            ids = labels[field]
            if ids is not None:
                found[mine] &= np.isin(item[mine], pack_ids(ids))
        return found


def open_any(ctx: foo.ExecutionContext, request: Mapping[str, Any]) -> Opened:
    """The run and iteration of a request, on whole samples or on labels that are sets.

    Raises:
        InputError: as ``open_iteration``
    """
    run, on_objects = open_any_run(dataset_of(ctx), str(request.get("run")))
    number = int(request["iteration"]) if request.get("iteration") else None
    if on_objects:
        return OpenedObjects(ctx, run, object_iteration(run, number), given_in(request))
    return Opened(ctx, run, run.iteration(number), given_in(request))


def iterations_of(run: Run) -> list[Iteration]:
    """The iterations of a run, on whole samples or on objects."""
    return run.iterations() or [*object_iterations(run)]


def last_opened(ctx: foo.ExecutionContext, run: Run) -> Opened:
    """The last iteration of a run that has one."""
    if run.iterations():
        return Opened(ctx, run, run.iteration())
    return OpenedObjects(ctx, run, object_iteration(run))


def open_objects(ctx: foo.ExecutionContext, request: Mapping[str, Any]) -> OpenedObjects:
    """The run on objects or tags and the iteration of a request.

    Raises:
        InputError: as ``open_iteration``, and where the run is on whole samples
    """
    opened = open_any(ctx, request)
    if not isinstance(opened, OpenedObjects):
        raise InputError(
            f"Run '{opened.run.key}' is on whole samples ('{opened.run.label_field}'), not on "
            "objects or tags."
        )
    return opened


def _box(values: npt.NDArray[np.floating[Any]]) -> Box | None:
    if np.isnan(values).any():
        return None
    left, top, width, height = values.astype(float).round(6).tolist()
    return left, top, width, height


@dataclass(frozen=True)
class _State(RunState):
    """The same of objects, on which other decisions can stand."""

    by_kind: Mapping[str, int]

    def counts(self) -> dict[str, Any]:
        """How far the run is, as for whole samples."""
        reviewed = int(((self.kind != 0) & (self.kind != DELETED)).sum())
        is_open = int((self.kind == 0).sum())
        return {
            "samples": is_open + reviewed,
            "reviewed": reviewed,
            "open": is_open,
            "by_kind": dict(self.by_kind),
        }


_states: LRUCache[tuple[str, int, int], RunState] = LRUCache(4)
_lock = Lock()


def _counted(iteration: ObjectIteration, found: ItemsState) -> RunState:
    """What is open of each cell: what is decided is taken off the whole."""
    cells = iteration.cells
    rows = np.flatnonzero(found.kind)
    cell = np.searchsorted(cells.start, rows, side="right") - 1
    histogram = cells.histogram.copy()
    np.subtract.at(histogram, (cell, iteration.bins[rows]), 1)
    return _State(
        iteration=iteration,
        revision=found.revision,
        open_count=cells.count - np.bincount(cell, minlength=len(cells)),
        open_histogram=histogram,
        kind=found.kind,
        elsewhere={},
        deleted=found.deleted,
        by_kind=found.counts()["by_kind"],
    )


@lru_cache(maxsize=2)
def _probability_wrong(iteration: ObjectIteration) -> npt.NDArray[np.float64]:
    """The probability that each item is wrong: p[label] counts a label that is badly placed."""
    right = iteration.column("p_label").astype(np.float64)
    placed = iteration.column("kind") == iteration.kinds.index("placement")
    odds = np.where(placed, iteration.column("suspicion").astype(np.float64), -np.inf)
    return 1.0 - right / (1.0 + np.exp(np.minimum(odds, 500.0)))
