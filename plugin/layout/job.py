"""The map of a whole dataset from end to end: features → neighbours and places → kept → field."""

from __future__ import annotations

from concurrent.futures import Future, wait
from typing import Any

import numpy as np

from ..abandonable import abandonable
from ..arrays import Float32Array
from ..errors import InputError
from ..progress import Report, part_of, silent
from ..store.iterations import Iteration
from ..store.jobs import Job
from ..store.own_fields import check_own_writable
from ..store.runs import Run
from ..store.write_fields import write_numbers
from ..vectors.neighbours import NeighbourIndex
from .landmarks import draw_landmarks, placed
from .neighbourhood import NEIGHBOURS, neighbour_disagreement
from .projection import fitted
from .projection_worker import ProjectionWorker, warm
from .store import keep_map

BLOCK = 20_000
SUSPECT = 0.5
FEW = 2_000
"""So many landmarks keep a worker busy for a second or two; more get one that can be ended."""


def map_dataset(run: Run, report: Report = silent) -> dict[str, Any]:
    """Lay out all samples of the run's last iteration, and compare each with its neighbours.

    Nothing is kept where this raises.

    Args:
        run: the run
        report: told of progress; may be called from this thread only

    Returns:
        ``run_key``, ``iteration``, ``samples``, ``disagreeing``: samples that have another label
        than more than half of their neighbours

    Raises:
        InputError: if the iteration kept no features, or another process is working on the run
        Cancelled: if the job was cancelled
    """
    check_own_writable(run, ["disagreement"])
    iteration = run.iteration()
    with Job(run.dataset, run.key, "Mapping the dataset", report) as job:
        vectors = _features(run, iteration)
        disagreement = abandonable(
            lambda report: _disagreement(iteration, vectors, report),
            part_of(job, 0.0, 0.4),
            "Finding neighbours",
        )
        places = abandonable(
            lambda report: _places(f"{iteration.id}/map", vectors, report),
            part_of(job, 0.4, 0.7),
            "Laying out landmarks",
        )
        keep_map(run, iteration, places, disagreement)
        ids = iteration.column("sample_id")
        write_numbers(run, "disagreement", ids, disagreement, part_of(job.note, 0.7, 1.0))
    return {
        "run_key": run.key,
        "iteration": iteration.number,
        "samples": iteration.samples,
        "disagreeing": int((disagreement > SUSPECT).sum()),
    }


def _features(run: Run, iteration: Iteration) -> Float32Array:
    vectors = iteration.column("features").astype(np.float32)
    if vectors.shape[1] == 0:
        raise InputError(
            f"Iteration {iteration.number} of run '{run.key}' kept no features, so there is "
            "nothing to lay out. Run find_label_errors again."
        )
    return np.nan_to_num(vectors)


def _disagreement(iteration: Iteration, vectors: Float32Array, report: Report) -> Float32Array:
    report(0.0, "Finding neighbours")
    labels = iteration.column("label")
    index = NeighbourIndex(vectors)
    out = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(vectors)))
        near, _ = index.nearest(NEIGHBOURS, rows)
        out[rows] = neighbour_disagreement(near, labels, labels[rows])
        report((rows[-1] + 1) / len(vectors), "Comparing with neighbours")
    return out


def _places(key: str, vectors: Float32Array, report: Report) -> Float32Array:
    landmarks = vectors[draw_landmarks(len(vectors))]
    layout = _landmark_layout(key, landmarks, part_of(report, 0.0, 0.6))
    if len(landmarks) == len(vectors):
        return fitted(layout)
    out, done = np.empty((len(vectors), 2), np.float32), 0
    for block in placed(vectors, landmarks, layout):
        out[done : done + len(block)] = block
        done += len(block)
        report(0.6 + 0.4 * done / len(vectors), "Placing samples on the map")
    return fitted(out)


def _landmark_layout(key: str, landmarks: Float32Array, report: Report) -> Float32Array:
    """UMAP of the landmarks, in a process beside this one so that the App stays quick meanwhile."""
    if len(landmarks) <= FEW:
        return _awaited(warm.layout(key, lambda: landmarks), report)
    worker = ProjectionWorker()
    try:
        return _awaited(worker.layout(key, lambda: landmarks), report)
    finally:
        worker.stop()


def _awaited(layout: Future[Float32Array], report: Report) -> Float32Array:
    while wait([layout], 0.5).not_done:
        report(None, "Laying out landmarks")
    return layout.result()
