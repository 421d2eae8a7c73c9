"""Pools of models: calibrated, weighted by likelihood, and nothing for what adds nothing."""

import numpy as np
import numpy.typing as npt
import pytest

from plugin.scoring.pooling import fit_pool
from plugin.scoring.probabilities import LogProbabilities, from_logits

N, CLASSES = 3_000, 4
Labels = npt.NDArray[np.int64]


def _said(truth: Labels, strength: float, seed: int, sharpness: float = 1.0) -> LogProbabilities:
    """A calibrated model's opinion, made sharper or duller than that."""
    noise = np.random.default_rng(seed).normal(size=(N, CLASSES))
    seen = strength * np.eye(CLASSES)[truth] + noise  # a Gaussian of variance 1 around the class
    return from_logits(sharpness * strength * seen)


@pytest.fixture
def truth() -> Labels:
    return np.random.default_rng(0).integers(0, CLASSES, N)


@pytest.fixture
def label(truth: Labels) -> Labels:
    wrong = np.random.default_rng(1).random(N) < 0.1
    return np.where(wrong, (truth + 1) % CLASSES, truth)


def test_independent_models_of_one_quality_have_equal_weights(truth: Labels, label: Labels) -> None:
    pool = fit_pool([_said(truth, 2.0, s) for s in (2, 3, 4)], label)
    assert pool is not None
    np.testing.assert_allclose(pool.weights, 1 / 3, atol=0.05)


def test_independent_evidence_adds_up(truth: Labels, label: Labels) -> None:
    """Bayes: the exponents of independent calibrated models are 1, also under wrong labels."""
    pool = fit_pool([_said(truth, 1.5, s, k) for s, k in ((2, 1.0), (3, 4.0), (4, 0.5))], label)
    assert pool is not None
    np.testing.assert_allclose(pool.exponents, [1.0, 0.25, 2.0], rtol=0.2)


def test_what_adds_nothing_has_no_weight(truth: Labels, label: Labels) -> None:
    good = _said(truth, 2.0, 2)
    chance = np.random.default_rng(5).permutation(good)
    again = fit_pool([good, good, chance], label)
    assert again is not None
    assert np.sort(again.weights).tolist() == [0.0, 0.0, 1.0]
    assert again.weights[2] == 0
    np.testing.assert_array_equal(again([good, good, chance]).argmax(1), good.argmax(1))


def test_a_weak_model_does_not_lower_a_strong_one(truth: Labels, label: Labels) -> None:
    strong, weak = _said(truth, 4.0, 2), _said(truth, 0.5, 3, sharpness=8.0)
    pool = fit_pool([strong, weak], label)
    assert pool is not None

    def found(log_p: LogProbabilities) -> float:
        own = log_p[np.arange(N), label]
        other = np.where(np.eye(CLASSES, dtype=bool)[label], -np.inf, log_p).max(axis=1)
        wrong = label != truth
        return float(wrong[np.argsort(own - other)[: wrong.sum()]].mean())

    assert found((strong + weak) / 2) < found(strong) - 0.02, "what is to be prevented"
    assert found(pool([strong, weak])) >= found(strong) - 0.002


def test_nothing_to_choose_by(truth: Labels, label: Labels) -> None:
    good = _said(truth, 2.0, 2)
    assert fit_pool([good[:40], good[:40]], label[:40]) is None
    blind = np.full((N, CLASSES), -np.log(CLASSES))
    assert fit_pool([blind, blind], label) is None


def test_extreme_scores_stay_finite(truth: Labels, label: Labels) -> None:
    sure = np.where(np.eye(CLASSES, dtype=bool)[truth], 0.0, -1e9)
    pool = fit_pool([sure, _said(truth, 2.0, 2)], label)
    assert pool is not None
    assert np.isfinite(pool([sure, _said(truth, 2.0, 2)])).all()
