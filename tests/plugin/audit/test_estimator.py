"""The estimate is unbiased by enumeration, and its interval covers as often as it says."""

from itertools import combinations, product
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.audit.estimator import Interval, interval, total, upper_bound
from plugin.audit.sampling import allocation, stratify

pytestmark = pytest.mark.slow


@st.composite
def small_strata(draw):
    """Two or three strata of at most five samples, errors among them, and the draws."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    errors = [draw(st.lists(st.booleans(), min_size=n, max_size=n)) for n in sizes]
    drawn = [draw(st.integers(1, n)) for n in sizes]
    return [np.array(e, int) for e in errors], np.array(drawn)


def met(errors, chosen) -> np.ndarray:
    return np.array([e[list(s)].sum() for e, s in zip(errors, chosen, strict=True)])


@settings(max_examples=60, deadline=None)
@given(small_strata())
def test_the_estimate_is_unbiased_over_all_possible_audits(case) -> None:
    errors, drawn = case
    population = np.array([len(e) for e in errors])
    possible = [list(combinations(range(len(e)), n)) for e, n in zip(errors, drawn, strict=True)]
    estimates = [total(met(errors, chosen), drawn, population) for chosen in product(*possible)]
    assert np.mean(estimates) == pytest.approx(sum(e.sum() for e in errors))


counts = st.integers(1, 60).flatmap(
    lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(n, 5_000))
)


@given(st.lists(counts, min_size=1, max_size=8), st.floats(0.5, 0.999))
def test_the_interval_is_possible_and_holds_the_estimate(strata, confidence) -> None:
    wrong, drawn, population = np.array(strata).T
    found = interval(wrong, drawn, population, confidence)
    assert found.low <= found.point + 1e-6
    assert found.point <= found.high + 1e-6
    assert found.low >= wrong.sum() - 1e-6
    assert found.high <= population.sum() - (drawn - wrong).sum() + 1e-6
    wider = interval(wrong, drawn, population, (1 + confidence) / 2)
    assert wider.low <= found.low + 1e-6
    assert wider.high >= found.high - 1e-6
    alpha = (1 - confidence) / 2
    assert upper_bound(wrong, drawn, population, alpha) == pytest.approx(found.high, rel=1e-6)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
def test_one_stratum_without_end_is_wilson_s_interval(case) -> None:
    x, n = case
    if x == n:
        return
    size = 10**9
    z, p = 1.959963984540054, x / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    found = interval(np.array([x]), np.array([n]), np.array([size]))
    assert found.low / size == pytest.approx(max(centre - half, x / size), abs=2e-6)
    assert found.high / size == pytest.approx(centre + half, abs=2e-6)


@given(
    st.integers(1, 120).flatmap(
        lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(n + 1, 3 * n + 5))
    ),
    st.sampled_from([0.8, 0.95, 0.99]),
)
def test_a_large_part_that_was_judged_narrows_wilson_s_interval(case, confidence) -> None:
    """The variance of a sample without replacement is ``(N − n) / (N − 1)`` of one with it."""
    x, n, size = case
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    z2, p = z * z * (size - n) / (size - 1), x / n
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * p * (1 - p) / n + z2 * z2 / (4 * n * n)) / (1 + z2 / n)
    found = interval(np.array([x]), np.array([n]), np.array([size]), confidence)
    assert found.low == pytest.approx(max(size * (centre - half), x), abs=1e-4)
    assert found.high == pytest.approx(min(size * (centre + half), size - n + x), abs=1e-4)


def test_one_that_was_not_judged_is_one_that_may_be_wrong() -> None:
    found = interval(np.array([0]), np.array([99]), np.array([100]))
    assert (found.point, found.low) == (0, 0)
    assert 0 < found.high < 1


def test_what_was_judged_completely_is_known() -> None:
    assert interval(np.array([3, 0]), np.array([5, 2]), np.array([5, 2])) == Interval(3, 3, 3)


@pytest.mark.parametrize(
    ("wrong", "drawn", "population"),
    [([3], [2], [5]), ([1], [6], [5]), ([-1], [2], [5]), ([0, 0], [3, 0], [5, 5])],
)
def test_counts_that_contradict_each_other_are_refused(wrong, drawn, population) -> None:
    with pytest.raises(ValueError, match=r"wrong <= drawn|judged sample"):
        interval(np.array(wrong), np.array(drawn), np.array(population))


def population(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Suspicion and errors: well ranked, badly ranked, rare, or sure of itself and wrong."""
    rng = np.random.default_rng(7)
    g = rng.normal(size=20_000)
    suspicion, odds = {
        "well ranked": (2.5 * g - 4, 4 * g - 6),
        "badly ranked": (2 * g - 2, 0.5 * g - 5),
        "rare": (2 * g - 4, 3 * g - 9),
        "sure and wrong": (9 * g - 8, 3 * g - 4),
    }[kind]
    return suspicion, rng.random(20_000) < 1 / (1 + np.exp(-odds))


@pytest.mark.parametrize("size", [200, 500, 1_000])
@pytest.mark.parametrize("kind", ["well ranked", "badly ranked", "rare", "sure and wrong"])
def test_the_interval_covers_also_where_errors_are_skewed(kind: str, size: int) -> None:
    suspicion, wrong = population(kind)
    stratum = stratify(suspicion, size)
    held = np.bincount(stratum)
    errors = np.bincount(stratum[wrong], minlength=len(held))
    drawn = allocation(held, size)
    rng = np.random.default_rng(size)
    samples = rng.hypergeometric(errors, held - errors, drawn, (2_000, len(held)))
    found = [interval(x, drawn, held) for x in samples]
    truth = wrong.sum()
    covered = np.mean([f.low <= truth <= f.high for f in found])
    # From 93 to 98 %, and three standard errors of what 2,000 samples say.
    assert 0.915 <= covered <= 0.99
    spread = np.std([f.point for f in found]) / np.sqrt(2_000)
    assert abs(np.mean([f.point for f in found]) - truth) < 4 * spread


def kinds_of_objects() -> tuple[np.ndarray, np.ndarray]:
    """Suspicion of 20,000 labels and candidates, and the kind of error of each, 0 for none.

    One order serves all kinds: wrong classes are ranked well, badly placed ones hardly, and labels
    where nothing is are rare and sure to look right.
    """
    rng = np.random.default_rng(11)
    g = rng.normal(size=20_000)
    candidate = rng.random(20_000) < 0.3
    odds = {1: 3 * g - 6, 2: -g - 5.5, 3: 0.2 * g - 4, 4: 2 * g - 3}
    kind = np.zeros(20_000, int)
    for name, of_kind in odds.items():
        there = (rng.random(20_000) < 1 / (1 + np.exp(-of_kind))) & (candidate == (name == 4))
        kind[there & (kind == 0)] = name
    return 2 * g - 3, kind


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_the_interval_covers_each_kind_of_error_among_objects(kind: int) -> None:
    suspicion, kinds = kinds_of_objects()
    rng = np.random.default_rng(kind)
    for size in (200, 500):
        stratum = stratify(suspicion, size)
        held, drawn = np.bincount(stratum), allocation(np.bincount(stratum), size)
        errors = np.bincount(stratum[kinds == kind], minlength=len(held))
        samples = rng.hypergeometric(errors, held - errors, drawn, (1_000, len(held)))
        found = [interval(x, drawn, held) for x in samples]
        covered = np.mean([f.low <= errors.sum() <= f.high for f in found])
        assert covered >= 0.91, "95 %, less three standard errors of 1,000 samples and a little"
