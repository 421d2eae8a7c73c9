"""cleanlab beside a run's own scores: from the batches of an iteration to ranks and fields."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from ..progress import Report, part_of, silent
from ..scoring.batches import Batch
from ..store.iterations import Iteration, Rows, pack_ids, unpack_ids
from ..store.runs import Run
from ..store.scores import read_rank, write_rank
from ..store.write_fields import write_numbers
from .confident_learning import ConfidentLearning

NAMES = ("cleanlab_score", "cleanlab_issue")
"""The ranks that are kept, and the fields on samples without their prefix."""


class CleanlabColumns:
    """What cleanlab says of an iteration's samples; does nothing unless it is wanted.

    Args:
        classes: number of classes
        wanted: whether it was asked for

    Raises:
        InputError: if it is wanted and cleanlab is not installed
    """

    def __init__(self, classes: int, *, wanted: bool):
        self._learning = ConfidentLearning(classes) if wanted else None
        self._ids: list[npt.NDArray[np.bytes_]] = []
        self._found: tuple[npt.NDArray[Any], npt.NDArray[Any]] | None = None

    def __enter__(self) -> CleanlabColumns:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._learning is not None:
            self._learning.__exit__(kind, error, trace)

    def append(self, batch: Batch, rows: Rows) -> None:
        """Add the samples of a batch; several models are averaged."""
        if self._learning is None:
            return
        p = np.mean([np.exp(log_p) for log_p in batch.models], axis=0)
        self._learning.append(p, batch.label)
        self._ids.append(rows.sample_id)

    def compute(self, report: Report = silent) -> None:
        """Let cleanlab judge all samples."""
        if self._learning is not None:
            self._found = self._learning.results(part_of(report, 1.0, 1.0))

    def keep(self, run: Run, iteration: Iteration) -> dict[str, Any]:
        """Keep what was computed with the iteration that the samples have become.

        Returns:
            ``cleanlab``: how many ``issues`` there are, and how many of them are misclassified
            too (``both``); nothing where it was not wanted
        """
        if self._found is None:
            return {}
        rows = iteration.rows_of(unpack_ids(np.concatenate(self._ids)))
        aligned = np.empty((len(NAMES), iteration.samples), np.float32)
        aligned[:, rows] = self._found
        for name, values in zip(NAMES, aligned, strict=True):
            write_rank(run, iteration, name, values)
        issue = aligned[NAMES.index("cleanlab_issue")] > 0
        both = issue & iteration.suspect_rows
        return {"cleanlab": {"issues": int(issue.sum()), "both": int(both.sum())}}


def write_cleanlab_fields(run: Run, iteration: Iteration, report: Report) -> None:
    """Write what is kept onto the samples; take it off where the iteration has none."""
    ids = iteration.column("sample_id")
    for name in NAMES:
        values = read_rank(run, iteration, name)
        if values is not None:
            write_numbers(run, name, ids, values, report)
        elif run.dataset.has_field(run.field(name)):
            write_numbers(run, name, pack_ids([]), np.empty(0, np.float32), report)
