"""What several models say together: calibrated, and weighted by the likelihood of the labels.

A logarithmic opinion pool: ``log p = Σ eₘ log pₘ`` up to a constant in each row. Its exponents are
those under which the labels are most likely, for predictions that were made out of fold. A part of
the labels may be wrong: they are taken to be any class, with a probability that is fitted as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from .probabilities import SMALLEST_PROBABILITY, LogProbabilities, from_logits

LEAST_SAMPLES = 50
"""With fewer the weights would be chance."""
LEAST_GAIN = 0.01
"""Of the loss: a model without which the loss grows by less adds nothing. Measured on CIFAR-10N: a
weak model that wins .4 % takes .003 from the P@n of a strong ensemble."""
LEAST_NATS = 1e-3
"""A sample: a model that is no better than chance by this knows nothing."""
LEAST_RATIO = 5.0
"""Of log-likelihood in all: with few samples less than this is chance, and nothing is left out."""
PULL = 10.0
"""Towards equal weights, so that these stay where there are few samples."""
LARGEST_EXPONENT = 20.0
_FLOOR = float(np.log(SMALLEST_PROBABILITY))

Float = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pool:
    """How several models are made one.

    Attributes:
        exponents: (m,), of each model's log-probabilities
        weights: (m,), each calibrated model's share, 0 for what adds nothing; their sum is 1
    """

    exponents: Float
    weights: Float

    def __call__(self, models: Sequence[LogProbabilities]) -> LogProbabilities:
        """The models' common log-probabilities: (n, C) each to float64 (n, C)."""
        parts = [e * _held(m) for e, m in zip(self.exponents, models, strict=True) if e]
        return from_logits(np.sum(parts, axis=0))


def fit_pool(models: Sequence[LogProbabilities], label: npt.NDArray[np.int64]) -> Pool | None:
    """The pool under which the labels are most likely.

    Each model is calibrated by a temperature first. Then those are left out, the least useful one
    first, without which the loss hardly grows.

    Args:
        models: log-probabilities of samples that each model has not learnt from, (n, C) each
        label: int (n,), class indices

    Returns:
        None where there is nothing to choose by: few samples, or no model knows anything

    Example:
        >>> label = np.arange(60) % 3
        >>> sure, blind = np.log(0.1 + 0.7 * np.eye(3)[label]), np.log(np.full((60, 3), 1 / 3))
        >>> fit_pool([sure, blind], label).weights.tolist()
        [1.0, 0.0]
    """
    if len(label) < LEAST_SAMPLES:
        return None
    alone = [calibration(m, label) for m in models]
    sharpness = np.array([exponent for exponent, _ in alone])
    chance = np.log(models[0].shape[1]) - max(LEAST_NATS, LEAST_RATIO / len(label))
    kept = [m for m, (_, loss) in enumerate(alone) if loss < chance]
    if not kept:
        return None
    even = {m: calibrated(models[m], sharpness[m]) for m in kept}
    share, loss = _fitted([even[m] for m in kept], label)
    while len(kept) > 1 and LEAST_GAIN * loss * len(label) > LEAST_RATIO:
        without = [_fitted([even[m] for m in kept if m != left], label) for left in kept]
        least = int(np.argmin([found[1] for found in without]))
        if without[least][1] - loss >= LEAST_GAIN * loss:
            break
        share, loss = without[least]
        del kept[least]
    weights, exponents = np.zeros(len(models)), np.zeros(len(models))
    weights[kept] = share / share.sum()
    exponents[kept] = share * sharpness[kept]
    return Pool(exponents, weights)


def calibrated(log_p: LogProbabilities, exponent: float) -> LogProbabilities:
    """A model's log-probabilities (n, C) at another temperature."""
    return from_logits(exponent * _held(log_p))


def calibration(log_p: LogProbabilities, label: npt.NDArray[np.int64]) -> tuple[float, float]:
    """The exponent (an inverse temperature) of a model alone, and the loss with it, in nats."""
    exponents, loss = _fitted([_held(log_p)], label, 0.0)
    return float(exponents[0]), loss


def _held(log_p: LogProbabilities) -> LogProbabilities:
    return np.maximum(np.asarray(log_p, np.float64), _FLOOR)


def _fitted(
    models: Sequence[LogProbabilities], label: npt.NDArray[np.int64], pull: float = PULL
) -> tuple[Float, float]:
    """The exponents of models, and the loss with them: mean negative log-likelihood in nats."""
    stacked = np.stack(models)
    count, n, classes = stacked.shape
    rows, equal = np.arange(n), 1.0 / count
    own = stacked[:, rows, label]

    def loss(parameters: Float) -> tuple[float, Float]:
        exponents, noise = parameters[:-1], float(expit(parameters[-1]))
        p = np.exp(from_logits(np.tensordot(exponents, stacked, 1)))
        p_label = p[rows, label]
        likely = (1 - noise) * p_label + noise / classes
        expected = np.einsum("nc,mnc->mn", p, stacked)
        slope = -(((1 - noise) * p_label / likely) * (own - expected)).mean(axis=1)
        of_noise = -((1 / classes - p_label) / likely).mean() * noise * (1 - noise)
        off = exponents - equal
        value = -np.log(likely).mean() + pull / (2 * n) * float(off @ off)
        return float(value), np.append(slope + pull / n * off, of_noise)

    start = np.append(np.full(count, equal), -3.0)
    bounds: Any = [(0.0, LARGEST_EXPONENT)] * count + [(-9.0, 0.0)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    exponents: Float = found.x[:-1]
    off = exponents - equal
    return exponents, float(found.fun) - pull / (2 * n) * float(off @ off)
