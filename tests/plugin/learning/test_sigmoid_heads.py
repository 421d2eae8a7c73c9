"""Heads of tags: what scikit-learn finds, out of fold, and in what memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from plugin.learning.sigmoid_heads import (
    DISCRIMINANT,
    LOGISTIC,
    SigmoidHead,
    TagDiscriminant,
    rarest_tag,
    tags_out_of_fold,
)


def made(n: int, classes: int, width: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features to which each tag adds a direction of its own."""
    g = np.random.default_rng(seed)
    tag = g.random((n, classes)) < g.uniform(0.1, 0.5, classes)
    directions = g.normal(0, 1, (classes, width))
    return (tag @ directions + g.normal(0, 0.7, (n, width))).astype(np.float32), tag


def test_logistic_regressions_are_those_of_scikit_learn() -> None:
    rows, tag = made(150, 4)
    width = rows.shape[1]
    head = SigmoidHead(4, 3.0, standard=(np.zeros(width), np.ones(width)))
    head.fit_tags(rows, tag)
    said = head.log_odds(rows)
    for c in range(4):
        expected = LogisticRegression(C=1 / 3, tol=1e-8, max_iter=5_000).fit(rows, tag[:, c])
        assert np.allclose(said[:, c], expected.decision_function(rows), atol=5e-3)


def test_the_discriminant_is_that_of_each_tag_alone() -> None:
    rows, tag = made(400, 5)
    every = TagDiscriminant(rows, tag).log_odds(rows)
    for c in range(5):
        one = TagDiscriminant(rows, tag[:, c : c + 1]).log_odds(rows)[:, 0]
        assert np.allclose(every[:, c], one, atol=1e-4)
        assert roc_auc_score(tag[:, c], one) > 0.8


def test_tags_are_told_by_images_that_heads_have_not_seen(tmp_path: Path) -> None:
    rows, tag = made(300, 4)
    said = tags_out_of_fold(rows, tag, None, 0, tmp_path, folds=3)
    assert set(said) == {DISCRIMINANT, LOGISTIC}
    for name, odds in said.items():
        assert odds.shape == tag.shape
        assert all(roc_auc_score(tag[:, c], odds[:, c]) > 0.8 for c in range(4)), name
    g = np.random.default_rng(1)
    chance = tags_out_of_fold(rows, g.random(tag.shape) < 0.3, None, 0, tmp_path, folds=3)
    drawn = np.random.default_rng(1).random(tag.shape) < 0.3
    for odds in chance.values():
        scores = [roc_auc_score(drawn[:, c], odds[:, c]) for c in range(4)]
        assert np.mean(scores) < 0.6, "what is random cannot be told unseen"


def test_copies_that_are_kept_together_tell_nothing(tmp_path: Path) -> None:
    """Random tags of pairs of copies can be told from the other copy, unless it is in the fold."""
    g = np.random.default_rng(0)
    rows = np.repeat(g.normal(0, 1, (60, 40)).astype(np.float32), 2, axis=0)
    tag = np.repeat(g.random((60, 3)) < 0.4, 2, axis=0)
    apart = tags_out_of_fold(rows, tag, None, 0, tmp_path, folds=3)[LOGISTIC].copy()
    together = np.repeat(np.arange(60), 2)
    kept = tags_out_of_fold(rows, tag, together, 0, tmp_path, folds=3)[LOGISTIC]
    scores = [
        np.mean([roc_auc_score(tag[:, c], odds[:, c]) for c in range(3)]) for odds in (apart, kept)
    ]
    assert scores[0] > 0.75
    assert scores[1] < 0.65


def test_rare_universal_and_absent_tags_are_no_trouble(tmp_path: Path) -> None:
    rows, tag = made(120, 3)
    odd = np.zeros((120, 3), bool)
    odd[[5, 80], 0], odd[:, 1] = True, True
    said = tags_out_of_fold(rows, np.concatenate([tag, odd], axis=1), None, 0, tmp_path, folds=4)
    assert all(np.isfinite(odds).all() for odds in said.values())
    rarest = rarest_tag(np.concatenate([tag, odd], axis=1))
    assert rarest[5] == rarest[80] == 3


def test_memory_is_bounded_by_blocks(tmp_path: Path) -> None:
    """Wide enough for several blocks of rows in the logistic regression."""
    from plugin.learning import linear_head

    rows, tag = made(200, 6)
    width = rows.shape[1]
    whole = SigmoidHead(6, 2.0, standard=(np.zeros(width), np.ones(width)))
    whole.fit_tags(rows, tag)
    before, linear_head.BLOCK_NUMBERS = linear_head.BLOCK_NUMBERS, 500
    try:
        parts = SigmoidHead(6, 2.0, standard=(np.zeros(width), np.ones(width)))
        parts.fit_tags(rows, tag)
    finally:
        linear_head.BLOCK_NUMBERS = before
    assert np.allclose(whole.log_odds(rows), parts.log_odds(rows), atol=1e-3)
