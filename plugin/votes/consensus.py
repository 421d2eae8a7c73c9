"""The class of each sample by all votes and a model together, and what is known of the voters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Float64Array
from ..progress import Report, silent
from ..scoring.probabilities import LogProbabilities, from_logits
from .annotators import Annotators, Counts, fitted
from .ballots import Ballots
from .crowd import Crowd, dependence_of, fit_crowd

MOST_TO_LEARN_FROM = 20_000
"""Samples with votes that the crowd is learnt from, drawn at random where there are more."""
PASSES = 4
ROWS_A_CHUNK = 50_000
NUMBERS_A_CHUNK = 5_000_000


@dataclass(frozen=True)
class Consensus:
    """How votes and a model are brought together.

    Attributes:
        annotators: how each votes
        counts: of their votes, given all that is known
    """

    annotators: Annotators
    counts: Counts

    @property
    def crowd(self) -> Crowd:
        """How all of them vote together."""
        return self.annotators.crowd

    def __call__(self, log_p: LogProbabilities | None, ballots: Ballots) -> LogProbabilities:
        """Log-probabilities of the classes given model and votes: (n, C)."""
        return posterior(self.annotators, log_p, ballots)


def fit_consensus(
    log_p: LogProbabilities | None, ballots: Ballots, seed: int = 51, report: Report = silent
) -> Consensus:
    """Learn how much the model and each annotator are to be believed, without knowing any truth.

    Args:
        log_p: a model's log-probabilities out of fold, float (n, C); None to go by votes alone
        ballots: votes on the same samples
        seed: which samples are drawn to learn from, where there are very many
        report: told of progress
    """
    rows = np.unique(ballots.sample)
    if len(rows) > MOST_TO_LEARN_FROM:
        generator = np.random.default_rng(seed)
        rows = np.sort(generator.choice(rows, MOST_TO_LEARN_FROM, replace=False))
    mine = None if log_p is None else np.asarray(log_p[rows], np.float64)
    drawn = ballots.of_samples(rows)
    report(0.0, "Learning how people vote")
    crowd = fit_crowd(mine, drawn)
    annotators = Annotators.like(crowd, ballots.annotators)
    counts = Counts.empty(ballots.annotators, ballots.classes)
    for number in range(PASSES):
        counts = Counts.empty(ballots.annotators, ballots.classes)
        for part, votes in chunks(log_p, ballots):
            strata = crowd.strata(part, votes.samples)
            counts.add(crowd, strata, np.exp(posterior(annotators, part, votes)), votes)
        annotators = fitted(crowd, counts)
        if mine is not None:
            vote = annotators.log_likelihood(crowd.strata(mine, drawn.samples), drawn)
            crowd = dependence_of(
                crowd, crowd.before(mine, drawn.samples), drawn.summed(vote), drawn.count()
            )
            annotators = replace(annotators, crowd=crowd)
        report((number + 1) / PASSES, f"Learning how {ballots.annotators:,} annotators vote")
    return Consensus(annotators, counts)


def posterior(
    annotators: Annotators, log_p: LogProbabilities | None, ballots: Ballots
) -> Float64Array:
    """Log-probabilities of the classes given model and votes: (n, C)."""
    crowd = annotators.crowd
    before = crowd.before(log_p, ballots.samples)
    votes = annotators.log_likelihood(crowd.strata(log_p, ballots.samples), ballots)
    return from_logits(before + crowd.worth(ballots.count())[:, None] * ballots.summed(votes))


def chunks(
    log_p: LogProbabilities | None, ballots: Ballots
) -> Iterator[tuple[LogProbabilities | None, Ballots]]:
    """Samples with their votes, part by part, so that memory is bounded."""
    rows = min(ROWS_A_CHUNK, max(1_000, NUMBERS_A_CHUNK // ballots.classes))
    for start in range(0, ballots.samples, rows):
        end = min(start + rows, ballots.samples)
        part = None if log_p is None else np.asarray(log_p[start:end], np.float64)
        yield part, ballots.of_rows(start, end)
