"""Perceptual hashes stay when an image changes a little, and near ones are found among many."""

from __future__ import annotations

import numpy as np
import pytest

from plugin.duplicates.perceptual_hash import hash_neighbours, perceptual_hashes


def smooth_images(count: int, side: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 5, 5)).astype(float)
    grid = np.linspace(0, 4, side)
    low = np.minimum(grid.astype(int), 3)
    share = grid - low
    rows = coarse[:, low] * (1 - share)[None, :, None] + coarse[:, low + 1] * share[None, :, None]
    both = rows[:, :, low] * (1 - share) + rows[:, :, low + 1] * share
    return both.astype(np.uint8)


def test_noise_and_brightness_change_few_bits_and_another_image_many() -> None:
    images = smooth_images(200, 32)
    noise = np.random.default_rng(1).integers(-3, 4, images.shape)
    changed = np.clip(images * 0.95 + noise, 0, 255).astype(np.uint8)
    here, there = perceptual_hashes(images), perceptual_hashes(changed)
    assert np.median(np.bitwise_count(here ^ there)) <= 8
    assert np.median(np.bitwise_count(here ^ np.roll(here, 1))) >= 20


def test_colour_and_size_do_not_matter() -> None:
    small, large = smooth_images(50, 24), smooth_images(50, 72)
    grey = perceptual_hashes(small)
    assert (perceptual_hashes(np.repeat(small[..., None], 3, axis=-1)) == grey).all()
    assert np.median(np.bitwise_count(perceptual_hashes(large) ^ grey)) <= 8


def test_finds_what_comparing_all_finds() -> None:
    rng = np.random.default_rng(2)
    hashes = rng.integers(0, 2**64, 3000, dtype=np.uint64)
    flips = np.array([1 << int(b) for b in rng.integers(0, 64, 300)], dtype=np.uint64)
    hashes[300:600] = hashes[:300] ^ flips
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None])
    expected = np.argwhere(np.triu(apart <= 3, 1))
    found = hash_neighbours(hashes, bits=3)
    assert len(expected) >= 300
    assert found.tolist() == expected.tolist()


def test_memory_of_equal_hashes_stays_linear() -> None:
    found = hash_neighbours(np.zeros(5000, dtype=np.uint64), reach=4)
    assert len(found) <= 4 * 5000


def test_pairs_differ_in_at_most_the_bits_asked_for() -> None:
    hashes = np.random.default_rng(4).integers(0, 2**20, 2000, dtype=np.uint64)
    for bits in (0, 1, 5):
        a, b = hashes[hash_neighbours(hashes, bits=bits)].T
        assert (np.bitwise_count(a ^ b) <= bits).all()


@pytest.mark.parametrize("bits", [0, 1, 5, 6, 63, 64])
def test_the_last_bit_that_may_differ_counts_and_the_next_does_not(bits: int) -> None:
    base = np.random.default_rng(bits).integers(0, 2**64, dtype=np.uint64)
    places = np.random.default_rng(9).permutation(64)

    def apart(count: int) -> np.uint64:
        return base ^ np.uint64(sum(1 << int(place) for place in places[:count]))

    for count in range(65):
        pair = np.array([base, apart(count)], np.uint64)
        assert len(hash_neighbours(pair, bits=bits)) == (count <= bits)
    usual = [len(hash_neighbours(np.array([base, apart(count)]))) for count in (6, 7)]
    assert usual == [1, 0]


def test_the_hash_is_the_signs_of_the_lowest_frequencies() -> None:
    """Against scipy's transform; frequencies that lie next to the median are not compared."""
    from scipy.fft import dctn

    images = smooth_images(60, 40)
    found = np.unpackbits(perceptual_hashes(images).view(np.uint8).reshape(-1, 8), axis=1)
    clear = 0
    for image, bits in zip(images, found, strict=True):
        low = dctn(image.astype(float), norm="ortho")[:8, :8].ravel()
        middle = np.sort(low[1:])[31]
        sure = np.abs(low - middle) > 0.05
        clear += int(sure.sum())
        np.testing.assert_array_equal(bits[sure], low[sure] > middle)
    assert clear > 60 * 50


def test_few_images() -> None:
    assert hash_neighbours(np.empty(0, dtype=np.uint64)).shape == (0, 2)
    assert hash_neighbours(np.array([5], dtype=np.uint64)).shape == (0, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bits": 65}, "bits must be 0 to 64, got 65"),
        ({"tables": 0}, "tables must be 1 to 64, got 0"),
        ({"reach": 0}, "reach must be at least 1, got 0"),
    ],
)
def test_bad_options_are_named(options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hash_neighbours(np.zeros(2, dtype=np.uint64), **options)


def test_tiny_images_are_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 8 pixels, got \(1, 4, 9\)"):
        perceptual_hashes(np.zeros((1, 4, 9), np.uint8))
