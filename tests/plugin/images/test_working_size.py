"""Images of different sizes, aspect ratios and channels come to one size and stay comparable."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from plugin.duplicates.difference import similarity
from plugin.images.working_size import to_size, working_size


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(28, 28)] * 3, (28, 28)),
        ([(96, 40)], (96, 40)),
        ([(97, 40)], (64, 64)),
        ([(32, 32), (32, 33)], (64, 64)),
        ([(1, 1)], (11, 11)),
        ([(5, 5), (4000, 3000)], (64, 64)),
    ],
)
def test_one_small_size_is_kept(sizes: list[tuple[int, int]], expected: tuple[int, int]) -> None:
    assert working_size(sizes) == expected


def test_an_image_of_the_size_keeps_its_pixels() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert (to_size(image, (20, 30), colour=True) == image).all()


@pytest.mark.parametrize("size", [(200, 300), (333, 150), (64, 64), (500, 500)])
def test_a_resized_or_squashed_copy_is_still_similar(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (7, 9, 3), dtype=np.uint8)
    image = np.asarray(Image.fromarray(coarse).resize((400, 300), Image.Resampling.BICUBIC))
    copy = np.asarray(Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.LANCZOS))
    both = [to_size(x, (64, 64), colour=True) for x in (image, copy)]
    assert similarity(*both) > 0.98


def test_grey_and_colour_meet() -> None:
    grey = np.arange(400, dtype=np.uint8).reshape(20, 20)
    colour = np.repeat(grey[..., None], 3, axis=-1)
    assert (to_size(grey, (20, 20), colour=True) == colour).all()
    assert (to_size(colour, (20, 20), colour=False) == grey).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (3, 7, 3)])
def test_tiny_images_are_enlarged(shape: tuple[int, ...]) -> None:
    assert to_size(np.full(shape, 7, np.uint8), (11, 11), colour=False).shape == (11, 11)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="at least one"):
        working_size([])
    with pytest.raises(ValueError, match=r"got uint8 of shape \(4, 4, 4\)"):
        to_size(np.zeros((4, 4, 4), np.uint8), (11, 11), colour=True)
    with pytest.raises(ValueError, match="got float64"):
        to_size(np.zeros((20, 20)), (11, 11), colour=True)  # pyright: ignore[reportArgumentType]
