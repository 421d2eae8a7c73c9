"""Neighbours: exact search against sorting all distances, HNSW against the exact search."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from plugin.vectors.neighbours import NeighbourIndex


def vectors(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 3)) @ rng.normal(size=(3, 16)) + rng.normal(size=(count, 16)) / 5


def test_exact_search_equals_sorting() -> None:
    data = vectors(300)
    ids, distances = NeighbourIndex(data, exact=True).nearest(7)
    apart = np.linalg.norm(data[:, None] - data[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    assert (ids == np.argsort(apart, axis=1)[:, :7]).all()
    np.testing.assert_allclose(distances, np.sort(apart, axis=1)[:, :7], atol=1e-3)


def test_exact_search_equals_scikit_learns() -> None:
    data = np.random.default_rng(1).normal(size=(1500, 8)).astype(np.float32)
    ids, distances = NeighbourIndex(data, exact=True).nearest(9)
    want, found = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(data).kneighbors(data)
    np.testing.assert_allclose(distances, want[:, 1:], atol=2e-3)
    assert np.mean(ids == found[:, 1:]) > 0.999


def test_hnsw_finds_nearly_all_the_exact_ones() -> None:
    data = vectors(6000)
    exact, _ = NeighbourIndex(data, exact=True).nearest(10)
    found, _ = NeighbourIndex(data, exact=False).nearest(10)
    shared = np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(exact, found, strict=True)])
    assert shared >= 0.97


@pytest.mark.parametrize("exact", [True, False])
def test_only_what_is_asked_and_never_itself(exact: bool) -> None:
    data = vectors(200)
    asked = np.array([5, 199])
    ids, distances = NeighbourIndex(data, exact=exact).nearest(4, asked)
    assert ids.shape == distances.shape == (2, 4)
    assert not (ids == asked[:, None]).any()
    assert (np.diff(distances, axis=1) >= 0).all()


@pytest.mark.parametrize("exact", [True, False])
def test_equal_vectors_do_not_push_in_the_vector_itself(exact: bool) -> None:
    ids, distances = NeighbourIndex(np.zeros((50, 4)), exact=exact).nearest(3)
    assert not (ids == np.arange(50)[:, None]).any()
    assert (distances[ids >= 0] == 0).all()


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_vectors_fill_with_nothing(exact: bool, count: int) -> None:
    ids, distances = NeighbourIndex(np.zeros((count, 4)), exact=exact).nearest(3)
    assert ids.shape == (count, 3)
    assert ((ids < 0) == np.isinf(distances)).all()
    assert (ids >= 0).sum() == (2 if count == 2 else 0)


def test_bad_input_is_named() -> None:
    broken = np.zeros((3, 2))
    broken[1, 0] = np.nan
    with pytest.raises(ValueError, match="1 are not, the first is row 1"):
        NeighbourIndex(broken)
    with pytest.raises(ValueError, match=r"shape \(n, d\), got \(3,\)"):
        NeighbourIndex(np.zeros(3))
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        NeighbourIndex(np.zeros((3, 2))).nearest(0)


@pytest.mark.parametrize("exact", [True, False])
def test_vectors_without_numbers_are_all_alike(exact: bool) -> None:
    ids, distances = NeighbourIndex(np.zeros((5, 0)), exact=exact).nearest(2)
    assert ((ids >= 0) & (distances == 0)).all()
