"""Distances of structure features follow SSIM, whatever the brightness."""

from __future__ import annotations

import numpy as np
import pytest

from plugin.duplicates.ssim import ssim_pairs
from plugin.duplicates.structure_features import fit_basis, structure_features
from tests.plugin.duplicates.test_search import noisy, photographs


@pytest.mark.parametrize("channels", [0, 3])
@pytest.mark.parametrize("amount", [2, 8, 20])
def test_near_duplicates_are_within_the_radius_of_their_ses(channels: int, amount: int) -> None:
    images = photographs(400, channels=channels)
    images = np.concatenate([images, noisy(images[:200], amount)])
    basis = fit_basis(images)
    features = structure_features(images, basis)
    pairs = np.stack([np.arange(200), 400 + np.arange(200)], axis=1)
    apart = np.linalg.norm(features[:200] - features[400:], axis=1)
    radii = np.array([basis.radius(value) for value in ssim_pairs(images, pairs)])
    assert np.mean(apart <= radii) >= 0.99
    others = np.linalg.norm(features[:200] - features[200:400], axis=1)
    assert np.median(others) > 2 * np.median(apart)


def test_brightness_does_not_matter() -> None:
    images = photographs(100) // 2
    basis = fit_basis(images)
    lighter = structure_features(images + np.uint8(60), basis)
    np.testing.assert_allclose(lighter, structure_features(images, basis), atol=1e-2)


def test_large_images_and_few_images() -> None:
    images = np.repeat(np.repeat(photographs(3, channels=3), 9, axis=1), 8, axis=2)
    basis = fit_basis(images)
    assert basis.axes.shape == (22 * 22 * 3, 64)
    assert structure_features(images, basis).shape == (3, 64)
    assert structure_features(images[:0], basis).shape == (0, 64)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        fit_basis(np.zeros((0, 16, 16), np.uint8))
    with pytest.raises(ValueError, match="36 windows of the basis, got 1"):
        structure_features(
            np.zeros((2, 11, 11), np.uint8), fit_basis(np.zeros((2, 16, 16), np.uint8))
        )
