"""Layouts: against scikit-learn, exact neighbours, and UMAP in its own process."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from plugin.layout.projection import fitted, principal_components, umap_layout
from plugin.layout.projection_worker import ProjectionWorker

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("shape", [(50, 6), (6, 50), (40, 40)])
def test_principal_components_equal_scikit_learns(shape):
    x = np.random.default_rng(0).normal(size=shape)
    ours, theirs = principal_components(x, 2), PCA(2).fit_transform(x)
    for axis in (0, 1):
        sign = np.sign((ours[:, axis] * theirs[:, axis]).sum())
        np.testing.assert_allclose(ours[:, axis], sign * theirs[:, axis], atol=1e-4)


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (5, 0), (4, 1)])
def test_degenerate_input_gives_a_layout(shape):
    out = principal_components(np.ones(shape), 2)
    assert out.shape == (shape[0], 2)
    assert np.isfinite(out).all()


@given(st.integers(0, 300), st.integers(0, 10_000))
@settings(max_examples=30)
def test_fitted_stays_in_the_unit_square(n, seed):
    layout = np.random.default_rng(seed).standard_cauchy(size=(n, 2)) * 100
    place = fitted(layout)
    assert place.shape == (n, 2)
    assert n == 0 or (place.min() >= -1e-5 and place.max() <= 1 + 1e-5)


def test_umap_keeps_neighbours_is_seeded_and_runs_elsewhere():
    x = np.asarray(load_digits(return_X_y=True)[0])[:400]
    worker = ProjectionWorker()
    try:
        first = worker.layout("a", lambda: x)
        assert worker.layout("a", lambda: pytest.fail("known layouts are kept")) is first
        elsewhere = first.result(300)
        # Across processes sums round otherwise, which UMAP amplifies; in one they are the same.
        np.testing.assert_array_equal(worker.layout("b", lambda: x).result(300), elsewhere)
    finally:
        worker.stop()
    assert trustworthiness(x, elsewhere, n_neighbors=10) > 0.95


def test_few_samples_need_no_umap():
    assert umap_layout(np.eye(3)).shape == (3, 2)
