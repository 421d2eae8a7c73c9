"""Answers with pictures: a page of a cell, thumbnails, samples in full."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt

from ..plugin.disk_cache import cache_folder
from ..plugin.duplicates.fields import split_rule
from ..plugin.errors import InputError
from ..plugin.images.crops import get_crops
from ..plugin.images.decode import UnreadableImageError
from ..plugin.images.thumbnails import Thumbnail, ThumbnailStore, make_sheet
from ..plugin.images.whole_picture import shown_by_browsers, whole_picture
from ..plugin.layout.grid import grid_shape, on_grid
from ..plugin.layout.projection import fitted, principal_components
from ..plugin.scoring.cells import HISTOGRAM_BINS
from ..plugin.scoring.iies import iies
from ..plugin.votes.kept import find_votes
from . import events
from .opened import Opened, open_iteration
from .opened_objects import OpenedObjects, open_any
from .sample_documents import documents_of, label_of, paths_of

MOST_ON_SCREEN = 2_000
FIRST_SHEET = 96
MOST_EDGE = 512
MOST_PIXELS = 2_000 * 256**2
"""Of a sheet: so many thumbnails of 256 pixels, fewer of larger ones."""
LARGEST_PREVIEW = 1_024
DELETED_WIDTH = -1
MOST_VOTES = 20


@lru_cache(maxsize=1)
def thumbnail_store() -> ThumbnailStore:
    """The store that all datasets of this user share."""
    return ThumbnailStore(cache_folder())


def cell(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.CellReply:
    """A page of a cell, with the thumbnails of its first samples."""
    opened = open_any(ctx, request)
    where = opened.cell(request.get("label"), request.get("prediction"))
    rows = np.arange(where.start, where.stop)
    is_open = ~opened.gone[where]
    open_rows = rows[is_open]
    score = iies(
        opened.iteration.column("p_max", where.start, where.stop),
        opened.iteration.column("p_label", where.start, where.stop),
    )[is_open]
    matching = open_rows[_within(score, request.get("iies"))]
    offset = max(0, int(request.get("offset") or 0))
    limit = min(MOST_ON_SCREEN, max(1, int(request.get("limit") or MOST_ON_SCREEN)))
    page = matching[offset : offset + limit]
    edge = edge_of(request)
    return events.CellReply(
        revision=opened.state.revision,
        open=len(open_rows),
        decided=int(_within_filter(opened, where).sum())
        - len(open_rows)
        - len(opened.deleted_among(rows)),
        matching=len(matching),
        bars=np.bincount(opened.bars(open_rows), minlength=HISTOGRAM_BINS).tolist(),
        samples=opened.samples(page),
        sheet=_sheet(opened, page[:FIRST_SHEET], edge) if len(page) and edge else None,
        layout=positions(_first_places(opened, page), "pca", pending=True),
    )


def _within_filter(opened: Opened, where: slice) -> npt.NDArray[np.bool_]:
    """Which rows of a cell the filter by votes leaves."""
    if opened.left_out is None:
        return np.ones(where.stop - where.start, bool)
    return ~opened.left_out[where]


def _first_places(opened: Opened, rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Where pictures go before they are laid out better; objects and tags are not laid out."""
    if isinstance(opened, OpenedObjects):
        return np.zeros((len(rows), 2))
    return principal_components(opened.picked("features", rows), 2)


def _within(score: npt.NDArray[np.float64], limits: Any) -> npt.NDArray[np.bool_]:
    if not limits:
        return np.ones(len(score), bool)
    low, high = float(limits[0]), float(limits[1])
    return (score >= low - 1e-9) & (score <= high + 1e-9)


def thumbnails(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.Sheet:
    """Thumbnails of some rows in one picture."""
    opened = open_any(ctx, request)
    edge = edge_of(request) or 64
    rows = opened.rows(request.get("rows"), min(MOST_ON_SCREEN, MOST_PIXELS // edge**2))
    if not len(rows):
        raise InputError("rows must name at least one row, got none")
    return _sheet(opened, rows, edge)


def edge_of(request: Mapping[str, Any]) -> int:
    """The longest side of the thumbnails that a request asks for, 0 for none."""
    return max(0, min(MOST_EDGE, int(request.get("edge") or 0)))


def positions(
    points: npt.NDArray[Any],
    method: Any,
    *,
    pending: bool,
    note: str = "",
    aspect: float | None = None,
) -> events.LayoutReply:
    """A layout as the screen wants it; on a grid for a window of ``aspect``."""
    columns, lines = (0, 0) if aspect is None else grid_shape(max(1, len(points)), aspect)
    if columns:
        place = (on_grid(points, columns, lines) + 0.5) / np.array([columns, lines])
    else:
        place = fitted(points).astype(float)
    place = place.round(5)
    return events.LayoutReply(
        x=place[:, 0].tolist(),
        y=place[:, 1].tolist(),
        method=method,
        pending=pending,
        note=note,
        columns=columns,
        lines=lines,
    )


def _sheet(opened: Opened, rows: npt.NDArray[np.int64], edge: int) -> events.Sheet:
    paths = paths_of(opened, opened.sample_ids(rows))
    if isinstance(opened, OpenedObjects) and opened.iteration.has_boxes:
        made = get_crops(thumbnail_store(), opened.crops(rows, paths), edge, opened.windows)
    else:
        made = thumbnail_store().get(paths, edge, opened.windows)
    sheet = sheet_of(rows.tolist(), made, edge)
    there = zip(sheet["widths"], paths, strict=True)
    sheet["widths"] = [width if path else DELETED_WIDTH for width, path in there]
    return sheet


def sheet_of(names: list[int], thumbnails: list[Thumbnail], edge: int) -> events.Sheet:
    """Some thumbnails in one picture, each under a number."""
    sheet = make_sheet(thumbnails, edge)
    return events.Sheet(
        rows=names,
        columns=sheet.columns,
        edge=sheet.edge,
        widths=[width for width, _ in sheet.sizes],
        heights=[height for _, height in sheet.sizes],
        image=_data_url(sheet.image, sheet.kind),
    )


def _data_url(image: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(image).decode()}"


def samples(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.SamplesReply:
    """Samples in full."""
    opened = open_iteration(ctx, request)
    rows = opened.rows(request.get("rows"), 64)
    size = max(64, min(LARGEST_PREVIEW, int(request.get("size") or 512)))
    columns = opened.samples(rows)
    rule = split_rule(opened.run)
    wanted = ["filepath", "tags", opened.run.label_field, *rule.paths]
    documents = documents_of(opened, columns["id"], *dict.fromkeys(wanted))
    top_class = opened.picked("top_class", rows)
    top_probability = opened.picked("top_probability", rows)
    p_label = opened.picked("p_label", rows)
    paths = [document.get("filepath") or "" for document in documents]
    pictures = thumbnail_store().get(paths, size, opened.windows)
    votes = votes_on(opened, rows)
    found = []
    for at, document in enumerate(documents):
        if not document:
            continue
        picture = pictures[at]
        label = columns["label"][at]
        tags = [str(tag) for tag in document.get("tags") or []]
        found.append(
            events.SampleInfo(
                row=columns["row"][at],
                id=columns["id"][at],
                label=label,
                prediction=columns["prediction"][at],
                current_label=label_of(document, opened.run.label_field),
                iies=columns["iies"][at],
                suspicion=columns["suspicion"][at],
                probabilities=probabilities_of(
                    top_class[at], top_probability[at], label, float(p_label[at])
                ),
                filepath=paths[at],
                split=rule.split_of(document) or "",
                tags=tags,
                in_view=columns["in_view"][at],
                votes=votes[at],
                image=url_of(picture),
                width=picture.width,
                height=picture.height,
                problem=picture.problem,
            )
        )
    return events.SamplesReply(samples=found)


def votes_on(opened: Opened, rows: npt.NDArray[np.int64]) -> list[list[events.Vote]]:
    """Who said what of each of some rows."""
    kept = (
        find_votes(opened.run, opened.iteration) if opened.iteration.document.get("votes") else None
    )
    if kept is None:
        return [[] for _ in rows]
    return [
        [events.Vote(annotator=who, label=label) for who, label in votes[:MOST_VOTES]]
        for votes in kept.on_rows(rows)
    ]


def original(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.OriginalReply:
    """A picture in full resolution: its file, or where browsers cannot show that, made for them."""
    opened = open_any(ctx, request)
    rows = opened.rows([request["row"]], 1)
    reply = events.OriginalReply(row=int(rows[0]), filepath="", image="", problem="")
    path = paths_of(opened, opened.sample_ids(rows))[0]
    try:
        if shown_by_browsers(path) and not request["decoded"]:
            reply["filepath"] = path
            return reply
    except UnreadableImageError as error:
        reply["problem"] = str(error)
        return reply
    made = whole_picture(path, opened.windows)
    reply["image"], reply["problem"] = url_of(made), made.problem
    return reply


def url_of(picture: Thumbnail) -> str:
    """A picture as a data URL, empty where it could not be read."""
    kind = "image/png" if picture.data.startswith(b"\x89PNG") else "image/jpeg"
    return _data_url(picture.data, kind) if picture.data else ""


def probabilities_of(
    classes: npt.NDArray[np.int32], values: npt.NDArray[np.float32], label: int, p_label: float
) -> list[events.Probability]:
    """The most probable classes, and the label where it is not among them."""
    listed = [
        events.Probability(label=int(c), p=round(float(p), 4))
        for c, p in zip(classes, values, strict=True)
    ]
    if label not in classes:
        listed.append(events.Probability(label=label, p=round(p_label, 4)))
    return listed
