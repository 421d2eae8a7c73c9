"""Several models, and the other tags, made one: weighed by the likelihood of the labels.

Each says by how much it moves the log-odds of a tag from what they are without any evidence. The
sum of these, each times its weight, is what they say together. The weights are those under which
the labels are most likely, none below 0; what hardly makes them likelier is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from ..arrays import BoolArray, Float64Array, FloatArray
from .calibration import mean_loss

LEAST_GAIN = 0.01
"""Of the loss: what makes the labels less likely than this adds nothing."""
LARGEST_WEIGHT = 2.0
MOST_ENTRIES = 400_000
PULL = 10.0
"""Towards equal weights, so that these stay where there are few labels."""


def pool_weights(
    prior: FloatArray, evidence: Sequence[FloatArray], tag: BoolArray, models: int, seed: int
) -> Float64Array:
    """What each counts.

    Args:
        prior: float (C,), log-odds of each tag without any evidence
        evidence: float (n, C) each, of images that it was not learnt from
        tag: bool (n, C)
        models: how many of them, the first ones, are models; of these one is kept at least
        seed: of the entries that are looked at

    Returns:
        float64 (m,), 0 for what adds nothing
    """
    total = tag.size
    chosen = np.random.default_rng(seed).permutation(total)[:MOST_ENTRIES]
    base = np.broadcast_to(prior, tag.shape).reshape(-1)[chosen]
    parts = np.stack([np.asarray(e, np.float64).reshape(-1)[chosen] for e in evidence])
    y = tag.reshape(-1)[chosen]
    kept = list(range(len(evidence)))
    weights, loss = _fitted(base, parts, y, models)
    while len(kept) > 1:
        able = [m for m in kept if m >= models or sum(k < models for k in kept) > 1]
        without = [_without(base, parts, y, kept, m, models) for m in able]
        if not without:
            break
        least = int(np.argmin([found[1] for found in without]))
        if without[least][1] - loss >= LEAST_GAIN * loss:
            break
        weights, loss = without[least]
        kept.remove(able[least])
    found = np.zeros(len(evidence))
    found[kept] = weights
    return found


def _without(
    base: FloatArray, parts: FloatArray, y: BoolArray, kept: list[int], left: int, models: int
) -> tuple[Float64Array, float]:
    rest = [m for m in kept if m != left]
    return _fitted(base, parts[rest], y, sum(m < models for m in rest))


def _fitted(
    base: FloatArray, parts: FloatArray, y: BoolArray, models: int
) -> tuple[Float64Array, float]:
    """Weights of some, the first ones of which are models, and the mean loss with them."""
    equal = np.zeros(len(parts))
    equal[:models] = 1 / max(models, 1)
    n = max(len(y), 1)

    def loss(weights: Float64Array) -> tuple[float, Float64Array]:
        odds = base + weights @ parts
        error = expit(odds) - y
        off = weights - equal
        value = mean_loss(odds, y) + PULL / (2 * n) * float(off @ off)
        return value, parts @ error / n + PULL / n * off

    bounds = [(0.0, LARGEST_WEIGHT)] * len(parts)
    found = minimize(loss, equal, jac=True, method="L-BFGS-B", bounds=bounds)
    return found.x, mean_loss(base + found.x @ parts, y)
