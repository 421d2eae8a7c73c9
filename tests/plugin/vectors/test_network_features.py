"""Features of files: computed once for a content and a network, kept, gone on with."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from plugin.disk_cache import DiskCache
from plugin.errors import Cancelled, InputError
from plugin.images.decode import decode_image
from plugin.images.windows import windows_of
from plugin.learning.networks import Network
from plugin.progress import silent
from plugin.vectors import network_features as module
from plugin.vectors.network_features import network_features
from tests.plugin.picture_files import MAKERS

CPU = torch.device("cpu")


class _Counting(nn.Module):
    """Mean and spread of each channel; counts the pictures that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen += len(images)
        return torch.cat([images.mean((2, 3)), images.std((2, 3))], dim=1)


def seen(made: Network) -> int:
    assert isinstance(made.module, _Counting)
    return made.module.seen


def network(key: str = "one") -> Network:
    return Network("counting", key, 16, [0.5] * 3, [0.25] * 3, 6, _Counting())


def pictures(folder: Path, n: int, seed: int = 0) -> list[str]:
    folder.mkdir(exist_ok=True)
    generator = np.random.default_rng(seed)
    paths = []
    for i in range(n):
        paths.append(str(folder / f"{i}.png"))
        Image.fromarray(generator.integers(0, 255, (20, 30, 3), dtype=np.uint8)).save(paths[-1])
    return paths


@pytest.fixture
def cache(tmp_path: Path) -> DiskCache:
    return DiskCache(tmp_path / "cache", 1 << 26, "Features")


def test_features_are_those_of_the_network(tmp_path: Path, cache: DiskCache) -> None:
    paths = pictures(tmp_path / "a", 3)
    found, problems = network_features(paths, network(), CPU, tmp_path, silent, cache=cache)
    pixels = np.stack(
        [np.asarray(Image.open(p).resize((16, 16), 2, reducing_gap=2.0)) / 255 for p in paths]
    )
    expected = np.hstack([(pixels - 0.5).mean((1, 2)) * 4, pixels.std((1, 2), ddof=1) * 4])
    np.testing.assert_allclose(found, expected, atol=2e-3)
    assert problems == {}


def test_they_are_computed_once_for_a_content(tmp_path: Path, cache: DiskCache) -> None:
    paths = pictures(tmp_path / "a", 10)
    first = network()
    found, _ = network_features(paths, first, CPU, tmp_path, silent, cache=cache)
    found = found.copy()
    assert seen(first) == 16  # whole passes
    moved = [str(Path(p).rename(tmp_path / f"moved{i}.png")) for i, p in enumerate(paths)]
    second = network()
    again, _ = network_features(moved[::-1], second, CPU, tmp_path, silent, cache=cache)
    assert seen(second) == 0
    assert (again[::-1] == found).all()
    other = network("two")
    network_features(moved, other, CPU, tmp_path, silent, cache=cache)
    assert seen(other) == 16
    windows = {"16": [0.0, 9.0]}
    network_features(moved, other, CPU, tmp_path, silent, cache=cache, windows=windows)
    assert seen(other) == 32


def test_a_changed_file_is_computed_again(tmp_path: Path, cache: DiskCache) -> None:
    paths = pictures(tmp_path / "a", 2)
    found, _ = network_features(paths, network(), CPU, tmp_path, silent, cache=cache)
    found = found.copy()
    pictures(tmp_path / "a", 1, seed=9)
    again, _ = network_features(paths, network(), CPU, tmp_path, silent, cache=cache)
    assert (again[1] == found[1]).all()
    assert (again[0] != found[0]).any()


def test_files_that_are_no_pictures_are_said(tmp_path: Path, cache: DiskCache) -> None:
    paths = pictures(tmp_path / "a", 2)
    (tmp_path / "text.png").write_text("no picture")
    paths[1:1] = [str(tmp_path / "text.png"), str(tmp_path / "gone.png")]
    for _ in range(2):
        found, problems = network_features(paths, network(), CPU, tmp_path, silent, cache=cache)
        assert problems == {
            1: "file is not an image of a known format",
            2: "file is missing",
        }
        assert (found[1:3] == 0).all()
        assert found[[0, 3]].any(axis=1).all()


def test_a_cancelled_job_is_gone_on_with(
    tmp_path: Path, cache: DiskCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 16)
    paths = pictures(tmp_path / "a", 48)

    def cancelled(progress: float | None, label: str) -> None:
        del label
        if progress is not None and progress > 0.6:
            raise Cancelled

    with pytest.raises(Cancelled):
        network_features(paths, network(), CPU, tmp_path, cancelled, cache=cache)
    rest = network()
    network_features(paths, rest, CPU, tmp_path, silent, cache=cache)
    assert seen(rest) <= 24


def test_one_that_is_not_finite_is_a_problem(tmp_path: Path, cache: DiskCache) -> None:
    made = network()
    object.__setattr__(made, "std", [1e-9, 0.25, 0.25])
    _, problems = network_features(
        pictures(tmp_path / "a", 1), made, CPU, tmp_path, silent, cache=cache
    )
    assert problems == {0: "network 'counting' gives no finite features"}


def test_what_was_kept_damaged_is_computed_again(tmp_path: Path, cache: DiskCache) -> None:
    paths = pictures(tmp_path / "a", 1)
    passes = module._Passes(network(), CPU, None)
    with passes:
        (key,) = passes.keys(paths, [0], lambda: None)
    assert key is not None
    cache.write({key: b"short"})
    made = network()
    found, _ = network_features(paths, made, CPU, tmp_path, silent, cache=cache)
    assert seen(made)
    assert found.any()


def test_what_was_computed_is_kept_long_before_the_end(
    tmp_path: Path, cache: DiskCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed keeps nothing from then on: only what it wrote before counts."""
    monkeypatch.setattr(module, "KEPT_AT_ONCE", 16)
    paths = pictures(tmp_path / "a", 48)

    def killed(progress: float | None, label: str) -> None:
        del label
        if progress is not None and progress > 0.6:
            monkeypatch.setattr(cache, "write", lambda items: None)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        network_features(paths, network(), CPU, tmp_path, killed, cache=cache)
    rest = network()
    network_features(paths, rest, CPU, tmp_path, silent, cache=cache)
    assert seen(rest) <= 48 - 16


def test_pictures_of_every_kind_are_seen_as_elsewhere(tmp_path: Path, cache: DiskCache) -> None:
    paths = [str(tmp_path / name) for name in MAKERS]
    for path, make in zip(paths, MAKERS.values(), strict=True):
        make(Path(path))
    windows = windows_of(paths)
    made = network()
    found, problems = network_features(
        paths, made, CPU, tmp_path, silent, cache=cache, windows=windows
    )
    assert problems == {}
    pixels = np.stack([decode_image(path, 16, 3, windows) for path in paths]) / 255
    expected = made.module(torch.from_numpy((pixels - 0.5) / 0.25).float()).numpy()
    np.testing.assert_allclose(found, expected, atol=4e-3)


@pytest.mark.parametrize(("given", "bytes_"), [("", 4 << 30), ("0.5", 1 << 29), ("0", 0)])
def test_the_cache_is_as_large_as_is_said(
    given: str, bytes_: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DECONFUSE_FEATURES_GB", given)
    monkeypatch.setenv("DECONFUSE_CACHE_DIR", str(tmp_path / "other"))
    made: list[int] = []
    monkeypatch.setattr(module, "DiskCache", lambda folder, largest, what: made.append(largest))
    module.feature_cache()
    assert made == [bytes_]
    monkeypatch.undo()
    monkeypatch.setenv("DECONFUSE_CACHE_DIR", str(tmp_path / "other"))
    if given == "0":
        monkeypatch.setenv("DECONFUSE_FEATURES_GB", given)
        paths = pictures(tmp_path / "a", 2)
        for _ in range(2):
            made_anew = network()
            network_features(paths, made_anew, CPU, tmp_path, silent)
            assert seen(made_anew) == 8


@pytest.mark.parametrize("given", ["many", "-1", "nan", "inf"])
def test_a_size_that_is_none_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECONFUSE_FEATURES_GB", given)
    with pytest.raises(InputError, match="DECONFUSE_FEATURES_GB: expected gigabytes"):
        module.feature_cache()
