"""Layouts on a grid: one place each, and neighbours near."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.manifold import trustworthiness

from plugin.layout.grid import BLOCK, grid_shape, on_grid


@given(st.integers(1, 700), st.sampled_from([0.3, 0.7, 1.0, 1.4, 3.0]), st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_every_point_has_a_place_of_its_own(count, aspect, seed):
    columns, lines = grid_shape(count, aspect)
    points = np.random.default_rng(seed).normal(size=(count, 2)).round(1)
    place = on_grid(points, columns, lines)
    assert len(set(map(tuple, place.tolist()))) == count
    assert (place >= 0).all()
    assert (place < (columns, lines)).all()


@pytest.mark.parametrize("aspect", [0.4, 1.0, 2.5])
def test_places_are_as_large_as_can_be(aspect):
    columns, lines = grid_shape(137, aspect)
    assert columns * lines >= 137
    side = min(aspect / columns, 1 / lines)
    every = [min(aspect / c, 1 / -(-137 // c)) for c in range(1, 138)]
    assert side == max(every)


def test_what_lies_on_a_grid_stays_there():
    wide, tall = 40, 20
    assert wide * tall > BLOCK
    places = np.stack(np.meshgrid(np.arange(wide), np.arange(tall)), -1).reshape(-1, 2)
    order = np.random.default_rng(0).permutation(len(places))
    assert (on_grid(places[order] * 0.3 - 7, wide, tall) == places[order]).all()


def test_neighbours_of_heaps_stay_near():
    rng = np.random.default_rng(1)
    heaps = [rng.normal(size=(150, 2)) * s + rng.normal(size=2) * 6 for s in (0.2, 0.5, 1, 2)]
    points = np.concatenate(heaps)
    place = on_grid(points, *grid_shape(len(points), 1.4))
    assert trustworthiness(points, place, n_neighbors=10) > 0.93
    shuffled = rng.permutation(place)
    assert trustworthiness(points, shuffled, n_neighbors=10) < 0.6


def test_equal_points_and_no_numbers_are_placed():
    points = np.array([[1.0, 1.0], [1.0, 1.0], [np.nan, 2.0]])
    assert len(set(map(tuple, on_grid(points, 2, 2).tolist()))) == 3
