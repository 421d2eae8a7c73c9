"""Equal files and equal pixels share a digest, others do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from plugin.images.digests import file_digest, file_digests, first_equal, pixel_digests


def test_equal_files_agree_whatever_their_name(tmp_path: Path) -> None:
    big = bytes(range(256)) * 10000
    for name, content in (("a", big), ("b", big), ("c", big[:-1]), ("d", b"")):
        (tmp_path / name).write_bytes(content)
    a, b, c, d = (file_digest(tmp_path / name) for name in "abcd")
    assert file_digests([tmp_path / name for name in "abcd"]) == [a, b, c, d]
    assert a == b
    assert len({a, c, d}) == 3


def test_an_unreadable_file_equals_nothing(tmp_path: Path) -> None:
    digests = [file_digest(tmp_path / name) for name in ("none", "", "gone")]
    assert digests == [None, None, None]
    assert first_equal(digests).tolist() == [0, 1, 2]


def test_one_pixel_makes_another_digest() -> None:
    images = np.zeros((3, 16, 16, 3), np.uint8)
    images[2, 5, 5, 1] = 1
    one, two, three = pixel_digests(images)
    assert one == two != three


def test_views_of_an_array_are_hashed_as_they_look() -> None:
    image = np.random.default_rng(0).integers(0, 256, (2, 20, 20), dtype=np.uint8)
    assert pixel_digests(image[:, ::-1]) == pixel_digests(image[:, ::-1].copy())
