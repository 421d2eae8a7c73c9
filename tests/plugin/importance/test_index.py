"""Coreset importance against slow references, and updates against building anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from plugin.importance.advice import Round, advice
from plugin.importance.auroc import auroc_by_class
from plugin.importance.confusion import confusions
from plugin.importance.index import ImportanceIndex
from plugin.importance.leverage import ClassGeometry
from plugin.importance.moments import ClassMoments
from plugin.importance.sensitivity import combined, lightweight
from plugin.importance.spool import spooled, widest

pytestmark = pytest.mark.slow

SEEDS = st.integers(0, 2**32 - 1)


def made(seed: int, n: int = 60, width: int = 5, classes: int = 3):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, classes, n)
    centres = rng.normal(0, 20, (classes, width))
    return rng.normal(size=(n, width)) * rng.uniform(0.1, 5, width) + centres[label], label


def reference(vectors: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Bachem's sensitivity and the leverage of one class, from the whole design matrix."""
    n, width = vectors.shape
    mean = vectors.mean(axis=0)
    squared = ((vectors - mean) ** 2).sum(axis=1)
    design = np.hstack([np.ones((n, 1)), vectors])
    padding = np.hstack([np.zeros((width, 1)), np.sqrt(strength) * np.eye(width)])
    # Leverage is the squared norm of a row of Q; ridge rows keep the intercept unpenalised.
    q, _ = np.linalg.qr(np.vstack([design, padding]))
    leverage = (q[:n] ** 2).sum(axis=1)
    return 0.5 / n + 0.5 * squared / squared.sum(), leverage


@given(SEEDS, st.integers(1, 7))
def test_moments_are_those_of_all_samples_however_they_come(seed: int, parts: int) -> None:
    vectors, label = made(seed)
    label[::7] = -1
    moments = ClassMoments(3, 5)
    for part, names in zip(
        np.array_split(vectors, parts), np.array_split(label, parts), strict=True
    ):
        moments.add(part, names)
    for name in range(3):
        own = vectors[label == name]
        assert moments.count[name] == len(own)
        if len(own):
            np.testing.assert_allclose(moments.mean[name], own.mean(axis=0), atol=1e-9)
            centred = own - own.mean(axis=0)
            np.testing.assert_allclose(moments.scatter[name], centred.T @ centred, atol=1e-6)
    used = vectors[label >= 0]
    mean, scale = moments.pooled()
    np.testing.assert_allclose(mean, used.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(scale, used.std(axis=0), rtol=1e-9)


@given(SEEDS)
def test_importance_is_the_references_in_each_class(seed: int) -> None:
    vectors, label = made(seed)
    label[:3] = [0, 1, 2]
    index = ImportanceIndex(vectors, label, 3, variant="label_free")
    strength = index._geometry.strength
    for name in range(3):
        own = label == name
        sensitivity, leverage = reference(vectors[own], strength)
        if own.sum() < 2:
            continue
        root = np.sqrt(leverage)
        expected = own.sum() * (sensitivity + root / root.sum()) / 2
        np.testing.assert_allclose(index.importance[own], expected, rtol=1e-6)
        assert index.importance[own].mean() == pytest.approx(1.0)


def test_leverage_without_a_ridge_is_the_hat_matrixs_diagonal() -> None:
    vectors, _ = made(1)
    moments = ClassMoments(1, 5)
    moments.add(vectors, np.zeros(len(vectors), np.int64))
    geometry = ClassGeometry(moments, ridge=0.0)
    design = np.hstack([np.ones((len(vectors), 1)), vectors])
    expected = np.diag(design @ np.linalg.pinv(design))
    found = geometry.leverage(0, geometry.measured(0, vectors)[1])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.sum() == pytest.approx(6.0)


@given(SEEDS, st.integers(1, 12))
@settings(max_examples=40)
def test_updates_are_what_building_anew_gives(seed: int, changes: int) -> None:
    vectors, label = made(seed)
    index = ImportanceIndex(vectors, label, 3, variant="label_free")
    strength = index._geometry.strength
    rng = np.random.default_rng(seed)
    for _ in range(3):
        rows = rng.choice(len(label), changes, replace=False)
        new = rng.integers(-1, 3, changes)
        index.update(rows, new)
        label[rows] = new
    np.testing.assert_array_equal(index.label, label)
    assert np.isnan(index.importance[label < 0]).all()
    for name in range(3):
        own = label == name
        if own.sum() < 2:
            continue
        sensitivity, leverage = reference(vectors[own], strength)
        root = np.sqrt(leverage)
        expected = own.sum() * (sensitivity + root / root.sum()) / 2
        np.testing.assert_allclose(index.importance[own], expected, rtol=1e-5)


def test_a_hundred_updates_in_single_precision_do_not_drift() -> None:
    vectors, label = made(11, n=400)
    single = vectors.astype(np.float32)
    index = ImportanceIndex(single, label, 3, variant="label_free")
    rng = np.random.default_rng(2)
    for _ in range(100):
        rows = rng.choice(400, 5, replace=False)
        new = rng.integers(-1, 3, 5)
        index.update(rows, new)
        label[rows] = new
    for name in range(3):
        own = label == name
        sensitivity, leverage = reference(single[own].astype(np.float64), index._geometry.strength)
        root = np.sqrt(leverage)
        expected = own.sum() * (sensitivity + root / root.sum()) / 2
        np.testing.assert_allclose(index.importance[own], expected, rtol=1e-3)


def test_only_the_two_classes_of_a_change_are_scored_again(monkeypatch) -> None:
    vectors, label = made(5, n=200, classes=4)
    index = ImportanceIndex(vectors, label, 4)
    before = index.importance.copy()
    row = int(np.flatnonzero(label == 1)[0])
    looked_at: list[int] = []
    geometry = index._geometry
    change = geometry.change
    monkeypatch.setattr(
        geometry, "change", lambda name, *a: (looked_at.append(name), change(name, *a))[1]
    )
    index.update(np.array([row]), [2])
    assert looked_at == [1, 2]
    same = (index.label != 1) & (index.label != 2)
    np.testing.assert_array_equal(index.importance[same], before[same])
    assert not np.isclose(index.importance[row], before[row])


@given(SEEDS)
def test_a_class_may_empty_and_fill_again(seed: int) -> None:
    vectors, label = made(seed, n=30)
    index = ImportanceIndex(vectors, label, 3, variant="label_free")
    rows = np.flatnonzero(label == 0)
    before = index.importance.copy()
    for row in rows:
        index.update(np.array([row]), -1)
    assert len(index.members(0)) == 0
    for row in rows:
        index.update(np.array([row]), 0)
    np.testing.assert_allclose(index.importance, before, rtol=1e-5)


@given(SEEDS)
def test_sensitivities_sum_to_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    distance, leverage = rng.exponential(size=20), rng.uniform(size=20)
    assert lightweight(distance).sum() == pytest.approx(1)
    assert combined(distance, leverage).sum() == pytest.approx(1)
    assert lightweight(np.zeros(4)).tolist() == [0.25] * 4


def test_planted_errors_come_first_and_stay_first_after_an_update() -> None:
    rng = np.random.default_rng(3)
    truth = np.repeat(np.arange(3), 200)
    vectors = rng.normal(size=(600, 8)) + 4 * np.eye(3, 8)[truth]
    label = truth.copy()
    wrong = rng.choice(600, 30, replace=False)
    label[wrong] = (truth[wrong] + 1) % 3
    index = ImportanceIndex(vectors, label, 3)
    mistaken = np.isin(np.arange(600), wrong)
    assert roc_auc_score(mistaken, index.importance) > 0.97
    found = index.top({0: 5, 2: 3})
    assert {len(found[0]), len(found[2])} == {5, 3}
    assert mistaken[found[0]].mean() >= 0.8
    assert (label[found[0]] == 0).all()
    assert (np.diff(index.importance[found[0]]) <= 0).all()
    auroc = index.auroc().mean()
    index.update(wrong, truth[wrong])
    index.rescore()
    assert index.auroc().mean() > auroc
    again = index.top({0: 300}, leave_out=mistaken)[0]
    assert not mistaken[again].any()
    assert len(again) == int(((truth == 0) & ~mistaken).sum())


def test_the_label_aware_importance_is_sensitivity_times_held_out_residual() -> None:
    vectors, label = made(7, n=90)
    aware = ImportanceIndex(vectors, label, 3, folds=3)
    free = ImportanceIndex(vectors, label, 3, variant="label_free")
    heads = aware._heads
    assert heads is not None
    assert heads.fold is not None
    mean, scale = vectors.mean(axis=0), vectors.std(axis=0)
    scaled = (vectors - mean) / scale
    expected = np.empty((90, 3))
    for k in range(3):
        model = LogisticRegression(C=1.0, max_iter=5_000, tol=1e-8)
        model.fit(scaled[heads.fold != k], label[heads.fold != k])
        expected[heads.fold == k] = model.predict_proba(scaled[heads.fold == k])
    residual = 1 - expected[np.arange(90), label]
    np.testing.assert_allclose(aware.importance, free.importance * residual, atol=5e-3)
    assert aware.said is not None
    own = auroc_by_class(expected, label)
    np.testing.assert_allclose(aware.auroc(), own, atol=5e-3)


@given(SEEDS)
def test_auroc_is_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    label, p = rng.integers(0, 3, 40), rng.uniform(size=(40, 3)).round(1)
    found = auroc_by_class(p, label)
    for name in range(3):
        inside = label == name
        if 0 < inside.sum() < 40:
            assert found[name] == pytest.approx(roc_auc_score(inside, p[:, name]))


def test_a_source_in_parts_is_read_once_and_kept_on_disk(tmp_path: Path) -> None:
    vectors, label = made(9, n=100)
    read: list[int] = []

    def parts():
        for start in range(0, 100, 30):
            read.append(start)
            yield vectors[start : start + 30]

    index = ImportanceIndex(parts(), label, 3, folder=tmp_path)
    assert read == [0, 30, 60, 90]
    assert isinstance(index.vectors, np.memmap)
    whole = ImportanceIndex(vectors, label, 3)
    np.testing.assert_allclose(index.importance, whole.importance, rtol=1e-2)
    with pytest.raises(ValueError, match="expected 100 vectors"):
        spooled(iter([vectors[:50]]), label, 3)
    with pytest.raises(ValueError, match="expected 100 vectors"):
        spooled(iter([vectors, vectors]), label, 3)


def test_long_vectors_are_projected_and_still_find_errors() -> None:
    classes, rng = 1_000, np.random.default_rng(0)
    width = widest(classes) + 40
    label = np.repeat([0, 1], 200)
    vectors = rng.normal(size=(400, width)) + 3 * (label[:, None] * 2 - 1)
    wrong = np.array([3, 250])
    label[wrong] = 1 - label[wrong]
    kept = spooled(vectors, label, classes)
    assert kept.projected
    assert kept.vectors.shape == (400, widest(classes))
    index = ImportanceIndex(vectors, label, classes, folds=2)
    assert index.projected
    assert set(np.argsort(-index.importance)[:2]) == set(wrong)


def test_the_largest_entry_off_the_diagonal_is_proposed_first() -> None:
    label = np.array([0] * 10 + [1] * 4 + [-1] * 5)
    prediction = np.array([0] * 7 + [1] * 3 + [0, 0, 1, 1] + [0] * 5)
    first, second = confusions(label, prediction)
    assert (first.label, first.prediction, first.samples, first.share) == (1, 0, 2, 0.5)
    assert (second.label, second.share) == (0, 0.3)
    assert confusions(label[:0], prediction[:0]) == []


def test_advice_follows_both_curves() -> None:
    rising = [Round(50 * i, 40 * i, 0.9 + 0.01 * i) for i in range(5)]
    assert advice([]) == "first"
    assert advice(rising[:1]) == "decide"
    assert advice(rising) == "go on"
    flat = [Round(50 * i, 40 * i, 0.9) for i in range(5)]
    assert advice(flat) == "auroc"
    few = [*rising, Round(250, 165, 0.96), Round(300, 168, 0.97)]
    assert advice(few) == "fixes"
    assert advice([*rising, Round(250, 161, 0.94), Round(300, 162, 0.94)]) == "both"


def test_bad_arguments_are_named() -> None:
    vectors, label = made(0)
    with pytest.raises(ValueError, match="variant must be one of label_aware, label_free"):
        ImportanceIndex(vectors, label, 3, variant="other")  # pyright: ignore[reportArgumentType]


def test_two_poor_rounds_need_one_before_them_to_be_compared_with() -> None:
    poor = [Round(0, 0, 0.9), Round(50, 1, 0.9), Round(100, 1, 0.9)]
    assert advice(poor) == "go on"
    assert advice([*poor, Round(150, 1, 0.9)]) == "both"


def test_exactly_a_quarter_of_the_best_round_is_little() -> None:
    rounds = [Round(0, 0, 0.5), Round(40, 40, 0.6), Round(80, 50, 0.7), Round(120, 60, 0.8)]
    assert advice(rounds) == "fixes"
    assert advice([*rounds[:-1], Round(120, 61, 0.8)]) == "go on"
    assert advice([*rounds[:2], Round(80, 60, 0.7), Round(120, 61, 0.8)]) == "go on"
