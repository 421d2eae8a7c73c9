"""What kind of numbers a model's scores are, decided once for all rows of a field or file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, logsumexp

from ..arrays import FloatArray
from ..percent import percent
from .probabilities import SMALLEST_PROBABILITY, LogProbabilities, from_logits

LOGITS = "logits"
LOG_PROBABILITIES = "log-probabilities"
PROBABILITIES = "probabilities"
PERCENTAGES = "percentages"
SIGMOIDS = "sigmoids"
KINDS = (LOGITS, LOG_PROBABILITIES, PROBABILITIES, PERCENTAGES, SIGMOIDS)

MOST = 0.95
"""Scores are of a kind where at least this share of the rows is."""
SUM_TOLERANCE = 0.1
"""How far from 1 the sum of a row of probabilities may lie, beyond what rounding explains."""
LOG_SUM_TOLERANCE = 0.05
TINY = 1e-6
MOST_DECIMALS = 5
COARSEST_STEP = 0.01
"""Numbers that are all 0 or 1 do not tell how they were rounded; this is assumed then."""
MASS_OF_ZEROS = 0.05
"""All zeros of a row together stand for no more than about this probability."""


class MixedScores(ValueError):
    """Some rows are of one kind and some of another."""


@dataclass(frozen=True)
class ScoreKind:
    """How rows of scores are read.

    Attributes:
        name: one of ``KINDS``
        step: the rounding step that probabilities were written with, between 0 and 1; None where
            they were not rounded
        zero: the probability that a zero stands for
        one: for sigmoids, how far below 1 the probability is that a one stands for
        odd: the share of the rows looked at that are of another kind
    """

    name: str
    step: float | None = None
    zero: float = SMALLEST_PROBABILITY
    one: float = SMALLEST_PROBABILITY
    odd: float = 0.0

    def log_probabilities(self, scores: FloatArray) -> LogProbabilities:
        """Log-probabilities of rows of finite scores: float64 (n, C), each row sums to 1.

        Sigmoids are taken as the probability of each class by itself; then the probability that
        it is this one, given that it is one of them, is in proportion to its odds.
        """
        if not len(scores):
            return np.zeros(scores.shape)
        if self.name in (LOGITS, LOG_PROBABILITIES):
            return from_logits(scores)
        p = np.asarray(scores, np.float64) / (100.0 if self.name == PERCENTAGES else 1.0)
        if self.name == SIGMOIDS:
            p = np.clip(p, self.zero, 1.0 - self.one)
            return log_softmax(np.log(p) - np.log1p(-p), axis=1)
        p = np.where(p <= 0, self.zero, np.maximum(p, SMALLEST_PROBABILITY))
        return np.log(p / p.sum(axis=1, keepdims=True))

    def fits(self, scores: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether rows of finite scores are of this kind: bool (n,)."""
        if self.name == PERCENTAGES:
            return _sum_to_one(np.asarray(scores, np.float64) / 100.0, self.step)
        if self.name == PROBABILITIES:
            return _sum_to_one(scores, self.step)
        if self.name == SIGMOIDS:
            return _within_one(scores)
        return np.ones(len(scores), bool)

    @property
    def problem(self) -> str:
        """What is wrong with a row that does not fit."""
        if self.name == SIGMOIDS:
            return "sigmoids below 0 or above 1"
        total = "100" if self.name == PERCENTAGES else "1"
        return f"{self.name} that are negative or do not sum to {total}"

    @property
    def said(self) -> str:
        """The kind in words, with what was assumed."""
        parts = [self.name]
        if self.name in (PROBABILITIES, PERCENTAGES, SIGMOIDS) and self.step is not None:
            scale = 100.0 if self.name == PERCENTAGES else 1.0
            parts[0] += f" rounded to {self.step * scale:.6g}"
            parts.append(f"a zero is taken for {self.zero * scale:.3g}")
        if self.name == SIGMOIDS:
            parts.append("each class by itself, compared by their odds")
        if self.odd:
            other = "look like probabilities" if self.name == LOGITS else "are not"
            parts.append(f"{percent(self.odd, 1)} of the rows looked at {other}")
        return "; ".join(parts)


def kind_of(scores: FloatArray) -> ScoreKind:
    """The kind of scores that rows drawn from all of a field or file are.

    Args:
        scores: float (n, C); rows that are not finite are left out

    Raises:
        MixedScores: if some rows are probabilities or percentages and others are not

    Example:
        >>> kind_of(np.array([[0.2, 0.8], [1.0, 0.0]])).name, kind_of(np.array([[2.0, -1.0]])).name
        ('probabilities', 'logits')
        >>> kind_of(np.array([[12.5, 87.5]])).name, kind_of(np.log([[0.2, 0.8]])).name
        ('percentages', 'log-probabilities')
    """
    rows = np.asarray(scores, np.float64)
    rows = rows[np.isfinite(rows).all(axis=1)]
    if not len(rows):
        return ScoreKind(LOGITS)
    unit = _within_one(rows)
    step = _step_of(rows[unit])
    sums = _sum_to_one(rows, step)
    hundreds = _sum_to_one(rows / 100.0, _step_of(rows[rows.min(axis=1) >= 0] / 100.0)) & ~sums
    logs = (rows.max(axis=1) <= TINY) & (np.abs(logsumexp(rows, axis=1)) <= LOG_SUM_TOLERANCE)
    if sums.mean() >= MOST:
        return as_kind(PROBABILITIES, rows[sums], odd=1.0 - float(sums.mean()))
    if hundreds.mean() >= MOST:
        return as_kind(PERCENTAGES, rows[hundreds], odd=1.0 - float(hundreds.mean()))
    if logs.mean() >= MOST:
        return ScoreKind(LOG_PROBABILITIES)
    if unit.mean() >= MOST:
        return as_kind(SIGMOIDS, rows[unit], odd=1.0 - float(unit.mean()))
    for name, of_kind in ((PROBABILITIES, sums), (PERCENTAGES, hundreds)):
        if of_kind.mean() > 1.0 - MOST:
            raise MixedScores(
                f"{percent(of_kind.mean())} of {len(rows):,} rows, drawn from all, are {name}, the "
                "others are not"
            )
    return ScoreKind(LOGITS, odd=float((sums | hundreds).mean()))


def as_kind(name: str, scores: FloatArray, *, odd: float = 0.0) -> ScoreKind:
    """Scores that are known to be of a kind; how they were rounded is learnt from ``scores``."""
    if name not in (PROBABILITIES, PERCENTAGES, SIGMOIDS):
        return ScoreKind(name, odd=odd)
    rows = np.asarray(scores, np.float64)
    rows = rows[np.isfinite(rows).all(axis=1)] / (100.0 if name == PERCENTAGES else 1.0)
    rows = rows[_within_one(rows, SUM_TOLERANCE)]
    if not rows.size:
        return ScoreKind(name, odd=odd)
    step = _step_of(rows)
    least = step / 2.0 if step is not None else _least(rows, both_ends=name == SIGMOIDS)
    least = max(least, SMALLEST_PROBABILITY)
    return ScoreKind(name, step, min(least, MASS_OF_ZEROS / rows.shape[1]), least, odd)


def rounding_step(values: FloatArray) -> float | None:
    """The step that numbers from 0 to 1 were rounded to, None where they were not.

    Example:
        >>> rounding_step(np.array([0.25, 0.5, 0.99])), rounding_step(np.array([1 / 3, 0.5]))
        (0.01, None)
    """
    return _step_of(np.asarray(values, np.float64))


def _within_one(rows: FloatArray, beyond: float = 1e-3) -> npt.NDArray[np.bool_]:
    return np.asarray((rows.min(axis=1) >= -TINY) & (rows.max(axis=1) <= 1.0 + beyond))


def _sum_to_one(rows: FloatArray, step: float | None) -> npt.NDArray[np.bool_]:
    """Rows that are probabilities; a number that was rounded is off by half a step at most."""
    rows = np.asarray(rows, np.float64)
    total = rows.sum(axis=1)
    half = 0.0 if step is None else step / 2.0
    above = SUM_TOLERANCE + half * (rows > 0).sum(axis=1)
    below = np.minimum(SUM_TOLERANCE + half * rows.shape[1], 0.9)
    return _within_one(rows, SUM_TOLERANCE) & (total <= 1.0 + above) & (total >= 1.0 - below)


def _step_of(values: FloatArray) -> float | None:
    inside = values[(values > TINY) & (values < 1.0 - TINY)]
    if not inside.size:
        return COARSEST_STEP if values.size else None
    for decimals in range(1, MOST_DECIMALS + 1):
        if _multiples(inside, 10.0**-decimals):
            return 10.0**-decimals
    least = float(inside.min())
    return least if least > 1e-4 and inside.size > 1 and _multiples(inside, least) else None


def _multiples(values: FloatArray, step: float) -> bool:
    times = values / step
    # Single precision is right to about 1e-7 of a number below 1.
    return bool((np.abs(times - np.round(times)) <= 2e-7 / step + 1e-9).all())


def _least(rows: FloatArray, *, both_ends: bool) -> float:
    """Half of the smallest distance from 0, or from 0 and 1, that is seen."""
    away = np.minimum(rows, 1.0 - rows) if both_ends else rows
    positive = away[away > 0]
    return float(positive.min()) / 2.0 if positive.size else COARSEST_STEP / 2.0
