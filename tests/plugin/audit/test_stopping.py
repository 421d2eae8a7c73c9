"""The stopping rule keeps its word although it is looked at again and again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.audit.estimator import upper_bound
from plugin.audit.sampling import draw
from plugin.audit.stopping import distance, spent


@given(
    st.integers(0, 9_999),
    st.integers(0, 9_999),
    st.lists(st.floats(-50, 9_999), max_size=4),
    st.floats(0.01, 0.99),
)
def test_reached_is_what_the_sure_share_says(found, unreviewed, bounds, share) -> None:
    far = distance(found, unreviewed, bounds, share)
    assert 0 <= far.most_left <= unreviewed
    assert far.reached == (far.most_left <= far.allowed_left)
    if found and abs(far.sure - share) > 1e-6:
        assert far.reached == (far.sure >= share)
    more = distance(found, unreviewed, [*bounds, 5.0], share)
    assert more.most_left <= far.most_left


@given(
    st.integers(0, 5_000),
    st.integers(0, 600),
    st.lists(st.integers(-20, 1_200).map(lambda halves: halves / 2), max_size=3),
    st.integers(1, 99),
)
def test_the_target_is_met_by_the_last_error_that_may_be_left(
    found, unreviewed, bounds, percent
) -> None:
    """Against whole numbers: as many may be left as keep ``found`` at the share, and no more."""
    far = distance(found, unreviewed, bounds, percent / 100)
    fitting = [k for k in range(unreviewed + 1) if all(k <= bound for bound in bounds)]
    assert far.most_left == max(fitting, default=0)
    allowed = far.allowed_left
    assert 100 * found >= percent * (found + allowed)
    assert 100 * found < percent * (found + allowed + 1)
    everything = found + far.most_left
    assert far.sure == (found / everything if everything else 1.0)


@pytest.mark.parametrize(
    ("bound", "most_left", "reached"),
    [
        (98.5, 98, True),
        (100.0, 100, True),
        (100.99, 100, True),  # errors come in whole numbers
        (101.0, 101, False),
        (100.999_999_999_999, 101, False),  # 101 but for rounding
    ],
)
def test_nine_hundred_of_a_thousand_are_ninety_per_cent(bound, most_left, reached) -> None:
    far = distance(900, 5_000, [bound, 3_000.0], 0.9)
    assert (far.most_left, far.allowed_left, far.reached) == (most_left, 100, reached)
    assert distance(900, 100, [], 0.9).reached
    assert not distance(900, 101, [], 0.9).reached
    assert not distance(899, 100, [], 0.9).reached


def test_each_audit_may_err_with_its_own_part_of_alpha() -> None:
    assert [spent(j, 0.06) for j in (1, 2, 3)] == pytest.approx([0.03, 0.01, 0.005])


def test_no_number_of_audits_uses_up_more_than_alpha() -> None:
    assert sum(spent(j, 0.05) for j in range(1, 100_000)) <= 0.05
    with pytest.raises(ValueError, match="counted from 1"):
        spent(0, 0.05)


def review(score: np.ndarray, wrong: np.ndarray, share: float, seed: int) -> float:
    """Look after every 20 samples, draw an audit after every 300; the share found at the stop."""
    rng = np.random.default_rng(seed)
    decided = np.zeros(len(wrong), bool)
    order = np.argsort(-score)
    bounds: list[float] = []
    since = 300
    while True:
        rows = np.flatnonzero(~decided)
        if since >= 300 and len(rows):
            made = draw(score[rows], 150, int(rng.integers(2**60)))
            at = rows[made.at]
            met = np.bincount(made.stratum[wrong[at]], minlength=len(made.population))
            alpha = spent(len(bounds) + 1, 0.05)
            found = int((wrong & decided).sum())
            bounds.append(found + upper_bound(met, made.drawn, made.population, alpha))
            decided[at] = True
            since = 0
        found = int((wrong & decided).sum())
        left = [bound - found for bound in bounds]
        if distance(found, int((~decided).sum()), left, share).reached:
            return found / wrong.sum()
        ahead = order[~decided[order]][:20]
        decided[ahead] = True
        since += len(ahead)


@pytest.mark.parametrize("quality", [0.6, 2.0])
def test_at_most_one_review_in_twenty_stops_short(quality: float) -> None:
    rng = np.random.default_rng(2)
    g = rng.normal(size=3_000)
    wrong = rng.random(3_000) < 1 / (1 + np.exp(-(quality * 2 * g - 4)))
    shares = [review(2 * g - 3, wrong, 0.8, seed) for seed in range(150)]
    # 150 reviews at exactly 5 % would stop short more than 13 times with a probability below 2 %.
    assert sum(share < 0.8 for share in shares) <= 13
    assert np.mean(shares) < 0.99
