"""Which samples FiftyOne's current view holds, filters of the sidebar included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import fiftyone.operators as foo
from bson import ObjectId
from fiftyone.core.view import DatasetView

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


def _ids(ctx: foo.ExecutionContext, among: list[ObjectId] | None) -> set[ObjectId]:
    """Ids of the view's samples, of some or of all; of a view of patches, of their samples.

    Narrowing first is much faster, but changes what a view with ``limit`` or the like means.
    """
    try:
        view: Any = ctx.view
        pipeline = view._pipeline(detach_frames=True, detach_groups=True)
    except Exception as error:  # stages come from the client, and FiftyOne raises what it likes
        raise InputError(f"FiftyOne's current view cannot be made: {told(error)}") from error
    field = "_sample_id" if view._is_patches else "_id"
    narrowing = [] if among is None else [{"$match": {field: {"$in": among}}}]
    pointwise = all(set(stage) <= _POINTWISE for stage in pipeline)
    stages = [*narrowing, *pipeline] if pointwise else [*pipeline, *narrowing]
    cursor = samples_of(view._dataset).aggregate(
        [*stages, {"$project": {field: 1}}], allowDiskUse=True
    )
    return {document[field] for document in cursor}


_POINTWISE = {"$match", "$project", "$addFields", "$set", "$unset", "$sort"}
"""Stages that treat each sample by itself."""
