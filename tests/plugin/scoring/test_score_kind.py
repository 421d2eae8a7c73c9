"""What kind of numbers scores are, decided for all rows at once, and what rounding costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, log_softmax, softmax

from plugin.scoring.margin import suspicion
from plugin.scoring.score_kind import KINDS, MixedScores, as_kind, kind_of, rounding_step

seeds = st.integers(0, 2**32 - 1)
Writing = Callable[[Any], Any]

N = 3_000
WRITINGS: dict[str, tuple[str, Writing]] = {
    "logits": ("logits", lambda z: z),
    "log-probabilities": ("log-probabilities", lambda z: log_softmax(z, axis=1)),
    "log-probabilities, 2 decimals": (
        "log-probabilities",
        lambda z: log_softmax(z, axis=1).round(2),
    ),
    "exact": ("probabilities", lambda z: softmax(z, axis=1)),
    "float16": ("probabilities", lambda z: softmax(z, axis=1).astype(np.float16)),
    "4 decimals": ("probabilities", lambda z: softmax(z, axis=1).round(4)),
    "3 decimals": ("probabilities", lambda z: softmax(z, axis=1).round(3)),
    "3 decimals in float32": (
        "probabilities",
        lambda z: softmax(z, axis=1).round(3).astype(np.float32),
    ),
    "2 decimals": ("probabilities", lambda z: softmax(z, axis=1).round(2)),
    "bytes": ("probabilities", lambda z: (softmax(z, axis=1) * 255).round() / 255),
    "percentages": ("percentages", lambda z: softmax(z, axis=1) * 100),
    "percentages, no decimal": ("percentages", lambda z: (softmax(z, axis=1) * 100).round()),
    "sums a little off": ("probabilities", lambda z: softmax(z, axis=1) * 1.03),
    "sigmoids": ("sigmoids", expit),
    "sigmoids, 3 decimals": ("sigmoids", lambda z: expit(z).round(3)),
}


def noisy(classes: int = 10, seed: int = 1) -> tuple[Any, Any, Any]:
    """Logits of a model, labels of which a tenth are wrong, and which these are."""
    r = np.random.default_rng(seed)
    true = r.integers(0, classes, N)
    z = r.normal(size=(N, classes)) * 1.5
    z[np.arange(N), true] += 4 + np.log(classes / 10)
    wrong = r.random(N) < 0.1
    label = np.where(wrong, (true + r.integers(1, classes, N)) % classes, true)
    return z, label, wrong


@pytest.mark.parametrize("classes", [10, 100])
@pytest.mark.parametrize("writing", WRITINGS)
def test_however_scores_are_written_the_wrong_labels_come_first(writing: str, classes: int) -> None:
    z, label, wrong = noisy(classes)
    kind, write = WRITINGS[writing]
    stored = write(z)
    found = kind_of(stored)
    assert found.name == kind
    assert found.fits(stored).all()
    log_p = found.log_probabilities(stored)
    exact = log_softmax(z, axis=1)

    def precision(scores: Any) -> float:
        first = np.argsort(-suspicion(scores, label), kind="stable")[: wrong.sum()]
        return float(wrong[first].mean())

    assert precision(log_p) > precision(exact) - 0.01
    off = np.abs(np.exp(log_p.max(axis=1)) - np.exp(exact.max(axis=1)))
    assert (off > 0.15).mean() < 0.01


def test_no_label_is_infinitely_suspect_because_its_probability_was_rounded_to_zero() -> None:
    z, label, _ = noisy()
    rounded = softmax(z, axis=1).round(2)
    found = kind_of(rounded)
    assert (found.step, found.zero) == (0.01, 0.005)
    s = suspicion(found.log_probabilities(rounded), label)
    assert s.max() < np.log(1 / 0.005) + 0.1
    assert found.said == "probabilities rounded to 0.01; a zero is taken for 0.005"


def test_one_row_among_others_is_read_as_the_others_are() -> None:
    z, _, _ = noisy()
    z[7] = np.eye(10)[3]  # looks like a probability
    found = kind_of(z)
    np.testing.assert_allclose(found.log_probabilities(z), log_softmax(z, axis=1), atol=1e-9)
    p = softmax(noisy()[0], axis=1)
    p[7] = 0.5  # sums to 5
    assert kind_of(p).name == "probabilities"
    assert np.flatnonzero(~kind_of(p).fits(p)).tolist() == [7]


def test_some_rows_of_probabilities_and_some_of_logits_are_refused() -> None:
    z = noisy()[0]
    for write in (lambda v: softmax(v, axis=1), lambda v: 100 * softmax(v, axis=1)):
        with pytest.raises(MixedScores, match="50 % of 3,000 rows"):
            kind_of(np.concatenate([z[: N // 2], write(z[N // 2 :])]))


def test_probabilities_that_are_all_0_or_1_stay_finite() -> None:
    p = np.eye(4)[np.arange(40) % 4]
    log_p = kind_of(p).log_probabilities(p)
    assert kind_of(p).name == "probabilities"
    assert (log_p.argmax(axis=1) == np.arange(40) % 4).all()
    assert log_p.min() > -6


@given(seeds, st.sampled_from(KINDS))
def test_every_row_sums_to_one_and_keeps_its_highest_class(seed: int, name: str) -> None:
    r = np.random.default_rng(seed)
    z = r.normal(size=(12, int(r.integers(2, 30)))) * r.choice([0.1, 1, 30])
    p = softmax(z, axis=1)
    stored = {"logits": z, "log-probabilities": np.log(p + 1e-300), "percentages": 100 * p}
    scores = stored.get(name, expit(z) if name == "sigmoids" else p)
    log_p = as_kind(name, scores).log_probabilities(scores)
    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, atol=1e-9)
    best = scores.argmax(axis=1)
    np.testing.assert_allclose(log_p[np.arange(12), best], log_p.max(axis=1), atol=1e-9)


@pytest.mark.parametrize("decimals", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_step_of_rounded_numbers_is_seen(decimals: int, dtype: Any) -> None:
    values = np.random.default_rng(0).random(500)
    assert rounding_step(values.round(decimals).astype(dtype)) == pytest.approx(10.0**-decimals)
    assert rounding_step(values.astype(dtype)) is None


def test_rows_that_are_not_finite_say_nothing() -> None:
    assert kind_of(np.full((3, 2), np.nan)).name == "logits"
    assert kind_of(np.array([[np.nan, 1.0], [0.25, 0.75]])).name == "probabilities"
