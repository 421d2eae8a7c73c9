"""Principal axes against scikit-learn's, and random ones that keep distances."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from plugin.vectors.axes import principal_axes, random_axes


@pytest.mark.parametrize("shape", [(200, 50), (30, 90), (40, 40), (5, 300)])
def test_they_are_scikit_learns(shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(0)
    rows = generator.normal(size=shape) * np.linspace(3, 1, shape[1]) + 7.0
    most = min(shape) - 1
    mean, axes = principal_axes(rows, most)
    theirs = PCA(most, svd_solver="full").fit(rows)
    np.testing.assert_allclose(mean, theirs.mean_, atol=1e-9)
    np.testing.assert_allclose(axes.T, theirs.components_, atol=1e-6)


@pytest.mark.parametrize("rows", [np.ones((4, 30)), np.zeros((1, 30)), np.eye(2, 30), np.eye(30)])
@pytest.mark.parametrize("most", [1, 20, 30])
def test_there_are_always_enough_and_they_are_orthonormal(rows: np.ndarray, most: int) -> None:
    mean, axes = principal_axes(rows, most)
    assert axes.shape == (30, most)
    np.testing.assert_allclose(axes.T @ axes, np.eye(most), atol=1e-9)
    kept = ((rows - mean) @ axes) ** 2
    if most >= len(rows):
        np.testing.assert_allclose(kept.sum(), ((rows - mean) ** 2).sum(), atol=1e-9)


def test_no_numbers_no_axes() -> None:
    assert principal_axes(np.zeros((3, 0)), 2).axes.shape == (0, 0)


def test_random_axes_keep_distances() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 2_000))
    near = rows @ random_axes(2_000, 256)
    ratio = np.linalg.norm(near[0] - near[1:], axis=1) / np.linalg.norm(rows[0] - rows[1:], axis=1)
    assert ratio == pytest.approx(np.ones(49), abs=0.2)
