"""A linear classifier on embeddings: multinomial logistic regression, in torch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from ..arrays import Vectors
from ..progress import Report, silent
from ..scoring.probabilities import LogProbabilities
from ..tensors import tensor_of

BLOCK_NUMBERS = 50_000_000
MAX_ITERATIONS = 200
TOLERANCES = (1e-6, 1e-10)
DEFAULT_REGULARISATION = 1.0


class LinearHead:
    """Multinomial logistic regression with an L2 penalty, on standardised embeddings.

    It minimises ``Σ cross-entropy + regularisation / 2 · ‖W‖²`` (the bias is not penalised), which
    is scikit-learn's ``LogisticRegression(C=1 / regularisation)`` on the same standardised rows, by
    L-BFGS over blocks of rows: memory stays bounded at 1,000 classes, a GPU can be used, it can be
    cancelled, and a second fit goes on from where the first ended.

    Args:
        classes: number of classes
        regularisation: weight of the penalty
        device: where to compute
        dtype: double precision, or single, which is twice as fast
        standard: mean and scale (d,) of each coordinate; those of the rows of each fit where None
        steps: of L-BFGS, at most
        tolerances: of its gradient, and of its change from step to step
    """

    def __init__(
        self,
        classes: int,
        regularisation: float = DEFAULT_REGULARISATION,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float64,
        *,
        standard: tuple[Vectors, Vectors] | None = None,
        steps: int = MAX_ITERATIONS,
        tolerances: tuple[float, float] = TOLERANCES,
    ):
        self._tolerances = tolerances
        self._dtype, self._standard, self._steps = dtype, standard, steps
        self._weights: torch.Tensor | None = None
        self._classes = classes
        self._regularisation = regularisation
        self._device = torch.device(device)

    def fit(
        self, embeddings: Vectors, label: npt.NDArray[np.int64], report: Report = silent
    ) -> LinearHead:
        """Fit to embeddings (n, d) and their class indices (n,)."""
        self._mean, spread = self._standard or (
            embeddings.mean(axis=0, dtype=np.float64),
            embeddings.std(axis=0, dtype=np.float64),
        )
        self._scale = np.where(spread > 1e-12, spread, 1.0)
        weights = self._begun(embeddings.shape[1] + 1)
        optimiser = self._optimiser(weights)
        target = tensor_of(label).to(self._device)
        blocks = self._blocks(len(embeddings), embeddings.shape[1])
        whole = self._rows(embeddings) if len(blocks) == 1 else None  # standardised once
        calls = 0

        def objective() -> torch.Tensor:
            nonlocal calls
            calls += 1
            optimiser.zero_grad()
            total = torch.zeros((), dtype=torch.float64, device=self._device)
            for start, stop in blocks:
                rows = self._rows(embeddings[start:stop]) if whole is None else whole
                total += self._add(rows, target[start:stop], weights, len(embeddings))
            total += self._penalise(weights, len(embeddings))
            report(min(calls / self._steps, 1.0), f"Fitting the linear head, step {calls}")
            return total

        if len(embeddings):
            optimiser.step(objective)  # pyright: ignore[reportArgumentType]
        self._weights = weights.detach()
        return self

    def _optimiser(self, weights: torch.Tensor) -> torch.optim.LBFGS:
        return torch.optim.LBFGS(
            [weights],
            max_iter=self._steps,
            history_size=20,
            tolerance_grad=self._tolerances[0],
            tolerance_change=self._tolerances[1],
            line_search_fn="strong_wolfe",
        )

    def _begun(self, width: int) -> torch.Tensor:
        """Weights to begin with: those of the last fit, or zero."""
        if self._weights is not None and len(self._weights) == width:
            return self._weights.clone().requires_grad_()
        shape = (width, self._classes)
        return torch.zeros(shape, dtype=self._dtype, device=self._device, requires_grad=True)

    def _add(
        self, rows: torch.Tensor, target: torch.Tensor, weights: torch.Tensor, n: int
    ) -> torch.Tensor:
        loss = F.cross_entropy(rows @ weights, target, reduction="sum") / n
        loss.backward()
        return loss.detach()

    def _penalise(self, weights: torch.Tensor, n: int) -> torch.Tensor:
        penalty = self._regularisation / (2 * n) * (weights[:-1] ** 2).sum()
        penalty.backward()
        return penalty.detach()

    def _blocks(self, n: int, width: int) -> list[tuple[int, int]]:
        size = max(1, BLOCK_NUMBERS // (width + self._classes))
        return [(i, min(i + size, n)) for i in range(0, n, size)]

    def _rows(self, embeddings: Vectors) -> torch.Tensor:
        kind = np.float64 if self._dtype == torch.float64 else np.float32
        rows = np.ones((len(embeddings), embeddings.shape[1] + 1), kind)
        rows[:, :-1] = (embeddings - self._mean) / self._scale
        return torch.from_numpy(rows).to(self._device)

    def log_probabilities(self, embeddings: Vectors) -> LogProbabilities:
        """Log-probabilities of embeddings (n, d): (n, classes), in the precision of the head."""
        assert self._weights is not None, "fit first"
        parts = [
            F.log_softmax(self._rows(embeddings[a:b]) @ self._weights, dim=1).cpu().numpy()
            for a, b in self._blocks(len(embeddings), embeddings.shape[1])
        ]
        return np.concatenate(parts) if parts else np.empty((0, self._classes))

    def as_linear(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight (classes, d) and bias (classes,) for embeddings as they are: ``x @ W.T + b``."""
        assert self._weights is not None, "fit first"
        scale, mean = (torch.from_numpy(v).to(self._weights) for v in (self._scale, self._mean))
        weight = (self._weights[:-1] / scale[:, None]).T
        return weight, self._weights[-1] - weight @ mean
