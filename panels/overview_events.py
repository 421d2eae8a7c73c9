"""Answers about the whole run: what there is, the overview, progress, what changed outside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from threading import Thread
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt

from ..plugin.classify.job import complete_fields
from ..plugin.classify.settings import Settings
from ..plugin.decisions.outside_changes import outside_changes
from ..plugin.errors import InputError
from ..plugin.layout.projection_worker import warm
from ..plugin.report.set_apart import set_apart_sentence
from ..plugin.runs.opening import find_runs
from ..plugin.runs.versions import versions
from ..plugin.scoring.overview import (
    cells_of_labels,
    expected_errors_of_rows,
    first_rows,
    label_rows,
)
from ..plugin.store.iterations import Iteration
from ..plugin.store.label_field import label_fields
from ..plugin.store.runs import Run
from ..plugin.store.samples import samples_of
from . import events
from .duplicate_events import cell_flags
from .opened import Opened, cell_errors, label_probability, open_iteration
from .work_events import ended_of, jobs_of

FIRST_CELLS = 3_000
"""Cells sent with the overview itself; the others follow as they are wanted."""

LABELS_A_PAGE = 200
CELLS_ON_SCREEN = 1_000
PICTURES_A_CELL = 3

IN_FORM = {"source", "prediction_fields", "embeddings"}
CARRIED_OVER = {f.name for f in fields(Settings)} - {"run_key", "label_field"}
"""Settings of an iteration that the next one is given, too."""
NOT_GIVEN: tuple[Any, ...] = (None, "", [])


def status(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.StatusReply:
    """What the dataset has."""
    dataset = ctx.dataset
    if dataset is None:
        return events.StatusReply(
            dataset=None,
            dataset_id="",
            media_type="",
            samples=0,
            label_fields=[],
            runs=[],
            jobs=[],
            ended=[],
        )
    warm.start()  # warm by the time that somebody opens a cell
    runs = find_runs(dataset)
    for run, _ in runs.values():
        if run.has_unwritten_fields():  # somebody died between keeping scores and writing them
            Thread(target=complete_fields, args=(run,), daemon=True).start()
    return events.StatusReply(
        dataset=dataset.name,
        dataset_id=str(dataset._doc.id),  # pyright: ignore[reportAttributeAccessIssue]
        media_type=str(dataset.media_type),
        samples=samples_of(dataset).estimated_document_count(),
        label_fields=label_fields(dataset),
        runs=[_run_info(run, problem) for run, problem in runs.values()],
        jobs=jobs_of(dataset),
        ended=ended_of(dataset),
    )


def _run_info(run: Run, problem: str | None) -> events.RunInfo:
    made = run.iterations()
    return events.RunInfo(
        key=run.key,
        label_field=run.label_field,
        problem=problem,
        worked_out=events.WorkedOut(**versions(run)),
        again=json.dumps(_again(made[-1].settings if made else {})),
        iterations=[_iteration_info(iteration) for iteration in made],
    )


def _again(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the form of the next iteration begins with: what the last one was given."""
    usual = {f.name: f.default for f in fields(Settings)}
    again = {
        name: given[name]
        for name in sorted(CARRIED_OVER & set(given))
        if given[name] not in NOT_GIVEN and given[name] != usual[name]
    }
    return {**again, "show_advanced": True} if set(again) - IN_FORM else again


def _iteration_info(iteration: Iteration) -> events.IterationInfo:
    wrong = int(iteration.counts.get("misclassified", 0))
    apart = set_apart_sentence(iteration.document)
    return events.IterationInfo(
        id=str(iteration.id),
        number=iteration.number,
        samples=iteration.samples,
        classes=len(iteration.classes),
        misclassified=wrong,
        agreement=float(iteration.counts.get("accuracy", 1.0 - wrong / max(iteration.samples, 1))),
        source=str(iteration.settings.get("source", "")),
        created_at=iteration.created_at.isoformat(),
        chosen=str(iteration.document.get("chosen", "")),
        has_features=iteration.document["columns"]["features"]["shape"][1] > 0,
        has_model="weights" in iteration.document["columns"],
        notes=[
            *iteration.document.get("warnings", []),
            *iteration.document.get("weighed", []),
            *([apart] if apart else []),
        ],
    )


def pulse(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.PulseReply:
    """What tells an idle panel that something changed; it is asked every few seconds."""
    dataset = ctx.dataset
    run, problem = (None, None) if dataset is None else _found(dataset, request.get("run"))
    jobs, ended = ([], []) if dataset is None else (jobs_of(dataset), ended_of(dataset))
    if run is None:
        return events.PulseReply(
            revision=0, iteration=0, worked_out=None, jobs=jobs, ended=ended, problem=None
        )
    numbers = [iteration.number for iteration in run.iterations()]
    revision = Opened(ctx, run, run.iteration()).state.revision if numbers else 0
    return events.PulseReply(
        revision=revision,
        iteration=max(numbers, default=0),
        worked_out=events.WorkedOut(**versions(run)),
        jobs=jobs,
        ended=ended,
        problem=problem,
    )


def _found(dataset: fo.Dataset, key: Any) -> tuple[Run | None, str | None]:
    return find_runs(dataset).get(key, (None, None)) if isinstance(key, str) else (None, None)


def overview(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.OverviewReply:
    """All rows of the overview, and the cells of the first of them."""
    opened = open_iteration(ctx, request)
    errors = _open_errors(opened)
    open_count = opened.state.open_count
    wrong = opened.iteration.suspect_cells
    rows = label_rows(opened.iteration.cells, open_count, errors, wrong)
    order = rows.order("errors" if request.get("order") == "errors" else "count")
    first = order[: int(np.searchsorted(np.cumsum(rows.cells[order]), FIRST_CELLS)) + 1]
    wanted = np.union1d(rows.label[first], _labels(opened, request))
    return events.OverviewReply(
        revision=opened.state.revision,
        classes=list(opened.classes) if request.get("with_classes") else None,
        rows=events.LabelColumns(
            label=rows.label[order].tolist(),
            open=rows.open[order].tolist(),
            wrong=rows.wrong[order].tolist(),
            errors=rows.errors[order].round(2).tolist(),
            cells=rows.cells[order].tolist(),
        ),
        cells=_cell_columns(opened, errors, wanted),
        largest=int(np.max(open_count[wrong], initial=0)),
        progress=_progress(opened, int(open_count[wrong].sum()), float(errors.sum())),
    )


def cells(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.CellsReply:
    """The cells of some rows of the overview."""
    opened = open_iteration(ctx, request)
    return events.CellsReply(
        revision=opened.state.revision,
        cells=_cell_columns(opened, _open_errors(opened), _labels(opened, request)),
    )


def suspects(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.SuspectsReply:
    """The most suspicious open samples of some cells, for their pictures."""
    opened = open_iteration(ctx, request)
    table = opened.iteration.cells
    wanted = np.unique(np.asarray(request.get("cells") or [], np.int64))
    if len(wanted) > CELLS_ON_SCREEN:
        raise InputError(f"cells must be at most {CELLS_ON_SCREEN}, got {len(wanted)}")
    if len(wanted) and (wanted[0] < 0 or wanted[-1] >= len(table)):
        raise InputError(f"cells must lie between 0 and {len(table) - 1}, got {wanted.tolist()}")
    inside = opened.rows_in_view()
    shown = ~opened.decided if inside is None else inside & ~opened.decided
    cell, row = first_rows(table, shown, wanted, PICTURES_A_CELL)
    return events.SuspectsReply(
        revision=opened.state.revision, cell=cell.tolist(), row=row.tolist()
    )


def in_view(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.InViewReply:
    """Open samples of each cell that FiftyOne's current view holds."""
    opened = open_iteration(ctx, request)
    inside = opened.rows_in_view()
    if inside is None:
        return events.InViewReply(open=None)
    rows = np.flatnonzero(inside & ~opened.decided)
    start = opened.iteration.cells.start
    cell = np.searchsorted(start, rows, side="right") - 1
    return events.InViewReply(open=np.bincount(cell, minlength=len(start) - 1).tolist())


def outdated(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.OutdatedReply:
    """What changed outside of the run since the iteration was made."""
    opened = open_iteration(ctx, request)
    found = outside_changes(opened.run, opened.state)
    return events.OutdatedReply(
        added=found.added, deleted=found.deleted, relabelled=found.relabelled
    )


def _labels(opened: Opened, request: dict[str, Any]) -> npt.NDArray[np.int64]:
    labels = np.asarray(request.get("labels") or [], np.int64)[:LABELS_A_PAGE]
    return labels[(labels >= 0) & (labels < len(opened.classes))]


def _open_errors(opened: Opened) -> npt.NDArray[np.float64]:
    every = cell_errors(opened.iteration)
    decided = np.flatnonzero(opened.decided)
    if not len(decided):
        return every
    p_label = label_probability(opened.iteration)
    gone = expected_errors_of_rows(p_label, opened.iteration.cells.start, decided)
    return np.maximum(every - gone, 0.0)


def _cell_columns(
    opened: Opened, errors: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]
) -> events.CellColumns:
    table = opened.iteration.cells
    at = cells_of_labels(table, opened.state.open_count, labels)
    return events.CellColumns(
        cell=at.tolist(),
        label=table.label[at].tolist(),
        prediction=table.prediction[at].tolist(),
        open=opened.state.open_count[at].tolist(),
        errors=errors[at].round(2).tolist(),
        duplicates=cell_flags(opened)[at].tolist(),
        bars=opened.state.open_histogram[at].ravel().tolist(),
    )


def _progress(opened: Opened, open_wrong: int, errors: float) -> events.Progress:
    counts = opened.state.counts()
    table = opened.iteration.cells
    return events.Progress(
        samples=opened.iteration.samples,
        open=counts["open"],
        open_wrong=open_wrong,
        wrong=int(table.count[opened.iteration.suspect_cells].sum()),
        decisions=counts["by_kind"],
        expected_errors=round(errors, 1),
    )
