"""Predictions beside labels: what agrees by chance, and what tells of a wrong order of classes."""

from __future__ import annotations

import numpy as np
import pytest

from plugin.scoring.agreement import beside_chance


def warned(label: np.ndarray, prediction: np.ndarray, classes: int = 4) -> str:
    counts = [np.bincount(of, minlength=classes) for of in (label, prediction)]
    return beside_chance("'m'", int((label == prediction).sum()), *counts)


label = np.random.default_rng(0).integers(0, 4, 400)


def test_an_order_turned_by_one_is_below_chance() -> None:
    assert "The order of its classes is probably wrong" in warned(label, (label + 1) % 4)


def test_random_predictions_are_no_better_than_chance() -> None:
    said = warned(label, np.random.default_rng(1).permutation(label))
    assert "says nothing of the images" in said


@pytest.mark.parametrize("share", [0.4, 0.9, 1.0])
def test_predictions_that_agree_are_not_warned_of(share: float) -> None:
    kept = np.random.default_rng(2).random(400) < share
    assert warned(label, np.where(kept, label, (label + 1) % 4)) == ""


def test_few_samples_say_nothing() -> None:
    assert warned(label[:19], (label[:19] + 1) % 4) == ""


def test_a_thousand_classes_in_another_order_are_noticed() -> None:
    many = np.arange(2_000) % 1_000
    assert "order of its classes" in warned(many, (many + 1) % 1_000, 1_000)
