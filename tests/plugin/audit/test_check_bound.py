"""The bound that a random check gives is exact."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.audit.check_bound import most_wrong


def chance(population: int, wrong: int, checked: int, at_most: int) -> float:
    """Of meeting at most so many wrong ones, counted out."""
    ways = sum(comb(wrong, x) * comb(population - wrong, checked - x) for x in range(at_most + 1))
    return ways / comb(population, checked)


cases = st.integers(1, 60).flatmap(
    lambda n: st.integers(1, n).flatmap(
        lambda k: st.tuples(st.just(n), st.just(k), st.integers(0, k))
    )
)


@given(cases, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_it_is_the_largest_number_that_the_check_does_not_rule_out(case, confidence) -> None:
    population, checked, exceptions = case
    bound = most_wrong(population, checked, exceptions, confidence) + exceptions
    assert chance(population, bound, checked, exceptions) > 1 - confidence - 1e-9
    if bound < population - (checked - exceptions):
        assert chance(population, bound + 1, checked, exceptions) <= 1 - confidence + 1e-9


@given(st.integers(1, 40), st.integers(0, 40), st.integers(1, 40))
def test_whatever_is_true_it_holds_as_often_as_it_says(population, wrong, checked) -> None:
    wrong, checked = min(wrong, population), min(checked, population)
    fails = 0.0
    for met in range(max(0, wrong + checked - population), min(wrong, checked) + 1):
        if wrong - met > most_wrong(population, checked, met):
            ways = comb(wrong, met) * comb(population - wrong, checked - met)
            fails += ways / comb(population, checked)
    assert fails <= 0.05 + 1e-9


@pytest.mark.parametrize(
    ("checked", "exceptions", "confidence"),
    [(0, 0, 0.95), (11, 0, 0.95), (5, 6, 0.95), (5, -1, 0.95), (5, 0, 0.0), (5, 0, 1.0)],
)
def test_numbers_that_contradict_each_other_are_refused(checked, exceptions, confidence) -> None:
    with pytest.raises(ValueError, match=r"needs 0|confidence"):
        most_wrong(10, checked, exceptions, confidence)
