"""CIES, IIES and suspicion against slow references written from the paper's equations."""

import math

import numpy as np
import pytest
from cleanlab.rank import get_label_quality_scores
from hypothesis import given
from hypothesis import strategies as st

from plugin.scoring.cies import cies
from plugin.scoring.iies import iies
from plugin.scoring.margin import suspicion
from plugin.scoring.probabilities import log_probabilities

seeds = st.integers(0, 2**32 - 1)


def made(seed: int, most: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n, C), some of them extreme, and labels (n,)."""
    generator = np.random.default_rng(seed)
    n, classes = generator.integers(1, most), generator.integers(2, 9)
    p = generator.dirichlet(np.full(classes, generator.choice([0.05, 1.0, 20.0])), n)
    return p, generator.integers(classes, size=n)


def slow_cies(label: np.ndarray, p: np.ndarray, lbl: int, cls: int) -> int:
    """Equation 1: the number of x in X with argmax cls(x) = y and lbl(x) = ŷ."""
    count = 0
    for x in range(len(p)):
        largest = max(range(p.shape[1]), key=lambda j: (p[x, j], -j))
        if largest == cls and label[x] == lbl:
            count += 1
    return count


def slow_iies(p: np.ndarray, label: int) -> float:
    """Equation 2: (max cls(x) + (1 − cls(x)_lbl(x))) / 2."""
    return (max(float(v) for v in p) + (1 - float(p[label]))) / 2


def slow_suspicion(p: np.ndarray, label: int) -> float:
    others = [float(p[j]) for j in range(len(p)) if j != label]
    return math.log(max(others)) - math.log(float(p[label]))


@given(seeds)
def test_cies_counts_as_equation_1(seed: int) -> None:
    p, label = made(seed)
    classes = p.shape[1]
    table = cies(label, p.argmax(1), classes)
    for lbl in range(classes):
        for cls in range(classes):
            assert table[lbl, cls] == slow_cies(label, p, lbl, cls)
    assert table.sum() == len(p)


@given(seeds)
def test_iies_is_equation_2(seed: int) -> None:
    p, label = made(seed)
    rows = np.arange(len(p))
    expected = [slow_iies(p[x], label[x]) for x in rows]
    np.testing.assert_allclose(iies(p.max(1), p[rows, label]), expected, rtol=1e-15)


@given(seeds)
def test_iies_is_one_minus_cleanlabs_normalized_margin_where_the_prediction_differs(
    seed: int,
) -> None:
    p, label = made(seed)
    score = iies(p.max(1), p[np.arange(len(p)), label])
    margin = get_label_quality_scores(label, p, method="normalized_margin")
    differs = p.argmax(1) != label
    np.testing.assert_allclose(score[differs], 1 - margin[differs], atol=1e-12)
    assert (score[~differs] == 0.5).all()
    assert (score >= 0.5).all()
    assert (score <= 1).all()


@given(seeds)
def test_suspicion_is_the_log_odds_margin(seed: int) -> None:
    p, label = made(seed)
    p = np.maximum(p, 1e-12)
    expected = [slow_suspicion(p[x], label[x]) for x in range(len(p))]
    np.testing.assert_allclose(suspicion(np.log(p), label), expected, rtol=1e-9, atol=1e-9)


@given(seeds, st.floats(-50, 50))
def test_suspicion_is_the_same_for_logits_shifted_by_a_constant(seed: int, shift: float) -> None:
    p, label = made(seed)
    logits = log_probabilities(p)
    np.testing.assert_allclose(
        suspicion(logits + shift, label), suspicion(logits, label), atol=1e-9
    )


@given(seeds)
def test_suspicion_is_positive_exactly_where_another_class_is_preferred(seed: int) -> None:
    p, label = made(seed)
    p = np.maximum(p, 1e-12)
    own = p[np.arange(len(p)), label]
    margin = suspicion(np.log(p), label)
    assert ((margin > 0) == (own < p.max(1))).all()


@given(seeds)
def test_suspicion_is_averaged_over_models(seed: int) -> None:
    p, label = made(seed)
    generator = np.random.default_rng(seed)
    models = np.stack([log_probabilities(generator.permuted(p, axis=1)) for _ in range(3)])
    expected = [
        sum(slow_suspicion(np.exp(m[x]), label[x]) for m in models) / 3 for x in range(len(p))
    ]
    np.testing.assert_allclose(suspicion(models, label), expected, atol=1e-9)


def test_suspicion_leaves_its_input_alone() -> None:
    logits = np.array([[1.0, 2.0, 3.0]])
    suspicion(logits, np.array([2]))
    assert logits.tolist() == [[1.0, 2.0, 3.0]]


@pytest.mark.parametrize(
    ("label", "message"), [([3], "label must hold class indices from 0 to 2"), ([-1], "got values")]
)
def test_a_label_outside_the_classes_is_refused(label: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        suspicion(np.zeros((1, 3)), label)
    with pytest.raises(ValueError, match=message):
        cies(np.array(label), np.array([0]), classes=3)


def test_cies_refuses_labels_and_predictions_of_different_lengths() -> None:
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(1,\)"):
        cies(np.array([0, 1]), np.array([0]), classes=2)


def test_suspicion_needs_two_classes() -> None:
    with pytest.raises(ValueError, match="at least two classes, got 1"):
        suspicion(np.zeros((1, 1)), [0])


def test_cies_of_no_samples_is_zero() -> None:
    nothing = np.empty(0, np.int64)
    assert cies(nothing, nothing, classes=2).tolist() == [[0, 0], [0, 0]]
