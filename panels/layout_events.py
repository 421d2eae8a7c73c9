"""Answers about where the pictures of a cell go; what takes long is done where nobody waits."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import lru_cache
from threading import Lock
from typing import Any

import fiftyone.operators as foo
import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from ..plugin.errors import Cancelled, InputError
from ..plugin.layout.projection import principal_components
from ..plugin.layout.projection_worker import warm
from ..plugin.store.iterations import Iteration
from . import events
from .opened import Opened, open_iteration
from .picture_events import MOST_ON_SCREEN, positions, thumbnail_store
from .problems import told
from .sample_documents import paths_of

PIXEL_SIDE = 24
PATIENCE_SECONDS = 0.4
VECTORS_KEPT = 6
UNASKED_SECONDS = 20.0
"""The panel asks every two seconds at least; what nobody asks for any more makes room."""

Vectors = npt.NDArray[np.float32]

_pool = ThreadPoolExecutor(1, thread_name_prefix="deconfuse-features")
_slow_pool = ThreadPoolExecutor(1, thread_name_prefix="deconfuse-saliency")
_kept: LRUCache[str, Future[Vectors]] = LRUCache(VECTORS_KEPT)
_asked: LRUCache[str, float] = LRUCache(10 * VECTORS_KEPT)
_lock = Lock()


def layout(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.LayoutReply:
    """UMAP if it is ready, otherwise the principal components of what is known by now."""
    opened = open_iteration(ctx, request)
    rows = opened.rows(request.get("rows"), MOST_ON_SCREEN)
    aspect = _aspect(request.get("aspect"))
    if not len(rows):
        return positions(np.zeros((0, 2)), "pca", pending=False)
    kind, note = _kind(opened, request.get("features") or "embedding")
    digest = hashlib.blake2b(rows.tobytes(), digest_size=16).hexdigest()
    key = f"{opened.iteration.id}/{kind}/{digest}"
    vectors = _vectors(key, opened, rows, kind)
    wait([vectors], PATIENCE_SECONDS)
    if not vectors.done() or isinstance(vectors.exception(), Cancelled):
        rough = opened.picked("features", rows)
        return positions(
            principal_components(rough, 2), "pca", pending=True, note=note, aspect=aspect
        )
    found = vectors.result()
    future = warm.layout(key, lambda: found)
    if not future.done():
        return positions(
            principal_components(found, 2), "pca", pending=True, note=note, aspect=aspect
        )
    error = future.exception()
    if error is not None:
        note = f"UMAP could not be computed ({told(error)})."
        return positions(
            principal_components(found, 2), "pca", pending=False, note=note, aspect=aspect
        )
    return positions(future.result(), "umap", pending=False, note=note, aspect=aspect)


def _aspect(asked: Any) -> float | None:
    if asked is None or 0.02 <= float(asked) <= 50:
        return None if asked is None else float(asked)
    raise InputError(f"aspect, width over height, must lie between 0.02 and 50, got {asked!r}")


def _kind(opened: Opened, asked: Any) -> tuple[str, str]:
    """The features that are laid out, and a remark where they are not those asked for."""
    columns = opened.iteration.document["columns"]
    if asked == "embedding" and columns["features"]["shape"][1] == 0:
        return "pixels", "This run kept no features; laid out by pixels."
    if asked == "saliency" and "weights" not in columns:
        raise InputError(
            "features: 'saliency' needs the classifier, and this iteration kept none because its "
            "predictions came from elsewhere. Choose 'embedding' or 'pixels'."
        )
    if asked not in ("embedding", "pixels", "saliency"):
        raise InputError(f"features must be 'embedding', 'pixels' or 'saliency', got {asked!r}")
    return asked, ""


def _vectors(key: str, opened: Opened, rows: npt.NDArray[np.int64], kind: str) -> Future[Vectors]:
    """The features of some rows, computed once while the panel asks again and again."""
    with _lock:
        _asked[key] = time.monotonic()
        known = _kept.get(key)
        if known is not None and not (known.done() and known.exception()):
            return known
        if kind == "saliency":
            _kept[key] = _slow_pool.submit(_saliency, opened, rows, lambda: _still_asked(key))
        else:
            _kept[key] = _pool.submit({"embedding": _embedding}.get(kind, _pixels), opened, rows)
        return _kept[key]


def _still_asked(key: str) -> None:
    """Raise Cancelled where nobody has asked for some features for a while."""
    with _lock:
        last = _asked.get(key, 0.0)
    if time.monotonic() - last > UNASKED_SECONDS:
        raise Cancelled("nobody waits for this any more")


def _embedding(opened: Opened, rows: npt.NDArray[np.int64]) -> Vectors:
    return opened.picked("features", rows).astype(np.float32)


def _pixels(opened: Opened, rows: npt.NDArray[np.int64]) -> Vectors:
    out = np.zeros((len(rows), PIXEL_SIDE * PIXEL_SIDE * 3), np.float32)
    thumbs = thumbnail_store().get(paths_of(opened, opened.ids(rows)), 64, opened.windows)
    for at, thumb in enumerate(thumbs):
        if not thumb.problem:
            picture = thumb.open().convert("RGB").resize((PIXEL_SIDE, PIXEL_SIDE))
            out[at] = np.asarray(picture, np.float32).ravel() / 255.0
    return out


def _saliency(opened: Opened, rows: npt.NDArray[np.int64], again: Callable[[], None]) -> Vectors:
    from ..plugin.images.saliency import saliency_of_files  # imports torch, which takes seconds

    again()
    trained = _trained(opened.iteration)
    size = trained.architecture.size
    maps = saliency_of_files(
        trained.model,
        paths_of(opened, opened.ids(rows)),
        opened.picked("prediction", rows),
        trained.mean,
        trained.std,
        min(size, PIXEL_SIDE),
        size=size,
        channels=trained.architecture.channels,
        windows=opened.windows,
        again=again,
    )
    return maps.reshape(len(rows), -1)


@lru_cache(maxsize=2)
def _trained(iteration: Iteration) -> Any:
    from ..plugin.learning.network_head import read_classifier

    return read_classifier(iteration.weights() or b"")
