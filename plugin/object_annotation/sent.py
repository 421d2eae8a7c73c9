"""Objects that were sent to annotators, as they stood at that time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from bson import ObjectId

from ..annotation.store import sent_documents
from ..decisions.journal import ITEM, chunked, heads
from ..decisions.object_changes import box_of, by_id, class_of, labels_in
from ..errors import InputError
from ..objects.boxes import USABLE, within_image
from ..store.runs import Run
from ..store.samples import samples_of


@dataclass(frozen=True)
class SentObject:
    """An object as it was when it was sent, or an image without any.

    Attributes:
        sample_id: its image
        item_id: the label, or the missing object; None of an image without objects
        label: its class; of a missing object the one that is proposed
        box: as it is stored
        missing: whether it has no label yet
        asked: whether annotators are asked about it, so that leaving it as it is says something
        decision: the decision that stood on it, None where it was open
    """

    sample_id: ObjectId
    item_id: ObjectId | None
    label: str | None = None
    box: list[float] | None = None
    missing: bool = False
    asked: bool = False
    decision: ObjectId | None = None


def objects_as_they_stand(
    run: Run,
    sample_ids: Sequence[str],
    asked: Collection[ObjectId] | None,
    *,
    hints: bool,
    named: bool = True,
) -> list[SentObject]:
    """The objects of some samples as they stand, and each sample without any.

    Args:
        run: a run on objects
        sample_ids: the samples
        asked: the objects that annotators are asked about, None for all
        hints: whether missing objects that are suspect, or asked about, are sent as well
        named: whether each of ``asked`` was named; otherwise those that cannot be sent, such as
            missing objects without hints, are passed over, and their images are sent

    Raises:
        InputError: if a sample or its image is not there, or an object that is asked about and
            named is not on them
    """
    ids = [_object_id(i) for i in dict.fromkeys(sample_ids)]
    found: list[SentObject] = []
    there: set[ObjectId] = set()
    parts = {run.label_field: 1, run.field("missing"): 1, "filepath": 1}
    for part in chunked(ids):
        documents = {
            d["_id"]: d for d in samples_of(run.dataset).find({"_id": {"$in": list(part)}}, parts)
        }
        gone = [i for i in part if i not in documents]
        if gone:
            raise InputError(f"sample_ids: dataset '{run.dataset.name}' has no sample {gone[0]}")
        for i in part:
            path = documents[i]["filepath"]
            if not Path(path).is_file():
                raise InputError(f"The image of sample {i} is not there to be sent: {path}")
            found += _of_image(run, documents[i], asked, hints)
            there.add(i)
    items = [o.item_id for o in found if o.item_id is not None]
    lacking = set(asked or ()) - set(items)
    if lacking and named:
        raise InputError(
            f"label_ids: {min(lacking)} is no label of '{run.label_field}' whose box can be sent"
            f"{'' if hints else '; missing objects are sent with suggestion hint alone'}"
        )
    standing: dict[ObjectId, Any] = {}
    for part in chunked(items):
        standing |= {i: head["top_after"] for i, head in heads(run, part, ITEM).items()}
    return [replace(o, decision=standing.get(o.item_id or o.sample_id)) for o in found]


def _of_image(
    run: Run, document: Any, asked: Collection[ObjectId] | None, hints: bool
) -> list[SentObject]:
    sample, suspicion = document["_id"], run.field("suspicion")
    found: list[SentObject] = []
    for item, label in by_id(labels_in(document, run.label_field)).items():
        if class_of(label) is not None and _is_box(box_of(label)):
            wanted = asked is None or item in asked
            found.append(SentObject(sample, item, class_of(label), box_of(label), False, wanted))
    for item, one in by_id(labels_in(document, run.field("missing"))).items() if hints else ():
        wanted = item in asked if asked is not None else (one.get(suspicion) or 0) > 0
        if wanted and _is_box(box_of(one)):
            found.append(SentObject(sample, item, class_of(one), box_of(one), True, True))
    return found or [SentObject(sample, None)]


def kept_objects(run: Run, key: str) -> list[SentObject]:
    """What was sent in an annotation run."""
    names = SentObject.__dataclass_fields__
    return [SentObject(**{n: d[n] for n in names}) for d in sent_documents(run, key)]


def samples_of_labels(run: Run, label_ids: Iterable[str], *, named: bool = True) -> list[str]:
    """The samples that labels and missing objects are on, in the order of these.

    Args:
        run: a run on objects
        label_ids: of the objects
        named: whether each was named; otherwise those that are gone are passed over

    Raises:
        InputError: if one of the ids, named, is that of neither; or none is there
    """
    items = [_object_id(i, "label_ids") for i in dict.fromkeys(label_ids)]
    if not items:
        raise InputError("label_ids: no labels were given")
    sample: dict[ObjectId, ObjectId] = {}
    for part in chunked(items):
        wanted = set(part)
        for name in (run.label_field, run.field("missing")):
            query = {f"{name}.detections._id": {"$in": list(part)}}
            for document in samples_of(run.dataset).find(query, {f"{name}.detections._id": 1}):
                for item in by_id(labels_in(document, name)):
                    if item in wanted:
                        sample[item] = document["_id"]
    gone = [i for i in items if i not in sample]
    if gone and (named or not sample):
        raise InputError(
            f"label_ids: dataset '{run.dataset.name}' has no label or missing object {gone[0]} in "
            f"'{run.label_field}'"
        )
    return list(dict.fromkeys(str(sample[i]) for i in items if i in sample))


def _object_id(value: Any, option: str = "sample_ids") -> ObjectId:
    if not isinstance(value, str) or not ObjectId.is_valid(value):
        what = "sample" if option == "sample_ids" else "label"
        raise InputError(f"{option}: {value!r:.80} is not the id of a {what}")
    return ObjectId(value)


def _is_box(box: Any) -> bool:
    try:
        found = np.array([box], np.float64)
    except (TypeError, ValueError):
        return False
    return found.shape == (1, 4) and int(within_image(found)[1][0]) == USABLE
