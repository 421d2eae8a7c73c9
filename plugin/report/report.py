"""The report of a run: what was found and fixed, by whom, and what is probably left."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from bson import ObjectId

from ..audit.audits import open_audit
from ..audit.target import read_target
from ..decisions.journal import applied_headers, entries, was_lost
from ..decisions.state import RunState, current_state
from ..images.dataset_windows import image_windows
from ..importance.advice import ADVICE, advice
from ..importance.store import kept_rounds
from ..outside.exported_file import export_path, exported_file, with_ending
from ..percent import percent
from ..store.declared import CLASSIFICATION
from ..store.iterations import Iteration, unpack_ids
from ..store.label_kinds import kind_of_run
from ..store.runs import Run
from ..store.samples import samples_of
from .curve import Curve, effort_curve, round_curve
from .effort import effort, taken_back
from .fixes import Fix, Step, net_fixes
from .gallery import pictures
from .history import compare_iterations
from .object_report import object_facts
from .page import MOST_PAIRS, Facts, Pair, Picture, Round, page
from .page import Iteration as IterationRow
from .set_apart import set_apart_sentence

OPEN_CELLS = 8
PICTURES_A_ROW = 6
WORDS = {
    "relabeled": "relabelled",
    "confirmed": "confirmed",
    "removed": "removed",
    "tagged": "tagged, not decided",
}


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
    written = datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC").lstrip("0")
    if kind_of_run(run) != CLASSIFICATION:
        return Report(page(object_facts(run, written)))
    last = run.iteration()
    state = current_state(run, last)
    counts = state.counts()
    headers = applied_headers(run)
    fixes = net_fixes(_steps(run, headers))
    made = effort(headers)
    rounds = kept_rounds(run)
    removed = sum(len(fix.sample_ids) for fix in fixes if fix.removed)
    estimate, basis = _estimate(run)
    fixed, left = _pairs(run, last, fixes, _open_cells(state))
    return Report(
        page(
            Facts(
                dataset=run.dataset.name,
                run=run.key,
                label_field=run.label_field,
                written=written,
                samples=last.samples,
                classes=len(last.classes),
                judged=sum(counts["by_kind"].values()),
                relabelled=sum(len(fix.sample_ids) for fix in fixes) - removed,
                removed=removed,
                suspects=counts["misclassified_open"],
                estimate=estimate,
                estimate_basis=basis,
                target=_target(run) if estimate else "",
                fixes=fixed,
                open_cells=left,
                decisions=[(WORDS[kind], n) for kind, n in counts["by_kind"].items() if n],
                authors=sorted(made.authors.items(), key=lambda item: (-item[1], item[0])),
                effort=effort_curve(made.looked, made.fixed),
                iterations=_iterations(run),
                rounds=[Round(r.looked, r.fixed, r.auroc) for r in rounds],
                advice=ADVICE[advice(rounds)],
                round_curves=_round_curves(rounds),
                notes=_notes(last),
                taken_back=taken_back(headers),
            )
        )
    )


def export_report(run: Run, path: Any, *, overwrite: bool = False) -> tuple[Report, Path]:
    """Make the report of a run and write it to a file; the report, and the file.

    Args:
        run: the run
        path: the file, which ends in ``.html``, or gets that ending; an earlier export is replaced
        overwrite: replace an ordinary file that is no earlier export

    Raises:
        InputError: if the run has no iteration yet, or the file cannot be written or replaced
    """
    target = with_ending(export_path(path), (".html", ".htm"), "a page of HTML")
    with exported_file(target, overwrite=overwrite) as file:
        report = make_report(run)
        file.write(report.html)
    return report, target


def report_name(run: Run) -> str:
    """What the file of a run's report is called unless somebody says otherwise."""
    plain = re.sub(r"[^\w-]+", "-", f"{run.dataset.name}-{run.key}").strip("-")
    return f"label-report-{plain[:100]}.html"


def _steps(run: Run, headers: Sequence[dict[str, Any]]) -> Iterator[Step]:
    by_id = {header["_id"]: header for header in headers}
    kept = ("decision", "sample_id", "label_before", "label_after", "kind_after", "lost")
    found = entries().find(run.owner, dict.fromkeys(kept, 1)).sort("seq", 1)
    for entry in found.batch_size(20_000):
        header = by_id.get(entry["decision"])
        if header is not None and not was_lost(entry, header):
            yield Step(
                str(entry["sample_id"]),
                entry["label_before"],
                entry["label_after"],
                entry["kind_after"],
            )


def _open_cells(state: RunState) -> list[Fix]:
    """The largest cells of open suspects, each with its most suspicious samples first."""
    iteration, cells = state.iteration, state.iteration.cells
    at = np.flatnonzero(iteration.suspect_cells & (state.open_count > 0))
    at = at[np.argsort(-state.open_count[at], kind="stable")][:OPEN_CELLS]
    found = []
    for cell in at.tolist():
        start, stop = int(cells.start[cell]), int(cells.start[cell + 1])
        ids = iteration.column("sample_id", start, stop)[state.kind[start:stop] == 0]
        names = (iteration.classes[int(c[cell])] for c in (cells.label, cells.prediction))
        found.append(Fix(*names, removed=False, sample_ids=unpack_ids(ids)))
    return found


def _pairs(run: Run, last: Iteration, *tables: Sequence[Fix]) -> tuple[list[Pair], ...]:
    """Rows of tables, the first of each with pictures."""
    shown = [fix.sample_ids[:PICTURES_A_ROW] for table in tables for fix in table[:MOST_PAIRS]]
    path_of = _paths(run, [i for ids in shown for i in ids])
    found = pictures(list(path_of.values()), image_windows(run.dataset, last)) if path_of else {}

    def of(fix: Fix) -> list[Picture]:
        paths = (path_of.get(i, "") for i in fix.sample_ids[:PICTURES_A_ROW])
        return [found[path] for path in paths if path in found]

    return tuple(
        [
            Pair(
                fix.before,
                fix.after,
                len(fix.sample_ids),
                fix.removed,
                of(fix) if at < MOST_PAIRS else (),
            )
            for at, fix in enumerate(table)
        ]
        for table in tables
    )


def _paths(run: Run, ids: Sequence[str]) -> dict[str, str]:
    """The files of samples; of those that were removed, as the journal has them."""
    wanted = {"$in": [ObjectId(i) for i in dict.fromkeys(ids)]}
    journal = entries().find({**run.owner, "sample_id": wanted}, {"sample_id": 1, "filepath": 1})
    known = {str(entry["sample_id"]): entry.get("filepath") for entry in journal}
    there = samples_of(run.dataset).find({"_id": wanted}, {"filepath": 1})
    known |= {str(document["_id"]): document.get("filepath") for document in there}
    return {i: path for i, path in known.items() if isinstance(path, str) and path}


def _iterations(run: Run) -> list[IterationRow]:
    return [
        IterationRow(
            row["iteration"],
            row["samples"],
            row["agreement"],
            row["suspects"],
            row["trusted"]["accuracy"] if row["trusted"] else None,
            row["trusted"]["samples"] if row["trusted"] else 0,
        )
        for row in compare_iterations(run)
    ]


def _round_curves(rounds: Sequence[Any]) -> list[Curve]:
    drawn = (
        round_curve("AUROC by round", [r.auroc for r in rounds], 4),
        round_curve("Labels fixed by round", [r.fixed for r in rounds], 0),
    )
    return [curve for curve in drawn if curve is not None]


def _notes(last: Iteration) -> list[str]:
    apart = set_apart_sentence(last.document)
    return [
        *last.document.get("warnings", []),
        *([apart] if apart else []),
        *(f"Predictions in {text}." for text in last.document.get("assumed", [])),
    ]


def _estimate(run: Run) -> tuple[tuple[str, str] | None, str]:
    """How many wrong labels are left, their interval, and a sentence on where that is from."""
    opened = open_audit(run)
    left = None if opened is None else opened.reading.left()
    if opened is None or left is None:
        return None, ""
    judged = int(opened.reading.used.sum())
    about, low, high = left.whole
    point, interval = f"{about:,}", f"{low:,} to {high:,}"
    return (point, interval), (
        f"About {point} wrong labels are left, {interval} with 95 % confidence, from "
        f"{judged:,} samples that were drawn at random and judged blind."
    )


def _target(run: Run) -> str:
    target = read_target(run)
    return (
        f"The target is to find at least {percent(target.share)} of the errors. With "
        f"{percent(target.confidence)} confidence, at least {percent(target.distance.sure)} are "
        "found by now."
    )
