"""Cohen's kappa, against scikit-learn's, and how often its interval holds the true one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from plugin.votes.agreement import cohens_kappa, kappa_and_error

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60)


@given(pairs=PAIRS)
def test_kappa_is_cohens(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs).T
    assume(len({*first.tolist(), *second.tolist()}) > 1)
    found = cohens_kappa(first, second, 4)
    assert found.kappa == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)
    assert -1 - 1e-9 <= found.low <= found.kappa + 1e-9
    assert found.kappa <= found.high + 1e-9


@pytest.mark.parametrize(
    ("classes", "samples", "error"), [(2, 100, 0.2), (3, 50, 0.2), (5, 100, 0.1), (10, 300, 0.4)]
)
def test_the_interval_covers_the_true_kappa(classes: int, samples: int, error: float) -> None:
    g = np.random.default_rng(classes)
    prior = g.dirichlet(np.full(classes, 5.0))
    one = (1 - error) * np.eye(classes) + error / classes
    joint = np.einsum("t,ta,tb->ab", prior, one, one)
    chance = joint.sum(axis=1) @ joint.sum(axis=0)
    true = (np.trace(joint) - chance) / (1 - chance)
    held = 0
    for _ in range(1_000):
        pairs = g.choice(classes**2, samples, p=joint.ravel())
        found = cohens_kappa(pairs // classes, pairs % classes, classes)
        held += found.low <= true <= found.high
    assert 930 <= held <= 970


@pytest.mark.parametrize("both", [(16_000, 1_500, 1_500, 1_000), (17_000, 2_000, 500, 500)])
def test_of_very_many_samples_the_interval_is_as_wide_as_the_standard_error_says(
    both: tuple[int, ...],
) -> None:
    """Where one class is rare, the shares of the classes make kappa less sure than agreement is."""
    found = cohens_kappa(np.repeat([0, 0, 1, 1], both), np.repeat([0, 1, 0, 1], both), 2)
    _, error = kappa_and_error(np.reshape(both, (2, 2)) / sum(both), sum(both))
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * error, rel=0.01)
    n, g = sum(both), np.random.default_rng(1)
    drawn = g.multinomial(n, np.array(both) / n, 200)
    kappas = [kappa_and_error(one.reshape(2, 2) / n, n)[0] for one in drawn]
    assert np.std(kappas) == pytest.approx(error, rel=0.15)


def test_one_class_alone_says_nothing() -> None:
    found = cohens_kappa(np.zeros(9, np.int64), np.zeros(9, np.int64), 2)
    assert math.isnan(found.kappa)
    assert (found.low, found.high) == (-1.0, 1.0)


@pytest.mark.parametrize("classes", [2, 3])
def test_who_always_says_the_same_leaves_kappa_open(classes: int) -> None:
    """Nothing tells their agreement from chance, and few samples do not tell that for sure."""
    for n in range(2, 60):
        for others in range(1, n):
            first = np.ones(n, np.int64)
            first[:others] = 0 if classes == 2 else np.arange(others) % 2 * 2
            second = np.ones(n, np.int64)
            for found in (
                cohens_kappa(first, second, classes),
                cohens_kappa(second, first, classes),
            ):
                assert found.kappa == pytest.approx(0.0, abs=1e-12)
                assert -1.0 <= found.low < -1e-3, (n, others)
                assert 1e-3 < found.high <= 1.0, (n, others)
