"""The time left of the whole: near the truth, whatever the stages take of it."""

import pytest

from plugin.time_left import TimeLeft, time_left


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def said(stages: list[tuple[float, float]], step: float = 0.5) -> list[tuple[float, float | None]]:
    """The true and the said time left all along; stages have a share of the whole and seconds."""
    clock = Clock()
    left, out = TimeLeft(clock), []
    total = sum(seconds for _, seconds in stages)
    began, before = clock.now, 0.0
    for share, seconds in stages:
        start, end = clock.now, clock.now + seconds
        while clock.now < end - 1e-9:
            clock.now = min(end, clock.now + step)
            left.told(before + share * (clock.now - start) / seconds)
            out.append((total - (clock.now - began), left.seconds()))
        before += share
    return out


def test_a_steady_pace_is_told_right() -> None:
    told = said([(1.0, 100.0)])
    assert all(guess is None for _, guess in told[:4])
    assert all(guess == pytest.approx(true, abs=2.0) for true, guess in told[8:])


def test_stages_of_another_pace_show_within_seconds() -> None:
    """Decoding is twice as quick as its share, training takes what it should."""
    told = said([(0.1, 5.0), (0.8, 80.0), (0.1, 10.0)])
    late = [(true, guess) for true, guess in told if true < 70]
    assert all(
        guess is not None and 0.6 * true - 3 <= guess <= 1.6 * true + 3 for true, guess in late
    )


def test_nothing_is_said_while_nothing_is_known() -> None:
    left = TimeLeft(clock := Clock())
    clock.now += 60
    left.told(None)
    left.told(0.0)
    assert left.seconds() is None


@pytest.mark.parametrize("told", [None, 0.0])
def test_what_comes_before_the_first_step_is_no_measure(told: float | None) -> None:
    """Loading packages on a busy machine takes a minute, in which nothing is done."""
    left = TimeLeft(clock := Clock())
    for _ in range(60):
        clock.now += 1
        left.told(told)
        assert left.seconds() is None
    guesses = []
    for i in range(1, 101):
        clock.now += 1
        left.told(0.01 * i)
        guesses.append(left.seconds())
    assert guesses[0] is None
    for i, guess in enumerate(guesses[5:-1], start=6):
        assert guess == pytest.approx(100 - i, abs=3), i


def test_a_stage_that_stands_still_takes_longer_and_longer() -> None:
    left = TimeLeft(clock := Clock())
    for i in range(1, 21):
        clock.now += 1
        left.told(0.02 * i)
    first = left.seconds()
    clock.now += 60
    later = left.seconds()
    assert first is not None
    assert later is not None
    assert later > first


def test_another_pass_is_measured_anew() -> None:
    left = TimeLeft(clock := Clock())
    for i in range(1, 11):
        clock.now += 1
        left.told(0.09 * i)
    for i in range(1, 21):
        clock.now += 1
        left.told(0.01 * i)
    guess = left.seconds()
    assert guess is not None
    assert guess == pytest.approx(80, rel=0.3)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "about 5 s left"), (89, "about 90 s left"), (3_599, "about 1 h 0 min left")],
)
def test_it_is_said_as_a_person_says_it(seconds: float, text: str) -> None:
    assert time_left(seconds) == text
