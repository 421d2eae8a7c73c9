"""Low-dimensional features for projection."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from plugin.vectors.features import DIMENSIONS, PrincipalComponents, from_probabilities


def test_principal_components_are_those_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(200, 50)) @ generator.normal(size=(50, 50))
    theirs = PCA(DIMENSIONS).fit_transform(rows)
    ours = PrincipalComponents(rows, seed=0)(rows).astype(np.float64)
    assert ours.shape == (200, DIMENSIONS)
    np.testing.assert_allclose(abs(ours), abs(theirs), rtol=0.01, atol=0.05)


@given(st.integers(2, 200), st.integers(0, 2**32 - 1))
def test_features_of_probabilities_have_the_least_width(classes: int, seed: int) -> None:
    p = np.random.default_rng(seed).dirichlet(np.full(classes, 0.1), 6).clip(1e-12)
    features = from_probabilities([np.log(p), np.log(p)])
    assert features.shape == (6, min(classes, DIMENSIONS))
    assert features.dtype == np.float16
    assert np.isfinite(features).all()


def test_many_classes_keep_their_distances_whatever_the_batch() -> None:
    p = np.random.default_rng(0).dirichlet(np.full(500, 0.02), 40).clip(1e-12)
    whole = from_probabilities([np.log(p)]).astype(np.float64)
    parts = [from_probabilities([np.log(p[i : i + 7])]) for i in range(0, 40, 7)]
    np.testing.assert_array_equal(whole, np.concatenate(parts).astype(np.float64))
    logs = np.maximum(np.log(p), -12)
    near = np.linalg.norm(logs[0] - logs[1:], axis=1)
    ratio = np.linalg.norm(whole[0] - whole[1:], axis=1) / near
    assert ratio == pytest.approx(np.ones(39), abs=0.5)


@pytest.mark.parametrize("width", [1, 3, 32, 40])
def test_narrow_and_constant_vectors_are_no_trouble(width: int) -> None:
    rows = np.ones((5, width), np.float32)
    features = PrincipalComponents(rows, seed=0)(rows)
    assert features.shape == (5, min(width, DIMENSIONS))
    assert not features.any()


def test_more_rows_than_are_fitted_on_are_projected() -> None:
    rows = np.random.default_rng(0).normal(size=(20_100, 3))
    assert PrincipalComponents(rows, seed=1)(rows).shape == (20_100, 3)
