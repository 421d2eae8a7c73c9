"""Crops of objects: what they show, their boxes, that an image is decoded once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plugin.images import crops
from plugin.images.crops import LABEL, MARGIN, SEEN, Crop, get_crops
from plugin.images.decoded_crop import LEAST, crop_square
from plugin.images.thumbnails import ThumbnailStore

GREY = 90


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "a.png"
    Image.fromarray(np.full((200, 400, 3), GREY, np.uint8)).save(path)
    return str(path)


@pytest.mark.parametrize(
    "box",
    [(0.4, 0.4, 0.1, 0.2), (0.0, 0.0, 0.1, 0.1), (0.95, 0.9, 0.05, 0.1), (0.0, 0.0, 1.0, 1.0)],
)
def test_the_square_lies_in_the_picture_around_the_object(box: Any) -> None:
    left, top, right, bottom = crop_square([box], 400, 200, MARGIN)
    assert -1e-6 <= left < right <= 400 + 1e-6
    assert -1e-6 <= top < bottom <= 200 + 1e-6
    assert left <= box[0] * 400 + 1e-6
    assert right >= (box[0] + box[2]) * 400 - 1e-6
    side = max(max(box[2] * 400, box[3] * 200) * (1 + 2 * MARGIN), LEAST)
    assert right - left == pytest.approx(min(side, 400))
    assert bottom - top == pytest.approx(min(side, 200))


def test_both_boxes_are_drawn_in_their_colours(picture: str) -> None:
    (made,) = crops.make_crops([Crop(picture, (0.4, 0.4, 0.1, 0.2), (0.5, 0.4, 0.1, 0.2))], 256)
    pixels = np.asarray(made.open().convert("RGB")).reshape(-1, 3).astype(int)
    for colour in (LABEL, SEEN):
        assert (np.abs(pixels - colour).max(axis=1) < 40).sum() > 100
    assert (made.width, made.height) == (400, 200)
    assert (np.abs(pixels - GREY).max(axis=1) < 8).mean() > 0.7


def test_an_image_is_decoded_once_for_all_its_objects_and_never_again(
    picture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []
    opened = crops.open_sized
    monkeypatch.setattr(crops, "open_sized", lambda *a: decoded.append(a[0]) or opened(*a))
    store = ThumbnailStore(tmp_path / "kept")
    wanted = [Crop(picture, (i / 10, 0.1, 0.05, 0.1), None) for i in range(9)]
    first = get_crops(store, wanted, 64)
    assert decoded == [picture]
    assert [t.data for t in get_crops(store, wanted, 64)] == [t.data for t in first]
    assert decoded == [picture]
    get_crops(store, [Crop(picture, (0.1, 0.1, 0.05, 0.1), (0.1, 0.1, 0.1, 0.1))], 64)
    assert len(decoded) == 2


def test_a_picture_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (made,) = crops.make_crops([Crop(str(tmp_path / "no.png"), (0, 0, 1, 1), None)], 64)
    assert "missing" in made.problem
