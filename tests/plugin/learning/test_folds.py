"""Folds: every class spread evenly, and what belongs together in one."""

import numpy as np
import pytest

from plugin.learning.folds import stratified_folds


def test_without_groups_every_class_is_spread_evenly() -> None:
    label = np.random.default_rng(0).integers(0, 7, 500)
    fold = stratified_folds(label, 5, 51)
    for c in range(7):
        count = np.bincount(fold[label == c], minlength=5)
        assert count.max() - count.min() <= 1
    alone = stratified_folds(label, 5, 51, np.arange(500))
    assert (alone == fold).all(), "groups of one change nothing"


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_whole_and_classes_stay_spread(seed: int) -> None:
    generator = np.random.default_rng(seed)
    label = generator.integers(0, 4, 400)
    paired = generator.random(400) < 0.4
    groups = np.where(paired, generator.integers(0, 40, 400), 1000 + np.arange(400))
    fold = stratified_folds(label, 5, seed, groups)
    assert all(len(set(fold[groups == g].tolist())) == 1 for g in np.unique(groups))
    assert set(fold.tolist()) == set(range(5))
    for c in range(4):
        count = np.bincount(fold[label == c], minlength=5)
        assert count.max() - count.min() <= 6
    assert (stratified_folds(label, 5, seed, groups) == fold).all()


def test_what_would_leave_nothing_to_learn_from_is_dealt_out() -> None:
    label = np.repeat([0, 1], 10)
    one = stratified_folds(label, 5, 51, np.zeros(20, np.int64))
    assert np.bincount(one).tolist() == [4] * 5, "a group larger than a fold"
    label = np.array([0] * 30 + [1] * 4)
    whole = stratified_folds(label, 5, 51, np.array([*range(30), 99, 99, 99, 99]))
    assert len(set(whole[30:].tolist())) == 4, "a group that is all of its class"
