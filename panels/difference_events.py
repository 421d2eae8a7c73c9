"""Answers about two images side by side, and where they differ."""

from __future__ import annotations

import base64
from typing import Any

import fiftyone.operators as foo

from ..plugin.duplicates.difference import difference_of, similarity
from ..plugin.duplicates.store import KeptDuplicates, load_duplicates
from ..plugin.images.decode import UnreadableImageError
from ..plugin.images.deep import Windows
from ..plugin.images.image_tasks import decode_to_compare
from . import events
from .opened import open_iteration
from .sample_documents import paths_of

LARGEST_PICTURE = 1_024
USUAL_SIDE = (64, 64)


def difference(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.DifferenceReply:
    """Two images side by side, and where they differ."""
    opened = open_iteration(ctx, request)
    rows = opened.rows([request.get("first"), request.get("second")], 2)
    size = max(16, min(LARGEST_PICTURE, int(request.get("size") or 256)))
    first, second = paths_of(opened, opened.ids(rows))
    windows = opened.windows
    try:
        found = difference_of(first, second, size, windows)
        ses = _ses(load_duplicates(opened.run), first, second, windows)
    except UnreadableImageError as error:
        return events.DifferenceReply(
            first="",
            second="",
            difference="",
            width=0,
            height=0,
            amplified=1.0,
            largest=0,
            ses=None,
            problem=str(error),
        )
    return events.DifferenceReply(
        first=_url(found.first),
        second=_url(found.second),
        difference=_url(found.difference),
        width=found.width,
        height=found.height,
        amplified=round(found.amplified, 2),
        largest=found.largest,
        ses=ses,
        problem="",
    )


def _ses(kept: KeptDuplicates | None, first: str, second: str, windows: Windows) -> float:
    """SSIM of two images, measured as find_duplicates does."""
    size = USUAL_SIDE if kept is None else tuple(kept.document["compared_at"])
    colour = kept is None or kept.document["colour"]
    if kept is not None:
        windows = {**windows, **kept.document.get("windows", {})}
    pair = [
        decode_to_compare(path, size, colour=colour, windows=windows) for path in (first, second)
    ]
    return round(similarity(*pair), 4)


def _url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
