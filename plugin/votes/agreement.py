"""How far two people agree beyond chance: Cohen's kappa with an interval.

Cohen (1960), with the standard error of Fleiss, Cohen and Everitt (1969).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from ..arrays import Float64Array, IntArray

ROUNDING = 1e-14
"""A variance below it is 0: 20,000 samples that differ at all leave at least 2e-13."""


@dataclass(frozen=True)
class Kappa:
    """Agreement of two people on the same samples.

    Attributes:
        samples: how many both have judged
        agreed: how many alike
        kappa: 1 is full agreement, 0 what chance would give; NaN where both always said the same
            one class, so that nothing can be known
        low, high: its 95 % interval
    """

    samples: int
    agreed: int
    kappa: float
    low: float
    high: float


def cohens_kappa(first: IntArray, second: IntArray, classes: int) -> Kappa:
    """Cohen's kappa of two people's classes of the same samples.

    Args:
        first: class indices of the one, (n,)
        second: of the other
        classes: how many there are

    Example:
        >>> k = cohens_kappa(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 2)
        >>> round(k.kappa, 2), k.agreed
        (0.5, 3)
    """
    n = len(first)
    agreed = int(np.sum(np.asarray(first) == np.asarray(second)))
    table = np.bincount(np.asarray(first) * classes + np.asarray(second), minlength=classes**2)
    p = table.reshape(classes, classes) / max(n, 1)
    chance = float(p.sum(axis=1) @ p.sum(axis=0))
    if n == 0 or chance == 1.0:
        return Kappa(n, agreed, float("nan"), -1.0, 1.0)
    kappa = (agreed / n - chance) / (1 - chance)
    low, high = _interval(p, n)
    return Kappa(n, agreed, kappa, low, high)


def _interval(p: Float64Array, n: int) -> tuple[float, float]:
    """The 95 % interval: Jeffreys' for the share of disagreements, over what chance would give.

    It is taken of as many samples as would leave kappa as uncertain as its standard error says, so
    that what is not known of the classes' shares counts as well.
    """
    kappa, error = kappa_and_error(p, n)  # 0 where one of them always names the same class
    by_chance = 1.0 - float(p.sum(axis=1) @ p.sum(axis=0))
    apart = (1 - kappa) * by_chance
    spread = apart * (1 - apart)
    worth = spread / (by_chance * error) ** 2 if spread > 0 and error > 0 else float(n)
    low, high = jeffreys(apart * worth, worth)
    lowest, highest = max(-1.0, 1 - high / by_chance), 1 - low / by_chance
    return min(lowest, kappa), max(highest, kappa)


def jeffreys(count: float, of: float) -> tuple[float, float]:
    """Jeffreys' 95 % interval of a share; it reaches its end where all or none were counted.

    Example:
        >>> low, high = jeffreys(0, 10)
        >>> low, round(high, 2)
        (0.0, 0.22)
    """
    low, high = beta.ppf([0.025, 0.975], count + 0.5, of - count + 0.5)
    return float(low) if count > 0 else 0.0, float(high) if count < of else 1.0


def kappa_and_error(p: Float64Array, n: float) -> tuple[float, float]:
    """Kappa and its standard error.

    Args:
        p: (C, C), share of the samples by the two people's classes
        n: how many samples
    """
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, chance = float(np.trace(p)), float(rows @ columns)
    kappa = (observed - chance) / (1 - chance)
    both = rows[None, :] + columns[:, None]
    diagonal = np.diag(p) @ (1 - (rows + columns) * (1 - kappa)) ** 2
    others = (p * (1 - np.eye(len(p)))) * both**2
    variance = diagonal + (1 - kappa) ** 2 * others.sum() - (kappa - chance * (1 - kappa)) ** 2
    known = variance if variance > ROUNDING else 0.0
    return kappa, float(np.sqrt(known / n) / (1 - chance))
