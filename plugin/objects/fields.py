"""What a run on objects writes onto samples: attributes of labels, candidates, and two numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId

from ..arrays import BoolArray
from ..progress import Report
from ..scoring.iies import iies
from ..store.fields import OBJECT_ATTRIBUTES, OBJECT_FIELDS
from ..store.iterations import unpack_ids
from ..store.label_sets import BOXES, ImageScores, LabelSet
from ..store.runs import Run
from .known import KnownDecisions
from .store import IMAGES, Columns

NOTHING = "(nothing there)"
"""The prediction where the detectors see nothing."""

SCORES = tuple(name for name in OBJECT_ATTRIBUTES if name != "decision")
"""The attributes that an iteration writes; what was decided stays on the labels."""


def _onto(run: Run) -> LabelSet:
    return LabelSet(run, BOXES, SCORES, ("suspicion", *OBJECT_FIELDS))


def declare_object_fields(run: Run) -> None:
    """Declare the run's fields and the attributes of its labels."""
    lacking, highest = (
        OBJECT_ATTRIBUTES["suspicion"],
        "The highest suspicion of the image's objects",
    )
    _onto(run).declare(fo.Detections, OBJECT_FIELDS, OBJECT_ATTRIBUTES, lacking, highest)


def write_object_fields(
    run: Run, columns: Columns, classes: Sequence[str], kinds: Sequence[str], report: Report
) -> None:
    """Write an iteration onto the samples, and take an earlier one off those that it left out.

    Args:
        run: the run
        columns: what is kept of the iteration
        classes: the class names
        kinds: the names of the kinds of errors
        report: told how far it is
    """
    declare_object_fields(run)
    known = KnownDecisions(run)
    decided = known.decided(columns, classes)
    reopened = known.reopened(columns, decided)
    scored = _scored(run, columns, classes, kinds, decided, reopened)
    _onto(run).write(columns[IMAGES], scored, "Writing scores onto the objects", report)


def _scored(
    run: Run,
    columns: Columns,
    classes: Sequence[str],
    kinds: Sequence[str],
    decided: BoolArray,
    reopened: BoolArray,
) -> Iterator[ImageScores]:
    """What is written onto each judged image, in their order; decided items are no suspects."""
    opened = {run.field("decision"): None}
    twice = _overlap_of_doubles(columns)
    order = np.argsort(columns["sample_id"], kind="stable")
    ids = columns["sample_id"][order]
    names = [*classes, NOTHING]
    for image in columns[IMAGES]:
        rows = order[np.searchsorted(ids, image) : np.searchsorted(ids, image, "right")]
        candidate = columns["label"][rows] == len(classes)
        labels, missing = rows[~candidate], rows[candidate]
        missing = missing[~decided[missing]]
        missing = missing[np.argsort(-columns["suspicion"][missing], kind="stable")]
        suspicion = columns["suspicion"][rows[~decided[rows]]]
        values = {
            run.field("suspicion"): float(suspicion.max()) if len(suspicion) else None,
            run.field("errors"): int((suspicion > 0).sum()),
            run.field("missing"): {
                "_cls": "Detections",
                "detections": [_candidate(run, columns, row, names) for row in missing],
            },
        }
        found = [
            _attributes(run, columns, row, names, kinds)
            | {run.field("ses"): twice.get(bytes(columns["item_id"][row]))}
            | (opened if reopened[row] else {})
            for row in labels
        ]
        of_label = [ObjectId(i) for i in unpack_ids(columns["item_id"][labels])]
        yield ImageScores(of_label, found, values)


def _overlap_of_doubles(columns: Columns) -> dict[bytes, float]:
    """By label that coincides with another one: the highest overlap."""
    found: dict[bytes, float] = {}
    if "double_iou" not in columns:  # an iteration from before pairs were kept
        return found
    for side in ("double_one", "double_other"):
        for name, iou in zip(columns[side].tolist(), columns["double_iou"].tolist(), strict=True):
            found[name] = max(found.get(name, 0.0), iou)
    return found


def _attributes(
    run: Run, columns: Columns, row: int, names: Sequence[str], kinds: Sequence[str]
) -> dict[str, Any]:
    score = iies(columns["p_max"][row], columns["p_label"][row])
    return {
        run.field("suspicion"): float(columns["suspicion"][row]),
        run.field("iies"): float(score),
        run.field("prediction"): names[columns["prediction"][row]],
        run.field("iou"): float(columns["iou"][row]),
        run.field("kind"): kinds[columns["kind"][row]],
    }


def _candidate(run: Run, columns: Columns, row: int, names: Sequence[str]) -> dict[str, Any]:
    best = columns["top_class"][row]
    return {
        "_id": ObjectId(unpack_ids(columns["item_id"][row : row + 1])[0]),
        "_cls": "Detection",
        "attributes": {},
        "tags": [],
        "label": names[next(int(c) for c in best if c < len(names) - 1)],
        "bounding_box": columns["box"][row].astype(float).tolist(),
        "confidence": float(columns["confidence"][row]),
        run.field("suspicion"): float(columns["suspicion"][row]),
    }
