"""Images to be compared: looked at, decoded in threads or processes, or when they are needed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plugin.errors import Cancelled
from plugin.images import image_tasks, spread
from plugin.images.comparable import ComparableImages, look_at
from plugin.images.digests import file_digest
from plugin.progress import silent
from tests.plugin.picture_files import STORED, oriented


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Thirty pictures of one size, and among them one that is missing, one empty, one cut."""
    made = []
    for i in range(30):
        pixels = np.random.default_rng(i).integers(0, 256, (20, 14, 3), np.uint8)
        path = tmp_path / f"{i}.png"
        Image.fromarray(pixels).save(path)
        made.append(path)
    made[4].unlink()
    made[9].write_bytes(b"")
    made[15].write_bytes(made[15].read_bytes()[:300])
    made[29].unlink()
    return [str(path) for path in made]


PROBLEMS = {4: "file is missing", 9: "file is empty", 29: "file is missing"}
CUT = {15: "image is truncated"}


def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "WORTH_A_PROCESS", 5)
    monkeypatch.setattr(spread, "WORKERS", 2)


@pytest.mark.parametrize("apart", [False, True])
def test_files_are_looked_at(
    paths: list[str], apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if apart:
        _apart(monkeypatch)
    looks = look_at(paths, silent)
    assert looks.problems == PROBLEMS
    assert (looks.records["height"][0], looks.records["width"][0]) == (20, 14)
    assert not looks.records["grey"].any()
    digests = [file_digest(path) for path in paths]
    for i, record in enumerate(looks.records):
        assert i in PROBLEMS or record["digest"].tobytes() == digests[i]


@pytest.mark.parametrize("apart", [False, True])
def test_images_are_decoded_and_the_unreadable_ones_left_out(
    paths: list[str], apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if apart:
        _apart(monkeypatch)
    with ComparableImages(paths, (20, 14), colour=True, first_new=0, report=silent) as images:
        assert images.shape == (30, 20, 14, 3)
        assert images.problems == {**PROBLEMS, **CUT}
        order = images.drop_problems()
        assert len(images) == len(order) == 26
        assert set(order) == set(range(30)) - set(PROBLEMS) - set(CUT)
        for row, i in enumerate(order.tolist()):
            np.testing.assert_array_equal(images[row], np.asarray(Image.open(paths[i])))


def test_known_images_are_decoded_when_they_are_asked_for(
    paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = [path for i, path in enumerate(paths) if i not in {**PROBLEMS, **CUT}]
    decoded: list[str] = []
    real = image_tasks.decode_to_compare

    def noted(path: str, size: tuple[int, int], **options: Any) -> object:
        decoded.append(path)
        return real(path, size, **options)

    monkeypatch.setattr(image_tasks, "decode_to_compare", noted)
    with ComparableImages(good, (20, 14), colour=True, first_new=24, report=silent) as images:
        assert decoded == good[24:]
        expected = np.stack([np.asarray(Image.open(good[i])) for i in (3, 1, 25)])
        np.testing.assert_array_equal(images[[3, 1, 25]], expected)
        np.testing.assert_array_equal(images[1], expected[1])
        assert images[24:].shape == (2, 20, 14, 3)
        assert images[0, 0, 0].size == 3
        assert sorted(decoded) == sorted([*good[24:], good[0], good[1], good[3]])
        Path(good[7]).unlink()  # damaged since: like nothing, and no error
        assert images[7].std() > 50


@pytest.mark.parametrize("format", ["jpeg", "png", "tiff"])
@pytest.mark.parametrize("orientation", STORED)
def test_sizes_and_pixels_turn_with_the_camera(
    orientation: int, format: str, tmp_path: Path
) -> None:
    path, seen = oriented(tmp_path, orientation, format)
    record = look_at([str(path)], silent).records[0]
    assert (record["height"], record["width"]) == (64, 96)
    with ComparableImages([str(path)], (64, 96), colour=True, first_new=0, report=silent) as images:
        np.testing.assert_allclose(images[0], seen, atol=12)


def test_an_orientation_in_xmp_counts_too(tmp_path: Path) -> None:
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description tiff:Orientation="6" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"/>'
        "</rdf:RDF></x:xmpmeta>"
    )
    Image.new("RGB", (30, 10)).save(tmp_path / "turned.jpg", xmp=xmp.encode())
    assert image_tasks.look(str(tmp_path / "turned.jpg")) == (30, 10, False)


@pytest.mark.parametrize("apart", [False, True])
def test_nothing_stays_when_it_is_cancelled(
    paths: list[str], apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if apart:
        _apart(monkeypatch)

    def stop(progress: float | None, label: str) -> None:
        raise Cancelled("stop")

    before = set(Path(tempfile.gettempdir()).glob("deconfuse-[cl]o*"))
    with pytest.raises(Cancelled):
        look_at(paths, stop)
    with pytest.raises(Cancelled):
        ComparableImages(paths, (20, 14), colour=True, first_new=0, report=stop)
    assert set(Path(tempfile.gettempdir()).glob("deconfuse-[cl]o*")) == before


def test_a_process_that_dies_is_noticed(
    paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _apart(monkeypatch)
    out = spread.mapped(tmp_path / "gone", np.uint8, (30, 20, 14, 3))
    (tmp_path / "gone").unlink()
    with pytest.raises(RuntimeError, match="A process that reads images died"):
        spread.spread({"task": "to compare"}, out, paths, silent, "{} {}")
