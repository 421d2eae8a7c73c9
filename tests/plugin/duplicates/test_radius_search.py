"""Pairs within a radius: one cell against all distances, many cells against one, old and new."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plugin.duplicates import radius_search
from plugin.duplicates.radius_search import Cells

pytestmark = pytest.mark.slow

Keys = set[tuple[int, int]]


def crowd(count: int, seed: int = 0, dimensions: int = 16) -> NDArray[np.float32]:
    """Vectors of which every tenth has a near copy, some of them far from all others."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, dimensions)) * rng.uniform(0.5, 4, (count, 1))
    vectors[: count // 10] = vectors[count // 2 : count // 2 + count // 10]
    vectors[: count // 10] += rng.normal(size=(count // 10, dimensions)) * 0.05
    return vectors.astype(np.float32)


def all_pairs(vectors: NDArray[np.float32], radius: float, first: int = 0) -> Keys:
    apart = np.linalg.norm(vectors[:, None].astype(float) - vectors[None], axis=-1)
    return {(int(i), int(j)) for i, j in np.argwhere(apart <= radius) if i < j and j >= first}


def found(searched: Cells, radius: float, first: int = 0) -> Keys:
    pairs = [tuple(p) for near, _ in searched.within(radius, first) for p in near.pairs.tolist()]
    assert len(pairs) == len(set(pairs)), "a pair came twice"
    return set(pairs)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 120),
    st.integers(0, 2**16),
    st.floats(0.01, 6.0),
    st.floats(0, 1),
)
def test_one_cell_finds_every_pair_once(count: int, seed: int, radius: float, old: float) -> None:
    vectors, first = crowd(count, seed, 4), int(old * count)
    expected = all_pairs(vectors, radius, first)
    near_the_edge = all_pairs(vectors, radius * 1.001, first) - all_pairs(
        vectors, radius * 0.999, first
    )
    assert found(Cells(vectors), radius, first) ^ expected <= near_the_edge


@pytest.mark.parametrize("first", [0, 1500, 2990])
def test_many_cells_find_nearly_all_pairs_once(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(radius_search, "ONE_CELL_UP_TO", 100)
    monkeypatch.setattr(radius_search, "CELL", 100)
    vectors = np.random.default_rng(3).permutation(crowd(3000))
    expected = all_pairs(vectors, 0.5, first)
    got = found(Cells(vectors), 0.5, first)
    assert got <= expected
    assert len(got) >= 0.99 * len(expected)


def test_around_compares_some_with_all() -> None:
    vectors = crowd(500)
    rows = np.array([3, 77, 400])
    near = Cells(vectors).around(rows, 2.0)
    expected = {pair for pair in all_pairs(vectors, 2.0) if set(pair) & set(rows.tolist())}
    assert {(i, j) for i, j in near.pairs.tolist()} == expected
    apart = np.square(vectors[near.pairs[:, 0]] - vectors[near.pairs[:, 1]]).sum(1)
    np.testing.assert_allclose(near.squared, apart, atol=1e-3)


def test_equal_vectors_give_each_of_them_a_limited_number_of_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(radius_search, "MOST_NEAR", 20)
    pairs = [near.pairs for near, _ in Cells(np.zeros((300, 4), np.float32)).within(1.0)]
    assert 0 < len(np.concatenate(pairs)) <= 300 * 20


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_vectors(count: int) -> None:
    assert len(found(Cells(np.zeros((count, 4), np.float32)), 1.0)) == (count == 2)
