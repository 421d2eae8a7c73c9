"""The consensus as a field on the samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fiftyone as fo
import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..progress import Report
from ..store.fields import VOTE_FIELDS, group_in_sidebar
from ..store.iterations import Iteration, pack_ids
from ..store.runs import Run
from ..store.samples import catch_up
from ..store.write_fields import write_values

FIELD = "consensus"


def write_consensus(run: Run, iteration: Iteration, report: Report) -> None:
    """Write what votes and model together say of each sample; take it off where there are no votes.

    The labels are never touched.
    """
    if iteration.document.get("votes"):
        _declare(run)
        write_values(run, FIELD, iteration.column("sample_id"), _said(iteration), report)
    elif run.dataset.has_field(run.field(FIELD)):
        write_values(run, FIELD, pack_ids([]), _said(iteration), report)


def _said(iteration: Iteration) -> Callable[[npt.NDArray[np.int64]], list[Any]]:
    """The classifications of rows, as they are stored."""
    prediction, p_max = iteration.column("prediction"), iteration.column("p_max")

    def of_rows(rows: npt.NDArray[np.int64]) -> list[Any]:
        return [
            {
                "_id": ObjectId(),
                "_cls": "Classification",
                "tags": [],
                "label": iteration.classes[c],
                "confidence": p,
                "logits": None,
            }
            for c, p in zip(prediction[rows].tolist(), p_max[rows].tolist(), strict=True)
        ]

    return of_rows


def _declare(run: Run) -> None:
    catch_up(run.dataset)
    if run.dataset.has_field(run.field(FIELD)):
        return
    run.dataset.add_sample_field(
        run.field(FIELD),
        fo.EmbeddedDocumentField,
        embedded_doc_type=fo.Classification,
        description=VOTE_FIELDS[FIELD],
    )
    group_in_sidebar(run)
