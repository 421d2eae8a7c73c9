"""Decisions on objects from a file, made again on this dataset, item by item."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..decisions.draft import Draft
from ..decisions.exchange import make_decisions
from ..decisions.import_report import ImportReport, Options
from ..decisions.recovery import recover_abandoned
from ..decisions.trail_decisions import TrailDecision, read_decisions
from ..decisions.trail_matching import Matched
from ..progress import Report, silent
from ..store.runs import Run
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
        report: told how far it is

    Raises:
        InputError: if anything in the file or an option cannot be used; nothing is changed
        Cancelled: if ``report`` says so; the decisions made by then stay
    """
    options = Options(match, old_root, new_root)
    options.check()
    decisions = read_decisions(path, run.key, run.label_field, on_objects=True)
    recover_abandoned(run)
    matcher = ItemMatcher(run, match, options.roots)

    def planned(decision: TrailDecision, matched: Matched) -> Callable[[Draft], None]:
        request = _request(decision, matched, matcher)
        return lambda draft: plan_objects(draft, request)

    return make_decisions(run, decisions, matcher, planned, report)


def _request(decision: TrailDecision, matched: Matched, matcher: ItemMatcher) -> ObjectRequest:
    """What a decision of a file asks for here."""
    rows = {str(item): row for row, item in matched.samples}
    boxes = {i: matcher.box_here(row) for i, row in rows.items()}
    request = ObjectRequest.checked(
        decision.action,
        list(rows),
        decision.label,
        None,
        decision.values["tag"],
        {i: row.label_before for i, row in rows.items()},
        boxes if any(boxes.values()) else None,
    )
    return request.of_a_file(
        labels={i: row.label_after for i, row in rows.items() if decision.action == "add"},
        boxes={i: row.box_after for i, row in rows.items() if decision.action in ("add", "move")},
        told={
            i: Told(matcher.sample_of[i], row.box_before or row.box_after, row.proposed)
            for i, row in rows.items()
            if i in matcher.sample_of and row.label_before is None
        },
        origins={i: row.label_id or i for i, row in rows.items()},
    )
