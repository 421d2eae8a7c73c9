"""Decoding image files of every awkward kind, to what a person would see or to a clear reason."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from plugin.images.decode import (
    UnreadableImageError,
    decode_image,
    open_image,
    open_sized,
    probe_images,
)
from tests.plugin.picture_files import BROKEN, MAKERS, STORED, WINDOWS, halves, oriented

pytestmark = [
    pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
]
TOLERANCE = 12  # JPEG


@pytest.mark.parametrize("name", MAKERS)
def test_a_picture_is_decoded_to_what_a_person_sees(name: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    seen = MAKERS[name](path)
    for size in (8, 16, 40):
        pixels = decode_image(str(path), size, 3, WINDOWS.get(name)).astype(int)
        assert pixels.shape == (3, size, size)
        for colour, at in zip(seen, (size // 8, size - 1 - size // 8), strict=True):
            assert abs(pixels[:, :, at] - np.array(colour)[:, None]).max() <= TOLERANCE
        grey = decode_image(str(path), size, 1, WINDOWS.get(name)).astype(int)
        assert grey.shape == (1, size, size)
        luma = Image.new("RGB", (1, 1), seen[0]).convert("L").getpixel((0, 0))
        assert abs(grey[0, :, size // 8] - luma).max() <= TOLERANCE


@pytest.mark.parametrize("format", ["jpeg", "png", "tiff"])
@pytest.mark.parametrize("orientation", STORED)
def test_all_eight_orientations_are_put_upright(
    orientation: int, format: str, tmp_path: Path
) -> None:
    path, seen = oriented(tmp_path, orientation, format)
    np.testing.assert_allclose(np.asarray(open_image(str(path))), seen, atol=TOLERANCE)
    for hint in (None, 8):
        assert open_sized(str(path), hint)[1] == (96, 64)
    pixels = decode_image(str(path), 8, channels=3).astype(int)
    for y, x in ((1, 1), (1, 6), (6, 1), (6, 6)):
        colour = seen[y * 8, x * 12].astype(int)
        assert abs(pixels[:, y, x] - colour).max() <= TOLERANCE


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_decoded_says_why(name: str, tmp_path: Path) -> None:
    make, reason = BROKEN[name]
    path = tmp_path / "picture.jpg"
    make(path)
    with pytest.raises(UnreadableImageError, match=reason) as caught:
        decode_image(str(path), 16, channels=3)
    assert str(tmp_path) not in str(caught.value), "reasons are counted, and so bear no path"
    assert probe_images([str(path)], seed=0) is None or "truncated" in name


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    halves((255, 0, 0), (0, 0, 255)).save(path)
    path.chmod(0)
    with pytest.raises(UnreadableImageError, match="may not be read"):
        decode_image(str(path), 16, channels=3)


def encoded(format: str) -> bytes:
    generator = np.random.default_rng(1)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 3, "maker"
    buffer = io.BytesIO()
    image = Image.fromarray(generator.integers(0, 256, (20, 20, 3)).astype(np.uint8))
    options = {"exif": exif} if format in ("JPEG", "PNG", "WEBP", "TIFF") else {}
    image.save(buffer, format, **options)
    return buffer.getvalue()


FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "PPM", "TGA", "ICO")
ENCODED = {name: encoded(name) for name in FORMATS}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FORMATS), st.data())
def test_no_damage_raises_anything_else(format: str, data: st.DataObject) -> None:
    """One unreadable image never stops a run, however it is damaged."""
    content = bytearray(ENCODED[format])
    near_start = st.integers(0, min(200, len(content) - 1))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(near_start | st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    path = Path(os.environ["FIFTYONE_DATABASE_DIR"]).parent / "damaged"
    path.write_bytes(content)
    try:
        pixels = decode_image(str(path), 8, channels=3)
    except UnreadableImageError:
        pass
    else:
        assert pixels.shape == (3, 8, 8)
    probe_images([str(path)], seed=0)


def test_the_whole_image_is_resized_and_its_edges_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    image = Image.new("L", (200, 20), 0)
    image.paste(255, (180, 0, 200, 20))
    image.save(path)
    pixels = decode_image(str(path), 20, channels=1)
    assert (pixels[0, :, :17] == 0).all()
    assert (pixels[0, :, 19] == 255).all()


def test_an_image_of_the_right_size_keeps_its_pixels(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    path = tmp_path / "noise.png"
    Image.fromarray(noise).save(path)
    np.testing.assert_array_equal(decode_image(str(path), 16, channels=3), noise.transpose(2, 0, 1))
    np.testing.assert_array_equal(np.asarray(open_image(str(path))), noise)


def test_probing_tells_grey_from_colour_and_the_usual_size(tmp_path: Path) -> None:
    grey, colour = [], []
    for i in range(5):
        grey.append(str(tmp_path / f"grey{i}.png"))
        Image.new("LA" if i % 2 else "L", (30, 20 + i)).save(grey[-1])
        colour.append(str(tmp_path / f"colour{i}.png"))
        Image.new("RGB", (10, 60 + i)).save(colour[-1])
    kind = probe_images([*grey, str(tmp_path / "missing")], seed=0)
    assert kind is not None
    assert (kind.channels, kind.side) == (1, 30)
    kind = probe_images([*grey, *colour], seed=0)
    assert kind is not None
    assert (kind.channels, kind.side) == (3, 45)
    assert probe_images([], seed=0) is None
