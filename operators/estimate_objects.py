"""Operator ``estimate_remaining`` on objects: what its audits ask for, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from fiftyone.operators import types

from ..plugin.audit import verdicts as reading
from ..plugin.audit.audits import LARGEST
from ..plugin.audit.estimator import Interval
from ..plugin.audit.object_audits import (
    MISSING,
    OF_LABELS,
    Left,
    OpenedObjectAudit,
    open_object_audit,
)
from ..plugin.audit.target import read_object_target
from ..plugin.errors import InputError
from ..plugin.objects.cell_names import NO_LABEL
from ..plugin.objects.fields import NOTHING
from ..plugin.store.iterations import unpack_ids
from ..plugin.store.runs import Run

AUDIT_IMAGES = 100


def check_images(images: int) -> None:
    """Raise InputError for a number of images that cannot be drawn."""
    if isinstance(images, bool) or not 0 <= images <= LARGEST:
        raise InputError(
            f"audit_images must be a whole number from 0 to {LARGEST:,}, got {images!r}"
        )


def images_input(inputs: types.Object) -> None:
    """The form: how many images are looked at whole."""
    inputs.int(
        "audit_images",
        default=AUDIT_IMAGES,
        min=0,
        max=LARGEST,
        label="Whole images to look at",
        description="They tell what is missing that no detector proposed; 0 for none",
    )


def report_objects(run: Run) -> dict[str, Any]:
    """The last audit, its estimates and the distance to the target, as plain values."""
    audit = open_object_audit(run)
    assert audit is not None
    record, verdict = audit.record, audit.verdict
    ids = unpack_ids(record.item_id) + unpack_ids(record.image_id)
    target = read_object_target(run)
    item, look = audit.item_verdict, audit.image_verdict
    kinds = {**OF_LABELS, "missing": MISSING}
    population = 0 if record.image_draw is None else int(record.image_draw.population.sum())
    return {
        "run_key": run.key,
        "audit": str(record.id),
        "number": record.number,
        "iteration": record.iteration,
        "state": audit.status,
        "size": len(item),
        "population": int(record.draw.population.sum()),
        "judged": int((item != reading.WAITING).sum()),
        "right": int((item == reading.RIGHT).sum()),
        "wrong": int(np.isin(item, list(kinds.values())).sum()),
        "kinds": {name: int((item == kind).sum()) for name, kind in kinds.items()},
        "unclear": int((verdict == reading.UNCLEAR).sum()),
        "gone": int((verdict == reading.GONE).sum()),
        "images": {
            "size": len(look),
            "population": population,
            "judged": int((look != reading.WAITING).sum()),
            "missing": int(audit.missed.sum()),
        },
        "waiting": [ids[at] for at in audit.waiting.tolist()],
        "estimate": _estimate(audit),
        "target": {
            "share": target.share,
            "confidence": target.confidence,
            **asdict(target.distance),
        },
    }


def _estimate(audit: OpenedObjectAudit) -> dict[str, Any] | None:
    labels, unclear = audit.of_labels(), audit.unclear()
    candidates, others = audit.of_candidates(), audit.without_candidate()
    if labels is None and others is None:
        return None
    open_rows = audit.record.open_rows
    known = int((open_rows & audit.is_candidate).sum())
    all_labels = int(open_rows.sum()) - known
    draw = audit.record.image_draw
    images = 0 if draw is None else int(draw.population.sum())
    return {
        "labels": _of(labels, f"of {all_labels:,} labels that were open at the draw"),
        "kinds": {
            name: _of(audit.of_labels(name), f"of {all_labels:,} labels that were open at the draw")
            for name in OF_LABELS
        },
        "missing": {
            "candidates": _of(
                candidates, f"of {known:,} missing objects that detectors proposed, the candidates"
            ),
            "without_candidate": _of(
                others, f"objects in {images:,} whole images that no detector proposed"
            ),
        },
        "unclear": None if unclear is None else asdict(unclear),
        "parts": [
            {
                "label": _name(audit, part.label, NO_LABEL),
                "prediction": part.prediction and _name(audit, part.prediction, NOTHING),
                "judged": part.judged,
                "left": asdict(part.left),
            }
            for part in audit.parts()
        ],
    }


def _of(found: Left | None, what: str) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"left": asdict(found.left), "at_draw": asdict(found.at_draw), "of": what}


def _name(audit: OpenedObjectAudit, label: int | None, nothing: str) -> str | None:
    classes = audit.iteration.classes
    return None if label is None else classes[label] if label < len(classes) else nothing


def summary_of_objects(result: Mapping[str, Any]) -> str:
    """One sentence on an audit of objects."""
    known, waiting = result["estimate"], len(result["waiting"])
    rest = f"{waiting:,} places of the audit wait for a verdict"
    if known is None:
        return f"Audit {result['number']}: {rest}"
    told = [
        f"{_range(found)} {what}"
        for found, what in (
            (known["labels"], "wrong, spurious or badly placed labels"),
            (known["missing"]["candidates"], "missing objects among the candidates"),
            (known["missing"]["without_candidate"], "missing objects that are no candidates"),
        )
        if found is not None
    ]
    text = "Left, with 95 % intervals: " + "; ".join(told)
    return f"{text}; {rest}" if waiting else text


def _range(found: Mapping[str, Any]) -> str:
    point, low, high = Interval(**found["left"]).whole
    return f"about {point:,} ({low:,} to {high:,})"
