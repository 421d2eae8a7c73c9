"""Thumbnails: small, made once, made again when the file changes, broken ones told."""

import os

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from plugin.images import thumbnails
from plugin.images.thumbnails import ThumbnailStore, make_sheet, make_thumbnail
from tests.plugin.picture_files import STORED, oriented


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    path = tmp_path / "photo.jpg"
    Image.fromarray(pixels).save(path)
    return str(path)


def test_a_photograph_becomes_small_and_keeps_its_shape(photo):
    thumb = make_thumbnail(photo, 64)
    assert thumb.open().size == (64, 48)
    assert (thumb.width, thumb.height) == (400, 300)
    assert len(thumb.data) < 8_000


def test_a_tiny_image_stays_exact(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    path = tmp_path / "digit.png"
    Image.fromarray(pixels).save(path)
    thumb = make_thumbnail(str(path), 64)
    np.testing.assert_array_equal(np.asarray(thumb.open()), pixels)
    sheet = make_sheet([thumb] * 5, 64)
    assert (sheet.edge, sheet.columns, sheet.kind) == (8, 2, "image/png")


def test_it_is_made_once_and_again_when_the_file_changes(tmp_path, photo, monkeypatch):
    made = []
    real = make_thumbnail
    monkeypatch.setattr(
        thumbnails, "make_thumbnail", lambda path, *how: made.append(path) or real(path, *how)
    )
    first = ThumbnailStore(tmp_path / "cache").get([photo], 64)
    again = ThumbnailStore(tmp_path / "cache").get([photo], 64)
    assert made == [photo]
    assert first == again
    Image.new("RGB", (30, 60), "red").save(photo)
    os.utime(photo, ns=(1, 1))
    changed = ThumbnailStore(tmp_path / "cache").get([photo], 64)
    assert len(made) == 2
    assert (changed[0].width, changed[0].height) == (30, 60)


def test_an_edit_is_noticed_that_keeps_the_size_in_bytes(tmp_path):
    path = str(tmp_path / "edited.bmp")
    store = ThumbnailStore(tmp_path / "cache")

    def colour() -> object:
        return store.get([path], 64)[0].open().convert("RGB").getpixel((0, 0))

    def paint(name: str) -> None:
        Image.new("RGB", (20, 20), name).save(path)

    paint("red")
    first = os.stat(path)
    assert colour() == (255, 0, 0)
    paint("blue")
    os.utime(path, ns=(first.st_atime_ns, first.st_mtime_ns + 1))
    assert os.stat(path).st_size == first.st_size
    assert colour() == (0, 0, 255)
    kept = os.stat(path)
    while os.stat(path).st_ctime_ns == kept.st_ctime_ns:  # the file system's clock is coarse
        paint("lime")
        os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert os.stat(path).st_mtime_ns == kept.st_mtime_ns
    assert colour() == (0, 255, 0), "an editor that keeps the time too"


def test_another_edge_is_another_thumbnail(tmp_path, photo):
    store = ThumbnailStore(tmp_path / "cache")
    assert [store.get([photo], edge)[0].open().size for edge in (64, 32, 64)] == [
        (64, 48),
        (32, 24),
        (64, 48),
    ]


@pytest.mark.parametrize("format", ["jpeg", "png", "tiff"])
@pytest.mark.parametrize("orientation", STORED)
def test_thumbnails_stand_upright(tmp_path, orientation, format):
    path, seen = oriented(tmp_path, orientation, format)
    for edge in (96, 48):
        thumb = make_thumbnail(str(path), edge)
        assert (thumb.width, thumb.height) == (96, 64)
        pixels = np.asarray(thumb.open().convert("RGB")).astype(int)
        assert pixels.shape == (edge * 2 // 3, edge, 3)
        step = 96 // edge
        for y, x in ((16, 24), (16, 72), (48, 24), (48, 72)):
            assert abs(pixels[y // step, x // step] - seen[y, x].astype(int)).max() <= 25


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_is_none_turns_nothing(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (30, 20)).save(tmp_path / "odd.jpg", exif=exif)
    thumb = make_thumbnail(str(tmp_path / "odd.jpg"), 64)
    assert (thumb.width, thumb.height) == thumb.open().size == (30, 20)


@pytest.mark.parametrize("format", ["jpeg", "png", "gif", "webp", "tiff"])
@pytest.mark.parametrize("edge", [32, 96])
def test_a_thumbnail_tells_nothing_but_its_pixels(tmp_path, format, edge):
    """A comment, a title or a description often names the class, and audits are blind."""
    path = tmp_path / f"told.{format}"
    exif, text = Image.Exif(), PngInfo()
    exif[0x010E] = "siamese cat"
    text.add_text("comment", "siamese cat")
    told = {
        "jpeg": {"comment": b"siamese cat", "exif": exif, "xmp": b"siamese cat"},
        "png": {"pnginfo": text, "exif": exif, "icc_profile": b"siamese cat"},
        "gif": {"comment": b"siamese cat"},
        "webp": {"exif": exif, "xmp": b"siamese cat"},
        "tiff": {"exif": exif, "description": "siamese cat"},
    }[format]
    Image.new("RGB", (120, 90), "red").save(path, format, **told)
    assert b"siamese cat" in path.read_bytes() or format == "png"
    made = make_thumbnail(str(path), edge)
    assert b"siamese" not in made.data
    shown = made.open()
    shown.load()
    assert set(shown.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_what_cannot_be_read_is_told_and_does_not_stop_the_others(tmp_path, photo):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    got = ThumbnailStore(tmp_path / "cache").get(
        [str(broken), photo, "", "/missing.png", "nu\0ll"], 32
    )
    assert [bool(t.problem) for t in got] == [True, False, True, True, True]
    sheet = make_sheet(got, 32)
    assert sheet.sizes[0] == (0, 0)
    assert sheet.sizes[1] == (32, 24)
