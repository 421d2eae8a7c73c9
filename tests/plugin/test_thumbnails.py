"""Thumbnails: small, made once, made again when the file changes, broken ones told."""

import os

import numpy as np
import pytest
from PIL import Image

from plugin.pictures import thumbnails
from plugin.pictures.thumbnails import ThumbnailStore, make_sheet, make_thumbnail


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
        thumbnails, "make_thumbnail", lambda path, edge: made.append(path) or real(path, edge)
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


def test_what_cannot_be_read_is_told_and_does_not_stop_the_others(tmp_path, photo):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    got = ThumbnailStore(tmp_path / "cache").get([str(broken), photo, "", "/missing.png"], 32)
    assert [bool(t.problem) for t in got] == [True, False, True, True]
    sheet = make_sheet(got, 32)
    assert sheet.sizes[0] == (0, 0)
    assert sheet.sizes[1] == (32, 24)
