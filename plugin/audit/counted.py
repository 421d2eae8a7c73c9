"""Estimating from counts: how many things all images hold, such as objects that nobody labelled.

The estimate is the stratified one, as in ``estimator.py``, of counts in place of errors. Things
come in clumps: an image in which one was overlooked lacks several. So the variance of a count is
taken as a multiple of its mean, as in quasi-Poisson models (McCullagh and Nelder, Generalized
Linear Models, 1989, section 6.2), and that multiple is the sample's own, drawn towards ``CLUMP``,
without which a sample that met nothing, or one thing, would say that clumps do not exist. The
interval holds those totals that lie within ``z`` of their own standard errors of the estimate.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from ..arrays import IntArray
from .estimator import HALVINGS, STEEPEST, Interval

CLUMP = 4.0
"""Variance over mean of a count, as far as the sample does not tell; by coverage measured."""

IMAGINED = 4.0
"""Things imagined that come in such clumps."""

EDGE = 0.25
"""Things imagined in strata where none was met."""


def interval_of_counts(
    count: IntArray, stratum: IntArray, population: IntArray, confidence: float = 0.95
) -> Interval:
    """How many things a population holds, from a stratified sample of it.

    Args:
        count: int (n,), things met in each drawn image
        stratum: int (n,), the stratum of each; the most suspicious stratum first
        population: int (B,), images that each stratum holds
        confidence: of the two-sided interval

    Raises:
        ValueError: if a stratum has no image that was drawn, or more than it holds

    Example:
        >>> met = np.array([0, 2, 0, 1])
        >>> interval_of_counts(met, np.zeros(4, int), np.array([4]))
        Interval(point=3.0, low=3.0, high=3.0)
        >>> interval_of_counts(met, np.zeros(4, int), np.array([400])).point
        300.0
    """
    count, population = np.asarray(count, np.int64), np.asarray(population, np.int64)
    drawn = np.bincount(stratum, minlength=len(population))
    if (drawn < 1).any() or (drawn > population).any() or (count < 0).any():
        raise ValueError("needs 1 <= drawn <= population in each stratum, and counts from 0")
    met = np.bincount(stratum, count, len(population)).astype(np.float64)
    open_ones = drawn < population  # the others are counted, not estimated
    known = float(met[~open_ones].sum())
    if not open_ones.any():
        return Interval(known, known, known)
    seen = float(met.sum())
    inside = open_ones[stratum]
    met, drawn, population = met[open_ones], drawn[open_ones], population[open_ones]
    moved = (np.cumsum(open_ones) - 1)[stratum[inside]]
    dispersion = _dispersion(count[inside], moved, met, drawn, population)
    point = float((population * met / drawn).sum())
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    low, high = _ends(point, _rates(met, drawn), drawn, population, dispersion, z)
    return Interval(point + known, max(min(low, point) + known, seen), max(high, point) + known)


def _dispersion(
    count: npt.NDArray[np.int64],
    stratum: IntArray,
    met: npt.NDArray[np.float64],
    drawn: npt.NDArray[np.int64],
    population: npt.NDArray[np.int64],
) -> float:
    """Variance over mean of a count within strata, by their weights; at least 1."""
    squares = np.bincount(stratum, count.astype(np.float64) ** 2, len(drawn))
    n = np.maximum(drawn, 2)  # one image says nothing of a variance
    spread = (squares - met**2 / n) * n / (n - 1)
    weight = population.astype(np.float64) ** 2 * (1.0 - drawn / population) / drawn**2
    weight *= len(count) / (weight * drawn).sum()
    found = (weight * spread).sum() + IMAGINED * CLUMP
    return max(1.0, float(found / ((weight * met).sum() + IMAGINED)))


def _rates(met: npt.NDArray[np.float64], drawn: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Things an image in each stratum, made to fall with suspicion and never 0."""
    fitted = isotonic_regression(met / drawn, weights=drawn, increasing=False).x
    starts = np.flatnonzero(np.diff(fitted, prepend=np.inf))
    x, n = np.add.reduceat(met, starts), np.add.reduceat(drawn, starts)
    rate = np.where(x > 0, x, EDGE) / n
    return np.repeat(rate, np.diff(starts, append=len(drawn)))


def _ends(
    point: float,
    rate: npt.NDArray[np.float64],
    drawn: npt.NDArray[np.int64],
    population: npt.NDArray[np.int64],
    dispersion: float,
    z: float,
) -> tuple[float, float]:
    """The totals that lie z of their own standard errors below and above the estimate."""
    finite = (population - drawn) / (population - 1.0)
    factor = population.astype(np.float64) ** 2 * finite / drawn * dispersion
    ends = []
    for sign in (1.0, -1.0):
        low, high = -STEEPEST, STEEPEST
        for _ in range(HALVINGS):
            middle = (low + high) / 2.0
            now = rate * np.exp(middle)
            if (population * now).sum() + sign * z * np.sqrt((factor * now).sum()) > point:
                high = middle
            else:
                low = middle
        ends.append(float((population * rate).sum() * np.exp(high)))
    return ends[0], ends[1]
