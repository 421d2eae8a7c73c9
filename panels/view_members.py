"""Which samples and labels FiftyOne's current view holds, filters of the sidebar included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from bson import ObjectId
from fiftyone.core.view import DatasetView

from ..plugin.documents import value_at
from ..plugin.errors import InputError
from ..plugin.store.samples import samples_of
from .problems import told

SHOWN = "deconfuse-shown"
"""Marks the stage by which the panel shows samples in the grid; the browser takes it off again."""


def view_before(ctx: foo.ExecutionContext) -> Any:
    """The App's view without its filters, and without what the panel shows of it.

    From here on the context's view is without that as well.
    """
    stages = ctx.request_params.get("view") or []
    ctx.request_params["view"] = [
        stage for stage in stages if not (isinstance(stage, dict) and stage.get("_uuid") == SHOWN)
    ]
    try:
        if ctx.request_params.get("view_name") is not None:
            return ctx.dataset.load_saved_view(ctx.request_params["view_name"])
        return DatasetView._build(ctx.dataset, ctx.request_params["view"])
    except Exception as error:
        raise InputError(f"FiftyOne's current view cannot be made: {told(error)}") from error


def view_is_set(ctx: foo.ExecutionContext) -> bool:
    """Whether the App shows less than the whole dataset."""
    asked = ctx.request_params
    return any(asked.get(name) for name in ("view", "view_name", "filters", "extended"))


def members_of(ctx: foo.ExecutionContext, ids: Sequence[str]) -> set[str]:
    """Those of some samples that the view holds."""
    return {str(i) for i in _ids(ctx, [ObjectId(i) for i in ids])}


def all_members(ctx: foo.ExecutionContext) -> list[str]:
    """Every sample that the view holds."""
    return [str(i) for i in _ids(ctx, None)]


def label_members(
    ctx: foo.ExecutionContext, fields: Mapping[str, str], among: Sequence[str] | None = None
) -> tuple[list[str], dict[str, list[str] | None]]:
    """The samples that the view holds, and the labels of some fields where it narrows these.

    Args:
        ctx: whose view is meant
        fields: what the list of labels is called, by field: ``{"ground_truth": "detections"}``
        among: the samples that are looked at, None for all

    Returns:
        ids of samples; and by field ids of labels, None where each sample comes with all of its own
    """
    view, pipeline = _view_of(ctx)
    kinds = {field: _narrowing(view, pipeline, field) for field in fields}
    if view._is_patches and "patch" in kinds.values():  # of one field: it holds nothing of another
        kinds = {field: kind or "none" for field, kind in kinds.items()}
    paths = {
        field: f"{field}._id" if kind == "patch" else f"{field}.{fields[field]}._id"
        for field, kind in kinds.items()
        if kind in ("patch", "list")
    }
    if paths:  # which fields of a sample are shown narrows nothing
        pipeline = [stage for stage in pipeline if "$project" not in stage]
    ids = None if among is None else [ObjectId(i) for i in among]
    key, found = _read(view, pipeline, ids, paths.values())
    samples: set[ObjectId] = set()
    labels: dict[str, list[str] | None] = {
        field: None if kind is None else [] for field, kind in kinds.items()
    }
    for document in found:
        samples.add(document[key])
        for field, path in paths.items():
            held = value_at(document, path.removesuffix("._id"))
            one_or_many = held if isinstance(held, list) else [held] if held else []
            known = labels[field]
            assert known is not None
            known.extend(str(one["_id"]) for one in one_or_many)
    return [str(i) for i in samples], labels


def _narrowing(view: Any, pipeline: Sequence[Mapping[str, Any]], field: str) -> str | None:
    """How the view narrows the labels of a field: to patches, within its lists, or not at all."""
    if view._is_patches:
        there = view._dataset.get_field(field)
        if there is None:
            return None
        return "patch" if there.document_type in (fo.Detection, fo.Polyline) else "list"
    written = [name for stage in pipeline for name in _written(stage)]
    inside = any(name == field or name.startswith(f"{field}.") for name in written)
    return "list" if inside else None


def _written(stage: Mapping[str, Any]) -> list[str]:
    """The fields that a stage works out anew."""
    names = [*stage.get("$addFields", {}), *stage.get("$set", {})]
    return [name for name in names if not name.startswith("__")]


def _ids(ctx: foo.ExecutionContext, among: list[ObjectId] | None) -> set[ObjectId]:
    """Ids of the view's samples, of some or of all; of a view of patches, of their samples."""
    key, found = _read(*_view_of(ctx), among)
    return {document[key] for document in found}


def _view_of(ctx: foo.ExecutionContext) -> tuple[Any, list[dict[str, Any]]]:
    try:
        view: Any = ctx.view
        return view, view._pipeline(detach_frames=True, detach_groups=True)
    except Exception as error:  # stages come from the client, and FiftyOne raises what it likes
        raise InputError(f"FiftyOne's current view cannot be made: {told(error)}") from error


def _read(
    view: Any,
    pipeline: Sequence[Mapping[str, Any]],
    among: list[ObjectId] | None,
    paths: Iterable[str] = (),
) -> tuple[str, Iterable[dict[str, Any]]]:
    """Documents of the view with the id of their sample, whose name comes first, and ``paths``.

    Narrowing first is much faster, but changes what a view with ``limit`` or the like means.
    """
    key = "_sample_id" if view._is_patches else "_id"
    narrowing = [] if among is None else [{"$match": {key: {"$in": among}}}]
    pointwise = all(set(stage) <= _POINTWISE for stage in pipeline)
    stages = [*narrowing, *pipeline] if pointwise else [*pipeline, *narrowing]
    keep = {"$project": dict.fromkeys([key, *paths], 1)}
    return key, samples_of(view._dataset).aggregate([*stages, keep], allowDiskUse=True)


_POINTWISE = {"$match", "$project", "$addFields", "$set", "$unset", "$sort"}
"""Stages that treat each sample by itself."""
