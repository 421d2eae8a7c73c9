"""The cache on disk: impossible, damaged or gone, and pictures are shown all the same."""

import logging
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plugin.disk_cache import DiskCache
from plugin.images.thumbnails import Thumbnail, ThumbnailStore, make_sheet

FILE = "thumbnails/cache.db"


@pytest.fixture
def photo(tmp_path: Path) -> str:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    path = tmp_path / "photo.jpg"
    Image.fromarray(pixels).save(path)
    return str(path)


def whole(found: list[Thumbnail]) -> bool:
    make_sheet(found, 64)
    return all(not t.problem and t.open().size == (64, 48) for t in found)


def kept(folder: Path) -> int:
    with closing(sqlite3.connect(folder / FILE)) as database:
        return database.execute("SELECT COUNT(*) FROM Cache").fetchone()[0]


IMPOSSIBLE: dict[str, Callable[[Path], Path | None]] = {
    "read-only": lambda folder: Path("/proc/nothing/deconfuse"),
    "a file": lambda folder: _made(folder / "file", b""),
    "within a file": lambda folder: _made(folder / "file", b"") / "cache",
    "a folder in its place": lambda folder: _made(folder / FILE, None).parents[1],
    "no home": lambda folder: None,
}


def _made(path: Path, content: bytes | None) -> Path:
    if content is None:
        path.mkdir(parents=True)
    else:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_pictures_go_on_without_it(
    name: str, photo: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = IMPOSSIBLE[name](tmp_path)
    with caplog.at_level(logging.WARNING):
        store = ThumbnailStore(place)
        assert whole(store.get([photo], 64))
        assert whole(store.get([photo, photo], 64))
    assert len(caplog.records) == 1, "said once"
    assert "cannot be kept" in caplog.text


def test_a_full_disk_costs_only_time(
    photo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ThumbnailStore(tmp_path / "cache")
    real = sqlite3.connect

    def full(*args: Any, **options: Any) -> Any:
        found = real(*args, **options)
        found.execute("CREATE TABLE IF NOT EXISTS filled (x)")
        found.execute("PRAGMA max_page_count = 1")
        return found

    monkeypatch.setattr(sqlite3, "connect", full)
    noise = np.random.default_rng(0).integers(0, 256, (9, 90, 90, 3), dtype=np.uint8)
    paths = []
    for i, pixels in enumerate(noise):
        paths.append(str(tmp_path / f"{i}.png"))
        Image.fromarray(pixels).save(paths[-1])
    assert not any(t.problem for t in store.get(paths, 90))
    monkeypatch.undo()
    assert whole(store.get([photo], 64))
    assert kept(tmp_path / "cache") == 1


def _overwritten(file: Path) -> None:
    file.write_bytes(b"no database at all" * 1_000)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5_000])


def _emptied(file: Path) -> None:
    file.write_bytes(b"")


def _scrambled(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[200:] = np.random.default_rng(0).integers(0, 256, len(data) - 200).astype("u1").tobytes()
    file.write_bytes(data)


def _of_another_shape(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE Cache (name TEXT)")


def _other_pictures(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE Cache SET value = x'00112233445566778899'")


def _other_types(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE Cache SET value = 'text', mode = 'wide'")


DAMAGE = [
    _overwritten,
    _cut,
    _emptied,
    _scrambled,
    _of_another_shape,
    _other_pictures,
    _other_types,
    lambda file: file.unlink(),
    lambda file: shutil.rmtree(file.parent),
]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("restarted", [False, True])
def test_what_is_damaged_or_gone_is_begun_anew(
    damage: Callable[[Path], None],
    restarted: bool,
    photo: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "cache"
    store = ThumbnailStore(folder)
    store.get([photo], 64)
    damage(folder / FILE)
    began = time.monotonic()
    if restarted:
        store = ThumbnailStore(folder)
    assert whole(store.get([photo], 64))
    assert whole(store.get([photo], 64))
    assert time.monotonic() - began < 30, "diskcache waits for a minute"
    made: list[str] = []
    monkeypatch.setattr(
        "plugin.images.thumbnails.make_thumbnail", lambda path, *_: made.append(path)
    )
    assert whole(store.get([photo], 64))
    assert made == [], "it is kept again"


def test_what_others_put_there_is_never_unpickled(photo: str, tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path)
    first = store.get([photo], 64)
    with closing(sqlite3.connect(tmp_path / FILE)) as database, database:
        told = pickle.dumps(_Touch(str(tmp_path / "touched")))
        database.execute("UPDATE Cache SET value = ?, mode = 4", (told,))
    assert store.get([photo], 64) == first
    assert not (tmp_path / "touched").exists()


class _Touch:
    def __init__(self, path: str):
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


def test_it_never_grows_beyond_its_cap(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 400_000, "Pictures")
    generator = np.random.default_rng(0)
    for i in range(60):
        items = {f"{i} {k}".encode(): generator.bytes(5_000) for k in range(6)}
        cache.write(items)
        assert cache.read(items) == items
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 500_000
    written = [f"{i} 0".encode() for i in range(60)]
    kept = list(cache.read(written))
    assert 4 <= len(kept) < 20
    assert kept == written[-len(kept) :], "the oldest went first"
    cache.write({b"large": bytes(500_000)})
    assert cache.read([b"large"]) == {}


def test_two_processes_share_it(tmp_path: Path) -> None:
    first, second = (DiskCache(tmp_path, 1 << 20, "Pictures") for _ in range(2))
    first.write({b"a": b"picture"})
    assert second.read([b"a", b"b"]) == {b"a": b"picture"}


def test_threads_share_it(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 1 << 20, "Pictures")

    def both(i: int) -> bool:
        cache.write({b"%d" % i: b"picture %d" % i})
        return cache.read([b"%d" % i]) == {b"%d" % i: b"picture %d" % i}

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(both, range(100)))
    assert len(cache.read([b"%d" % i for i in range(100)])) == 100


def test_a_file_that_somebody_holds_is_not_waited_for(
    photo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.disk_cache.PATIENCE_SECONDS", 0.1)
    ThumbnailStore(tmp_path).get([photo], 32)
    store = ThumbnailStore(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert whole(store.get([photo], 64))
        assert time.monotonic() - began < 5.0
        monkeypatch.setattr("plugin.disk_cache.PATIENCE_SECONDS", 60.0)
        began = time.monotonic()
        assert whole(store.get([photo], 64))
        assert time.monotonic() - began < 5.0, "it was waited for already"
    monkeypatch.setattr("plugin.disk_cache.REST_SECONDS", 0.0)
    assert whole(store.get([photo], 64))
    assert kept(tmp_path) == 2, "it is free again"


@pytest.mark.parametrize("also", [[], ["-wal", "-shm"]])
def test_what_is_emptied_while_another_process_reads_it_is_begun_anew(
    also: list[str], tmp_path: Path
) -> None:
    DiskCache(tmp_path, 1 << 20, "Pictures").write({b"a": b"picture"})
    file = tmp_path / "cache.db"
    reads = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); "
    reads += "print(d.execute('SELECT COUNT(*) FROM Cache').fetchall(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", reads, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"[(1,)]\n"
        for end in ["", *also]:
            file.with_name(file.name + end).write_bytes(b"")
        began = time.monotonic()
        cache = DiskCache(tmp_path, 1 << 20, "Pictures")
        cache.write({b"b": b"another"})
        assert cache.read([b"a", b"b"]) == {b"b": b"another"}
        assert time.monotonic() - began < 30
        other.communicate(b"\n")
    assert DiskCache(tmp_path, 1 << 20, "Pictures").read([b"b"]) == {b"b": b"another"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(photo: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    assert whole(ThumbnailStore(tmp_path / "cache").get([photo], 64))


def test_the_file_that_earlier_versions_left_is_deleted(photo: str, tmp_path: Path) -> None:
    for end in ("", "-wal"):
        (tmp_path / f"thumbnails.sqlite{end}").write_bytes(b"large")
    assert whole(ThumbnailStore(tmp_path).get([photo], 64))
    assert [path.name for path in tmp_path.glob("thumbnails*")] == ["thumbnails"]
