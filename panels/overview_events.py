"""Answers about the whole run: what there is, the overview, progress, what changed outside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
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
from ..plugin.objects.auto import detections_fields
from ..plugin.objects.iteration import ObjectIteration
from ..plugin.objects.outside_changes import label_changes
from ..plugin.report.set_apart import set_apart_sentence
from ..plugin.runs.opening import find_runs
from ..plugin.runs.versions import versions
from ..plugin.scoring.overview import (
    cells_of_labels,
    first_rows,
    label_rows,
)
from ..plugin.store.iterations import Iteration
from ..plugin.store.label_field import label_fields, tag_fields
from ..plugin.store.runs import Run
from ..plugin.store.samples import samples_of
from . import events
from .decision_events import are_there
from .duplicate_events import cell_flags
from .opened import Opened
from .opened_objects import OpenedObjects, iterations_of, last_opened, open_any
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
        label_fields=[
            *label_fields(dataset),
            *detections_fields(dataset),
            *tag_fields(dataset),
        ],
        runs=[_run_info(run, problem) for run, problem in runs.values()],
        jobs=jobs_of(dataset),
        ended=ended_of(dataset),
    )


def _run_info(run: Run, problem: str | None) -> events.RunInfo:
    made = iterations_of(run)
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
    wrong, agreement = _counted(iteration)
    apart = set_apart_sentence(iteration.document)
    columns = iteration.document["columns"]
    return events.IterationInfo(
        id=str(iteration.id),
        number=iteration.number,
        objects=isinstance(iteration, ObjectIteration),
        tags=isinstance(iteration, ObjectIteration) and not iteration.has_boxes,
        samples=iteration.samples,
        classes=len(iteration.classes),
        misclassified=wrong,
        agreement=agreement,
        source=str(iteration.settings.get("source", "")),
        created_at=iteration.created_at.isoformat(),
        chosen=str(iteration.document.get("chosen", "")),
        has_features="features" in columns and columns["features"]["shape"][1] > 0,
        has_model="weights" in columns,
        notes=[
            *iteration.document.get("warnings", []),
            *iteration.document.get("weighed", []),
            *([apart] if apart else []),
        ],
    )


def _counted(iteration: Iteration) -> tuple[int, float]:
    """Suspects, and the share of labels that the predictions agree with."""
    counts = iteration.counts
    if isinstance(iteration, ObjectIteration):
        return iteration.to_review, 1.0 - iteration.to_review / max(iteration.samples, 1)
    wrong = int(counts.get("misclassified", 0))
    return wrong, float(counts.get("accuracy", 1.0 - wrong / max(iteration.samples, 1)))


def pulse(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.PulseReply:
    """What tells an idle panel that something changed; it is asked every few seconds."""
    dataset = ctx.dataset
    run, problem = (None, None) if dataset is None else _found(dataset, request.get("run"))
    jobs, ended = ([], []) if dataset is None else (jobs_of(dataset), ended_of(dataset))
    if run is None:
        return events.PulseReply(
            revision=0, iteration=0, worked_out=None, jobs=jobs, ended=ended, problem=None
        )
    numbers = [iteration.number for iteration in iterations_of(run)]
    revision = last_opened(ctx, run).state.revision if numbers else 0
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
    opened = open_any(ctx, request)
    errors, suspects = opened.open_errors, opened.open_suspects
    rows = label_rows(opened.iteration.cells, opened.open_count, errors, suspects)
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
        cells=_cell_columns(opened, wanted),
        largest=int(np.max(suspects, initial=0)),
        progress=_progress(opened),
    )


def cells(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.CellsReply:
    """The cells of some rows of the overview."""
    opened = open_any(ctx, request)
    return events.CellsReply(
        revision=opened.state.revision, cells=_cell_columns(opened, _labels(opened, request))
    )


def suspects(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.SuspectsReply:
    """The most suspicious open samples of some cells, for their pictures; no deleted ones."""
    opened = open_any(ctx, request)
    table = opened.iteration.cells
    wanted = np.unique(np.asarray(request.get("cells") or [], np.int64))
    if len(wanted) > CELLS_ON_SCREEN:
        raise InputError(f"cells must be at most {CELLS_ON_SCREEN}, got {len(wanted)}")
    if len(wanted) and (wanted[0] < 0 or wanted[-1] >= len(table)):
        raise InputError(f"cells must lie between 0 and {len(table) - 1}, got {wanted.tolist()}")
    inside = opened.rows_in_view()
    shown = ~opened.gone if inside is None else inside & ~opened.gone
    cell, row = first_rows(table, shown, wanted, PICTURES_A_CELL)
    there = are_there(opened, row)
    if not there.all():  # what comes next takes their places
        shown[row[~there]] = False
        cell, row = first_rows(table, shown, wanted, PICTURES_A_CELL)
        there = are_there(opened, row)
        cell, row = cell[there], row[there]
    return events.SuspectsReply(
        revision=opened.state.revision, cell=cell.tolist(), row=row.tolist()
    )


def in_view(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.InViewReply:
    """Open samples of each cell that FiftyOne's current view holds."""
    opened = open_any(ctx, request)
    inside = opened.rows_in_view()
    if inside is None:
        return events.InViewReply(open=None)
    rows = np.flatnonzero(inside & ~opened.gone)
    start = opened.iteration.cells.start
    cell = np.searchsorted(start, rows, side="right") - 1
    return events.InViewReply(open=np.bincount(cell, minlength=len(start) - 1).tolist())


def outdated(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.OutdatedReply:
    """What changed outside of the run since the iteration was made."""
    opened = open_any(ctx, request)
    if isinstance(opened, OpenedObjects):
        return events.OutdatedReply(
            **asdict(
                label_changes(
                    opened.run, opened.iteration, opened.decided, len(opened.state.deleted)
                )
            )
        )
    found = outside_changes(opened.run, opened.state)
    return events.OutdatedReply(
        added=found.added,
        deleted=found.deleted,
        relabelled=found.relabelled,
        labels_added=0,
        labels_deleted=0,
    )


def _labels(opened: Opened, request: dict[str, Any]) -> npt.NDArray[np.int64]:
    labels = np.asarray(request.get("labels") or [], np.int64)[:LABELS_A_PAGE]
    return labels[(labels >= 0) & (labels < opened.label_count)]


def _cell_columns(opened: Opened, labels: npt.NDArray[np.int64]) -> events.CellColumns:
    table = opened.iteration.cells
    at = cells_of_labels(table, opened.open_count, labels)
    return events.CellColumns(
        cell=at.tolist(),
        label=table.label[at].tolist(),
        prediction=table.prediction[at].tolist(),
        open=opened.open_count[at].tolist(),
        suspects=opened.open_suspects[at].tolist(),
        errors=opened.open_errors[at].round(2).tolist(),
        duplicates=cell_flags(opened)[at].tolist(),
        bars=opened.open_histogram[at].ravel().tolist(),
    )


def _progress(opened: Opened) -> events.Progress:
    counts = opened.counts()
    return events.Progress(
        samples=counts["samples"],
        open=counts["open"],
        open_wrong=int(opened.open_suspects.sum()),
        wrong=opened.suspects,
        decisions=counts["by_kind"],
        expected_errors=round(float(opened.open_errors.sum()), 1),
    )
