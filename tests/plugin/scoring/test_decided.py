"""Verdicts move what is like what was judged, by as much as they are likely to."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit

from plugin.scoring.decided import Verdicts, _OfClass, evidence_of


def verdicts(seed: int, share: dict[int, float], each: int = 60) -> Verdicts:
    """Judged suspects: so large a share of each class's is wrong, whatever their margins."""
    draw = np.random.default_rng(seed)
    label = np.repeat(list(share), each)
    wrong = draw.random(len(label)) < np.repeat(list(share.values()), each)
    return Verdicts(label, draw.normal(2, 1, len(label)), wrong, draw.normal(size=(len(label), 5)))


def test_classes_whose_suspects_were_wrong_move_up_and_others_down() -> None:
    seen = verdicts(0, {0: 0.9, 1: 0.5, 2: 0.1})
    evidence = evidence_of(seen)
    assert evidence is not None
    moved = evidence(np.array([0, 1, 2, 3]), np.zeros((4, 5)))
    assert moved[0] > 1 > moved[1] > -1 > moved[2]
    assert moved[3] == 0, "nothing was judged of this class"
    again = evidence_of(seen)
    assert again is not None
    assert (again(np.array([0, 1, 2, 3]), np.zeros((4, 5))) == moved).all()


def test_what_is_near_wrong_labels_moves_up() -> None:
    draw = np.random.default_rng(1)
    place = draw.choice([-1.0, 1.0], 200)
    features = np.stack([5 * place, draw.normal(size=200)], axis=1)
    seen = Verdicts(np.zeros(200, np.int64), draw.normal(2, 1, 200), place > 0, features)
    evidence = evidence_of(seen)
    assert evidence is not None
    near, far = evidence(np.zeros(2, np.int64), np.array([[5.0, 0.0], [-5.0, 0.0]]))
    assert near > 0.5 > -0.5 > far


def test_verdicts_that_depend_on_the_margin_alone_move_nothing() -> None:
    """The margin explains them: what is left of them is chance, in most draws."""
    moved = 0
    for seed in range(20):
        draw = np.random.default_rng(seed)
        margin = draw.normal(1, 2, 300)
        wrong = draw.random(300) < expit(margin - 1)
        seen = Verdicts(draw.integers(0, 5, 300), margin, wrong, draw.normal(size=(300, 8)))
        moved += evidence_of(seen) is not None
    assert moved <= 2


@pytest.mark.parametrize("wrong", [0, 2, 58, 60])
def test_too_few_of_either_verdict_say_nothing(wrong: int) -> None:
    label = np.repeat([0, 1], 30)
    seen = Verdicts(label, np.ones(60), np.arange(60) < wrong, np.zeros((60, 0)))
    assert evidence_of(seen) is None
    few = Verdicts(label[:19], np.ones(19), np.arange(19) < 9, np.zeros((19, 1)))
    assert evidence_of(few) is None


def test_odd_numbers_are_borne() -> None:
    """Features that do not vary, none at all, and margins without bound."""
    label = np.repeat([0, 7], 40)
    for features in (np.ones((80, 3)), np.zeros((80, 0)), np.full((80, 2), 6e4)):
        margin = np.where(np.arange(80) % 2, 1e6, -1e6)
        evidence = evidence_of(Verdicts(label, margin, label == 7, features))
        assert evidence is not None
        assert np.isfinite(evidence(label, features)).all()


def test_the_likelihood_is_that_of_the_integral() -> None:
    """One verdict more: its log-odds integrated over the prior, beside Laplace's approximation."""
    expected, variance = 0.7, 0.8
    found = _OfClass(np.ones((1, 1)), np.array([expected]), np.array([True]))

    def density(u: float) -> float:
        prior = np.exp(-(u**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
        return float(expit(expected + u) * prior)

    exact = np.log(quad(density, -10, 10)[0])
    assert found.likelihood((variance, 0.0)) == pytest.approx(exact, abs=0.01)
    weight = found.weights((variance, 0.0))
    moved = variance * weight[0]
    assert moved == pytest.approx(variance * (1 - expit(expected + moved)), abs=1e-3), "the mode"
