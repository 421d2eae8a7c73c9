"""The report of a run: what was found and fixed, by whom, and what is probably left."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ..audit.audits import open_audit, read_target
from ..decisions.journal import applied_headers
from ..decisions.state import current_state
from ..importance.advice import ADVICE, advice
from ..importance.store import kept_rounds
from ..outside.exported_file import export_path, exported_file
from ..store.runs import Run
from .effort import effort
from .history import compare_iterations
from .page import page
from .set_apart import set_apart_sentence

LARGEST_CELLS = 20


class Report:
    """A run's report; in a notebook it shows itself.

    Attributes:
        html: the page
    """

    def __init__(self, html: str):
        self.html = html

    def _repr_html_(self) -> str:
        return self.html


def make_report(run: Run) -> Report:
    """The report of a run as it stands.

    Raises:
        InputError: if the run has no iteration yet
    """
    last = run.iteration()
    state = current_state(run, last)
    counts = state.counts()
    compared = compare_iterations(run)
    made = effort(applied_headers(run))
    first = compared[0]
    rounds = kept_rounds(run)
    return Report(
        page(
            {
                "title": f"Label errors of {run.dataset.name}: {run.key}",
                "facts": [
                    ("Label field", run.label_field),
                    ("Written", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
                    ("Samples", last.samples),
                    ("Reviewed", counts["reviewed"]),
                    ("Suspects open", counts["misclassified_open"]),
                    ("Agreement at first", first["agreement"]),
                    ("Agreement at last", compared[-1]["agreement"]),
                ],
                "apart": set_apart_sentence(last.document),
                "assumed": list(last.document.get("assumed", [])),
                "warnings": list(last.document.get("warnings", [])),
                "estimate": _estimate(run),
                "target": _target(run),
                "decisions": [(k, n) for k, n in counts["by_kind"].items() if n],
                "authors": sorted(made.authors.items(), key=lambda item: -item[1]),
                "effort": made,
                "iterations": [
                    (
                        row["iteration"],
                        row["samples"],
                        row["agreement"],
                        row["suspects"],
                        row["trusted"]["accuracy"] if row["trusted"] else None,
                    )
                    for row in compared
                ],
                "cells": _cells(run),
                "rounds": [(r.looked, r.fixed, r.auroc) for r in rounds],
                "advice": ADVICE[advice(rounds)],
            }
        )
    )


def export_report(run: Run, path: Any, *, overwrite: bool = False) -> tuple[Report, Path]:
    """Make the report of a run and write it to a file; the report, and the file.

    Args:
        run: the run
        path: the file; an earlier export is replaced
        overwrite: replace an ordinary file that is no earlier export

    Raises:
        InputError: if the run has no iteration yet, or the file cannot be written or replaced
    """
    target = export_path(path)
    with exported_file(target, overwrite=overwrite) as file:
        report = make_report(run)
        file.write(report.html)
    return report, target


def _estimate(run: Run) -> str:
    opened = open_audit(run)
    left = None if opened is None else opened.reading.left()
    if opened is None or left is None:
        return ""
    judged = int(opened.reading.used.sum())
    return (
        f"About {left.point:,.0f} wrong labels are left, {left.low:,.0f} to {left.high:,.0f} with "
        f"95 % confidence, from {judged:,} samples that were judged blind."
    )


def _target(run: Run) -> str:
    target = read_target(run)
    return (
        f"Target: at least {target.share:.0%} of the errors found with {target.confidence:.0%} "
        f"confidence. Certain by now: {target.distance.sure:.0%}."
    )


def _cells(run: Run) -> list[tuple[Any, ...]]:
    first = run.iterations()[0]
    state = current_state(run, first)
    cells = state.iteration.cells
    size = cells.start[1:] - cells.start[:-1]
    wrong = np.flatnonzero(first.suspect_cells).tolist()
    wrong.sort(key=lambda i: -int(size[i]))
    names = first.classes
    return [
        (names[cells.label[i]], names[cells.prediction[i]], int(size[i]), int(state.open_count[i]))
        for i in wrong[:LARGEST_CELLS]
    ]
