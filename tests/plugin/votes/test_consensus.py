"""What votes and a model say together, against a known truth and against a slow reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plugin.scoring.probabilities import from_logits
from plugin.votes.annotators import Annotators, accuracy_interval, records
from plugin.votes.consensus import Consensus, fit_consensus, posterior
from plugin.votes.crowd import Crowd
from plugin.votes.next_vote import value_of_vote
from tests.plugin.votes.simulated import Simulated, simulated


def wrong(log_p: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean(log_p.argmax(axis=1) != truth))


def votes_alone(made: Simulated) -> np.ndarray:
    share = np.zeros_like(made.log_p)
    np.add.at(share, (made.ballots.sample, made.ballots.label), 1.0)
    return share


@pytest.fixture(scope="module")
def made() -> Simulated:
    return simulated()


@pytest.fixture(scope="module")
def found(made: Simulated) -> Consensus:
    return fit_consensus(made.log_p, made.ballots)


def test_together_they_err_less_than_each_alone(made: Simulated, found: Consensus) -> None:
    said = found(made.log_p, made.ballots)
    model, majority = wrong(made.log_p, made.truth), wrong(votes_alone(made), made.truth)
    assert wrong(said, made.truth) < 0.7 * min(model, majority)
    np.testing.assert_allclose(np.exp(said).sum(axis=1), 1.0)


def test_accuracies_are_found_without_the_truth(made: Simulated, found: Consensus) -> None:
    accuracy = found.counts.right / found.counts.votes
    assert np.abs(accuracy - made.accuracy).max() < 0.06
    names = [f"n{i}" for i in range(30)]
    people = records(found.counts, names, [*"abcd"])
    inside = [p.low <= made.accuracy[names.index(p.name)] <= p.high for p in people]
    assert np.mean(inside) >= 0.9
    assert sum(p.votes for p in people) == len(made.ballots)


def test_without_a_model_the_careful_count_more(made: Simulated) -> None:
    found = fit_consensus(None, made.ballots)
    said = found(None, made.ballots)
    assert wrong(said, made.truth) < wrong(votes_alone(made), made.truth)
    ratio = np.corrcoef(found.annotators.ratio, 1 - made.accuracy)[0, 1]
    assert ratio > 0.9


def test_votes_that_err_together_are_worth_less() -> None:
    alone, together = simulated(), simulated(together=0.15)
    first = fit_consensus(alone.log_p, alone.ballots)
    second = fit_consensus(together.log_p, together.ballots)
    assert first.crowd.dependence < 0.1
    assert second.crowd.dependence > first.crowd.dependence + 0.1
    naive = replace(second.crowd, dependence=0.0)
    said = posterior(replace(second.annotators, crowd=naive), together.log_p, together.ballots)
    truth = together.truth
    assert wrong(second(together.log_p, together.ballots), truth) < wrong(said, truth)


def test_a_sample_without_votes_keeps_the_models_order(made: Simulated, found: Consensus) -> None:
    none = made.ballots.of_samples(np.empty(0, np.int64))
    none = replace(none, samples=len(made.truth))
    said = found(made.log_p, none)
    np.testing.assert_array_equal(said.argmax(axis=1), made.log_p.argmax(axis=1))


def test_bayes_rule_is_followed_vote_by_vote() -> None:
    g = np.random.default_rng(3)
    made = simulated(samples=20, annotators=5, classes=3)
    confusion = g.dirichlet(np.full(3, 2.0), (2, 3))
    prior = np.full(3, 1 / 3)
    crowd = Crowd(confusion, np.array([1.5]), 1.3, 0.4, prior)
    ratio, careless = np.array([0.5, 1, 1, 2, 1]), np.array([0, 0, 0.2, 0.3, 0])
    deviation = g.uniform(0.5, 1.5, (5, 3, 3)).astype(np.float32)
    annotators = Annotators(crowd, ratio, careless, deviation)
    said = posterior(annotators, made.log_p, made.ballots)
    mean = confusion.mean(axis=0) * (1 - np.eye(3))
    spread = mean / mean.sum(axis=1, keepdims=True)
    for row in range(20):
        two = np.sort(made.log_p[row])[-2:]
        stratum = int(two[1] - two[0] >= 1.5)
        votes = np.flatnonzero(made.ballots.sample == row)
        worth = 1 / (1 + 0.4 * (len(votes) - 1))
        logits = 1.3 * made.log_p[row].copy()
        for vote in votes:
            a, v = made.ballots.annotator[vote], made.ballots.label[vote]
            for c in range(3):
                wrong_p = {
                    u: (
                        confusion[stratum, c, u] * min(ratio[a], 1) * (1 - careless[a])
                        + spread[c, u] * careless[a]
                    )
                    * deviation[a, c, u]
                    for u in range(3)
                    if u != c
                }
                total = sum(wrong_p.values())
                scale = min(total, 0.99) / total
                p = 1 - min(total, 0.99) if v == c else wrong_p[v] * scale
                logits[c] += worth * np.log(p)
        np.testing.assert_allclose(said[row], from_logits(logits[None])[0], atol=1e-5)


def test_the_next_vote_is_worth_most_where_nothing_is_sure(
    made: Simulated, found: Consensus
) -> None:
    value = value_of_vote(found, made.log_p, made.ballots)
    said = np.exp(found(made.log_p, made.ballots)).max(axis=1)
    assert value.min() >= 0
    assert value[said < 0.6].mean() > 10 * value[said > 0.99].mean()
    none = replace(made.ballots.of_samples(np.empty(0, np.int64)), samples=len(made.truth))
    assert value_of_vote(found, made.log_p, none).mean() > value.mean()


def test_the_interval_of_an_accuracy_knows_both_kinds_of_doubt() -> None:
    sure, unsure = accuracy_interval(200, 0.8, 0.0), accuracy_interval(200, 0.8, 40.0)
    assert unsure[1] - unsure[0] > sure[1] - sure[0]
    assert accuracy_interval(3, 1.0, 0.0)[0] < 0.6
