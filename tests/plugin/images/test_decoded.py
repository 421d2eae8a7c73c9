"""All images of a run: in memory, in worker processes, on disk and streamed, all the same."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plugin.errors import Cancelled
from plugin.images import decoded, spread
from plugin.images.decode import decode_image
from plugin.images.decoded import Pixels
from plugin.progress import silent
from tests.traces import temporary

SIZE = 8


@pytest.fixture(autouse=True)
def _folders_are_removed() -> Iterator[None]:
    before = temporary()
    yield
    assert temporary() == before


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """24 noisy colour images; one is missing, one empty, one truncated, one oddly named."""
    folder = tmp_path_factory.mktemp("pixels")
    generator = np.random.default_rng(0)
    found = []
    for i in range(24):
        path = folder / f"{i}.png"
        noise = generator.integers(0, 256, (12, 10, 3)).astype(np.uint8)
        Image.fromarray(noise).save(path)
        found.append(path)
    found[3].unlink()
    found[9].write_bytes(b"")
    found[15].write_bytes(found[15].read_bytes()[:200])
    odd = folder / "ünïcode \N{PILE OF POO} \"quotes' $.png"
    found[20].rename(odd)
    found[20] = odd
    return [str(path) for path in found]


PROBLEMS = {3: "file is missing", 9: "file is empty", 15: "image is truncated"}


def expected(paths: list[str]) -> np.ndarray:
    out = np.zeros((len(paths), 3, SIZE, SIZE), np.uint8)
    for i, path in enumerate(paths):
        if i not in PROBLEMS:
            out[i] = decode_image(path, SIZE, 3)
    return out


def force(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way in ("processes", "disk", "stream"):
        monkeypatch.setattr(spread, "WORTH_A_PROCESS", 10)
        monkeypatch.setattr(spread, "WORKERS", 2)
    if way in ("disk", "few on disk", "stream"):
        monkeypatch.setattr(decoded, "MEMORY_SHARE", 0.0)
    if way == "stream":
        monkeypatch.setattr(decoded, "DISK_SHARE", 0.0)


WAYS = ("in process", "processes", "disk", "few on disk", "stream")


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_same_pixels_and_problems(
    way: str, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    force(way, monkeypatch)
    told: list[float | None] = []
    with Pixels(paths, SIZE, 3, lambda progress, label: told.append(progress)) as found:
        kept = found.in_memory
        assert (kept is None) == (way == "stream")
        assert isinstance(kept, np.memmap) == ("disk" in way)
        order = np.random.default_rng(0).permutation(len(paths))
        batches = list(found.batches(order, 7))
        assert [len(b) for b in batches] == [7, 7, 7, 3]
        np.testing.assert_array_equal(np.concatenate(batches), expected(paths)[order])
        np.testing.assert_array_equal(found.load(order[:5]), expected(paths)[order[:5]])
        assert found.load(order[:0]).shape == (0, 3, SIZE, SIZE)
        assert found.problems == PROBLEMS
    if way != "stream":
        assert told[-1] == 1.0
        assert told == sorted(told, key=lambda p: p or 0)


def test_thousands_of_images_are_decoded_in_processes(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    Image.new("L", (SIZE, SIZE), 99).save(path)
    missing = str(tmp_path / "missing.png")
    many = [str(path)] * spread.WORTH_A_PROCESS
    many[1_234] = missing
    with Pixels(many, SIZE, 1, silent) as found:
        kept = found.in_memory
        assert kept is not None
        assert kept.shape == (spread.WORTH_A_PROCESS, 1, SIZE, SIZE)
        assert found.problems == {1_234: "file is missing"}
        assert (np.delete(kept, 1_234, axis=0) == 99).all()


@pytest.mark.parametrize("way", ["in process", "processes"])
def test_decoding_can_be_cancelled(
    way: str, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    force(way, monkeypatch)

    def report(progress: float | None, label: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        Pixels(paths, SIZE, 3, report)


def test_batches_may_be_left_early(paths: list[str]) -> None:
    with Pixels(paths, SIZE, 3, silent) as found:
        batches = found.batches(np.arange(24), 5)
        next(batches)
        batches.close()
        assert list(found.batches(np.arange(0), 5)) == []


def test_a_worker_that_dies_is_no_black_image(
    paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    force("processes", monkeypatch)
    script = tmp_path / "killed"
    script.write_text("#!/bin/sh\necho a last word >&2\nkill -9 $$\n")
    script.chmod(0o755)
    monkeypatch.setattr(spread.sys, "executable", str(script))
    with pytest.raises(RuntimeError, match=r"reads images died \(-9\)\. a last word"):
        Pixels(paths, SIZE, 3, silent)


def test_a_worker_that_says_much_does_not_block(
    paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    force("processes", monkeypatch)
    script = tmp_path / "talkative"
    script.write_text(
        f'#!/bin/sh\nhead -c 300000 /dev/zero >&2\nexec {spread.sys.executable} "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setattr(spread.sys, "executable", str(script))
    with Pixels(paths, SIZE, 3, silent) as found:
        assert found.problems == PROBLEMS


def test_a_full_disk_is_an_error_and_no_black_image(
    paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    force("disk", monkeypatch)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spread.os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        Pixels(paths, SIZE, 3, silent)
