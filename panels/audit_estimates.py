"""What audits say of errors, as the panel is told it: by parts, and of objects by kinds."""

from __future__ import annotations

from typing import Literal, cast

from ..plugin.audit import verdicts
from ..plugin.audit.audits import OpenedAudit
from ..plugin.audit.estimator import Interval
from ..plugin.audit.object_audits import OF_LABELS, OpenedObjectAudit
from . import events

MOST_PARTS = 200

Kind = Literal["class", "spurious", "placement", "candidate", "unproposed"]


def range_of(value: Interval) -> events.Range:
    """A number with its interval, in whole things."""
    point, low, high = value.whole
    return events.Range(point=point, low=low, high=high)


def parts_of(opened: OpenedAudit) -> list[events.AuditPart]:
    """The rows and cells of the overview in which enough was judged, most errors first."""
    return [
        events.AuditPart(
            label=part.label,
            prediction=part.prediction,
            judged=part.judged,
            left=range_of(part.left),
        )
        for part in opened.parts()[:MOST_PARTS]
    ]


def estimate_of_labels(opened: OpenedObjectAudit, found: int) -> events.Estimate | None:
    """What an audit of objects says of labels, wrong in whatever way; None before it can."""
    labels, unclear = opened.of_labels(), opened.unclear()
    if labels is None or unclear is None:
        return None
    return events.Estimate(
        judged=int(opened.reading.used.sum()),
        at_draw=range_of(labels.at_draw),
        left=range_of(labels.left),
        unclear=range_of(unclear),
        found=found,
        parts=parts_of(opened),
    )


def info_of_objects(opened: OpenedObjectAudit) -> events.ObjectAudit:
    """What else there is of an audit of objects."""
    record, open_rows = opened.record, opened.record.open_rows
    candidates = int((open_rows & opened.is_candidate).sum())
    labels = int(open_rows.sum()) - candidates
    draw = record.image_draw
    images = 0 if draw is None else int(draw.population.sum())
    estimated = [(name, labels, opened.of_labels(name)) for name in OF_LABELS]
    estimated += [("candidate", candidates, opened.of_candidates())]
    estimated += [("unproposed", images, opened.without_candidate())]
    return events.ObjectAudit(
        outlines=len(record.row),
        images=len(record.image_id),
        outlines_judged=int((opened.item_verdict != verdicts.WAITING).sum()),
        images_judged=int((opened.image_verdict != verdicts.WAITING).sum()),
        labels=labels,
        candidates=candidates,
        found=int(opened.missed.sum()),
        kinds=[
            events.LeftOfKind(
                kind=cast("Kind", name),
                population=population,
                at_draw=range_of(made.at_draw),
                left=range_of(made.left),
            )
            for name, population, made in estimated
            if made is not None
        ],
    )
