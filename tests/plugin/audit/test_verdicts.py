"""Audits read from arrays alone: which verdicts count, what is counted off, what is still open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plugin.audit.estimator import Interval, interval, upper_bound
from plugin.audit.verdicts import GONE, RIGHT, UNCLEAR, WAITING, WRONG, Audit

STRATA, ROUNDS = 4, 10
POPULATION = np.array([50, 60, 70, 80])


def made(verdict: Any = RIGHT, **changed: Any) -> Audit:
    """An audit of 4 strata and 10 rounds; all verdicts are ``verdict`` unless given."""
    given = {
        "stratum": np.tile(np.arange(STRATA), ROUNDS),
        "round": np.repeat(np.arange(ROUNDS), STRATA),
        "verdict": np.resize(verdict, STRATA * ROUNDS),
        "population": POPULATION,
        "found": np.zeros(STRATA, int),
        "open": POPULATION - ROUNDS,
        **changed,
    }
    return Audit(**given)


def judged(rounds: int, *, waiting: int = 0) -> Audit:
    """So many whole rounds have verdicts, every third wrong; then all but ``waiting`` of one."""
    verdict = np.where(np.arange(STRATA * ROUNDS) % 3 == 0, WRONG, RIGHT)
    verdict[rounds * STRATA + STRATA - waiting :] = WAITING
    return made(verdict)


def test_only_whole_rounds_count_until_all_are_judged() -> None:
    for rounds in range(ROUNDS):
        for waiting in (1, 3):
            audit = judged(rounds, waiting=waiting)
            assert not audit.done
            assert audit.used.tolist() == (audit.round < rounds).tolist()
    audit = judged(ROUNDS - 1)
    assert audit.done
    assert audit.used.all()


def test_an_estimate_needs_two_rounds_and_twenty_verdicts() -> None:
    assert judged(4, waiting=1).errors_at_draw() is None
    at_draw = judged(5, waiting=1).errors_at_draw()
    verdict = judged(5).verdict[:20]
    wrong = np.bincount(np.tile(np.arange(STRATA), 5)[verdict == WRONG], minlength=STRATA)
    assert at_draw == interval(wrong, np.full(STRATA, 5), POPULATION)
    one_round = made(round=np.zeros(40, int), verdict=np.r_[[WAITING], [RIGHT] * 39])
    assert one_round.errors_at_draw() is None
    assert judged(ROUNDS - 1).errors_at_draw() is not None


@pytest.mark.parametrize("kind", [WRONG, UNCLEAR])
def test_each_kind_of_verdict_is_estimated_apart(kind: int) -> None:
    verdict = np.resize([WRONG, UNCLEAR, RIGHT, GONE, RIGHT], 40)
    found = made(verdict).errors_at_draw(kind)
    met = np.bincount(np.tile(np.arange(STRATA), ROUNDS)[verdict == kind], minlength=STRATA)
    assert found == interval(met, np.full(STRATA, ROUNDS), POPULATION)


def test_what_was_found_is_counted_off_once() -> None:
    verdict = np.where(np.arange(40) % 4 == 0, WRONG, RIGHT)
    none, some = made(verdict), made(verdict, found=np.array([14, 2, 0, 1]))
    at_draw, left = none.errors_at_draw(), some.left()
    assert at_draw is not None
    assert left is not None
    assert some.errors_at_draw() == at_draw, "finding changes nothing of what there was"
    assert left.high == pytest.approx(at_draw.high - 17)
    assert left.low == pytest.approx(max(0.0, at_draw.low - 17))


def test_no_more_are_left_than_are_open() -> None:
    left = made(WRONG, open=np.array([3, 0, 0, 2])).left()
    assert left is not None
    assert left.high <= 5


def test_a_stratum_without_open_samples_is_counted_and_not_estimated() -> None:
    verdict = np.where(np.arange(40) % 4 == 0, WRONG, RIGHT)  # all of stratum 0
    found = np.array([21, 0, 0, 0])
    audit = made(verdict, found=found, open=np.array([0, 50, 60, 70]))
    rest = interval(np.zeros(3, int), np.full(3, ROUNDS), POPULATION[1:])
    assert audit.errors_at_draw() == rest + 21
    over = made(verdict, found=found, open=np.zeros(STRATA, int))
    assert over.errors_at_draw() == Interval(21.0, 21.0, 21.0)
    assert over.left() == Interval(0.0, 0.0, 0.0)
    unclear = made(UNCLEAR, open=np.zeros(STRATA, int)).errors_at_draw(UNCLEAR)
    every = np.full(STRATA, ROUNDS)
    assert unclear == interval(every, every, POPULATION)


def test_the_bound_waits_for_the_last_verdict_and_falls_with_each_error_found() -> None:
    assert judged(9, waiting=1).bound(0.025) is None
    verdict = judged(ROUNDS - 1).verdict
    met = np.bincount(np.tile(np.arange(STRATA), ROUNDS)[verdict == WRONG], minlength=STRATA)
    whole = upper_bound(met, np.full(STRATA, ROUNDS), POPULATION, 0.025)
    assert made(verdict).bound(0.025) == pytest.approx(whole)
    assert made(verdict, found=np.array([5, 4, 3, 1])).bound(0.025) == pytest.approx(whole - 13)
    assert made(verdict, found=POPULATION).bound(0.025) == 0.0
    # What is closed since does not count as an error, and makes the bound no smaller.
    assert made(verdict, open=np.zeros(STRATA, int)).bound(0.025) == pytest.approx(whole)


def test_a_part_needs_ten_verdicts_and_is_estimated_from_its_own_errors() -> None:
    verdict = np.where(np.arange(40) % 4 == 1, WRONG, RIGHT)  # all of stratum 1
    audit = made(verdict)
    inside = np.arange(40) < 20
    half = POPULATION // 2
    left = audit.left_in_part(inside, half, np.zeros(STRATA, int), half - 5)
    wrong = np.array([0, 5, 0, 0])
    assert left is not None
    expected = interval(wrong, np.full(STRATA, ROUNDS), POPULATION)
    assert left.point == pytest.approx(min(expected.point, (half - 5).sum()))
    assert audit.left_in_part(np.arange(40) < 10, half, half * 0, half) is not None
    assert audit.left_in_part(np.arange(40) < 9, half, half * 0, half) is None
    assert audit.left_in_part(inside, half, half * 0, half * 0) == Interval(0.0, 0.0, 0.0)
    found = audit.left_in_part(inside, half, np.array([0, 9, 0, 0]), half)
    assert found is not None
    assert found.point == pytest.approx(expected.point - 9)


def test_no_part_has_more_errors_than_the_whole() -> None:
    stratum = np.tile(np.arange(STRATA), ROUNDS)
    verdict = np.where((stratum == 0) & (np.arange(40) < 4), WRONG, RIGHT)
    population = np.array([20, 100, 300, 1000])
    audit = made(verdict, population=population, open=population - ROUNDS)
    whole = audit.left()
    assert whole is not None
    clean = np.arange(40) >= 20  # no error was met here, so nothing says where they would be
    own = interval(np.zeros(STRATA, int), np.full(STRATA, ROUNDS), population)
    assert own.high > whole.high, "else this shows nothing"
    half = population // 2
    part = audit.left_in_part(clean, half, half * 0, half - 5)
    assert part is not None
    assert (part.point, part.low, part.high) == (0.0, 0.0, whole.high)
    several = audit.left_in_part(~clean, half, half * 0, half - 5)
    assert several is not None
    assert several == several.within(whole)
