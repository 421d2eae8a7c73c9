"""What each annotator does otherwise than the crowd, shrunk towards it where their votes are few.

Indirect standardisation: an annotator's errors are counted against those that the crowd would have
made on the same samples, of their difficulty. The ratio has a gamma prior with mean 1, whose shape
is where the counts of all annotators are likeliest (Clayton and Kaldor 1987); so has the ratio of
each confusion, given the annotator's overall one. Who errs less than the crowd does so by this
ratio; who errs more is careless in a share of the votes, on easy samples as on hard ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from ..arrays import Float32Array, Float64Array, Int64Array
from .agreement import jeffreys
from .ballots import Ballots
from .crowd import Crowd

MOST_NUMBERS = 50_000_000
"""Of the confusions of all annotators; with more classes each has one ratio for all of them."""
MOST_WRONG = 0.99
SHAPES = (-3.0, 12.0)
"""Range of the logarithm of the gamma prior's shape."""
SURE_SHAPE = 1e4
SHOWN_CONFUSIONS = 10
LEAST_SHOWN = 0.5


@dataclass(frozen=True)
class Annotators:
    """How each annotator votes, ``A`` of them over ``C`` classes.

    Attributes:
        crowd: what they are compared with
        ratio: float64 (A,), errors in relation to the crowd's on the same samples
        careless: float64 (A,), share of votes that are wrong beyond what the crowd would have made
            wrong; 0 where the ratio is at most 1
        deviation: float32 (A, C, C), the same of each confusion (class, vote) given ``ratio``; None
            where there are too many classes
    """

    crowd: Crowd
    ratio: Float64Array
    careless: Float64Array
    deviation: Float32Array | None

    @classmethod
    def like(cls, crowd: Crowd, annotators: int) -> Annotators:
        """Annotators that all do as the crowd does."""
        return cls(crowd, np.ones(annotators), np.zeros(annotators), None)

    def log_likelihood(self, strata: Int64Array, ballots: Ballots) -> Float64Array:
        """Log-probability of each vote on a sample of each class: (m, C).

        Args:
            strata: (n,), of the samples
            ballots: the votes
        """
        s, who, said = strata[ballots.sample], ballots.annotator, ballots.label
        spread = self._spread()
        careful = np.minimum(self.ratio, 1.0) * (1.0 - self.careless)
        wrong = self.crowd.confusion[s, :, said] * careful[who, None]
        wrong += spread[:, said].T * self.careless[who, None]
        if self.deviation is not None:
            wrong = wrong * self.deviation[who, :, said]
        total = self._wrong(careful, spread)[s, who]
        p = wrong * (np.minimum(total, MOST_WRONG) / total)
        rows = np.arange(len(said))
        p[rows, said] = 1.0 - np.minimum(total[rows, said], MOST_WRONG)
        return np.log(np.maximum(p, 1e-9))

    def average(self) -> Crowd:
        """How one of them votes of whom nothing is known."""
        return self.crowd

    def _spread(self) -> Float64Array:
        """Where wrong votes fall: (C, C), rows of 1, none on the diagonal."""
        classes = self.crowd.confusion.shape[1]
        wrong = self.crowd.confusion.mean(axis=0) * (1.0 - np.eye(classes))
        return wrong / wrong.sum(axis=1, keepdims=True)

    def _wrong(self, careful: Float64Array, spread: Float64Array) -> Float64Array:
        """Probability of any wrong vote, by stratum, annotator and class: (S, A, C)."""
        confusion = self.crowd.confusion * (1.0 - np.eye(self.crowd.confusion.shape[1]))
        totals = []
        for one in confusion:
            if self.deviation is None:
                by_crowd = np.broadcast_to(one.sum(axis=1), (len(careful), len(one)))
                beyond = np.ones((len(careful), len(one)))
            else:
                by_crowd = np.einsum("acv,cv->ac", self.deviation, one)
                beyond = np.einsum("acv,cv->ac", self.deviation, spread)
            totals.append(by_crowd * careful[:, None] + beyond * self.careless[:, None])
        return np.maximum(np.stack(totals), 1e-9)


@dataclass
class Counts:
    """What is counted of annotators, chunk by chunk; see ``count``."""

    votes: Float64Array
    right: Float64Array
    doubt: Float64Array
    expected_wrong: Float64Array
    confused: Float32Array | None
    expected: Float32Array | None

    @classmethod
    def empty(cls, annotators: int, classes: int) -> Counts:
        """Counts of nothing."""
        votes, right, doubt, wrong = np.zeros((4, annotators))
        confused = expected = None
        if annotators * classes * classes <= MOST_NUMBERS:
            confused, expected = np.zeros((2, annotators, classes, classes), np.float32)
        return cls(votes, right, doubt, wrong, confused, expected)

    def add(
        self, crowd: Crowd, strata: Int64Array, class_p: Float64Array, ballots: Ballots
    ) -> None:
        """Count some votes.

        Args:
            crowd: what is expected
            strata: (n,), of the samples
            class_p: (n, C), probability of each class given all votes
            ballots: the votes on the same samples
        """
        who, said, total = ballots.annotator, ballots.label, len(self.votes)
        p = class_p[ballots.sample]
        right = p[np.arange(len(said)), said]
        s = strata[ballots.sample]
        diagonal = np.diagonal(crowd.confusion, axis1=1, axis2=2)
        wrong = np.einsum("mc,mc->m", p, 1.0 - diagonal[s])
        self.votes += np.bincount(who, minlength=total)
        self.right += np.bincount(who, right, minlength=total)
        self.doubt += np.bincount(who, right * (1.0 - right), minlength=total)
        self.expected_wrong += np.bincount(who, wrong, minlength=total)
        if self.confused is None or self.expected is None:
            return
        classes = class_p.shape[1]
        counts = _summed_by(who * np.int64(classes) + said, p, total * classes)
        self.confused += counts.reshape(total, classes, classes).transpose(0, 2, 1)
        for stratum, confusion in enumerate(crowd.confusion):
            mine = s == stratum
            seen = _summed_by(who[mine].astype(np.int64), p[mine], total)
            self.expected += seen[:, :, None] * confusion


def _summed_by(key: npt.NDArray[np.int64], values: Float64Array, keys: int) -> Float64Array:
    """The sum of the rows of values by key: (keys, C)."""
    sums = np.zeros((keys, values.shape[1]))
    if len(key):
        order = np.argsort(key, kind="stable")
        first = np.flatnonzero(np.diff(key[order], prepend=-1))
        sums[key[order][first]] = np.add.reduceat(values[order], first, axis=0)
    return sums


def fitted(crowd: Crowd, counts: Counts) -> Annotators:
    """What each annotator does otherwise than the crowd, from counts of all their votes."""
    wrong = counts.votes - counts.right
    ratio = shrunk(wrong, counts.expected_wrong)
    beyond = np.maximum(ratio - 1.0, 0.0) * counts.expected_wrong
    careless = np.minimum(
        beyond / np.maximum(counts.votes - counts.expected_wrong, 1.0), MOST_WRONG
    )
    if counts.confused is None or counts.expected is None:
        return Annotators(crowd, ratio, careless, None)
    off = ~np.eye(counts.confused.shape[1], dtype=bool)
    deviation = np.ones_like(counts.confused)
    expected = counts.expected[:, off] * ratio[:, None].astype(np.float32)
    deviation[:, off] = shrunk(counts.confused[:, off], expected)
    return Annotators(crowd, ratio, careless, deviation)


def shrunk(observed: npt.NDArray[np.floating], expected: npt.NDArray[np.floating]) -> Float64Array:
    """Ratios of what was observed to what was expected, shrunk towards 1."""
    seen, meant = observed.astype(np.float64), np.maximum(expected.astype(np.float64), 1e-9)
    known = meant > 1e-6
    if not known.any():
        return np.ones_like(seen)
    o, e = seen[known], meant[known]

    def loss(log_shape: float) -> float:
        k = np.exp(log_shape)
        likely = gammaln(o + k) - gammaln(k) + k * np.log(k / (e + k)) - o * np.log(e + k)
        return -float(likely.sum())

    shape = np.exp(minimize_scalar(loss, bounds=SHAPES, method="bounded").x)
    return (seen + shape) / (meant + shape)


@dataclass(frozen=True)
class AnnotatorRecord:
    """What is said of one annotator.

    Attributes:
        name: who
        votes: how many
        accuracy: share of their votes that are right, as far as can be known without the truth
        low, high: 95 % interval of it
        confusions: ``class``, ``vote`` and ``expected`` number, the most frequent first
    """

    name: str
    votes: int
    accuracy: float
    low: float
    high: float
    confusions: list[dict[str, Any]]


def records(counts: Counts, names: list[str], classes: list[str]) -> list[AnnotatorRecord]:
    """What is said of each annotator who gave a vote, by falling number of votes."""
    found = []
    for i in np.argsort(-counts.votes, kind="stable").tolist():
        votes = float(counts.votes[i])
        if votes == 0:
            break
        accuracy = float(counts.right[i]) / votes
        low, high = accuracy_interval(votes, accuracy, float(counts.doubt[i]))
        confusions = _confusions(counts, i, classes)
        found.append(AnnotatorRecord(names[i], round(votes), accuracy, low, high, confusions))
    return found


def accuracy_interval(votes: float, accuracy: float, doubt: float) -> tuple[float, float]:
    """The 95 % interval of an accuracy that is known by votes whose truth is uncertain itself.

    Jeffreys' interval for as many votes as would be as uncertain with the truth known.

    Args:
        votes: how many, at least 1
        accuracy: the mean of the votes' probabilities of being right
        doubt: the sum of their variances, p (1 - p)

    Example:
        >>> low, high = accuracy_interval(100, 0.9, 0.0)
        >>> round(low, 2), round(high, 2)
        (0.83, 0.95)
    """
    spread = accuracy * (1 - accuracy)
    worth = votes * spread / (spread + doubt / votes) if spread > 0 else votes
    return jeffreys(accuracy * worth, worth)


def _confusions(counts: Counts, annotator: int, classes: list[str]) -> list[dict[str, Any]]:
    if counts.confused is None:
        return []
    mine = counts.confused[annotator].copy()
    np.fill_diagonal(mine, 0.0)
    order = np.argsort(-mine, axis=None, kind="stable")[:SHOWN_CONFUSIONS]
    pairs = [divmod(int(at), len(classes)) for at in order]
    return [
        {"class": classes[c], "vote": classes[v], "expected": round(float(mine[c, v]), 1)}
        for c, v in pairs
        if mine[c, v] >= LEAST_SHOWN
    ]
