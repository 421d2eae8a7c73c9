"""Floor and threshold to begin with: one image in a hundred is listed, not too many pairs kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.duplicates.levels import choose_levels, most_kept

PAIRS = st.lists(st.tuples(st.floats(0.5, 1.0), st.integers(0, 9)), max_size=60)


@given(PAIRS, st.integers(10, 400))
def test_levels_lie_in_their_ranges_and_the_floor_below(pairs: list[tuple[float, int]], n: int):
    ses, owner = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], np.int64)
    floor, threshold = choose_levels(ses, owner, n)
    assert 0.75 <= floor <= threshold
    assert 0.80 <= threshold <= 0.98


@pytest.mark.parametrize(
    ("alike", "threshold"),
    [(0, 0.80), (5, 0.80), (20, 0.95), (2_000, 0.95)],
)
def test_the_threshold_lists_one_image_in_a_hundred(alike: int, threshold: float) -> None:
    """Of a thousand images, so many have a pair at 0.95."""
    ses, owner = np.full(alike, 0.95), np.arange(alike) % 1_000
    assert choose_levels(ses, owner, 1_000)[1] == pytest.approx(threshold)


def test_the_highest_pair_of_an_image_counts() -> None:
    owner = np.repeat(np.arange(20), 2)
    ses = np.tile([0.6, 0.9], 20)
    assert choose_levels(ses, owner, 1_000)[1] == pytest.approx(0.9)


def test_the_floor_rises_until_an_image_has_no_more_pairs_than_are_kept() -> None:
    ses = np.linspace(0.76, 0.97, 300)
    floor, threshold = choose_levels(ses, np.arange(300) % 100, 100)
    assert (ses >= floor - 1e-12).sum() == most_kept(100) == 100
    assert floor == pytest.approx(ses[-100])
    assert floor <= threshold
    few = choose_levels(ses[:100], np.arange(100), 100)[0]
    assert few == 0.75, "as many as are kept raise nothing"


def test_the_floor_never_lies_above_the_threshold() -> None:
    """Ten images that are alike with very many: their pairs fill the sample, nobody else's."""
    ses = np.full(4_000, 0.94)
    floor, threshold = choose_levels(ses, np.arange(4_000) % 5, 1_000)
    assert (floor, threshold) == (0.8, 0.8)
