"""What people's verdicts on some labels say of the other labels.

Of the labels that a classifier doubts, some classes' are mostly right when somebody looks, and some
are mostly wrong, and what is wrong in one place is wrong near it. Each verdict is the outcome of a
logistic regression on the margin, ``log-odds(wrong) = a + b · margin + u``, where ``u`` is one
number for each class, plus one that varies over the features of its samples: a Gaussian process
(Rasmussen and Williams, "Gaussian processes for machine learning", 2006, algorithms 3.1 and 3.2).
How much each may vary is what makes the verdicts likeliest; where that is nothing, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.special import expit

from ..arrays import BoolArray, Float64Array, FloatArray, Int64Array

LEAST_VERDICTS = 20
LEAST_OF_EACH = 3
LEAST_GAIN = 3.0
"""Of log-likelihood in all, in nats: less is chance."""
OF_CLASS = (0.0, 0.3, 1.0)
OF_PLACE = (0.0, 1.0)
"""Variances that are tried, of log-odds. Larger ones are likelier now and then, and found less."""
NEAR = 0.3
"""Two samples whose cosine is less than 1 by this have 1/e of their place in common."""
MOST_OF_CLASS = 400
"""Verdicts a class: their number to the third power is the cost."""
LEAST_SLOPE = 0.25
LARGEST_MARGIN = 30.0
STEPS = 20
SETTLED = 1e-4
ASKED_AT_ONCE = 20_000


@dataclass(frozen=True)
class Verdicts:
    """Samples whose labels people judged.

    Attributes:
        label: (d,), class index of the label that was judged
        margin: (d,), the classifier's log-odds against that label, see ``margin.py``
        wrong: (d,), whether it was wrong
        features: (d, f)
    """

    label: Int64Array
    margin: Float64Array
    wrong: BoolArray
    features: FloatArray

    def of(self, rows: Int64Array) -> Verdicts:
        """Some of them."""
        return Verdicts(self.label[rows], self.margin[rows], self.wrong[rows], self.features[rows])


class Evidence:
    """By how much verdicts move the margins of other samples.

    Args:
        slope: log-odds of an error for each nat of margin
        variance: of classes and of places
        found: for each class with verdicts: the directions (k, f) of its verdicts, and the weight
            (k,) of each
        centre, scale: (f,), of the features
    """

    def __init__(
        self,
        slope: float,
        variance: tuple[float, float],
        found: dict[int, tuple[FloatArray, Float64Array]],
        centre: FloatArray,
        scale: FloatArray,
    ):
        self._slope, self._variance, self._found = slope, variance, found
        self._centre, self._scale = centre, scale

    def __call__(self, label: Int64Array, features: FloatArray) -> Float64Array:
        """What to add to each margin, in nats.

        Args:
            label: (n,), class indices
            features: (n, f)
        """
        moved = np.zeros(len(label))
        for start in range(0, len(label), ASKED_AT_ONCE):
            part = slice(start, start + ASKED_AT_ONCE)
            directions = _directions(features[part], self._centre, self._scale)
            for name, (known, weight) in self._found.items():
                rows = np.flatnonzero(label[part] == name)
                kernel = _kernel(directions[rows] @ known.T, self._variance)
                moved[start + rows] = kernel @ weight / self._slope
        return moved


def evidence_of(verdicts: Verdicts) -> Evidence | None:
    """What verdicts say of other samples; None where they say nothing, or are too few.

    Example:
        >>> label = np.arange(80) % 2
        >>> seen = Verdicts(label, np.ones(80), label == 1, np.ones((80, 1)))
        >>> evidence_of(seen)(np.array([0, 1]), np.ones((2, 1))).round().tolist()
        [-3.0, 3.0]
    """
    wrong = int(verdicts.wrong.sum())
    if len(verdicts.label) < LEAST_VERDICTS or not (
        LEAST_OF_EACH <= wrong <= len(verdicts.label) - LEAST_OF_EACH
    ):
        return None
    verdicts = verdicts.of(_some_of_each(verdicts.label))
    margin = np.clip(verdicts.margin, -LARGEST_MARGIN, LARGEST_MARGIN)
    bias, slope = _line(margin, verdicts.wrong)
    centre = verdicts.features.mean(axis=0, dtype=np.float64)
    spread = verdicts.features.std(axis=0, dtype=np.float64)
    scale = np.sqrt(np.where(spread > 1e-6, spread, 1.0))
    directions = _directions(verdicts.features, centre, scale)
    expected = bias + slope * margin
    classes = [_OfClass(directions[r], expected[r], verdicts.wrong[r]) for r in _by(verdicts.label)]
    tried = {
        variance: sum(c.likelihood(variance) for c in classes)
        for variance in ((of_class, of_place) for of_class in OF_CLASS for of_place in OF_PLACE)
    }
    best = max(tried, key=lambda variance: tried[variance])
    if tried[best] < tried[0.0, 0.0] + LEAST_GAIN:
        return None
    names = np.unique(verdicts.label).tolist()
    found = {n: (c.directions, c.weights(best)) for n, c in zip(names, classes, strict=True)}
    return Evidence(max(slope, LEAST_SLOPE), best, found, centre, scale)


class _OfClass:
    """The verdicts on labels of one class."""

    def __init__(self, directions: FloatArray, expected: Float64Array, wrong: BoolArray):
        self.directions = directions
        self._cosine = directions @ directions.T
        self._expected, self._wrong = expected, wrong.astype(np.float64)

    def weights(self, variance: tuple[float, float]) -> Float64Array:
        """What each verdict adds to what is like it."""
        return self._fitted(_kernel(self._cosine, variance))[0]

    def likelihood(self, variance: tuple[float, float]) -> float:
        """Of the verdicts, in nats, by Laplace's approximation."""
        kernel = _kernel(self._cosine, variance)
        weight, moved = self._fitted(kernel)
        odds = self._expected + moved
        said = float(np.sum(self._wrong * odds - np.logaddexp(0, odds)))
        root = np.sqrt(_curvature(odds))
        inner = np.eye(len(root)) + root[:, None] * kernel * root
        return said - 0.5 * float(weight @ moved) - 0.5 * float(np.linalg.slogdet(inner)[1])

    def _fitted(self, kernel: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Newton's steps to the likeliest log-odds: weights, and what they add to each."""
        moved = np.zeros(len(kernel))
        weight = np.zeros(len(kernel))
        for _ in range(STEPS):
            odds = self._expected + moved
            curvature = _curvature(odds)
            root = np.sqrt(curvature)
            inner = np.eye(len(root)) + root[:, None] * kernel * root
            wanted = curvature * moved + self._wrong - expit(odds)
            solved = cho_solve(cho_factor(inner), root * (kernel @ wanted))
            weight = wanted - root * solved
            before, moved = moved, kernel @ weight
            if np.abs(moved - before).max() < SETTLED:
                break
        return weight, moved


def _curvature(odds: Float64Array) -> Float64Array:
    p = expit(odds)
    return np.maximum(p * (1 - p), 1e-9)


def _kernel(cosine: FloatArray, variance: tuple[float, float]) -> Float64Array:
    of_class, of_place = variance
    return of_class + of_place * np.exp((np.asarray(cosine, np.float64) - 1) / NEAR)


def _directions(features: FloatArray, centre: FloatArray, scale: FloatArray) -> Float64Array:
    """Directions of features from their mean, their axes made half as unequal as they are."""
    rows = (np.asarray(features, np.float64) - centre) / scale
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _line(margin: Float64Array, wrong: BoolArray) -> tuple[float, float]:
    """The bias and slope that make verdicts likely; with few of them near 0 and 1."""

    def loss(line: Float64Array) -> float:
        odds = line[0] + line[1] * margin
        said = np.logaddexp(0, odds).sum() - odds[wrong].sum()
        return float(said + 0.5 * (line[0] / 3.0) ** 2 + 0.5 * ((line[1] - 1.0) / 0.5) ** 2)

    bias, slope = minimize(loss, np.array([0.0, 1.0]), method="L-BFGS-B").x
    return float(bias), float(slope)


def _by(label: Int64Array) -> Iterator[Int64Array]:
    """The rows of each class."""
    order = np.argsort(label, kind="stable")
    yield from np.split(order, np.cumsum(np.unique(label, return_counts=True)[1])[:-1])


def _some_of_each(label: Int64Array) -> Int64Array:
    """At most so many rows a class, drawn at random."""
    draw = np.random.default_rng(0)
    kept = [draw.permutation(rows)[:MOST_OF_CLASS] for rows in _by(label)]
    return np.sort(np.concatenate(kept))
