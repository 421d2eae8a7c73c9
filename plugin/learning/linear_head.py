"""A linear classifier on embeddings: multinomial logistic regression, in torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from ..progress import Report, silent
from ..scoring.probabilities import LogProbabilities
from ..tensors import tensor_of

BLOCK_NUMBERS = 50_000_000
MAX_ITERATIONS = 200
TOLERANCE = 1e-6
DEFAULT_REGULARISATION = 1.0

Matrix = npt.NDArray[np.floating[Any]]


class LinearHead:
    """Multinomial logistic regression with an L2 penalty, on standardised embeddings.

    It minimises ``Σ cross-entropy + regularisation / 2 · ‖W‖²`` (the bias is not penalised), which
    is scikit-learn's ``LogisticRegression(C=1 / regularisation)`` on the same standardised rows, by
    L-BFGS over blocks of rows: memory stays bounded at 1,000 classes, and a GPU can be used.

    Args:
        classes: number of classes
        regularisation: weight of the penalty
        device: where to compute
        dtype: double precision, or single, which is twice as fast
    """

    def __init__(
        self,
        classes: int,
        regularisation: float = DEFAULT_REGULARISATION,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float64,
    ):
        self._dtype = dtype
        self._classes = classes
        self._regularisation = regularisation
        self._device = torch.device(device)

    def fit(
        self, embeddings: Matrix, label: npt.NDArray[np.int64], report: Report = silent
    ) -> LinearHead:
        """Fit to embeddings (n, d) and their class indices (n,)."""
        self._mean = embeddings.mean(axis=0, dtype=np.float64)
        spread = embeddings.std(axis=0, dtype=np.float64)
        self._scale = np.where(spread > 1e-12, spread, 1.0)
        shape = (embeddings.shape[1] + 1, self._classes)
        weights = torch.zeros(shape, dtype=self._dtype, device=self._device, requires_grad=True)
        optimiser = torch.optim.LBFGS(
            [weights],
            max_iter=MAX_ITERATIONS,
            history_size=20,
            tolerance_grad=TOLERANCE,
            tolerance_change=1e-10,
            line_search_fn="strong_wolfe",
        )
        target = tensor_of(label).to(self._device)
        blocks = _Blocks(self._blocks(*embeddings.shape), lambda a, b: self._rows(embeddings[a:b]))
        calls = 0

        def objective() -> torch.Tensor:
            nonlocal calls
            calls += 1
            optimiser.zero_grad()
            total = self._accumulate(blocks, target, weights)
            report(min(calls / MAX_ITERATIONS, 1.0), f"Fitting the linear head, step {calls}")
            return total

        optimiser.step(objective)  # pyright: ignore[reportArgumentType]
        self._weights = weights.detach()
        return self

    def _accumulate(
        self, blocks: _Blocks, target: torch.Tensor, weights: torch.Tensor
    ) -> torch.Tensor:
        n = len(target)
        total = torch.zeros((), dtype=self._dtype, device=self._device)
        for start, stop, rows in blocks:
            logits = rows @ weights
            loss = F.cross_entropy(logits, target[start:stop], reduction="sum") / n
            loss.backward()
            total += loss.detach()
        penalty = self._regularisation / (2 * n) * (weights[:-1] ** 2).sum()
        penalty.backward()
        return total + penalty.detach()

    def _blocks(self, n: int, width: int) -> list[tuple[int, int]]:
        size = max(1, BLOCK_NUMBERS // (width + self._classes))
        return [(i, min(i + size, n)) for i in range(0, n, size)]

    def _rows(self, embeddings: Matrix) -> torch.Tensor:
        rows = (np.asarray(embeddings, np.float64) - self._mean) / self._scale
        rows = np.hstack([rows, np.ones((len(rows), 1))])
        return torch.from_numpy(rows).to(self._device, self._dtype)

    def log_probabilities(self, embeddings: Matrix) -> LogProbabilities:
        """Log-probabilities of embeddings (n, d): float64 (n, classes)."""
        parts = [
            F.log_softmax((self._rows(embeddings[a:b]) @ self._weights).double(), dim=1)
            .cpu()
            .numpy()
            for a, b in self._blocks(len(embeddings), embeddings.shape[1])
        ]
        return np.concatenate(parts) if parts else np.empty((0, self._classes))


class _Blocks:
    """Blocks of prepared rows; prepared once where there is one, for each pass where they are many.

    Args:
        bounds: of the blocks
        prepare: the rows of a block
    """

    def __init__(self, bounds: list[tuple[int, int]], prepare: Callable[[int, int], torch.Tensor]):
        self._bounds, self._prepare = bounds, prepare
        self._only = prepare(*bounds[0]) if len(bounds) == 1 else None

    def __iter__(self) -> Iterator[tuple[int, int, torch.Tensor]]:
        for start, stop in self._bounds:
            yield start, stop, self._prepare(start, stop) if self._only is None else self._only
