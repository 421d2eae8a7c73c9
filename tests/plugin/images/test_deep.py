"""Deep pictures: one window for a dataset, so that what differs stays different and is seen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from plugin.images.decode import decode_image
from plugin.images.deep import to_8_bit, window_of
from plugin.images.windows import windows_of

SIDE = 24
RANGES: dict[str, tuple[float, float, Any, str]] = {
    "16 bit": (0, 65_535, np.uint16, "png"),
    "12 bit in 16": (0, 4_095, np.uint16, "png"),
    "10 bit in 16": (0, 1_023, np.uint16, "tif"),
    "thermal": (29_000, 31_000, np.uint16, "png"),
    "big-endian": (0, 4_095, ">u2", "tif"),
    "fractions": (0, 1, np.float32, "tif"),
    "reflectance": (0, 10_000, np.float32, "tif"),
    "Hounsfield": (-1_000, 1_000, np.float32, "tif"),
    "32 bit": (0, 1_000_000, np.int32, "tif"),
    "signed": (-30_000, 30_000, np.int32, "tif"),
}


def write(path: Path, values: np.ndarray, kind: str) -> str:
    low, high, dtype, _ = RANGES[kind]
    stored = low + values * (high - low)
    if dtype == ">u2":
        _write_big_endian(path, stored.astype(">u2"))
    else:
        Image.fromarray(stored.astype(dtype)).save(path)
    return str(path)


def _write_big_endian(path: Path, values: np.ndarray) -> None:
    height, width = values.shape
    data = values.tobytes()
    tags = [(256, width), (257, height), (258, 16), (259, 1), (262, 1), (273, 8), (277, 1)]
    tags += [(278, height), (279, len(data))]
    directory = len(tags).to_bytes(2, "big")
    for tag, value in tags:
        directory += tag.to_bytes(2, "big") + (4).to_bytes(2, "big") + (1).to_bytes(4, "big")
        directory += value.to_bytes(4, "big")
    head = b"MM\0*" + (8 + len(data)).to_bytes(4, "big")
    path.write_bytes(head + data + directory + bytes(4))


def pictures(folder: Path, kind: str, count: int = 12) -> tuple[list[str], list[np.ndarray]]:
    generator = np.random.default_rng(0)
    values = [generator.random((SIDE, SIDE)) for _ in range(count)]
    ending = RANGES[kind][3]
    return [write(folder / f"{i}.{ending}", v, kind) for i, v in enumerate(values)], values


@pytest.mark.parametrize("kind", RANGES)
def test_all_of_a_range_is_seen_whatever_its_type(kind: str, tmp_path: Path) -> None:
    """As good as the same picture in 8 bits, to within the levels that the window cuts off."""
    paths, values = pictures(tmp_path, kind)
    windows = windows_of(paths)
    for path, expected in zip(paths, values, strict=True):
        seen = decode_image(path, SIDE, 1, windows)[0] / 255
        assert np.abs(seen - expected).max() < 0.01


@pytest.mark.parametrize("kind", RANGES)
def test_a_darker_picture_stays_darker(kind: str, tmp_path: Path) -> None:
    """Constant pictures: alone each would be as bright as the other."""
    ending = RANGES[kind][3]
    levels = (0.1, 0.5, 0.5, 0.9)
    paths = [
        write(tmp_path / f"{i}.{ending}", np.full((SIDE, SIDE), level), kind)
        for i, level in enumerate(levels)
    ]
    windows = windows_of(paths)
    seen = [int(decode_image(path, 8, 1, windows).mean()) for path in paths]
    assert seen[0] == 0
    assert 100 < seen[1] == seen[2] < 160
    assert seen[3] == 255


def test_each_kind_has_a_window_of_its_own(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / f"{i}.tif", np.random.default_rng(i).random((8, 8)), kind)
        for i, kind in enumerate(("12 bit in 16", "Hounsfield", "32 bit"))
    ]
    Image.new("L", (8, 8)).save(tmp_path / "8 bit.png")
    windows = windows_of([*paths, str(tmp_path / "8 bit.png"), str(tmp_path / "missing")])
    assert set(windows) == {"I;16", "F", "I"}
    assert windows["F"][0] < -900


def test_8_bit_pictures_need_no_window(tmp_path: Path) -> None:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK"):
        Image.new(mode, (8, 8)).save(tmp_path / f"{mode}.tif")
    assert windows_of([str(path) for path in tmp_path.iterdir()]) == {}


def test_one_hot_pixel_does_not_darken_the_rest() -> None:
    values = np.r_[np.linspace(0, 100, 10_000), 60_000]
    low, high = window_of(values) or (0, 0)
    assert low == pytest.approx(0, abs=1)
    assert high < 300


def test_a_small_bright_object_is_not_cut_off() -> None:
    values = np.r_[np.linspace(100, 200, 9_950), np.linspace(210, 280, 50)]
    low, high = window_of(values) or (0, 0)
    assert low == pytest.approx(100, abs=1)
    assert high > 275


def test_what_is_nearly_all_background_shows_the_rest() -> None:
    values = np.r_[np.zeros(9_990), np.full(10, 700.0)]
    assert window_of(values) == (0, 700)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, -3.4028234663852886e38])
def test_what_is_no_number_does_not_move_the_window(odd: float, tmp_path: Path) -> None:
    values = np.linspace(0, 50, SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    holes = values.copy()
    holes[:6] = odd
    path = tmp_path / "holes.tif"
    Image.fromarray(holes).save(path)
    window = windows_of([str(path)])["F"]
    assert 10 < window[0] < 15
    assert 49 < window[1] <= 50
    seen = decode_image(str(path), SIDE, 1, {"F": window})[0]
    assert (seen[:6] == (255 if odd == np.inf else 0)).all()
    assert seen[-1].min() > 200


def test_nothing_but_holes_is_black(tmp_path: Path) -> None:
    path = tmp_path / "nothing.tif"
    Image.fromarray(np.full((8, 8), np.nan, np.float32)).save(path)
    assert windows_of([str(path)]) == {}
    assert (decode_image(str(path), 8, 1) == 0).all()


Values = arrays.arrays(
    st.sampled_from([np.uint16, np.int32, np.float32]),
    st.integers(1, 50),
    elements=st.integers(0, 60_000),
)


@given(Values)
def test_order_is_kept_and_the_window_is_used(values: np.ndarray) -> None:
    window = window_of(values)
    assert window is not None
    seen = to_8_bit(values, window)
    order = np.argsort(values, kind="stable")
    assert (np.diff(seen[order].astype(int)) >= 0).all()
    if window[1] > window[0]:
        assert seen.min() == 0
        assert seen.max() == 255


@pytest.mark.parametrize("make", [lambda p: p.mkdir(), lambda p: p.write_bytes(b"x")])
def test_what_cannot_be_read_is_passed_over(make: Callable[[Path], Any], tmp_path: Path) -> None:
    make(tmp_path / "odd")
    assert windows_of([str(tmp_path / "odd")]) == {}
