"""Exchange: a run's decisions out to a file, and from a file into another copy of a dataset."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..outside.exported_file import export_path, with_ending
from ..progress import Report, silent
from ..store.raw_documents import labels_of as labels_in
from ..store.runs import Run
from .decision_file import COLUMNS, EVERY, FORMATS, Row, write_rows
from .draft import Draft
from .import_preview import preview_decisions
from .import_report import ImportReport, Options
from .journal import ITEM, OBJECTS, Entry, Header, applied_headers, entries_of, was_lost
from .made_again import check_classes_of, given, make_decisions
from .plan import plan_resolve
from .recovery import recover_abandoned
from .request import Request
from .resolution import utc_text
from .trail_decisions import TrailDecision, read_decisions
from .trail_matching import Matched, TrailMatcher


def export_decisions(
    run: Run,
    path: str | Path,
    form: str | None = None,
    *,
    overwrite: bool = False,
    report: Report = silent,
) -> dict[str, Any]:
    """Write the audit trail of a run, oldest first, times in UTC.

    One row a sample and decision; of a run on objects one a label or missing object and decision.

    Args:
        run: the run
        path: the file; an earlier export is replaced. Without an ending it gets that of the format
        form: ``csv`` or ``json``; None for the one that the path ends in, else CSV
        overwrite: replace an ordinary file that is no earlier export
        report: told how far it is

    Returns:
        ``path``, ``format``, ``decisions`` and ``rows``

    Raises:
        InputError: if the format is unknown or the path cannot be written, or what is there may
            not be replaced
    """
    target = export_path(path)
    if form is None:
        ending = target.suffix.lower().removeprefix(".")
        form = ending if ending in FORMATS else FORMATS[0]
    if form not in FORMATS:
        raise InputError(f"format must be one of {', '.join(FORMATS)}, got {form!r}")
    target = with_ending(target, [f".{form}"], form.upper())
    recover_abandoned(run)
    made = applied_headers(run)
    on_objects = any(header.get("on") == OBJECTS for header in made)
    columns = EVERY if on_objects else COLUMNS
    found = _rows(run, made, report)
    rows = write_rows(found, target, form, overwrite=overwrite, columns=columns)
    return {"path": str(target), "format": form, "decisions": len(made), "rows": rows}


def _rows(run: Run, made: list[Header], report: Report) -> Iterator[Row]:
    of_object = (ITEM, "box_before", "box_after", "proposed")
    named = ("sample_id", "filepath", "label_before", "label_after", "lost", *of_object)
    keep: dict[str, int] = dict.fromkeys(named, 1)
    for number, header in enumerate(made, start=1):
        report(number / len(made), "Exporting decisions")
        common = {
            "decision": str(header["_id"]),
            "seq": header["seq"],
            "time": utc_text(header["created_at"]),
            "undoes": str(header["undoes"]) if header["undoes"] else None,
            "dataset": run.dataset.name,
            "run_key": run.key,
            "label_field": run.label_field,
            "basis": json.dumps(header["basis"]) if header.get("basis") else None,
        } | {name: header[name] for name in ("author", "action", "tag", "note", "iteration")}
        for entry in entries_of(header["_id"], keep):
            if not was_lost(entry, header):
                values = {name: entry[name] for name in ("filepath", "label_before", "label_after")}
                values |= _of_object(entry) if ITEM in entry else {}
                yield {**common, **values, "sample_id": str(entry["sample_id"])}


def _of_object(entry: Entry) -> Row:
    """The columns that only objects have."""
    boxes = {name: entry[name] for name in ("box_before", "box_after")}
    return {
        "label_id": str(entry[ITEM]),
        **{name: None if box is None else json.dumps(box) for name, box in boxes.items()},
        "proposed": entry.get("proposed"),
    }


def import_decisions(
    run: Run,
    path: str | Path,
    *,
    match: str = "auto",
    old_root: str | None = None,
    new_root: str | None = None,
    new_class: bool = False,
    preview: bool = False,
    report: Report = silent,
) -> ImportReport:
    """Make the decisions of an exported file again, in their order, on this run's dataset.

    The whole file is checked before the first is made. Each keeps its author, time and note and
    carries the original's id: it is made once, however often and by however many the file is
    imported, and an import that was ended goes on where it stopped when it is made again. A sample
    whose label is not what the file says that its author saw is left alone.

    Args:
        run: the run
        path: a file that :func:`export_decisions` wrote
        match: find samples by ``id``, by ``filepath``, or (``auto``) by id and else by file path
        old_root: the folder that file paths begin with in the file, if it is another one here
        new_root: the folder that takes its place
        new_class: make a class although it looks like one that is here
        preview: say what would be made, and make nothing
        report: told how far it is

    Raises:
        InputError: if anything in the file or an option cannot be used; nothing is changed
        Cancelled: if ``report`` says so; the decisions made by then stay
    """
    options = Options(match, old_root, new_root)
    options.check()
    decisions = read_decisions(path, run.key, run.label_field)
    iterations = run.iterations()
    classes = {*labels_in(run.dataset, run.label_field)}.union(
        *(i.classes for i in iterations[-1:])
    )
    if not new_class:
        check_classes_of(run, decisions, classes)
    recover_abandoned(run)
    named = {row.sample_id for decision in decisions for row in decision.rows}
    matcher = TrailMatcher(run, match, options.roots, named)
    through = preview_decisions if preview else make_decisions
    return through(run, decisions, matcher, _planned, classes, report)


def _planned(decision: TrailDecision, matched: Matched) -> Callable[[Draft], None]:
    """What plans a decision on samples."""
    expected = {str(i): row.label_before for row, i in matched.samples}
    tag = decision.values["tag"]
    request = Request.checked(
        decision.action, list(expected), given(decision, matched), tag, expected
    )
    return lambda draft: plan_resolve(draft, replace(request, or_given=True))
