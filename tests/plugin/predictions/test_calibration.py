"""Calibration against counting prediction by prediction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.predictions.calibration import BINS, calibration


def slow(confidence: list[float], agrees: list[bool]) -> tuple[list[list[int]], float]:
    """Which predictions lie in each bin (k/10, (k+1)/10], and the expected calibration error."""
    members: list[list[int]] = [[] for _ in range(BINS)]
    for at, sure in enumerate(confidence):
        ends = [k for k in range(BINS) if sure <= (k + 1) / BINS + 1e-9]
        members[ends[0]].append(at)
    error = 0.0
    for inside in members:
        if inside:
            right = sum(agrees[i] for i in inside) / len(inside)
            mean = sum(confidence[i] for i in inside) / len(inside)
            error += abs(right - mean) * len(inside) / len(confidence)
    return members, error


PREDICTIONS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80)


@given(PREDICTIONS)
def test_bins_and_error_are_those_counted_one_by_one(made: list[tuple[float, bool]]) -> None:
    sure, agrees = [c for c, _ in made], [a for _, a in made]
    found = calibration(np.array(sure), np.array(agrees))
    members, error = slow(sure, agrees)
    assert found.samples.tolist() == [len(inside) for inside in members]
    assert found.error == pytest.approx(error, abs=1e-9)
    for k, inside in enumerate(members):
        if inside:
            assert found.agreement[k] == pytest.approx(np.mean([agrees[i] for i in inside]))
            assert found.confidence[k] == pytest.approx(np.mean([sure[i] for i in inside]))
        else:
            assert np.isnan(found.agreement[k])


def test_ends_of_bins_belong_to_the_lower_one() -> None:
    found = calibration(np.arange(0, 11) / 10, np.ones(11, bool))
    assert found.samples.tolist() == [2] + [1] * 9


def test_a_calibrated_model_has_nearly_no_error() -> None:
    rng = np.random.default_rng(51)
    sure = rng.random(100_000)
    assert calibration(sure, rng.random(100_000) < sure).error < 0.01
    assert calibration(sure, rng.random(100_000) < 0.5).error > 0.2


def test_nothing_at_all() -> None:
    found = calibration(np.zeros(0), np.zeros(0, bool))
    assert (found.error, found.samples.sum()) == (0.0, 0)


@pytest.mark.parametrize("bad", [[1.5], [-0.1], [float("nan")]])
def test_what_is_no_confidence(bad: list[float]) -> None:
    with pytest.raises(ValueError, match=r"confidence must lie in \[0, 1\]"):
        calibration(np.array(bad), np.array([True]))
    with pytest.raises(ValueError, match="one value a prediction"):
        calibration(np.zeros(2), np.zeros(3, bool))


def test_rounding_moves_no_confidence_across_the_end_of_its_bin() -> None:
    """Three tenths, as float32 and as a sum, belong to the bin that ends there."""
    three = np.array([np.float32(0.3), 0.1 + 0.2, 0.3])
    assert (three[:2] * BINS > 3).all()
    assert calibration(three, np.ones(3, bool)).samples.tolist() == [0, 0, 3, *[0] * 7]
