"""Answers about what a run has brought so far: its iterations, the effort, and its report."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
import numpy as np

from ..plugin.decisions.journal import applied_headers
from ..plugin.report.effort import effort
from ..plugin.report.history import compare_iterations
from ..plugin.report.report import make_report, report_name
from ..plugin.runs.opening import open_any_run
from . import events
from .opened import dataset_of, open_run

MOST_POINTS = 200


def history(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.HistoryReply:
    """The iterations side by side, and the effort curve in at most 200 points."""
    run = open_run(ctx, request.get("run"))
    made = effort(applied_headers(run))
    count = len(made.looked)
    kept = np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).astype(int)).tolist()
    return events.HistoryReply(
        iterations=[_row(row) for row in compare_iterations(run)],
        looked=[made.looked[i] for i in kept],
        fixed=[made.fixed[i] for i in kept],
    )


def report(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.ReportReply:
    """The run's report, for the browser to save."""
    run, _ = open_any_run(dataset_of(ctx), str(request.get("run")))
    return events.ReportReply(name=report_name(run), html=make_report(run).html)


def _row(row: dict[str, Any]) -> events.HistoryRow:
    trusted, change = row["trusted"], row["change"]
    return events.HistoryRow(
        iteration=row["iteration"],
        samples=row["samples"],
        agreement=row["agreement"] or 0.0,
        suspects=row["suspects"] or 0,
        trusted=trusted["samples"] if trusted else 0,
        trusted_accuracy=trusted["accuracy"] if trusted else None,
        predicted_otherwise=change["predicted_otherwise"] if change else None,
        now_agreeing=change["now_agreeing"] if change else None,
        now_disagreeing=change["now_disagreeing"] if change else None,
        appeared=len(change["appeared"]) if change else None,
        vanished=len(change["vanished"]) if change else None,
    )
