"""Where two images differ."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from plugin.duplicates.difference import MOST_AMPLIFIED, amplified_difference, difference_of
from plugin.images.decode import UnreadableImageError

IMAGES = arrays(np.uint8, (3, 4, 3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder for all the pictures that hypothesis makes."""
    return tmp_path_factory.mktemp("pictures")


def write(folder, width, height):
    path = folder / f"{width}-{height}.png"
    Image.new("RGB", (width, height), (width % 256, height % 256, 7)).save(path)
    return path


@given(IMAGES, IMAGES)
def test_the_amplified_difference_is_in_proportion(first, second):
    shown, factor = amplified_difference(first, second)
    apart = np.abs(first.astype(int) - second.astype(int))
    assert 1 <= factor <= MOST_AMPLIFIED
    np.testing.assert_allclose(shown, apart * factor, atol=0.5)
    assert (shown > 0).tolist() == (apart > 0).tolist()


@given(IMAGES)
def test_equal_images_differ_nowhere(image):
    shown, factor = amplified_difference(image, image)
    assert not shown.any()
    assert factor == 1.0


@given(st.integers(1, 400), st.integers(1, 400), st.integers(16, 300))
def test_pictures_stay_within_the_size(folder, width, height, size):
    made = write(folder, width, height), write(folder, 37, 53)
    found = difference_of(str(made[0]), str(made[1]), size)
    assert max(found.width, found.height) <= size
    for png in (found.first, found.second, found.difference):
        assert Image.open(io.BytesIO(png)).size == (found.width, found.height)


def test_an_unreadable_image_is_named(tmp_path):
    with pytest.raises(UnreadableImageError, match="file is missing"):
        difference_of(str(write(tmp_path, 9, 9)), str(tmp_path / "none.png"), 64)
