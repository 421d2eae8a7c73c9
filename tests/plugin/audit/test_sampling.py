"""The draw of an audit: strata, numbers of draws, order, inclusion probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.audit.sampling import STRATA, allocation, draw, size_measure, stratify

suspicions = st.lists(st.floats(-40, 40, allow_nan=False, width=32), min_size=1, max_size=300).map(
    np.array
)


@given(suspicions, st.integers(1, 400), st.integers(0, 2**63 - 1))
def test_every_draw_is_a_sample_of_open_ones(suspicion, size, seed) -> None:
    made = draw(suspicion, size, seed)
    n = min(size, len(suspicion))
    assert len(set(made.at.tolist())) == len(made.at) == n
    assert made.population.sum() == len(suspicion)
    assert (made.population > 0).all()
    assert (made.drawn > 0).all()
    assert (made.drawn <= made.population).all()
    assert ((made.probability > 0) & (made.probability <= 1)).all()
    assert (np.diff(made.round) >= 0).all()
    again = draw(suspicion, size, seed)
    assert (again.at == made.at).all()


@given(suspicions, st.integers(1, 400))
def test_strata_are_bands_of_suspicion(suspicion, size) -> None:
    stratum = stratify(suspicion, size)
    order = np.argsort(-suspicion, kind="stable")
    assert (np.diff(stratum[order]) >= 0).all()
    assert set(stratum.tolist()) == set(range(stratum.max() + 1))
    assert stratum.max() < STRATA


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(0, 900))
def test_allocation_gives_all_that_is_wanted(population, extra) -> None:
    size = len(population) + extra
    drawn = allocation(np.array(population), size)
    assert drawn.sum() == min(size, sum(population))
    assert (drawn >= 1).all()
    assert (drawn <= population).all()
    free = drawn < population
    if free.any():
        assert drawn.max() >= drawn[free].min()
        assert drawn[free].max() - drawn[free].min() <= 1


@given(suspicions, st.integers(20, 200), st.integers(0, 99))
def test_whole_rounds_are_a_sample_of_their_own(suspicion, size, seed) -> None:
    made = draw(suspicion, size, seed)
    drawn = made.drawn
    for finished in range(1, made.round.max() + 2):
        prefix = made.stratum[made.round < finished]
        counts = np.bincount(prefix, minlength=len(drawn))
        assert (counts == np.minimum(drawn, finished)).all()


def test_the_order_within_a_round_says_nothing_of_suspicion() -> None:
    """Blind means that: each stratum is as likely to come first, second or last."""
    suspicion = np.random.default_rng(5).normal(0, 3, 400)
    first, last, falls = np.zeros(6), np.zeros(6), 0
    for seed in range(600):
        made = draw(suspicion, 60, seed)
        assert len(made.population) == 6
        for number in range(3):
            part = made.stratum[made.round == number]
            assert sorted(part) == list(range(6))
            first[part[0]] += 1
            last[part[-1]] += 1
            falls += int((np.diff(suspicion[made.at[made.round == number]]) < 0).sum())
    spread = np.sqrt(1_800 / 6 * 5 / 6)
    assert (np.abs(first - 300) < 4.5 * spread).all()
    assert (np.abs(last - 300) < 4.5 * spread).all()
    steps = 1_800 * 5
    assert abs(falls / steps - 0.5) < 4.5 * 0.5 / np.sqrt(steps)


def test_within_a_stratum_the_order_says_nothing_either() -> None:
    suspicion = np.linspace(5, -5, 200)
    falls = steps = 0
    for seed in range(300):
        made = draw(suspicion, 40, seed)
        for stratum in range(len(made.population)):
            step = np.diff(suspicion[made.at[made.stratum == stratum]])
            falls, steps = falls + int((step < 0).sum()), steps + len(step)
    assert abs(falls / steps - 0.5) < 4.5 * 0.5 / np.sqrt(steps)


def test_the_doubtful_are_drawn_more_densely_and_nobody_is_left_out() -> None:
    suspicion = np.random.default_rng(3).normal(-4, 2, 20_000)
    share = size_measure(suspicion)
    assert share.sum() == pytest.approx(1)
    assert share.min() >= 0.3 / 20_000
    chance = np.zeros(20_000)
    made = draw(suspicion, 1_000, seed=1)
    chance[:] = (made.drawn / made.population)[stratify(suspicion, 1_000)]
    assert chance.min() > 0.01
    near = np.abs(suspicion) < 0.5
    assert chance[near].mean() > 4 * chance[suspicion < -5].mean()


def test_each_sample_is_drawn_as_often_as_its_probability_says() -> None:
    suspicion = np.linspace(-6, 4, 60)
    made = draw(suspicion, 20, seed=0)
    expected = (made.drawn / made.population)[stratify(suspicion, 20)]
    times = np.zeros(60)
    for seed in range(4_000):
        times[draw(suspicion, 20, seed).at] += 1
    spread = np.sqrt(expected * (1 - expected) / 4_000)
    assert (np.abs(times / 4_000 - expected) < 4.5 * spread + 1e-9).all()


@pytest.mark.parametrize(("samples", "size"), [(0, 5), (10, 0), (10, -1)])
def test_nothing_to_draw_is_refused(samples, size) -> None:
    with pytest.raises(ValueError, match="cannot draw"):
        draw(np.zeros(samples), size, seed=1)
