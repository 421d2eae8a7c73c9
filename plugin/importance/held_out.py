"""Cross-fitted logistic regression: what it says of samples that it was not fitted to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ..arrays import Labels, Vectors
from ..learning.device import reproducible
from ..learning.folds import stratified_folds
from ..learning.linear_head import LinearHead
from ..progress import Report, part_of, silent
from ..torch_threads import torch_threads
from .auroc import auroc_by_class

FIT_ROWS = 40_000
BLOCK_NUMBERS = 8_000_000
AUROC_NUMBERS = 20_000_000
MAX_ITERATIONS = 60
SMALL = 2_000_000


@dataclass(frozen=True)
class Said:
    """What the folds say of every sample.

    Attributes:
        p_label: float32 (n,), probability of the label; NaN without one
        prediction: int32 (n,), the most probable class
        auroc: float64 (C,), each class against the others; NaN where it is not defined
    """

    p_label: npt.NDArray[np.float32]
    prediction: npt.NDArray[np.int32]
    auroc: npt.NDArray[np.float64]


class HeldOut:
    """Logistic regression with an L2 penalty, fitted on all folds but one, for each of them.

    It is the linear head of ``find_label_errors``, in single precision, fitted from where the last
    fit ended. Of more than 40,000 labelled samples it is fitted to so many, drawn evenly from
    all classes in proportion, since a linear classifier needs no more; it speaks of all of them.

    Args:
        classes: number of classes C
        mean, scale: float (d,), of each coordinate
        folds: how many
        seed: of the folds and the draw
        device: where to compute
    """

    def __init__(
        self,
        classes: int,
        mean: npt.NDArray[np.float64],
        scale: npt.NDArray[np.float64],
        folds: int = 5,
        seed: int = 51,
        device: torch.device | str = "cpu",
    ):
        self.folds = folds
        self._classes = classes
        self._seed = seed
        self._heads = [
            LinearHead(
                classes,
                device=device,
                dtype=torch.float32,
                standard=(mean, scale),
                steps=MAX_ITERATIONS,
                tolerances=(1e-5, 1e-7),
            )
            for _ in range(folds)
        ]
        self.fold: npt.NDArray[np.int64] | None = None

    def fit(self, vectors: Vectors, label: Labels, report: Report = silent) -> None:
        """Fit to vectors (n, d) and class indices (n,); samples with a negative one are left out.

        The folds are those of the first call.
        """
        if self.fold is None:
            self.fold = stratified_folds(label.astype(np.int64), self.folds, self._seed)
        rows = self._drawn(label)
        drawn, given, fold = vectors[rows], label[rows].astype(np.int64), self.fold[rows]
        small = drawn.size * self._classes < SMALL
        # On a busy machine more than one would wait for each other.
        with reproducible(self._seed), torch_threads(1 if small else None):
            for k, head in enumerate(self._heads):
                report(k / self.folds, f"Fitting fold {k + 1} of {self.folds}")
                stage = part_of(report, k / self.folds, (k + 1) / self.folds)
                head.fit(drawn[fold != k], given[fold != k], _as_folds(stage))

    def _drawn(self, label: Labels) -> npt.NDArray[np.int64]:
        rows = np.flatnonzero(label >= 0)
        if len(rows) <= FIT_ROWS:
            return rows
        shuffled = np.random.default_rng(self._seed).permutation(rows)
        order = shuffled[np.argsort(label[shuffled], kind="stable")]
        return np.sort(order[np.linspace(0, len(order) - 1, FIT_ROWS).astype(np.int64)])

    def probabilities(
        self, vectors: Vectors, rows: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """Probabilities of samples by the fold that has not seen them.

        Args:
            vectors: float (m, d), those of ``rows``
            rows: int64 (m,), which samples they are

        Returns:
            float32 (m, C)
        """
        assert self.fold is not None, "fit first"
        out = np.empty((len(rows), self._classes), np.float32)
        fold = self.fold[rows]
        for k, head in enumerate(self._heads):
            at = np.flatnonzero(fold == k)
            out[at] = np.exp(head.log_probabilities(vectors[at]))
        return out

    def speak(self, vectors: Vectors, label: Labels, report: Report = silent) -> Said:
        """Go through all samples: vectors (n, d), class indices (n,), negative for none."""
        n = len(label)
        p_label, prediction = np.full(n, np.nan, np.float32), np.empty(n, np.int32)
        compared = self._compared(label)
        kept = np.empty((len(compared), self._classes), np.float32)
        for start, stop in self._blocks(n, vectors.shape[1]):
            rows = np.arange(start, stop)
            p = self.probabilities(vectors[start:stop], rows)
            prediction[start:stop] = p.argmax(axis=1)
            own = np.flatnonzero(label[start:stop] >= 0)
            p_label[start + own] = p[own, label[start + own]]
            a, b = np.searchsorted(compared, (start, stop))
            kept[a:b] = p[compared[a:b] - start]
            report(stop / n, "Predicting held-out samples")
        return Said(p_label, prediction, auroc_by_class(kept, label[compared]))

    def _blocks(self, n: int, width: int) -> Iterator[tuple[int, int]]:
        size = max(1, BLOCK_NUMBERS // (width + self._classes))
        yield from ((i, min(i + size, n)) for i in range(0, n, size))

    def _compared(self, label: Labels) -> npt.NDArray[np.int64]:
        """The samples that AUROC is measured on: all, or evenly spread ones of very many."""
        most = max(1_000, AUROC_NUMBERS // self._classes)
        spread = np.unique(np.linspace(0, len(label) - 1, min(most, len(label))).astype(np.int64))
        return spread[label[spread] >= 0]


def _as_folds(report: Report) -> Report:
    def told(progress: float | None, label: str) -> None:
        del label
        report(progress, "Fitting what the other folds say")

    return told
