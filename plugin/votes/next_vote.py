"""Where one more vote is worth most: by how much it is expected to make the consensus surer."""

from __future__ import annotations

import numpy as np

from ..arrays import Float64Array
from ..scoring.probabilities import LogProbabilities, from_logits
from .ballots import Ballots
from .consensus import Consensus


def value_of_vote(
    consensus: Consensus, log_p: LogProbabilities | None, ballots: Ballots
) -> Float64Array:
    """The expected gain in the probability that the consensus is right, from one more vote: (n,).

    The vote is one of an average annotator, and worth less where there are others already, as they
    err together.

    Args:
        consensus: what was learnt of the voters
        log_p: the model's log-probabilities, (n, C), or None
        ballots: the votes that there are
    """
    crowd = consensus.crowd
    strata = crowd.strata(log_p, ballots.samples)
    before = crowd.before(log_p, ballots.samples)
    votes = ballots.summed(consensus.annotators.log_likelihood(strata, ballots))
    worth = crowd.worth(ballots.count() + 1)[:, None]
    now = np.exp(from_logits(before + worth * votes))
    best = now.max(axis=1)
    gain, average = -best, consensus.annotators.average()
    for said in range(ballots.classes):
        likely = average.confusion[strata, :, said]
        then = np.exp(from_logits(before + worth * (votes + np.log(likely))))
        gain = gain + np.einsum("nc,nc->n", now, likely) * then.max(axis=1)
    return np.maximum(gain, 0.0)
