"""How the crowd votes, learnt from the votes and a model's opinion of the same samples.

Dawid and Skene (1979) explain votes by each sample's unknown class and by what people say of each
class. Three things that they leave out are estimated here from the same data.

*The model* is an opinion on the class as well, at the temperature that makes the votes likeliest.

*Difficulty*: people err more where the model is unsure, so that each stratum of the model's margin
has a confusion matrix of its own. Each vote alone teaches the matrices at first.

*Dependence*: people err together, and k votes are worth k / (1 + (k - 1) r) independent ones
(Kish's design effect); r is where votes alone foretell best what the model says of samples with
such votes, given what it says of each class. (The likelihood of both opinions together finds the
same in simulations, but models err where people do: on CIFAR-10N it takes votes for independent,
and the consensus is wrong on 3.2 % in place of 2.9 %.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from ..arrays import Float64Array, Int64Array
from ..scoring.probabilities import LogProbabilities, from_logits
from .ballots import Ballots

STRATA = 5
LEAST_MODELLED = 200
"""Samples with votes from which on a temperature and strata are learnt."""
PASSES = 36
REFIT = 3
PULL_OF_BASE = 10.0
PULL_OF_CROWD = 20.0
"""Votes a class that a confusion matrix of the crowd, or of a stratum, counts from its prior."""
FIRST_ACCURACY = 0.9
TEMPERATURES = (0.1, 10.0)
MOST_DEPENDENT = 5.0


@dataclass(frozen=True)
class Crowd:
    """How votes come about.

    Attributes:
        confusion: float64 (S, C, C): in each stratum, the probability of each vote (last axis) on
            a sample of each class
        edges: float64 (S - 1,), the margins of the model that part the strata, ascending
        sharpness: exponent of the model's probabilities, an inverse temperature
        dependence: r; 0 where votes are independent, 1 where all are one
        prior: float64 (C,), share of each class
    """

    confusion: Float64Array
    edges: Float64Array
    sharpness: float
    dependence: float
    prior: Float64Array

    def strata(self, log_p: LogProbabilities | None, rows: int) -> Int64Array:
        """The stratum of each sample: (n,)."""
        if log_p is None or not len(self.edges):
            return np.zeros(rows, np.int64)
        return np.searchsorted(self.edges, margin_of_best(log_p), side="right").astype(np.int64)

    def before(self, log_p: LogProbabilities | None, rows: int) -> LogProbabilities:
        """Log-probabilities of the classes before any vote is known: (n, C)."""
        if log_p is None:
            return np.broadcast_to(np.log(self.prior), (rows, len(self.prior)))
        return from_logits(self.sharpness * np.asarray(log_p, np.float64))

    def worth(self, count: Int64Array) -> Float64Array:
        """What each of a sample's votes counts, by how many it has: (n,)."""
        return 1.0 / (1.0 + np.maximum(count - 1, 0) * self.dependence)


def margin_of_best(log_p: LogProbabilities) -> Float64Array:
    """How much surer the model is of its first class than of its second: (n, C) to (n,)."""
    two = np.partition(np.asarray(log_p, np.float64), -2, axis=1)[:, -2:]
    return two[:, 1] - two[:, 0]


def fit_crowd(log_p: LogProbabilities | None, ballots: Ballots) -> Crowd:
    """Learn how the crowd votes.

    Args:
        log_p: a model's log-probabilities, float64 (n, C), that have not been learnt from the votes
            on the same samples (out of fold); None without a model
        ballots: votes on the same samples
    """
    crowd = _first(log_p, ballots)
    voted = ballots.sample
    label = ballots.label
    strata = crowd.strata(log_p, ballots.samples)[voted]
    count = ballots.count()
    for number in range(PASSES):
        before = crowd.before(log_p, ballots.samples)
        vote = np.log(crowd.confusion[strata, :, label])
        together = log_p is None or number >= PASSES // 2
        if together and log_p is not None and number % REFIT == 0:
            crowd = dependence_of(crowd, before, ballots.summed(vote), count)
        if together:
            worth = crowd.worth(count)[:, None]
            class_p = np.exp(from_logits(before + worth * ballots.summed(vote)))[voted]
        else:
            class_p = np.exp(from_logits(before[voted] + vote))
        counts = _counted(class_p, strata, label, crowd.confusion.shape)
        crowd = _with_counts(crowd, counts, class_p)
        if log_p is not None and number % REFIT == REFIT - 1:
            crowd = _with_sharpness(crowd, log_p[voted], strata, label)
    return crowd


def _first(log_p: LogProbabilities | None, ballots: Ballots) -> Crowd:
    classes = ballots.classes
    edges = np.empty(0)
    voted = np.unique(ballots.sample)
    if log_p is not None and len(voted) >= LEAST_MODELLED:
        margins = margin_of_best(log_p[voted])
        edges = np.quantile(margins, np.arange(1, STRATA) / STRATA)
    votes = np.bincount(ballots.label, minlength=classes) + 1.0
    confusion = np.tile(base_of(classes), (len(edges) + 1, 1, 1))
    return Crowd(confusion, edges, 1.0, 0.0, votes / votes.sum())


def base_of(classes: int) -> Float64Array:
    """What is thought of a crowd before anything is known: (C, C)."""
    wrong = (1 - FIRST_ACCURACY) / max(classes - 1, 1)
    return np.full((classes, classes), wrong) + (FIRST_ACCURACY - wrong) * np.eye(classes)


def _counted(
    class_p: Float64Array, strata: Int64Array, label: npt.NDArray[np.int32], shape: tuple[int, ...]
) -> Float64Array:
    """Expected votes by stratum, class and vote: (S, C, C)."""
    cell = strata * shape[2] + label
    order = np.argsort(cell, kind="stable")
    first = np.flatnonzero(np.diff(cell[order], prepend=-1))
    sums = np.add.reduceat(class_p[order], first, axis=0)
    counts = np.zeros(shape)
    at = cell[order][first]
    counts[at // shape[2], :, at % shape[2]] = sums
    return counts


def _with_counts(crowd: Crowd, counts: Float64Array, class_p: Float64Array) -> Crowd:
    prior = class_p.sum(axis=0) + 1.0
    return replace(crowd, confusion=_confusion(counts), prior=prior / prior.sum())


def crowd_of(counts: Float64Array, prior: Float64Array) -> Crowd:
    """A crowd without a model, whose votes are independent.

    Args:
        counts: (1, C, C), expected votes (last axis) on what is of each class
        prior: (C,), share of each class
    """
    return Crowd(_confusion(counts), np.empty(0), 1.0, 0.0, prior)


def _confusion(counts: Float64Array) -> Float64Array:
    whole = _shares(counts.sum(axis=0) + PULL_OF_BASE * base_of(counts.shape[1]))
    return whole[None] if len(counts) == 1 else _shares(counts + PULL_OF_CROWD * whole)


def _shares(counts: Float64Array) -> Float64Array:
    return counts / counts.sum(axis=-1, keepdims=True)


def _with_sharpness(
    crowd: Crowd, log_p: LogProbabilities, strata: Int64Array, label: npt.NDArray[np.int32]
) -> Crowd:
    """The temperature of the model under which each vote is likeliest."""
    likely = crowd.confusion[strata, :, label]

    def loss(exponent: float) -> float:
        p = np.exp(from_logits(exponent * log_p))
        return -float(np.log(np.einsum("mc,mc->m", p, likely)).mean())

    found = minimize_scalar(loss, bounds=TEMPERATURES, method="bounded", options={"xatol": 1e-3})
    return Crowd(crowd.confusion, crowd.edges, float(found.x), crowd.dependence, crowd.prior)


def dependence_of(
    crowd: Crowd, before: LogProbabilities, votes: Float64Array, count: Int64Array
) -> Crowd:
    """The dependence under which votes alone foretell best what the model says."""
    several = count > 1
    if several.sum() < LEAST_MODELLED:
        return crowd
    target, votes, count = np.exp(before[several]), votes[several], count[several]
    prior = np.log(crowd.prior)
    now = np.exp(from_logits(before[several] + crowd.worth(count)[:, None] * votes))
    seen = (now.T @ target) / now.sum(axis=0)[:, None]

    def loss(dependence: float) -> float:
        worth = 1.0 / (1.0 + (count - 1) * dependence)
        said = np.exp(from_logits(prior + worth[:, None] * votes)) @ seen
        return -float(np.einsum("nc,nc->n", target, np.log(said)).mean())

    found = minimize_scalar(
        loss, bounds=(0.0, MOST_DEPENDENT), method="bounded", options={"xatol": 1e-3}
    )
    return Crowd(crowd.confusion, crowd.edges, crowd.sharpness, float(found.x), crowd.prior)
