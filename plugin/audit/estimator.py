"""Estimating from an audit: how many errors a population holds, and the interval.

The estimate is the stratified one, ``Σ N_b x_b / n_b``, unbiased whatever the classifier is worth.
The interval is a score interval (Wilson 1927, for strata see Yan and Su, Stratified Wilson and
Newcombe confidence intervals, 2010): it holds those totals ``T`` that lie within ``z`` standard
errors of the estimate, where the standard error is the one that ``T`` would imply, not the one
that the sample happens to show. That matters where errors are rare: the sample that met none of
them would imply a standard error of zero. The shape of the error rates over the strata is the
sample's own, made monotone (higher suspicion, higher rate), and moved up and down in log-odds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from ..arrays import IntArray

EDGE = 0.25
"""Errors imagined in a band where none, or nothing but errors, was met; by coverage measured."""

STEEPEST = 30.0
HALVINGS = 60

Rates = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A number of samples: the estimate, and the ends of its interval."""

    point: float
    low: float
    high: float

    def less(self, known: float, most: float) -> Interval:
        """What remains after ``known`` of it is taken away, at least 0 and at most ``most``.

        Example:
            >>> Interval(10.0, 4.0, 20.0).less(6, most=12)
            Interval(point=4.0, low=0.0, high=12.0)
        """
        ends = (min(max(x - known, 0.0), most) for x in (self.point, self.low, self.high))
        return Interval(*map(float, ends))

    @property
    def whole(self) -> tuple[int, int, int]:
        """The same in whole samples, as every screen and text writes it: point, low, high.

        No number between two whole ones can be the truth, so the ends are rounded inwards, as the
        bound of the stopping target is.

        Example:
            >>> Interval(12.4, 0.3, 73.6).whole
            (12, 1, 73)
        """
        high = math.floor(self.high + 1e-9)
        low = min(high, math.ceil(self.low - 1e-9))
        return min(high, max(low, round(self.point))), low, high

    def within(self, whole: Interval) -> Interval:
        """That of a part, which holds no more than the whole does: no end above the whole's.

        Where the whole's interval holds the truth, nothing true is cut off by this.

        Example:
            >>> Interval(20.0, 0.0, 96.0).within(Interval(30.0, 1.0, 73.0))
            Interval(point=20.0, low=0.0, high=73.0)
        """
        return Interval(
            min(self.point, whole.point), min(self.low, whole.low), min(self.high, whole.high)
        )

    def __add__(self, known: float) -> Interval:
        return Interval(self.point + known, self.low + known, self.high + known)


def total(wrong: IntArray, drawn: IntArray, population: IntArray) -> float:
    """The unbiased estimate of the number of errors.

    Args:
        wrong: int (B,), errors met in each stratum
        drawn: int (B,), samples judged in each stratum, at least one
        population: int (B,), samples that each stratum holds

    Example:
        >>> total(np.array([3, 1]), np.array([4, 10]), np.array([8, 1000]))
        106.0
    """
    return float((population * (np.asarray(wrong) / drawn)).sum())


def interval(
    wrong: IntArray, drawn: IntArray, population: IntArray, confidence: float = 0.95
) -> Interval:
    """The number of errors in a population, from a stratified sample of it.

    Args:
        wrong: int (B,), errors met in each stratum, the most suspicious stratum first
        drawn: int (B,), samples judged in each, at least one
        population: int (B,), samples that each holds
        confidence: of the two-sided interval

    Raises:
        ValueError: if the counts contradict each other

    Example:
        >>> interval(np.array([0]), np.array([100]), np.array([10_000]))
        Interval(point=0.0, low=0.0, high=366.4...)
    """
    return _interval(wrong, drawn, population, NormalDist().inv_cdf(0.5 + confidence / 2.0))


def upper_bound(wrong: IntArray, drawn: IntArray, population: IntArray, alpha: float) -> float:
    """What the number of errors exceeds with a probability of at most ``alpha``; as above.

    Example:
        >>> upper_bound(np.array([0]), np.array([100]), np.array([10_000]), alpha=0.025)
        366.4...
    """
    return _interval(wrong, drawn, population, NormalDist().inv_cdf(1.0 - alpha)).high


def _interval(wrong: IntArray, drawn: IntArray, population: IntArray, z: float) -> Interval:
    wrong, drawn = np.asarray(wrong, np.int64), np.asarray(drawn, np.int64)
    population = np.asarray(population, np.int64)
    if (wrong < 0).any() or (wrong > drawn).any() or (drawn > population).any():
        raise ValueError("needs 0 <= wrong <= drawn <= population in each stratum")
    if (drawn < 1).any():
        raise ValueError("each stratum needs a judged sample")
    seen, judged, size = (float(counts.sum()) for counts in (wrong, drawn, population))
    open_ones = drawn < population  # the others are known, not estimated
    known = float(wrong[~open_ones].sum())
    wrong, drawn, population = wrong[open_ones], drawn[open_ones], population[open_ones]
    if not len(drawn):
        return Interval(known, known, known)
    point = total(wrong, drawn, population)
    low, high = _score_ends(point, _shape(wrong, drawn), drawn, population, z)
    most = size - (judged - seen)
    return Interval(
        point + known,
        max(min(low, point) + known, seen),
        min(max(high, point) + known, most),
    )


def _shape(wrong: npt.NDArray[np.int64], drawn: npt.NDArray[np.int64]) -> Rates:
    """Log-odds of an error in each stratum, made to fall with suspicion (isotonic regression)."""
    fitted = isotonic_regression(wrong / drawn, weights=drawn, increasing=False).x
    starts = np.flatnonzero(np.diff(fitted, prepend=np.inf))  # strata of one rate are one pool
    x, n = np.add.reduceat(wrong, starts), np.add.reduceat(drawn, starts)
    edge = (x == 0) | (x == n)
    rate = np.where(edge, (x + EDGE) / (n + 2.0 * EDGE), x / n)
    return np.repeat(np.log(rate / (1.0 - rate)), np.diff(starts, append=len(drawn)))


def _score_ends(
    point: float,
    shape: Rates,
    drawn: npt.NDArray[np.int64],
    population: npt.NDArray[np.int64],
    z: float,
) -> tuple[float, float]:
    """The totals that lie z of their own standard errors below and above the estimate."""
    finite = (population - drawn) / (population - 1.0)
    factor = population.astype(np.float64) ** 2 * finite / drawn
    ends = []
    for sign in (1.0, -1.0):
        low, high = -STEEPEST, STEEPEST
        for _ in range(HALVINGS):
            middle = (low + high) / 2.0
            rate = 1.0 / (1.0 + np.exp(-(shape + middle)))
            spread = np.sqrt((factor * rate * (1.0 - rate)).sum())
            if (population * rate).sum() + sign * z * spread > point:
                high = middle
            else:
                low = middle
        ends.append(float((population / (1.0 + np.exp(-(shape + high)))).sum()))
    return ends[0], ends[1]
