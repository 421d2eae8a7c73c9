"""Decisions on objects from a file, made again on this dataset, item by item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..decisions.draft import Draft
from ..decisions.import_preview import preview_decisions
from ..decisions.import_report import ImportReport, Options
from ..decisions.made_again import check_classes_of, make_decisions
from ..decisions.recovery import recover_abandoned
from ..decisions.trail_decisions import TrailDecision, read_decisions
from ..decisions.trail_matching import Matched
from ..progress import Report, silent
from ..store.label_sets import list_of
from ..store.runs import Run
from ..store.samples import samples_of
from .items import known_items
from .plan import plan_objects
from .request import ObjectRequest, Told
from .trail_matching import ItemMatcher


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
    """Make the decisions of an exported file again, as ``decisions.exchange`` does on samples.

    A label is found by its id, else by the overlap of its box with one of the same class (a tag by
    its class alone), on the sample that has the id or the file. A missing object that this run
    does not propose is added with the class and the box that the file has.

    Args:
        run: a run on objects or tags
        path: a file that ``export_decisions`` wrote
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
    decisions = read_decisions(path, run.key, run.label_field, on_objects=True)
    items = known_items(run)
    path = f"{run.label_field}.{list_of(run)}.label"
    there = {v for v in samples_of(run.dataset).distinct(path) if v and isinstance(v, str)}
    classes = there.union(() if items is None else items.classes)
    if not new_class:
        check_classes_of(run, decisions, classes)
    recover_abandoned(run)
    matcher = ItemMatcher(run, match, options.roots)

    def planned(decision: TrailDecision, matched: Matched) -> Callable[[Draft], None]:
        request = replace(_request(decision, matched, matcher), or_given=True)
        return lambda draft: plan_objects(draft, request)

    through = preview_decisions if preview else make_decisions
    return through(run, decisions, matcher, planned, classes, report)


def _request(decision: TrailDecision, matched: Matched, matcher: ItemMatcher) -> ObjectRequest:
    """What a decision of a file asks for here."""
    rows = {str(item): row for row, item in matched.samples}
    boxes = {i: matcher.box_here(row) for i, row in rows.items()}
    request = ObjectRequest.checked(
        decision.action,
        list(rows),
        {i: str(row.label_after) for i, row in rows.items()}
        if decision.of_consensus
        else decision.label,
        None,
        decision.values["tag"],
        {i: row.label_before for i, row in rows.items()},
        boxes if any(boxes.values()) else None,
    )
    return request.of_a_file(
        labels={i: r.label_after for i, r in rows.items() if decision.action in ("add", "relabel")},
        boxes={i: row.box_after for i, row in rows.items() if decision.action in ("add", "move")},
        told={
            i: Told(matcher.sample_of[i], row.box_before or row.box_after, row.proposed)
            for i, row in rows.items()
            if i in matcher.sample_of and row.label_before is None
        },
        origins={i: row.label_id or i for i, row in rows.items()},
        taken=True,
    )
