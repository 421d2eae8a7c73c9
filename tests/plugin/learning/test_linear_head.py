"""The linear head against scikit-learn's logistic regression."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from plugin.errors import Cancelled
from plugin.learning import linear_head
from plugin.learning.linear_head import LinearHead


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Matrices this small are slower on more, much slower on a machine that does other work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def digits(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rows, label = load_digits(return_X_y=True)
    return np.asarray(rows)[:n], np.asarray(label)[:n].astype(np.int64)


def theirs(rows: np.ndarray, label: np.ndarray, regularisation: float) -> np.ndarray:
    scaled = StandardScaler().fit_transform(rows)
    model = LogisticRegression(C=1 / regularisation, max_iter=5_000, tol=1e-8)
    return model.fit(scaled, label).predict_proba(scaled)


@pytest.mark.parametrize("regularisation", [0.1, 1.0, 30.0])
def test_it_equals_scikit_learn(regularisation: float) -> None:
    rows, label = digits()
    head = LinearHead(10, regularisation).fit(rows, label)
    p = np.exp(head.log_probabilities(rows))
    np.testing.assert_allclose(p, theirs(rows, label, regularisation), atol=2e-3)


def test_two_classes_equal_scikit_learns_multinomial_limit() -> None:
    rows, label = digits()
    two = label < 2
    p = np.exp(LinearHead(2).fit(rows[two], label[two]).log_probabilities(rows[two]))
    # With two weight vectors instead of one, the same penalty weighs half.
    np.testing.assert_allclose(p, theirs(rows[two], label[two], 0.5), atol=2e-3)


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, label = digits(60)
    whole = LinearHead(10).fit(rows, label).log_probabilities(rows)
    monkeypatch.setattr(linear_head, "BLOCK_NUMBERS", 74 * 13)
    np.testing.assert_allclose(
        LinearHead(10).fit(rows, label).log_probabilities(rows), whole, atol=1e-4
    )


def test_a_class_without_samples_becomes_improbable() -> None:
    rows, label = digits(150)
    kept = label != 7
    p = np.exp(LinearHead(10).fit(rows[kept], label[kept]).log_probabilities(rows[~kept]))
    assert np.isfinite(p).all()
    assert p[:, 7].max() < 0.05


def test_constant_columns_and_no_rows_to_classify_are_no_trouble() -> None:
    rows, label = digits(100)
    rows = np.hstack([rows, np.full((100, 3), 7.0)])
    head = LinearHead(10).fit(rows, label)
    assert np.isfinite(head.log_probabilities(rows)).all()
    assert head.log_probabilities(rows[:0]).shape == (0, 10)


def test_it_can_be_cancelled() -> None:
    told: list[float | None] = []

    def report(progress: float | None, label: str) -> None:
        told.append(progress)
        if len(told) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        LinearHead(10).fit(*digits(100), report)
    assert told == sorted(told, key=lambda p: p or 0)
    assert_within(told, 0, 1)


def assert_within(values: Sequence[float | None], low: float, high: float) -> None:
    assert all(v is not None and low <= v <= high for v in values)
