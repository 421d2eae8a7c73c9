"""Heads out of fold: what they say of a sample was learnt from others."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from plugin.learning.heads import out_of_fold


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_labels_that_the_features_know_nothing_of_are_not_learnt_by_heart() -> None:
    """In sample, 220 features of 200 samples would agree with every label."""
    agreement = []
    for seed in range(3):  # neighbours vote alike, so that one draw says less than its 200 samples
        generator = np.random.default_rng(seed)
        features = generator.normal(size=(200, 220)).astype(np.float32)
        label = generator.integers(0, 2, 200)
        said = out_of_fold(features, label, None, 51, classes=2)
        agreement.append((said.log_probabilities.argmax(1) == label).mean())
        np.testing.assert_allclose(np.exp(said.log_probabilities).sum(axis=1), 1, atol=1e-5)
    assert abs(np.mean(agreement) - 0.5) < 0.08


def test_planted_errors_come_first() -> None:
    generator = np.random.default_rng(1)
    truth = np.repeat(np.arange(3), 60)
    features = generator.normal(size=(180, 40)).astype(np.float32)
    features[:, :3] += 8 * np.eye(3, dtype=np.float32)[truth]
    label = truth.copy()
    wrong = generator.choice(180, 12, replace=False)
    label[wrong] = (label[wrong] + 1) % 3
    said = out_of_fold(features, label, None, 51, classes=3).log_probabilities
    own = said[np.arange(180), label]
    margin = np.where(np.eye(3, dtype=bool)[label], -np.inf, said).max(axis=1) - own
    assert set(np.argsort(-margin)[:12]) == set(wrong)
    again = out_of_fold(features, label, None, 51, classes=3).log_probabilities
    assert (again == said).all()


def test_a_label_that_no_other_sample_has_is_unseen() -> None:
    features = np.random.default_rng(2).normal(size=(41, 5)).astype(np.float32)
    label = np.append(np.arange(40) % 2, 2)
    said = out_of_fold(features, label, None, 51, classes=3)
    assert said.unseen.tolist() == [False] * 40 + [True]


def test_a_copy_in_the_other_folds_hides_an_error_unless_both_stay_together() -> None:
    generator = np.random.default_rng(3)
    truth = np.repeat(np.arange(4), 60)
    features = generator.normal(size=(240, 60)).astype(np.float32)
    features[:, :4] += 3 * np.eye(4, dtype=np.float32)[truth]
    label = truth.copy()
    wrong = generator.choice(240, 12, replace=False)
    label[wrong] = (label[wrong] + 1) % 4
    features = np.concatenate([features, *[features[wrong]] * 3])
    label = np.concatenate([label, *[label[wrong]] * 3])
    groups = np.concatenate([np.arange(240), *[wrong] * 3])
    bad = np.isin(groups, wrong)

    def found(kept: np.ndarray | None) -> int:
        said = out_of_fold(features, label, kept, 51, classes=4).log_probabilities
        own = said[np.arange(len(label)), label]
        other = np.where(np.eye(4, dtype=bool)[label], -np.inf, said).max(axis=1)
        return int(bad[np.argsort(own - other)[: bad.sum()]].sum())

    assert found(groups) > found(None) + 10


def test_heads_take_classes_of_one_sample_and_features_that_do_not_vary() -> None:
    features = np.random.default_rng(4).normal(size=(60, 6)).astype(np.float32)
    features[:, 2] = 7
    label = np.r_[np.arange(58) % 2, 2, 3]
    said = out_of_fold(features, label, None, 51, classes=5)
    assert np.isfinite(said.log_probabilities).all()
    assert set(said.weights) == {"linear discriminant", "logistic regression", "nearest neighbours"}
    assert sum(said.weights.values()) == pytest.approx(1, abs=0.01)


def test_features_that_hardly_vary_have_little_to_say() -> None:
    """Many axes of noise, each far narrower than the few that tell: as those of a network are."""
    generator = np.random.default_rng(5)
    label = np.arange(300) % 3
    told = 1.5 * np.eye(3)[label] + generator.normal(size=(300, 3))
    mixed = np.repeat(told, 40, axis=1) + 0.7 * generator.normal(size=(300, 120))
    said = out_of_fold(mixed.astype(np.float32), label, None, 51, classes=3).log_probabilities
    best = (told.argmax(axis=1) == label).mean()
    assert (said.argmax(axis=1) == label).mean() > best - 0.04
