"""Equal files and equal pixels share a digest, others do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from plugin.images.digests import file_digests, first_equal, pixel_digests


def test_equal_files_agree_whatever_their_name(tmp_path: Path) -> None:
    big = bytes(range(256)) * 10000
    for name, content in (("a", big), ("b", big), ("c", big[:-1]), ("d", b"")):
        (tmp_path / name).write_bytes(content)
    a, b, c, d = file_digests([tmp_path / name for name in "abcd"])
    assert a == b
    assert len({a, c, d}) == 3


def test_an_unreadable_file_equals_nothing(tmp_path: Path) -> None:
    digests = file_digests([tmp_path / "none", tmp_path, tmp_path / "gone"])
    assert digests == [None, None, None]
    assert first_equal(digests).tolist() == [0, 1, 2]


def test_progress_and_its_end(tmp_path: Path) -> None:
    paths = [tmp_path / str(i) for i in range(2500)]
    seen: list[tuple[int, int]] = []
    file_digests(paths, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1000, 2500), (2000, 2500), (2500, 2500)]

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        file_digests(paths, progress=stop)


def test_one_pixel_makes_another_digest() -> None:
    images = np.zeros((3, 16, 16, 3), np.uint8)
    images[2, 5, 5, 1] = 1
    one, two, three = pixel_digests(images)
    assert one == two != three


def test_views_of_an_array_are_hashed_as_they_look() -> None:
    image = np.random.default_rng(0).integers(0, 256, (2, 20, 20), dtype=np.uint8)
    assert pixel_digests(image[:, ::-1]) == pixel_digests(image[:, ::-1].copy())
