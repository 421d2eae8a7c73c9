"""On which sample each object is that something is to be done to."""

from __future__ import annotations

from collections.abc import Sequence

from bson import ObjectId

from ..decisions.journal import ITEM, chunked, heads
from ..decisions.object_changes import by_id, labels_in
from ..errors import InputError
from ..store.label_sets import list_of
from ..store.runs import Run
from ..store.samples import samples_of
from .items import KnownItems
from .request import ObjectRequest


def find_samples(
    run: Run, request: ObjectRequest, items: KnownItems | None
) -> dict[ObjectId, ObjectId]:
    """The sample of each item of a request that is found.

    By the iteration, by what the request tells, by the samples themselves, or by the journal.

    Raises:
        InputError: if an id is that of several labels
    """
    wanted = request.items
    found = dict[ObjectId, ObjectId]()
    found |= {ObjectId(i): told.sample_id for i, told in request.told.items()}
    if items is not None and len(items):
        texts = [str(i) for i in wanted]
        items.check_unique(texts)
        rows = items.rows_of(texts)
        for item, row in zip(wanted, rows.tolist(), strict=True):
            if row >= 0:
                found[item] = items.sample_of(row)
    for part in chunked([i for i in wanted if i not in found]):
        for name in (run.label_field, run.field("missing")):
            path = f"{name}.{list_of(run)}._id"
            for document in samples_of(run.dataset).find({path: {"$in": list(part)}}, {path: 1}):
                for item in by_id(labels_in(document, name)):
                    _note(found, item, document["_id"], part)
        gone = [i for i in part if i not in found]
        found |= (
            {i: head["sample_id"] for i, head in heads(run, gone, ITEM).items()} if gone else {}
        )
    return found


def _note(
    found: dict[ObjectId, ObjectId], item: ObjectId, sample: ObjectId, wanted: Sequence[ObjectId]
) -> None:
    if item not in wanted:
        return
    if found.setdefault(item, sample) != sample:
        raise InputError(
            f"label_ids: {item} is the id of labels of samples {found[item]} and {sample}. Give "
            "the labels ids of their own. Nothing was changed."
        )
