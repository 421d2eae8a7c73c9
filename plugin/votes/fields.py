"""The consensus as a field on the samples."""

from __future__ import annotations

from datetime import UTC, datetime

import fiftyone as fo
import numpy as np
from bson import ObjectId

from ..progress import Report
from ..store.fields import VOTE_FIELDS, group_in_sidebar
from ..store.iterations import Iteration, unpack_ids
from ..store.runs import Run
from ..store.samples import catch_up, reload_held, samples_of, writing

FIELD = "consensus"
WRITE_CHUNK = 500


def write_consensus(run: Run, iteration: Iteration, report: Report) -> None:
    """Write what votes and model together say of each sample; take it off where there are no votes.

    The labels are never touched.
    """
    name = run.field(FIELD)
    if not iteration.document.get("votes"):
        if run.dataset.has_field(name):
            with writing(run.dataset, name):
                samples_of(run.dataset).update_many({name: {"$ne": None}}, {"$set": {name: None}})
            reload_held(run.dataset)
        return
    catch_up(run.dataset)
    if not run.dataset.has_field(name):
        run.dataset.add_sample_field(
            name,
            fo.EmbeddedDocumentField,
            embedded_doc_type=fo.Classification,
            description=VOTE_FIELDS[FIELD],
        )
        group_in_sidebar(run)
    now = datetime.now(UTC).replace(tzinfo=None)
    ids, rows = iteration.column("id_sorted"), iteration.column("id_row")
    prediction = iteration.column("prediction")
    p_max = np.asarray(iteration.column("p_max"), np.float64)
    with writing(run.dataset, name):
        for start in range(0, iteration.samples, WRITE_CHUNK):
            part = [ObjectId(i) for i in unpack_ids(ids[start : start + WRITE_CHUNK])]
            mine = rows[start : start + WRITE_CHUNK]
            values = [
                {
                    "_id": ObjectId(),
                    "_cls": "Classification",
                    "tags": [],
                    "label": iteration.classes[c],
                    "confidence": float(p),
                    "logits": None,
                }
                for c, p in zip(prediction[mine], p_max[mine], strict=True)
            ]
            place = {"$indexOfArray": [{"$literal": part}, "$_id"]}
            value = {"$arrayElemAt": [{"$literal": values}, place]}
            samples_of(run.dataset).update_many(
                {"_id": {"$in": part}}, [{"$set": {name: value, "last_modified_at": now}}]
            )
            report((start + len(part)) / iteration.samples, "Writing the consensus")
    _take_off_others(run, name, ids, now)
    reload_held(run.dataset)


def _take_off_others(run: Run, name: str, ids: np.ndarray, now: datetime) -> None:
    """Empty the field on samples that this iteration left out."""
    collection = samples_of(run.dataset)
    judged = {ObjectId(i) for i in unpack_ids(ids)}
    holders = [d["_id"] for d in collection.find({name: {"$ne": None}}, {"_id": 1})]
    stale = [i for i in holders if i not in judged]
    if stale:
        with writing(run.dataset, name):
            collection.update_many(
                {"_id": {"$in": stale}}, {"$set": {name: None, "last_modified_at": now}}
            )
