"""Counts in drawn images: the estimate is unbiased, and its interval covers as often as it says."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.audit.counted import interval_of_counts
from plugin.audit.estimator import Interval
from plugin.audit.sampling import allocation, stratify

pytestmark = pytest.mark.slow


@st.composite
def small_strata(draw):
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    held = [draw(st.lists(st.integers(0, 5), min_size=n, max_size=n)) for n in sizes]
    return held, [draw(st.integers(1, n)) for n in sizes]


@settings(max_examples=40, deadline=None)
@given(small_strata())
def test_the_estimate_is_unbiased_over_all_possible_draws(case) -> None:
    held, drawn = case
    population = np.array([len(h) for h in held])
    possible = [list(combinations(h, n)) for h, n in zip(held, drawn, strict=True)]
    stratum = np.repeat(np.arange(len(held)), drawn)
    estimates = []
    for chosen in product(*possible):
        found = interval_of_counts(np.concatenate(chosen), stratum, population)
        estimates.append(found.point)
        assert found.low - 1e-6 <= found.point <= found.high + 1e-6
        assert found.low >= np.concatenate(chosen).sum() - 1e-6
    assert np.mean(estimates) == pytest.approx(sum(map(sum, held)))


def test_a_census_is_known_and_a_wider_confidence_is_wider() -> None:
    count, stratum = np.array([2, 0, 1, 0, 0, 0]), np.array([0, 0, 0, 1, 1, 1])
    assert interval_of_counts(count, stratum, np.array([3, 3])) == Interval(3.0, 3.0, 3.0)
    half = interval_of_counts(count, stratum, np.array([3, 300]))
    assert half.point == 3
    assert half.low >= 3
    assert half.high > 3
    narrow, wide = (
        interval_of_counts(count, stratum, np.array([30, 300]), confidence=c) for c in (0.8, 0.99)
    )
    assert wide.low <= narrow.low <= narrow.point == wide.point <= narrow.high <= wide.high


def test_nothing_met_leaves_a_bound_that_allows_for_clumps() -> None:
    found = interval_of_counts(np.zeros(100, int), np.zeros(100, int), np.array([10_000]))
    assert (found.point, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(4 * 1.96**2 * 100, rel=0.02)


@pytest.mark.parametrize(
    ("count", "population"), [([1, 2], [1]), ([-1], [3]), ([1], [3, 4])], ids=str
)
def test_counts_that_contradict_each_other_are_refused(count, population) -> None:
    with pytest.raises(ValueError, match="needs 1 <= drawn"):
        interval_of_counts(np.array(count), np.zeros(len(count), int), np.array(population))


def missing(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Suspicion of 5,000 images, and how many objects each lacks: in clumps, one, rarely, often."""
    g = np.random.default_rng(7)
    suspicion = g.normal(size=5_000)
    odds, mean = {
        "clumps": (suspicion - 3, 2.5),
        "single": (suspicion - 3, 1.0),
        "rare": (suspicion - 5, 2.0),
        "unranked": (np.full(5_000, -3.0), 2.0),
        "nearly everywhere": (0.3 * suspicion + 0.5, 2.5),
    }[kind]
    some = g.random(5_000) < 1 / (1 + np.exp(-odds))
    return 1.5 * suspicion - 3, np.where(some, g.geometric(1 / mean, 5_000), 0)


@pytest.mark.parametrize("size", [50, 100, 300])
@pytest.mark.parametrize("kind", ["clumps", "single", "rare", "unranked", "nearly everywhere"])
def test_the_interval_covers_also_where_objects_are_missing_in_clumps(kind: str, size: int) -> None:
    suspicion, count = missing(kind)
    stratum = stratify(suspicion, size)
    held = np.bincount(stratum)
    drawn = allocation(held, size)
    members = [np.flatnonzero(stratum == b) for b in range(len(held))]
    of_drawn = np.repeat(np.arange(len(held)), drawn)
    g, found = np.random.default_rng(size), []
    for _ in range(400):
        at = [g.choice(m, n, replace=False) for m, n in zip(members, drawn, strict=True)]
        found.append(interval_of_counts(count[np.concatenate(at)], of_drawn, held))
    truth = count.sum()
    covered = np.mean([f.low <= truth <= f.high for f in found])
    assert covered >= 0.91, "95 %, less three standard errors of 400 draws and a little"
    points = np.array([f.point for f in found])
    assert abs(points.mean() - truth) < 4 * points.std() / 20
