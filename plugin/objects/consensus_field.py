"""What people agree on as ``Detections`` on the samples."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..progress import Report
from ..store.fields import VOTE_FIELDS, group_in_sidebar
from ..store.iterations import pack_ids
from ..store.runs import Run
from ..store.samples import catch_up
from ..store.write_fields import write_values
from .voted_objects import Agreed

FIELD = "consensus"


def write_consensus(
    run: Run,
    agreed: Agreed | None,
    images: npt.NDArray[np.bytes_],
    classes: tuple[str, ...],
    report: Report,
) -> None:
    """Write the objects that people agree on; take them off where there are no votes.

    Args:
        run: the run
        agreed: the objects, None without votes
        images: S12 (m,), the samples that were judged, those without an object included
        classes: the names of the classes
        report: told of progress
    """
    if agreed is None:
        if run.dataset.has_field(run.field(FIELD)):
            write_values(run, FIELD, pack_ids([]), lambda rows: [], report)
        return
    _declare(run)
    order = np.argsort(agreed.sample_id, kind="stable")
    ids = agreed.sample_id[order]

    def of_rows(rows: npt.NDArray[np.int64]) -> list[Any]:
        values = []
        for image in images[rows]:
            first, stop = np.searchsorted(ids, image), np.searchsorted(ids, image, "right")
            found = [_detection(agreed, at, classes) for at in order[first:stop].tolist()]
            values.append({"_cls": "Detections", "detections": found})
        return values

    write_values(run, FIELD, images, of_rows, report)


def _detection(agreed: Agreed, at: int, classes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "_id": ObjectId(),
        "_cls": "Detection",
        "attributes": {},
        "tags": [],
        "label": classes[int(agreed.label[at])],
        "bounding_box": agreed.box[at].astype(float).tolist(),
        "confidence": float(agreed.confidence[at]),
    }


def _declare(run: Run) -> None:
    catch_up(run.dataset)
    if run.dataset.has_field(run.field(FIELD)):
        return
    run.dataset.add_sample_field(
        run.field(FIELD),
        fo.EmbeddedDocumentField,
        embedded_doc_type=fo.Detections,
        description=VOTE_FIELDS[FIELD],
    )
    group_in_sidebar(run)
