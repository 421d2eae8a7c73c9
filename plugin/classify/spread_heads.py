"""Cross-validated heads in parts that workers take, a part a fold."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import torch
from threadpoolctl import threadpool_info

from ..arrays import Float32Array, Int64Array
from ..learning.heads import Heads
from ..progress import Report
from ..workers.choices import LOCAL
from ..workers.opened import open_work, told_of
from ..workers.part import Part
from ..workers.work import Work

WORTH_ROWS = 20_000
"""With fewer, this process has fitted the heads before the workers have heard of them."""
FITTED_HERE = f"Classifiers were fitted here: workers take them from {WORTH_ROWS:,} samples on."


def open_heads(
    workers: str,
    owner: dict[str, Any],
    paths: Sequence[str],
    device: torch.device,
    report: Report,
) -> SpreadHeads | None:
    """Workers for the heads, to be entered; None where nobody asked for any, or rows are few.

    Args:
        workers: ``local``, ``delegated``, ``ray`` or ``ray://host:port``
        owner: ``dataset_id`` and ``run_key``
        paths: the files of the rows
        device: where they compute
        report: told while workers are waited for

    Raises:
        InputError: if there are no such workers
    """
    if workers == LOCAL or len(paths) < WORTH_ROWS:
        return None
    work = open_work(workers, owner, paths, report, device=device.type)
    return None if work is None else SpreadHeads(work, device)


class SpreadHeads:
    """Lets workers fit and ask heads; see ``heads.out_of_fold``. Use it as a context manager.

    Args:
        work: whose workers
        device: where they compute
    """

    def __init__(self, work: Work, device: torch.device):
        self._work, self._device = work, device

    def __enter__(self) -> SpreadHeads:
        self._work.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._work.__exit__(*error)

    @property
    def said(self) -> str:
        """A sentence on who worked."""
        return told_of(self._work)

    def __call__(
        self,
        rows: Float32Array,
        label: Int64Array,
        fold: Int64Array,
        folds: int,
        classes: int,
        report: Report,
    ) -> Generator[tuple[int, Heads]]:
        """What the heads say of each fold, as workers get through with them."""
        arrays = {"rows": rows, "label": label, "fold": fold}
        takes = {name: [self._work.give(array)] for name, array in arrays.items()}
        told = {"classes": classes, "device": self._device.type, "threads": threads()}
        gpu = self._device.type == "cuda"
        parts = {
            k: Part("heads", {**told, "k": k}, takes, f"Fold {k + 1} of {folds}", gpu=gpu)
            for k in range(folds)
        }
        of = {part.key: k for k, part in parts.items()}
        results = self._work.results(parts.values(), report, "Fitting heads", total=lambda: folds)
        for part, result in results:
            names = result.facts["names"]
            yield of[part.key], {name: result.column(str(i)) for i, name in enumerate(names)}


def threads() -> dict[str, int]:
    """With how many threads this process computes, on which the last bits depend."""
    found = {"torch": torch.get_num_threads(), "blas": 1, "openmp": 1}
    for pool in threadpool_info():
        found[pool["user_api"]] = max(pool["num_threads"], found[pool["user_api"]])
    return found
