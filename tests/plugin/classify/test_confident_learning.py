"""cleanlab in bounded memory: the same as cleanlab on the whole matrix."""

import importlib.util
import tempfile

import numpy as np
import pytest
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.classify.confident_learning import ConfidentLearning
from plugin.errors import InputError
from tests.panels.made_runs import digit_probabilities, planted
from tests.traces import temporary

pytestmark = pytest.mark.filterwarnings("ignore:May not flag all label issues")


def ours(p, label, bytes_at_once, batch=97):
    with ConfidentLearning(p.shape[1], bytes_at_once) as learning:
        for start in range(0, len(p), batch):
            learning.append(p[start : start + batch], label[start : start + batch])
        return learning.results()


def assert_equal_to_cleanlab(p, label, bytes_at_once):
    p = p.astype(np.float32)
    quality, issue = ours(p, label, bytes_at_once)
    np.testing.assert_array_equal(quality, get_label_quality_scores(label, p))
    np.testing.assert_array_equal(issue, find_label_issues(label, p, n_jobs=1))
    return issue


@pytest.mark.parametrize("bytes_at_once", [1, 4 * 10 * 400, 10**9])
def test_digits_with_planted_errors(bytes_at_once):
    from sklearn.datasets import load_digits

    digits = np.asarray(load_digits(return_X_y=True)[1])[:1200]
    labels = planted(digits.tolist(), share=0.2)
    p, _ = digit_probabilities(tuple(labels), 1200)
    label = np.array([int(name) for name in labels])
    issue = assert_equal_to_cleanlab(p, label, bytes_at_once)
    wrong = label != digits
    assert issue[wrong].mean() > 0.7
    assert issue[~wrong].mean() < 0.1


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    classes=st.integers(2, 12),
    n=st.integers(20, 300),
    sharp=st.floats(0.05, 3.0),
    groups=st.integers(1, 6),
)
def test_any_probabilities(seed, classes, n, sharp, groups):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(classes, sharp), n)
    guess = p.argmax(axis=1)
    label = np.where(rng.random(n) < 0.7, guess, rng.integers(0, classes, n))
    label[:2] = [0, classes - 1]
    assert_equal_to_cleanlab(p, label, 4 * classes * max(n // groups, 1))


def test_a_class_that_no_sample_has():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(5, 0.4), 200)
    label = np.where(p.argmax(axis=1) == 3, 1, p.argmax(axis=1))
    assert_equal_to_cleanlab(p, label, 4 * 5 * 30)


def test_no_file_is_left(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(RuntimeError), ConfidentLearning(3) as learning:
        learning.append(np.full((2, 3), 1 / 3), np.array([0, 1]))
        assert temporary()
        raise RuntimeError
    assert temporary() == set()


def test_without_cleanlab_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *_: None)
    with pytest.raises(InputError, match="pip install 'cleanlab"):
        ConfidentLearning(3)
