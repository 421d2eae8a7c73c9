"""How much a model favours labels: what was added is found, and honest models have nothing."""

from __future__ import annotations

import numpy as np
import pytest

from plugin.scoring.favour import favour
from plugin.scoring.memorised import LEAST_FAVOUR
from plugin.scoring.pooling import calibrated, calibration, fit_pool
from plugin.scoring.probabilities import from_logits
from plugin.scoring.weighing import weigh

N, CLASSES = 3_000, 6


def drawn(seed: int, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, and two honest models of one picture each, the first the better one."""
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, CLASSES, N)
    label = np.where(draw.random(N) < noise, draw.integers(0, CLASSES, N), truth)
    seen = 4 * np.eye(CLASSES)[truth] + draw.normal(size=(N, CLASSES))
    better = from_logits(seen + 0.5 * draw.normal(size=seen.shape))
    weaker = from_logits(seen + 1.5 * draw.normal(size=seen.shape))
    return label, better, weaker


def even(log_p: np.ndarray, label: np.ndarray) -> np.ndarray:
    return calibrated(log_p, calibration(log_p, label)[0])


@pytest.mark.parametrize("seed", range(4))
def test_honest_models_favour_no_labels(seed: int) -> None:
    label, better, weaker = drawn(seed)
    for said, other in ((better, weaker), (weaker, better)):
        nats = favour(even(said, label), even(other, label), label)
        assert nats is not None
        assert nats < 0.6 * LEAST_FAVOUR


def test_what_was_added_for_each_label_is_found() -> None:
    label, better, weaker = drawn(0)

    def after(added: float) -> float:
        nats = favour(weaker + added * np.eye(CLASSES)[label], better, label)
        assert nats is not None
        return nats

    assert after(2.0) > LEAST_FAVOUR
    assert after(4.0) - after(2.0) == pytest.approx(2, abs=0.3)
    assert after(6.0) - after(4.0) == pytest.approx(2, abs=0.3)


def test_a_weak_model_and_few_samples_cannot_tell() -> None:
    label, better, _ = drawn(1)
    blind = np.log(np.full((N, CLASSES), 1 / CLASSES))
    assert favour(better, blind, label) is None
    assert favour(better[:60], better[:60], label[:60]) is None


def test_two_classes_are_enough() -> None:
    draw = np.random.default_rng(3)
    truth = draw.integers(0, 2, N)
    label = np.where(draw.random(N) < 0.1, 1 - truth, truth)
    said = [from_logits(4 * np.eye(2)[truth] + draw.normal(size=(N, 2))) for _ in range(2)]
    assert favour(said[0], said[1], label) == pytest.approx(0, abs=0.3)
    saw = said[0] + 2 * np.eye(2)[label]
    assert favour(saw, said[1], label) == pytest.approx(2, abs=0.5)


def test_chance_is_no_favour() -> None:
    """Ten labels say little of a model that is sure of everything."""
    for seed in range(20):
        label, better, _ = drawn(seed, noise=0.04)
        wild = from_logits(5 * better + 5 * np.random.default_rng(seed).normal(size=better.shape))
        some = slice(0, 400)
        assert (favour(wild[some], better[some], label[some]) or 0.0) < 3


def test_a_model_that_saw_some_labels_weighs_no_more_than_it_would_without() -> None:
    label, better, weaker = drawn(2)
    honest = weigh([better, weaker], label, ["a", "b"])
    saw = from_logits(weaker + 2.5 * np.eye(CLASSES)[label])
    pool = fit_pool([better, saw], label)
    assert pool is not None
    assert pool.weights[1] > honest.weights[1] + 0.2, "its likelihood alone"
    made = weigh([better, saw], label, ["a", "b"])
    assert made.weights[1] <= honest.weights[1] + 0.05
    assert any("'b'" in text and "seen some" in text for text in made.doubts)
    assert not honest.doubts
