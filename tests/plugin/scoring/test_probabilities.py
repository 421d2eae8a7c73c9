"""Logits and confidences to log-probabilities, and class lists aligned by name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from plugin.scoring.probabilities import align, complete, from_confidences, from_logits

seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_logits_give_their_log_softmax(seed: int) -> None:
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(20, 5)) * generator.choice([0.1, 5, 500])
    np.testing.assert_allclose(from_logits(logits), log_softmax(logits, axis=1), atol=1e-9)


@given(seeds)
def test_log_probabilities_are_logits_of_themselves(seed: int) -> None:
    log_p = np.log(np.random.default_rng(seed).dirichlet(np.ones(4), 20) + 1e-9)
    log_p = log_softmax(log_p, axis=1)
    np.testing.assert_allclose(from_logits(log_p), log_p, atol=1e-9)


def test_a_row_of_logits_that_looks_like_a_probability_is_one_of_logits() -> None:
    assert np.exp(from_logits(np.array([[1.0, 0.0]])))[0, 0] == pytest.approx(1 / (1 + np.exp(-1)))


@given(seeds)
def test_a_confidence_leaves_the_rest_spread_evenly(seed: int) -> None:
    generator = np.random.default_rng(seed)
    classes = int(generator.integers(2, 12))
    prediction = generator.integers(classes, size=15)
    confidence = generator.uniform(1 / classes, 1, 15)
    p = np.exp(from_confidences(prediction, confidence, classes))
    rows = np.arange(15)
    np.testing.assert_allclose(p.sum(1), 1, atol=1e-9)
    np.testing.assert_allclose(p[rows, prediction], confidence)
    others = p[np.arange(classes) != prediction[:, None]].reshape(15, classes - 1)
    expected = np.repeat((1 - confidence)[:, None] / (classes - 1), classes - 1, axis=1)
    np.testing.assert_allclose(others, expected, atol=1e-9)


def test_a_confidence_that_contradicts_its_prediction_is_raised_to_chance() -> None:
    p = np.exp(from_confidences(np.array([2]), [0.05], classes=4))
    np.testing.assert_allclose(p, 0.25)


def test_a_confidence_of_one_stays_finite() -> None:
    log_p = from_confidences(np.array([0]), [1.0], classes=3)
    assert np.isfinite(log_p).all()
    assert log_p.argmax() == 0


def test_a_confidence_that_was_rounded_to_one_leaves_half_a_step() -> None:
    p = np.exp(from_confidences(np.array([0, 0]), [1.0, 0.5], classes=3, least_rest=0.005))
    np.testing.assert_allclose(p, [[0.995, 0.0025, 0.0025], [0.5, 0.25, 0.25]])


@given(seeds)
def test_models_that_miss_a_class_take_it_from_those_that_know_it(seed: int) -> None:
    r = np.random.default_rng(seed)
    whole = np.log(r.dirichlet(np.ones(5), 8))
    part = align(np.log(r.dirichlet(np.ones(3), 8)), ["a", "b", "d"], list("abcde"))
    known = [np.ones(5, bool), np.array([True, True, False, True, False])]
    same, filled = complete([whole, part], known)
    np.testing.assert_array_equal(same, whole)
    np.testing.assert_allclose(np.exp(filled).sum(axis=1), 1)
    np.testing.assert_allclose(filled[:, [2, 4]], whole[:, [2, 4]])
    ratio = filled[:, [0, 1]] - filled[:, [3]]
    np.testing.assert_allclose(ratio, part[:, [0, 1]] - part[:, [3]], atol=1e-9)


def test_a_class_that_no_model_knows_stays_unknown() -> None:
    log_p = align(np.log([[0.4, 0.6]]), ["a", "b"], ["a", "b", "c"])
    known = [np.array([True, True, False])] * 2
    assert complete([log_p, log_p], known)[0] is log_p


@given(seeds)
def test_classes_are_aligned_by_name(seed: int) -> None:
    generator = np.random.default_rng(seed)
    classes = [f"class {i}" for i in range(6)]
    own = generator.permutation(classes)[: generator.integers(1, 7)].tolist()
    log_p = np.log(generator.dirichlet(np.ones(len(own)), 5))
    aligned = align(log_p, own, classes)
    for at, name in enumerate(classes):
        if name in own:
            np.testing.assert_array_equal(aligned[:, at], log_p[:, own.index(name)])
        else:
            np.testing.assert_allclose(np.exp(aligned[:, at]), 0, atol=1e-11)


def test_the_same_list_in_the_same_order_is_not_copied() -> None:
    log_p = np.zeros((2, 2))
    assert align(log_p, ["a", "b"], ("a", "b")) is log_p
