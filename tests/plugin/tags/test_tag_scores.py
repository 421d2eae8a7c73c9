"""Scores of tags against loops, and what must hold whatever the numbers are."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.scoring.cies import cies
from plugin.scoring.iies import iies
from plugin.scoring.margin import suspicion
from plugin.tags.calibration import (
    COUNTED,
    SPREADS,
    _with_spread,
    calibrate,
    mean_loss,
    newton,
)
from plugin.tags.co_occurrence import co_occurrence
from plugin.tags.pooling import pool_weights
from plugin.tags.score_rows import score_rows
from plugin.tags.scoring import FOLDS, LEAST_LIKELY, TagModel, error_rates, learn
from tests.tagged_digits import Planted, drawn, planted, scored

IMAGES = 300


@pytest.fixture(scope="module")
def pictures() -> tuple[Planted, np.ndarray]:
    truth = drawn(IMAGES)[1]
    return planted(truth), scored(truth)


def fold_of(n: int) -> np.ndarray:
    return np.arange(n) % FOLDS


def learnt(odds: list[np.ndarray], tag: np.ndarray) -> TagModel:
    known = [np.ones(tag.shape[1], bool) for _ in odds]
    prevalence = (tag.sum(axis=0) + 0.5) / (len(tag) + 1)
    return learn(odds, tag, fold_of(len(tag)), prevalence, known, seed=3)


def precision(score: np.ndarray, wrong: np.ndarray) -> float:
    return float(wrong[np.argsort(-score)[: wrong.sum()]].mean())


def test_scores_are_those_of_a_loop(pictures) -> None:
    """Equations 1 and 2 and the margin, item by item, as the formulas have them."""
    found, odds = pictures
    model = learnt([odds], found.tag)
    applies = model.applies([odds], found.tag, fold_of(IMAGES))
    scores = model.score([odds], found.tag, fold_of(IMAGES))
    expected = {}
    for i in range(IMAGES):
        for c in range(10):
            h, prior = applies[i, c], math.exp(model.prior[c])
            left_out = model.share * min(1, 1 / prior)
            put = model.share * min(1, prior)
            p = 1 / (1 + math.exp(-h))
            if found.tag[i, c]:
                right, wrong = p * (1 - left_out), (1 - p) * put
            else:
                right, wrong = (1 - p) * (1 - put), p * left_out
            sure = wrong / (right + wrong)
            if found.tag[i, c] or sure >= LEAST_LIKELY:
                expected[i, c] = 1 - sure, math.log(wrong) - math.log(right)
    got = {
        (i, c): (p, s)
        for i, c, p, s in zip(
            scores.image, scores.tag, scores.p_label, scores.suspicion, strict=True
        )
    }
    assert set(got) == set(expected)
    assert np.allclose([got[k] for k in expected], list(expected.values()), atol=1e-4)
    assert (scores.labelled == [found.tag[i, c] for i, c in got]).all()


def test_equations_hold_over_the_tag_and_nothing(pictures) -> None:
    found, odds = pictures
    scores = learnt([odds], found.tag).score([odds], found.tag, fold_of(IMAGES))
    tag, nothing = 0, 1
    label = np.where(scores.labelled, tag, nothing)
    p_tag = np.where(scores.labelled, scores.p_label, 1 - scores.p_label).astype(np.float64)
    p = np.clip(np.stack([p_tag, 1 - p_tag], axis=1), 1e-9, 1)
    near = np.abs(scores.suspicion) < 8
    assert np.allclose(suspicion(np.log(p), label)[near], scores.suspicion[near], atol=2e-3)
    likely = np.where(scores.predicted, tag, nothing)
    table = cies(label, likely, 2)
    assert table.sum() == len(label)
    assert table[tag, nothing] == (scores.labelled & (scores.suspicion > 0)).sum()
    value = iies(scores.p_max, scores.p_label)
    assert (value[scores.suspicion <= 0] == 0.5).all()
    assert (value[scores.suspicion > 0] > 0.5).all()


def test_both_kinds_are_found_in_one_order(pictures) -> None:
    found, odds = pictures
    scores = learnt([odds], found.tag).score([odds], found.tag, fold_of(IMAGES))
    wrong = np.array(
        [
            found.truth[i, c] != found.tag[i, c]
            for i, c in zip(scores.image, scores.tag, strict=True)
        ]
    )
    assert precision(scores.suspicion, wrong) >= 0.7
    for kind in (True, False):
        mine = scores.labelled == kind
        assert precision(scores.suspicion[mine], wrong[mine]) >= 0.7


@pytest.mark.parametrize("share", [0.03, 0.15])
def test_the_share_of_errors_is_estimated(share: float) -> None:
    truth = drawn(1_500)[1]
    found = planted(truth, share)
    odds = scored(truth, strength=6.0)
    assert learnt([odds], found.tag).share == pytest.approx(share, rel=0.5)


def test_an_image_is_judged_by_others(pictures) -> None:
    """Its own labels change nothing of what is believed of it before they are looked at."""
    found, odds = pictures
    other = found.tag.copy()
    mine = np.flatnonzero(fold_of(IMAGES) == 2)
    other[mine] = ~other[mine]
    for spread in SPREADS:  # whichever is chosen by the likelihood of all
        one, two = (
            _with_spread(odds, table, fold_of(IMAGES), FOLDS, spread)
            for table in (found.tag, other)
        )
        assert np.allclose(one.bias[2], two.bias[2])
        assert np.allclose(one.slope[2], two.slope[2])
        assert not np.allclose(one.bias[1], two.bias[1])
    counted = [co_occurrence(t, fold_of(IMAGES), FOLDS).weight[2] for t in (found.tag, other)]
    assert np.array_equal(*counted)


def test_newton_finds_what_gradient_descent_finds() -> None:
    g = np.random.default_rng(0)
    score = g.normal(0, 2, (200, 3))
    y = (g.random((200, 3)) < 1 / (1 + np.exp(1 - score * [0.5, 1, 2]))).astype(float)
    use = g.random((200, 3)) < 0.8
    centre, precision_ = np.array([0.2, 0.9]), np.array([2.0, 5.0])
    found = newton(score, y, use, centre, precision_)
    for c in range(3):
        a, b = centre
        for _ in range(20_000):
            p = 1 / (1 + np.exp(-a - b * score[:, c]))
            error = (y[:, c] - p) * use[:, c]
            a += 0.005 * (error.sum() - precision_[0] * (a - centre[0]))
            b += 0.005 * ((error * score[:, c]).sum() - precision_[1] * (b - centre[1])) / 4
        assert np.allclose(found[c], [a, b], atol=1e-4)


def test_a_tag_that_is_not_listed_is_counted_and_not_taken_for_impossible() -> None:
    """A model that lists nothing of class 1, which a third of the images carry."""
    g = np.random.default_rng(0)
    tag = np.stack([g.random(600) < 0.5, g.random(600) < 0.34], axis=1)
    odds = np.where(tag, 2.0, -2.0) + g.normal(0, 1, (600, 2))
    odds[:, 1] = np.nan
    calibration = calibrate(odds, tag, fold_of(600), FOLDS)
    said = calibration.log_odds(odds, fold_of(600))
    p = 1 / (1 + np.exp(-said[:, 1]))
    for k in range(FOLDS):
        rows = fold_of(600) != k
        share = (tag[rows, 1].sum() + 0.5) / (rows.sum() + 1)
        expected = (tag[rows, 1].sum() + COUNTED * share) / (rows.sum() + COUNTED)
        assert np.allclose(p[fold_of(600) == k], expected, atol=1e-6)


def test_what_a_model_cannot_know_moves_nothing(pictures) -> None:
    found, odds = pictures
    blind = odds.copy()
    blind[:, 4] = np.nan
    known = np.ones(10, bool)
    known[4] = False
    prevalence = (found.tag.sum(axis=0) + 0.5) / (IMAGES + 1)
    model = learn([blind], found.tag, fold_of(IMAGES), prevalence, [known], seed=3)
    model = replace(model, weights=np.array([1.0, 0.0]), line=(0.0, 1.0))
    applies = model.applies([blind], found.tag, fold_of(IMAGES))
    assert np.allclose(applies[:, 4], model.prior[4])


def test_a_useless_model_gets_no_weight_and_one_is_always_kept(pictures) -> None:
    found, odds = pictures
    noise = np.random.default_rng(9).normal(0, 1, odds.shape)
    weights = learnt([odds, noise], found.tag).weights
    assert weights[0] > 0.5
    assert weights[1] == 0
    assert (learnt([noise], found.tag).weights[:1] > 0).all()


def test_tags_that_are_always_found_together_tell_of_each_other() -> None:
    """``animal`` on every image with ``dog``: one that lacks it is suspect without any model."""
    g = np.random.default_rng(0)
    dog, car, animal = (g.random(1_000) < share for share in (0.3, 0.3, 0.2))
    tag = np.stack([dog, dog | animal, car], axis=1)
    tag[:5, 0], tag[:5, 1] = True, False
    blind = g.normal(0, 1, tag.shape)
    model = learnt([blind], tag)
    assert model.weights[1] > 0.3
    scores = model.score([blind], tag, fold_of(1_000))
    missing = [
        (i, c)
        for _, i, c in sorted(
            zip(-scores.suspicion, scores.image, scores.tag, strict=True), key=lambda x: x[0]
        )
        if not tag[i, c]
    ]
    assert {(i, 1) for i in range(5)} <= set(missing[:10])


@settings(max_examples=20)
@given(
    st.integers(1, 12),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_scores_are_finite_and_within_bounds(n: int, c: int, seed: int, unlisted: float) -> None:
    """Tags on all images or on one, scores of any size or none."""
    g = np.random.default_rng(seed)
    tag = g.random((n, c)) < g.choice([0.1, 0.5, 1.0], c)
    odds = g.normal(0, 10.0 ** g.integers(-3, 4), (n, c))
    odds[g.random((n, c)) < unlisted] = np.nan
    if not tag.any():
        with pytest.raises(ValueError, match="no label"):
            learnt([odds], tag)
        return
    scores = learnt([odds], tag).score([odds], tag, fold_of(n))
    assert np.isfinite(scores.suspicion).all()
    assert ((scores.p_label >= 0) & (scores.p_label <= 1)).all()
    assert scores.labelled.sum() == tag.sum()
    order = scores.image * c + scores.tag
    assert (np.diff(order) > 0).all(), "in the order of images, then of classes"


@settings(max_examples=30)
@given(st.floats(-12, 12), st.floats(0.02, 0.3))
def test_as_many_are_left_out_as_put_where_they_do_not_belong(prior: float, share: float) -> None:
    left_out, put = error_rates(np.array([prior]), share)
    p = 1 / (1 + math.exp(-prior))
    assert left_out[0] * p == pytest.approx(put[0] * (1 - p))
    assert 0 < max(left_out[0], put[0]) <= share


def test_weights_hardly_depend_on_the_order_of_models(pictures) -> None:
    found, odds = pictures
    other = scored(found.truth, seed=8)
    one = learnt([odds, other], found.tag).weights
    two = learnt([other, odds], found.tag).weights
    assert np.allclose(one[:2], two[1::-1], atol=0.05)
    assert (one[:2] > 0.2).all(), "two that know different things both count"


def test_pooled_models_are_likelier_than_each(pictures) -> None:
    found, odds = pictures
    other = scored(found.truth, seed=8)
    prior = np.zeros(10)
    weights = pool_weights(prior, [odds, other], found.tag, 2, seed=0)
    together = weights[0] * odds + weights[1] * other
    alone = min(mean_loss(w * o, found.tag) for o in (odds, other) for w in (0.3, 0.5, 1.0))
    assert mean_loss(together, found.tag) < alone


def test_scores_of_any_kind_become_log_odds() -> None:
    g = np.random.default_rng(0)
    odds = g.normal(0, 2, (300, 5))
    p = 1 / (1 + np.exp(-odds))
    assert np.allclose(score_rows(p).log_odds(p), odds, atol=1e-4)
    assert np.allclose(score_rows(odds).log_odds(odds), odds, atol=1e-4)
    assert np.isfinite(score_rows(p.round(1)).log_odds(p.round(1))).all()
    soft = p / p.sum(axis=1, keepdims=True)
    kept = np.log(soft) - np.log1p(-soft)
    for rows in (soft, 100 * soft, np.log(soft)):
        assert np.allclose(score_rows(rows).log_odds(rows), kept, atol=1e-4)
    wide = 100 * odds
    assert score_rows(wide).log_odds(wide).std() == pytest.approx(3, rel=1e-3)
