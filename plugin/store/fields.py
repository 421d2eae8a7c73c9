"""Reading and writing the fields of samples; the only file that does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import fiftyone as fo
import fiftyone.core.media as fom
import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..documents import value_at
from ..errors import InputError
from ..prefetch import prefetched
from ..progress import Report
from ..scoring.iies import iies
from .iterations import Iteration, pack_ids, unpack_ids
from .runs import Run
from .samples import Collection, Dataset, catch_up, reload_held, samples_of, writing

READ_CHUNK = 5_000
WRITE_CHUNK = 500
WRITERS = 4
IDS_A_QUERY = 100_000
DRAWING_SEED = 51

FIELDS: dict[str, str] = {
    "prediction": "The class that the classifier of the run's last iteration gives the sample",
    "iies": "Instance Interpretation Error Score: (max p + 1 - p[label]) / 2",
    "cies": "Class Interpretation Error Score: open samples with this label and prediction",
    "suspicion": "Log-odds margin of the best other class over the label; positive is suspect",
    "ses": "Similarity Error Score: the highest SSIM with another image, where one is similar",
    "duplicates": "The ids of the samples that are near-duplicates of this one",
    "decision": "The decision that stands on the sample; none while it is open",
}
"""Fields that a run writes, without their prefix, and what they hold."""

LATER_FIELDS: dict[str, str] = {
    "disagreement": "Share of the sample's nearest neighbours that carry another label",
    "importance": "Coreset importance of the sample within its class; 1 is the average",
    "cleanlab_score": "cleanlab's label quality: the probability of the label; low is suspect",
    "cleanlab_issue": "Whether cleanlab's filter reports the label",
}
"""Numbers, and yes or no, that a run writes once they are asked for."""

YES_OR_NO = ("cleanlab_issue",)
"""Those of ``LATER_FIELDS`` that are true or false."""

OBJECT_FIELDS: dict[str, str] = {
    "errors": "How many of the image's objects are suspect: their suspicion is positive",
    "missing": "Objects that detectors see and no label covers, the most suspect first",
}
"""Fields that a run on objects writes beside ``suspicion``."""

OBJECT_ATTRIBUTES: dict[str, str] = {
    "suspicion": "Log-odds that the object's label is wrong in its likeliest way",
    "iies": "Instance Interpretation Error Score over the classes and nothing",
    "prediction": "The class that the detectors see there, or that there is nothing",
    "iou": "Overlap of the label with what the detectors see there; 0 where they see nothing",
    "kind": "How the label is wrong if it is: class, spurious or placement",
    "decision": "The decision that stands on the object; none while it is open",
}
"""Attributes of labels that a run on objects writes."""

TAG_FIELDS: dict[str, str] = {
    "errors": "How many of the image's tags, missing ones included, are suspect",
    "missing": "Tags that the image may lack, the most suspect first",
}
"""Fields that a run on tags writes beside ``suspicion``; named as those on objects are."""

TAG_ATTRIBUTES: dict[str, str] = {
    "suspicion": "Log-odds that the image should not have the tag",
    "iies": "Instance Interpretation Error Score over the tag and nothing",
    "kind": "How the tag is wrong if it is: spurious",
}
"""Attributes of tags that a run on them writes; a part of those on objects."""

OWN_FIELDS = (*FIELDS, *LATER_FIELDS, *OBJECT_FIELDS)
"""Every field that belongs to a run once it exists, without its prefix."""

_TYPES: dict[str, Any] = {
    "prediction": fo.EmbeddedDocumentField,
    "iies": fo.FloatField,
    "cies": fo.IntField,
    "suspicion": fo.FloatField,
    "ses": fo.FloatField,
    "duplicates": fo.ListField,
    "decision": fo.StringField,
    "errors": fo.IntField,
    "missing": fo.EmbeddedDocumentField,
}


def field_type(name: str) -> Any:
    """FiftyOne's type of one of ``OWN_FIELDS``."""
    return _TYPES.get(name, fo.BooleanField if name in YES_OR_NO else fo.FloatField)


def root_dataset(samples: Collection) -> Dataset:
    """The dataset that a view belongs to, or the dataset itself."""
    return samples._root_dataset


def is_view(samples: Collection) -> bool:
    """Whether a collection is a view."""
    return isinstance(samples, fo.DatasetView)


def check_images(samples: Collection) -> None:
    """Raise InputError unless the collection holds images, one sample each."""
    name = root_dataset(samples).name
    if is_view(samples) and samples._is_generated:
        raise InputError(
            f"The view on dataset '{name}' holds patches, clips or frames. Label errors are found "
            "on whole samples: pass the dataset, or a view that selects samples of it."
        )
    if len(samples) == 0:
        what = "view on dataset" if is_view(samples) else "dataset"
        raise InputError(f"The {what} '{name}' is empty; expected labelled images.")
    if samples.media_type != fom.IMAGE:
        slices = ", ".join(image_slices(samples)) or "it has none"
        hint = (
            f" Name one of its slices of images ({slices})"
            " as group_slice, or pass a view: dataset.select_group_slices('...')."
            if samples.media_type == fom.GROUP
            else ""
        )
        raise InputError(
            f"Dataset '{name}' holds media of type '{samples.media_type}'; expected images.{hint}"
        )


def image_slices(samples: Collection) -> list[str]:
    """The slices of a grouped collection that hold images, its default one first."""
    if samples.media_type != fom.GROUP:
        return []
    dataset = root_dataset(samples)
    names = [k for k, kind in samples.group_media_types.items() if kind == fom.IMAGE]
    return sorted(names, key=lambda name: (name != dataset.default_group_slice, name))


def slice_of(samples: Collection, group_slice: str | None) -> Collection:
    """The samples of one slice of a grouped collection; all samples where none is named.

    Raises:
        InputError: if the collection is not grouped, or has no such slice of images
    """
    if group_slice is None:
        return samples
    names = image_slices(samples)
    if group_slice not in names:
        name = root_dataset(samples).name
        what = f"its slices of images are {', '.join(names)}" if names else "it has no image slices"
        raise InputError(
            f"group_slice: expected a slice of images of dataset '{name}', got {group_slice!r}; "
            f"{what}."
        )
    return samples.select_group_slices(group_slice)


def check_classification(dataset: Dataset, field: str, option: str) -> None:
    """Raise InputError unless ``field`` is a ``Classification`` field of the dataset."""
    schema = dataset.get_field_schema()
    found = schema.get(field)
    kind = getattr(found, "document_type", None)
    if kind is fo.Classification:
        return
    usable = [
        k for k, f in schema.items() if getattr(f, "document_type", None) is fo.Classification
    ]
    what = "does not exist" if found is None else f"is of type {_type_name(found)}"
    raise InputError(
        f"{option}: field '{field}' of dataset '{dataset.name}' {what}; expected a Classification "
        f"field (there are: {', '.join(usable) or 'none'})."
    )


def _type_name(field: Any) -> str:
    kind = getattr(field, "document_type", None)
    return kind.__name__ if kind is not None else type(field).__name__


def labels_of(samples: Collection, field: str) -> list[str]:
    """The distinct labels of a ``Classification`` field, sorted, empty ones left out.

    They are those that the dataset stores, whatever a view shows in their place.
    """
    collection = samples_of(root_dataset(samples))
    found: set[Any] = set()
    for selected in id_queries(samples):
        found.update(collection.distinct(f"{field}.label", selected))
    return sorted(v for v in found if v and isinstance(v, str))


def id_queries(samples: Collection) -> Iterator[dict[str, Any]]:
    """Queries on the stored documents that together select the samples of a collection."""
    if not (is_view(samples) and samples._all_stages):
        yield {}
        return
    ids = samples.values("_id")
    for start in range(0, len(ids), IDS_A_QUERY):
        yield {"_id": {"$in": ids[start : start + IDS_A_QUERY]}}


def read_documents(
    samples: Collection, projection: Sequence[str], chunk: int = READ_CHUNK
) -> Iterator[list[dict[str, Any]]]:
    """The stored documents of the samples, some of their fields only, a chunk at a time.

    Raw documents are about ten times as fast to read as samples, and memory does not grow with
    the dataset.
    """
    collection = samples_of(root_dataset(samples))
    wanted = dict.fromkeys(projection, 1) or {"_id": 1}
    if is_view(samples) and samples._all_stages:
        ids = list(dict.fromkeys(samples.values("_id")))  # a view may hold a sample twice
        for start in range(0, len(ids), chunk):
            part = ids[start : start + chunk]
            found = {d["_id"]: d for d in collection.find({"_id": {"$in": part}}, wanted)}
            yield [found[i] for i in part if i in found]
        return
    yield from prefetched(_chunks(collection.find({}, wanted).batch_size(chunk), chunk))


def draw_documents(
    samples: Collection, projection: Sequence[str], most: int, having: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The stored documents of all samples, or of ``most`` of them, drawn at random.

    Where not all are taken, they are drawn among those that have one of the fields ``having``.
    """
    collection = samples_of(root_dataset(samples))
    wanted = dict.fromkeys(projection, 1) or {"_id": 1}
    there = {"$or": [{name: {"$ne": None}} for name in having]} if having else {}
    if is_view(samples) and samples._all_stages:
        ids: Any = list(dict.fromkeys(samples.values("_id")))
        if len(ids) > most:
            found = [
                document["_id"]
                for start in range(0, len(ids), IDS_A_QUERY)
                for document in collection.find(
                    {"_id": {"$in": ids[start : start + IDS_A_QUERY]}, **there}, {"_id": 1}
                )
            ]
            chosen = np.random.default_rng(DRAWING_SEED).permutation(len(found))[:most]
            ids = [found[i] for i in np.sort(chosen)]
        return list(collection.find({"_id": {"$in": ids}}, wanted))
    if len(samples) <= most:
        return list(collection.find({}, wanted))
    stages = [{"$match": there}, {"$project": wanted}, {"$sample": {"size": most}}]
    found = collection.aggregate(stages, allowDiskUse=True)
    return list({document["_id"]: document for document in found}.values())


def _chunks(documents: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    remaining = iter(documents)
    while part := list(islice(remaining, size)):
        yield part


def label_values(run: Run, sample_ids: Sequence[str]) -> dict[str, Any]:
    """The labels that samples carry now, by sample id; those that are gone are left out."""
    collection = samples_of(run.dataset)
    path = f"{run.label_field}.label"
    found: dict[str, Any] = {}
    for start in range(0, len(sample_ids), IDS_A_QUERY):
        part = [ObjectId(i) for i in sample_ids[start : start + IDS_A_QUERY]]
        for document in collection.find({"_id": {"$in": part}}, {path: 1}):
            found[str(document["_id"])] = value_at(document, path)
    return found


def declare_fields(run: Run) -> None:
    """Declare the run's fields on the dataset and show them in a sidebar group of their own."""
    dataset = run.dataset
    catch_up(dataset)
    schema = dataset.get_field_schema()
    for name, description in FIELDS.items():
        if run.field(name) in schema:
            continue
        options: dict[str, Any] = {"description": description}
        if name == "prediction":
            options["embedded_doc_type"] = fo.Classification
        if name == "duplicates":
            options["subfield"] = fo.StringField
        dataset.add_sample_field(run.field(name), _TYPES[name], **options)
    group_in_sidebar(run)


def group_in_sidebar(run: Run) -> None:
    """Show the run's fields in a sidebar group of their own."""
    config = run.dataset.app_config
    groups: Any = config.sidebar_groups or fo.DatasetAppConfig.default_sidebar_groups(run.dataset)
    ours = [run.field(name) for name in OWN_FIELDS if run.dataset.has_field(run.field(name))]
    for group in groups:
        group.paths = [p for p in group.paths if p not in ours]
    groups = [g for g in groups if g.name != sidebar_group(run)]
    at = next((i for i, g in enumerate(groups) if g.name == "primitives"), len(groups))
    groups.insert(at, fo.SidebarGroupDocument(name=sidebar_group(run), paths=ours))
    config.sidebar_groups = groups
    run.dataset.save()


def sidebar_group(run: Run) -> str:
    """The name of the sidebar group that shows the run's fields."""
    return f"label errors ({run.key})"


def write_scores(
    run: Run, iteration: Iteration, open_count: npt.NDArray[np.int64], report: Report
) -> None:
    """Write an iteration's scores onto the samples.

    One update command sets a whole chunk: the server looks each sample's values up in a literal
    array, which is about twice as fast as one update a sample.

    Args:
        run: the run
        iteration: what to write
        open_count: int64 (m,), CIES of each of the iteration's cells over open samples
        report: told how far it is
    """
    declare_fields(run)
    now = datetime.now(UTC).replace(tzinfo=None)
    values = _Values(iteration, open_count)
    scores = [run.field(name) for name in ("suspicion", "prediction", "iies", "cies")]

    def write(start: int) -> int:
        ids, stored = values.part(start, start + WRITE_CHUNK)
        update = _set_from_list(run, ids, stored, now)
        samples_of(run.dataset).update_many({"_id": {"$in": ids}}, update)
        return len(ids)

    done = 0
    with writing(run.dataset, *scores), ThreadPoolExecutor(WRITERS) as pool:
        for written in pool.map(write, range(0, iteration.samples, WRITE_CHUNK)):
            done += written
            report(done / iteration.samples, "Writing scores onto the samples")
    if iteration.number > 1:
        # scores of an earlier iteration, on samples that this one left out
        _take_off(run, scores, iteration.column("id_sorted"), now)
    run.mark_fields_written(iteration, _milliseconds(now))
    reload_held(run.dataset)


class _Values:
    """What is written onto each sample, in the order of sample ids.

    Neighbours in that order lie side by side on the server's disk: writing in it is half again as
    fast as in the order of rows.
    """

    def __init__(self, iteration: Iteration, open_count: npt.NDArray[np.int64]):
        self._classes = iteration.classes
        self._ids = iteration.column("id_sorted")
        self._rows = iteration.column("id_row")
        self._cells = iteration.cells.start
        self._open = open_count
        self._prediction = iteration.column("prediction")
        self._p_max = iteration.column("p_max")
        self._p_label = iteration.column("p_label")
        self._suspicion = iteration.column("suspicion")

    def part(self, start: int, stop: int) -> tuple[list[ObjectId], list[list[Any]]]:
        ids = [ObjectId(i) for i in unpack_ids(self._ids[start:stop])]
        rows = self._rows[start:stop]
        cies = self._open[np.searchsorted(self._cells, rows, side="right") - 1]
        values = zip(
            [ObjectId() for _ in ids],
            [self._classes[i] for i in self._prediction[rows]],
            self._p_max[rows].tolist(),
            iies(self._p_max[rows], self._p_label[rows]).tolist(),
            cies.tolist(),
            self._suspicion[rows].tolist(),
            strict=True,
        )
        return ids, [list(v) for v in values]


def _set_from_list(
    run: Run, ids: list[ObjectId], values: list[list[Any]], now: datetime
) -> list[dict[str, Any]]:
    mine = "_deconfuse"
    found = {"$indexOfArray": [{"$literal": ids}, "$_id"]}

    def item(i: int) -> dict[str, Any]:
        return {"$arrayElemAt": [f"${mine}", i]}

    is_open = {"$eq": [{"$ifNull": [f"${run.field('decision')}", None]}, None]}
    return [
        {"$set": {mine: {"$arrayElemAt": [{"$literal": values}, found]}}},
        {
            "$set": {
                run.field("prediction"): {
                    "_id": item(0),
                    "_cls": "Classification",
                    "tags": [],
                    "label": item(1),
                    "confidence": item(2),
                    "logits": None,
                },
                run.field("iies"): item(3),
                run.field("cies"): {"$cond": [is_open, item(4), None]},
                run.field("suspicion"): item(5),
                "last_modified_at": now,
            }
        },
        {"$unset": mine},
    ]


def write_numbers(
    run: Run,
    name: str,
    sample_ids: npt.NDArray[np.bytes_],
    values: npt.NDArray[np.floating[Any]],
    report: Report,
    *,
    others: bool = True,
) -> None:
    """Write one of ``LATER_FIELDS`` onto samples, and take it off all others.

    Args:
        run: the run
        name: the field, without its prefix
        sample_ids: S12 (n,), as ``iterations.pack_ids`` gives them
        values: float (n,); NaN for none
        report: told how far it is
        others: whether it is taken off other samples
    """
    field = run.field(name)
    catch_up(run.dataset)
    if not run.dataset.has_field(field):
        run.dataset.add_sample_field(field, field_type(name), description=LATER_FIELDS[name])
        group_in_sidebar(run)
    now = datetime.now(UTC).replace(tzinfo=None)
    order = np.argsort(sample_ids, kind="stable")
    stored = bool if name in YES_OR_NO else float

    def write(start: int) -> int:
        rows = order[start : start + WRITE_CHUNK]
        ids = [ObjectId(i) for i in unpack_ids(sample_ids[rows])]
        numbers = [None if np.isnan(v) else stored(v) for v in values[rows]]
        place = {"$indexOfArray": [{"$literal": ids}, "$_id"]}
        value = {"$arrayElemAt": [{"$literal": numbers}, place]}
        samples_of(run.dataset).update_many(
            {"_id": {"$in": ids}}, [{"$set": {field: value, "last_modified_at": now}}]
        )
        return len(ids)

    done = 0
    with writing(run.dataset, field), ThreadPoolExecutor(WRITERS) as pool:
        for written in pool.map(write, range(0, len(order), WRITE_CHUNK)):
            done += written
            report(done / len(order), f"Writing {name} onto the samples")
    if others:
        _take_off(run, [field], sample_ids, now)
    reload_held(run.dataset)


def _take_off(
    run: Run, fields: Sequence[str], sample_ids: npt.NDArray[np.bytes_], now: datetime
) -> None:
    """Empty fields on all samples but the given ones, where the first of them is not empty.

    By id, not by when a sample was changed last: clocks differ, and others write meanwhile.
    """
    collection = samples_of(run.dataset)
    holders = [d["_id"] for d in collection.find({fields[0]: {"$ne": None}}, {"_id": 1})]
    other = ~np.isin(pack_ids([str(i) for i in holders]), sample_ids)
    stale = [holders[i] for i in np.flatnonzero(other).tolist()]
    for start in range(0, len(stale), IDS_A_QUERY):
        part = stale[start : start + IDS_A_QUERY]
        emptied = {**dict.fromkeys(fields), "last_modified_at": now}
        with writing(run.dataset, *fields):
            collection.update_many({"_id": {"$in": part}}, {"$set": emptied})


def _milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
