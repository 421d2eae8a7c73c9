"""The indices that this process keeps, brought up to date or built anew."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from ..abandonable import abandonable
from ..errors import InputError
from ..learning.device import choose_device
from ..progress import Report, part_of
from ..scratch import scratch_prefix
from ..store.iterations import Iteration, unpack_ids
from ..store.runs import Run
from ..vectors.embeddings import EmbeddingVectors
from .index import ImportanceIndex
from .options import ImportanceOptions

INDICES_KEPT = 2


@dataclass
class KnownIndex:
    """An index that this process keeps, with what it has been told of."""

    index: ImportanceIndex
    usable: npt.NDArray[np.bool_]
    stamp: Any
    folder: Any
    rank: str | None = None


def _close(known: KnownIndex) -> None:
    if known.folder is not None:
        known.folder.cleanup()


class _Indices(LRUCache[tuple[Any, ...], KnownIndex]):
    """Indices by what they are of; one that makes room takes its files with it."""

    def popitem(self) -> tuple[tuple[Any, ...], KnownIndex]:
        key, known = super().popitem()
        _close(known)
        return key, known


_known = _Indices(INDICES_KEPT)


_known_lock = Lock()


def scored_index(
    run: Run,
    iteration: Iteration,
    options: ImportanceOptions,
    label: npt.NDArray[np.int32],
    report: Report,
) -> tuple[KnownIndex, npt.NDArray[np.int64]]:
    """The index with the labels as they are, and the rows whose score this call worked out."""
    key = (iteration.id, options.embeddings, options.variant)
    stamp = _stamp(run, options.embeddings)
    with _known_lock:
        known = _known.pop(key, None)
    if known is not None and known.stamp == stamp:
        try:
            scored = _updated(known, label, report)
        except BaseException:
            _close(known)  # it may be half up to date
            raise
    else:
        if known is not None:
            _close(known)
        known = _built(run, iteration, options, label, stamp, report)
        scored = np.arange(iteration.samples)
    if len(scored):
        known.rank = None
    with _known_lock:
        _known[key] = known
    return known, scored


def _updated(
    known: KnownIndex, label: npt.NDArray[np.int32], report: Report
) -> npt.NDArray[np.int64]:
    index = known.index
    label = np.where(known.usable, label, -1)
    rows = np.flatnonzero(index.label != label)
    if not len(rows):
        return rows
    touched = np.unique([index.label[rows], label[rows]])
    touched = touched[touched >= 0].tolist()
    index.update(rows, label[rows])
    abandonable(lambda told: index.rescore(told, touched), report, "Scoring")
    return np.union1d(np.flatnonzero(np.isin(index.label, touched)), rows)


def _built(
    run: Run,
    iteration: Iteration,
    options: ImportanceOptions,
    label: npt.NDArray[np.int32],
    stamp: Any,
    report: Report,
) -> KnownIndex:
    folder, usable = None, np.ones(iteration.samples, bool)
    if options.embeddings is None:
        vectors = np.nan_to_num(iteration.column("features").astype(np.float32))
    else:
        folder = tempfile.TemporaryDirectory(prefix=scratch_prefix("importance"))
        ids = unpack_ids(iteration.column("sample_id"))
        reading = part_of(report, 0.0, 0.5)
        source = EmbeddingVectors(run.dataset, options.embeddings)
        vectors, problems = source.read(ids, Path(folder.name), reading)
        usable[list(problems)] = False
        report = part_of(report, 0.5, 1.0)
    if not (usable & (label >= 0)).any():
        raise InputError(f"embeddings: no sample of run '{run.key}' has a vector")
    index = abandonable(
        lambda told: ImportanceIndex(
            vectors,
            np.where(usable, label, -1),
            len(iteration.classes),
            variant=options.variant,  # pyright: ignore[reportArgumentType]
            device=choose_device(options.device),
            report=told,
        ),
        report,
        "Reading vectors",
    )
    return KnownIndex(index, usable, stamp, folder)


def _stamp(run: Run, embeddings: str | None) -> Any:
    """What changes when embeddings of that name are computed anew."""
    if embeddings is None:
        return None
    if run.dataset.has_brain_run(embeddings):
        return run.dataset.get_brain_info(embeddings).timestamp
    return EmbeddingVectors(run.dataset, embeddings).sampled()
