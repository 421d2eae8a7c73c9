"""Exact copies: equal in all of their pixels, not only in the reduced picture that is compared."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from plugin.errors import Cancelled
from plugin.images.digests import file_digest
from plugin.images.whole_pixels import exact_digests, whole_digest
from plugin.progress import silent

GENERATOR = np.random.default_rng(0)
COLOUR = GENERATOR.integers(0, 256, (20, 30, 3)).astype(np.uint8)
GREY = COLOUR[..., 0]
DEEP = GENERATOR.integers(0, 65_536, (20, 30)).astype(np.uint16)

Make = Callable[[Path], None]


def saved(pixels: np.ndarray, mode: str | None = None, **options: object) -> Make:
    def make(path: Path) -> None:
        image = Image.fromarray(pixels)
        (image if mode is None else image.convert(mode)).save(path, **options)  # pyright: ignore

    return make


def with_alpha(alpha: int) -> Make:
    return saved(np.dstack([COLOUR, np.full(GREY.shape, alpha, np.uint8)]))


def frames(*values: int) -> Make:
    def make(path: Path) -> None:
        first, *others = [Image.new("L", (8, 8), value) for value in values]
        first.save(path, save_all=True, append_images=others)

    return make


def turned(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(COLOUR[::-1, ::-1]).save(path, exif=exif)


EQUAL: dict[str, tuple[tuple[str, Make], tuple[str, Make]]] = {
    "another format": (("a.png", saved(COLOUR)), ("b.bmp", saved(COLOUR))),
    "another compression": (("a.png", saved(DEEP)), ("b.tif", saved(DEEP))),
    "grey in colour": (("a.png", saved(GREY)), ("b.png", saved(GREY, "RGB"))),
    "opaque": (("a.png", saved(COLOUR)), ("b.png", with_alpha(255))),
    "turned by its camera": (("a.png", saved(COLOUR)), ("b.png", turned)),
    "a deeper type": (("a.png", saved(DEEP)), ("b.tif", saved(DEEP.astype(np.int32)))),
}
DIFFERENT: dict[str, tuple[tuple[str, Make], tuple[str, Make]]] = {
    "16 bit, the last one": (("a.png", saved(DEEP)), ("b.png", saved(DEEP ^ 1))),
    "floats": (
        ("a.tif", saved(DEEP.astype(np.float32))),
        ("b.tif", saved(DEEP.astype(np.float32) + 0.25)),
    ),
    "transparency alone": (("a.png", with_alpha(254)), ("b.png", with_alpha(255))),
    "what is under nothing": (("a.png", with_alpha(0)), ("b.png", saved(COLOUR))),
    "size": (
        ("a.png", saved(np.zeros((4, 9), np.uint8))),
        ("b.png", saved(np.zeros((9, 4), "u1"))),
    ),
    "a later frame": (("a.gif", frames(0, 90)), ("b.gif", frames(0, 180))),
    "a later page": (("a.tif", frames(0, 90)), ("b.tif", frames(0))),
}


@pytest.mark.parametrize("name", EQUAL)
def test_the_same_picture_in_another_file(name: str, tmp_path: Path) -> None:
    first, second = written(tmp_path, *EQUAL[name])
    assert whole_digest(first) == whole_digest(second) is not None


@pytest.mark.parametrize("name", DIFFERENT)
def test_pictures_that_differ_anywhere(name: str, tmp_path: Path) -> None:
    first, second = written(tmp_path, *DIFFERENT[name])
    assert None not in (whole_digest(first), whole_digest(second))
    assert whole_digest(first) != whole_digest(second)


def written(folder: Path, *files: tuple[str, Make]) -> list[str]:
    for name, make in files:
        make(folder / name)
    return [str(folder / name) for name, _ in files]


@pytest.mark.parametrize("ending", ["png", "tif", "ppm"])
def test_colours_that_pillow_reduces_are_not_judged(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"deep.{ending}"
    cv2.imwrite(str(path), np.dstack([DEEP] * 3))
    assert whole_digest(str(path)) is None


def test_what_cannot_be_read_is_not_judged(tmp_path: Path) -> None:
    assert whole_digest(str(tmp_path / "missing")) is None
    assert whole_digest("/dev/zero") is None


def digests(values: list[bytes]) -> np.ndarray:
    return np.array([np.void(value.ljust(16)) for value in values], "V16")


def test_only_what_looks_equal_is_decoded_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = written(
        tmp_path,
        ("a.png", saved(DEEP)),
        ("b.png", saved(DEEP ^ 1)),
        ("c.tif", saved(DEEP)),
        ("d.png", saved(DEEP)),
        ("alone.png", saved(COLOUR)),
    )
    cut = tmp_path / "cut.png"
    cut.write_bytes(Path(paths[0]).read_bytes()[:300])
    paths += [str(cut)]
    reduced = digests([b"same"] * 4 + [b"alone", b"same"])
    files = digests([file_digest(path) or b"" for path in paths])
    decoded: list[str] = []
    monkeypatch.setattr(
        "plugin.images.whole_pixels.whole_digest",
        lambda path: decoded.append(path) or whole_digest(path),
    )
    found = exact_digests(reduced, files, paths, silent)
    a, b, c, d, alone, damaged = [value.tobytes() for value in found]
    assert a == c == d
    assert len({a, b, alone, damaged}) == 4
    assert alone == reduced[4].tobytes()
    assert len(decoded) == 4, "of equal files one, and none that is alone"


def test_it_can_be_cancelled(tmp_path: Path) -> None:
    paths = written(tmp_path, ("a.png", saved(DEEP)), ("b.png", saved(DEEP ^ 1)))

    def stop(progress: float | None, label: str) -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        exact_digests(digests([b"x", b"x"]), digests([b"1", b"2"]), paths, stop)


def test_nothing_to_compare() -> None:
    assert len(exact_digests(digests([]).astype("V16"), np.empty(0, "V16"), [], silent)) == 0
