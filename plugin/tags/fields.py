"""What a run on tags writes onto samples: attributes of tags, missing ones, and two numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId

from ..arrays import BoolArray
from ..objects.known import KnownDecisions
from ..objects.store import IMAGES, Columns
from ..progress import Report
from ..scoring.iies import iies
from ..store.fields import TAG_ATTRIBUTES, TAG_FIELDS
from ..store.iterations import unpack_ids
from ..store.label_sets import ImageScores, LabelSet
from ..store.runs import Run
from .labels import LIST


def _onto(run: Run) -> LabelSet:
    return LabelSet(run, LIST, tuple(TAG_ATTRIBUTES), ("suspicion", *TAG_FIELDS))


def declare_tag_fields(run: Run) -> None:
    """Declare the run's fields and the attributes of its tags."""
    lacking = "Log-odds that the image lacks the tag"
    highest = "The highest suspicion of the image's tags"
    _onto(run).declare(fo.Classifications, TAG_FIELDS, TAG_ATTRIBUTES, lacking, highest)


def write_tag_fields(
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
    declare_tag_fields(run)
    known = KnownDecisions(run)
    decided = known.decided(columns, classes)
    scored = _scored(run, columns, classes, kinds, decided, known.reopened(columns, decided))
    _onto(run).write(columns[IMAGES], scored, "Writing scores onto the tags", report)


def _scored(
    run: Run,
    columns: Columns,
    classes: Sequence[str],
    kinds: Sequence[str],
    decided: BoolArray,
    reopened: BoolArray,
) -> Iterator[ImageScores]:
    """What is written onto each judged image, in their order; decided tags are no suspects."""
    order = np.argsort(columns["sample_id"], kind="stable")
    ids = columns["sample_id"][order]
    first = np.searchsorted(ids, columns[IMAGES])
    stop = np.searchsorted(ids, columns[IMAGES], "right")
    score = iies(columns["p_max"], columns["p_label"])
    for a, b in zip(first.tolist(), stop.tolist(), strict=True):
        rows = order[a:b]
        lacking = columns["label"][rows] == len(classes)
        labels, missing = rows[~lacking], rows[lacking & ~decided[rows]]
        missing = missing[np.argsort(-columns["suspicion"][missing], kind="stable")]
        suspicion = columns["suspicion"][rows[~decided[rows]]]
        values = {
            run.field("suspicion"): float(suspicion.max()) if len(suspicion) else None,
            run.field("errors"): int((suspicion > 0).sum()),
            run.field("missing"): {
                "_cls": "Classifications",
                LIST: [_missing(run, columns, row, classes) for row in missing.tolist()],
                "logits": None,
            },
        }
        found = [
            {
                run.field("suspicion"): float(columns["suspicion"][row]),
                run.field("iies"): float(score[row]),
                run.field("kind"): kinds[int(columns["kind"][row])],
                **({run.field("decision"): None} if reopened[row] else {}),
            }
            for row in labels.tolist()
        ]
        of_label = [ObjectId(i) for i in unpack_ids(columns["item_id"][labels])]
        yield ImageScores(of_label, found, values)


def _missing(run: Run, columns: Columns, row: int, classes: Sequence[str]) -> dict[str, Any]:
    tag = next(int(c) for c in columns["top_class"][row] if c < len(classes))
    return {
        "_id": ObjectId(unpack_ids(columns["item_id"][row : row + 1])[0]),
        "_cls": "Classification",
        "tags": [],
        "label": classes[tag],
        "confidence": float(columns["confidence"][row]),
        "logits": None,
        run.field("suspicion"): float(columns["suspicion"][row]),
    }
