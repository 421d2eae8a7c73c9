"""What a network is trained to say: one class, as before, or tags, one sigmoid each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from plugin.learning.classifiers import Architecture
from plugin.learning.device import reproducible
from plugin.learning.fitted_head import ROWS_A_PENALTY
from plugin.learning.goals import ManyTags, OneClass, goal_of
from plugin.learning.pictures import Normalisation, Pictures
from plugin.learning.recipe import Recipe, usual_style
from plugin.learning.sigmoid_heads import SigmoidHead
from plugin.learning.training import Trainer
from plugin.progress import silent
from plugin.tags.from_training import together

CPU = torch.device("cpu")
EVERY = np.arange(6)


def table() -> Any:
    return np.array([[1, 0], [1, 1], [0, 0], [1, 0], [0, 0], [1, 0]], bool)


def test_labels_say_what_they_ask_for() -> None:
    assert isinstance(goal_of(np.array([0, 1])), OneClass)
    assert isinstance(goal_of(table()), ManyTags)


def test_tags_begin_with_how_frequent_they_are() -> None:
    goal = ManyTags(table())
    goal.begin(EVERY)
    p = 1 / (1 + np.exp(-goal.said(torch.zeros(1, 2))))
    np.testing.assert_allclose(p, [[(4 + 0.5) / 7, (1 + 0.5) / 7]], atol=1e-6)


def test_the_loss_is_the_cross_entropies_of_the_tags_an_image() -> None:
    goal, tag = ManyTags(table()), table()
    goal.begin(EVERY)
    logits = torch.randn(6, 2, generator=torch.Generator().manual_seed(0))
    p = 1 / (1 + np.exp(-goal.said(logits)))
    slow = -np.log(np.where(tag, p, 1 - p)).sum() / 6
    assert float(goal.loss(logits, goal.of(EVERY), 0.1)) == pytest.approx(slow, rel=1e-5)
    each = np.exp(np.log(np.where(tag, p, 1 - p)).mean(axis=1))
    np.testing.assert_allclose(goal.p_label(logits, goal.of(EVERY)).numpy(), each, rtol=1e-5)
    sure = torch.from_numpy(np.where(tag, 50.0, -50.0)).float()
    assert float(goal.hits(sure, goal.of(EVERY))) == 6
    assert float(goal.hits(-sure, goal.of(EVERY))) == 0


def test_a_last_layer_is_fitted_to_the_tags() -> None:
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(200, 3)).astype(np.float32)
    tag = np.stack([rows[:, 0] > 0, rows[:, 1] > 1], axis=1)
    goal, layer = ManyTags(tag), nn.Linear(3, 2)
    goal.begin(np.arange(200))
    goal.fit_last(layer, rows, np.arange(200), silent)
    with torch.no_grad():
        odds = goal.said(layer(torch.from_numpy(rows)))
    head = SigmoidHead(2, 200 / ROWS_A_PENALTY, CPU, torch.float32)
    head.fit_tags(rows, tag)
    np.testing.assert_allclose(odds, head.log_odds(rows), atol=1e-3)


class Squares:
    """Pictures that are bright on the left, on the right, on both sides or nowhere."""

    def __init__(self, n: int = 128):
        generator = np.random.default_rng(1)
        self.tag = generator.random((n, 2)) < [0.5, 0.15]
        self.in_memory = generator.integers(0, 60, (n, 1, 16, 16)).astype(np.uint8)
        for side in range(2):
            self.in_memory[self.tag[:, side], :, :, 8 * side : 8 * side + 8] += 150

    def load(self, indices: Any) -> Any:
        return self.in_memory[indices]

    def batches(self, order: Any, size: int) -> Any:
        return (self.load(order[i : i + size]) for i in range(0, len(order), size))


@pytest.mark.parametrize("patience", [None, 9])
def test_a_network_learns_which_tags_there_are(patience: int | None) -> None:
    made = Squares()
    style = usual_style("simple_cnn", weights=False, start=False)
    recipe = Recipe(12, 8, 2, CPU, 7, style=style, patience=patience)
    pictures = Pictures(made, Normalisation([0.4], [0.3]), CPU)  # pyright: ignore
    learned, asked = np.arange(0, 96), np.arange(96, 128)
    with reproducible(3):
        trainer = Trainer(Architecture("simple_cnn", 2, 1, 16), pictures, made.tag, recipe)
        trainer.train(learned, silent, held=None if patience is None else asked)
        odds = np.concatenate(
            [together(models) for _, models, _ in trainer.classify(asked, silent)]
        )
    assert ((odds > 0) == made.tag[asked]).mean() > 0.9
