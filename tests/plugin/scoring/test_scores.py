"""Scores of one or several models' probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.scoring.margin import suspicion
from plugin.scoring.scores import score

seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_scores_agree_with_a_loop_over_samples(seed: int) -> None:
    generator = np.random.default_rng(seed)
    models, n = int(generator.integers(1, 4)), 12
    classes = int(generator.choice([2, 3, 5, 7, 40]))
    p = generator.dirichlet(np.ones(classes), (models, n)).clip(1e-12)
    label = generator.integers(classes, size=n)
    scores = score([np.log(m) for m in p], label)
    k = min(classes, 5)
    for x in range(n):
        mean = np.sum([p[m, x] for m in range(models)], axis=0) / models
        ranked = sorted(range(classes), key=lambda j: (-mean[j], j))[:k]
        margins = [suspicion(np.log(p[m, x : x + 1]), label[x : x + 1])[0] for m in range(models)]
        assert scores.top_class[x].tolist() == ranked
        assert scores.prediction[x] == ranked[0]
        assert scores.top_probability[x] == pytest.approx(mean[ranked], rel=1e-6)
        assert scores.p_max[x] == pytest.approx(mean.max(), rel=1e-6)
        assert scores.p_label[x] == pytest.approx(mean[label[x]], rel=1e-6)
        assert scores.suspicion[x] == pytest.approx(np.mean(margins), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("classes", [3, 100])
def test_ties_go_to_the_lower_class(classes: int) -> None:
    p = np.full((1, classes), 1 / classes)
    assert score([np.log(p)], np.array([0])).prediction.tolist() == [0]


@pytest.mark.parametrize("size", [1e30, 1e300, 1.7e308])
def test_absurd_but_finite_logits_give_finite_scores(size: float) -> None:
    from plugin.scoring.probabilities import from_logits

    logits = np.array([[size, -size, 0.0], [-size, -size, size], [size, size, -size]])
    for label in range(3):
        models = [from_logits(logits), from_logits(-logits)]
        scores = score(models, np.full(3, label))
        assert np.isfinite(scores.suspicion).all()
        assert np.isfinite(scores.p_max).all()
        assert np.isfinite(scores.p_label).all()


def test_the_kinds_of_numbers_are_those_that_are_stored() -> None:
    scores = score([np.log([[0.2, 0.8]])], np.array([0]))
    assert scores.prediction.dtype == scores.top_class.dtype == np.int32
    assert scores.p_label.dtype == scores.p_max.dtype == scores.suspicion.dtype == np.float32
