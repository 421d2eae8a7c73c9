"""Copies are told from classes whose samples lie close together."""

from __future__ import annotations

import numpy as np

from plugin.duplicates.groups import connected
from plugin.vectors.bursts import near_pairs


def test_samples_of_a_tight_class_are_no_copies_of_each_other() -> None:
    """Else a class would be in one fold as a whole, and nothing could be learnt of it."""
    generator = np.random.default_rng(0)
    centre = generator.normal(size=(12, 16)) * 3
    features = np.repeat(centre, 30, axis=0) + generator.normal(size=(360, 16)) * 0.2
    groups = connected(near_pairs(features), 360)
    assert np.bincount(groups).max() <= 4, "a few are much nearer by chance"
    copies = features[:40] + generator.normal(size=(40, 16)) * 0.01
    found = near_pairs(np.concatenate([features, copies])).tolist()
    assert all([i, 360 + i] in found for i in range(40))
