"""What votes and a model say together, against a known truth and against a slow reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plugin.scoring.probabilities import from_logits
from plugin.votes import consensus
from plugin.votes.annotators import Annotators, Counts, accuracy_interval, records
from plugin.votes.ballots import Ballots
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


def test_the_gain_of_a_vote_is_what_it_is_expected_to_add() -> None:
    g = np.random.default_rng(4)
    made = simulated(samples=30, annotators=5, classes=3)
    confusion = g.dirichlet(np.full(3, 2.0), (2, 3))
    crowd = Crowd(confusion, np.array([1.5]), 1.3, 0.4, np.full(3, 1 / 3))
    annotators = Annotators.like(crowd, 5)
    ballots = made.ballots.of_samples(np.arange(20))  # nobody has voted on the last ten
    ballots = replace(ballots, samples=30)
    made_so = Consensus(annotators, Counts.empty(5, 3))
    found = value_of_vote(made_so, made.log_p, ballots)
    strata = crowd.strata(made.log_p, 30)
    each = annotators.log_likelihood(strata, ballots)
    for row in range(30):
        mine = each[ballots.sample == row]
        worth = 1 / (1 + 0.4 * len(mine))  # with the one more
        logits = 1.3 * made.log_p[row] + worth * mine.sum(axis=0)
        now = np.exp(from_logits(logits[None])[0])
        gain = -now.max()
        for said in range(3):
            likely = confusion[strata[row], :, said]
            then = np.exp(from_logits((logits + worth * np.log(likely))[None])[0])
            gain += (now @ likely) * then.max()
        assert found[row] == pytest.approx(max(gain, 0.0), abs=1e-9)


def test_it_is_the_same_part_by_part(
    made: Simulated, found: Consensus, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fit_consensus(made.log_p, made.ballots)
    monkeypatch.setattr(consensus, "ROWS_A_CHUNK", 700)
    parts = fit_consensus(made.log_p, made.ballots)
    np.testing.assert_allclose(parts.counts.votes, whole.counts.votes)
    np.testing.assert_allclose(parts.counts.right, whole.counts.right, rtol=1e-6)
    np.testing.assert_allclose(parts.annotators.ratio, whole.annotators.ratio, rtol=1e-4)
    said = [
        parts(part, votes).argmax(axis=1)
        for part, votes in consensus.chunks(made.log_p, made.ballots)
    ]
    assert [len(some) for some in said] == [700, 700, 700, 700, 200]
    expected = found(made.log_p, made.ballots).argmax(axis=1)
    assert np.mean(np.concatenate(said) == expected) > 0.999


def test_where_there_is_very_much_some_is_learnt_from_and_all_is_counted(
    made: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consensus, "MOST_TO_LEARN_FROM", 800)
    some = fit_consensus(made.log_p, made.ballots)
    assert some.counts.votes.sum() == len(made.ballots)
    majority = wrong(votes_alone(made), made.truth)
    model = wrong(made.log_p, made.truth)
    assert wrong(some(made.log_p, made.ballots), made.truth) < 0.7 * min(model, majority)
    again = fit_consensus(made.log_p, made.ballots)
    np.testing.assert_array_equal(again.annotators.ratio, some.annotators.ratio)


def test_what_is_said_of_people_is_counted_from_their_votes() -> None:
    # The third confuses the first class with the second, the others nothing; the last never votes.
    truth = np.repeat([0, 1, 2], 100)
    said = np.stack([truth, truth, np.where((truth == 0) & (np.arange(300) < 40), 1, truth)])
    who = np.repeat([0, 1, 2], 300)
    rows = np.tile(np.arange(300), 3)
    kept = np.ones(900, bool)
    kept[:50] = False  # the first looked at fewer
    ballots = Ballots.of(
        rows[kept], who[kept], said.ravel()[kept], samples=300, annotators=4, classes=3
    )
    log_p = np.log(np.where(np.eye(3)[truth] == 1, 0.98, 0.01))
    found = fit_consensus(log_p, ballots)
    people = records(found.counts, ["ann", "ben", "cid", "dan"], ["x", "y", "z"])
    assert [(one.name, one.votes) for one in people] == [("ben", 300), ("cid", 300), ("ann", 250)]
    by_name = {one.name: one for one in people}
    (confusion,) = by_name["cid"].confusions
    assert (confusion["class"], confusion["vote"]) == ("x", "y")
    assert confusion["expected"] == pytest.approx(40, abs=1)
    assert by_name["ann"].confusions == by_name["ben"].confusions == []
    assert by_name["cid"].accuracy == pytest.approx(260 / 300, abs=0.01)
    # Careless is who errs more than the others would have, and nobody else.
    ratio, careless = found.annotators.ratio, found.annotators.careless
    assert ratio[2] > 1 > max(ratio[:2])
    assert careless[2] > 0 == max(careless[:2])
    assert (ratio[3], careless[3]) == pytest.approx((1, 0))


def test_the_interval_of_an_accuracy_knows_both_kinds_of_doubt() -> None:
    sure, unsure = accuracy_interval(200, 0.8, 0.0), accuracy_interval(200, 0.8, 40.0)
    assert unsure[1] - unsure[0] > sure[1] - sure[0]
    assert accuracy_interval(3, 1.0, 0.0)[0] < 0.6
