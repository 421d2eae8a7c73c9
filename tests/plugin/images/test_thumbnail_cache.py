"""The thumbnail cache: impossible, damaged or gone, and pictures are shown all the same."""

import logging
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plugin.images import thumbnail_cache
from plugin.images.thumbnail_cache import Row, ThumbnailCache
from plugin.images.thumbnails import Thumbnail, ThumbnailStore, make_sheet


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
    with closing(sqlite3.connect(folder / "thumbnails.sqlite")) as database:
        return database.execute("SELECT COUNT(*) FROM thumbnails").fetchone()[0]


IMPOSSIBLE: dict[str, Callable[[Path], Path | None]] = {
    "read-only": lambda folder: Path("/proc/nothing/deconfuse"),
    "a file": lambda folder: _made(folder / "file", b""),
    "within a file": lambda folder: _made(folder / "file", b"") / "cache",
    "a folder in its place": lambda folder: _made(folder / "thumbnails.sqlite", None).parent,
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

    monkeypatch.setattr(thumbnail_cache.sqlite3, "connect", full)
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
        database.execute("CREATE TABLE thumbnails (name TEXT)")


def _other_pictures(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE thumbnails SET data = x'00112233445566778899'")


def _other_types(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE thumbnails SET data = 'text', width = 'wide'")


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
    damage(folder / "thumbnails.sqlite")
    if restarted:
        store = ThumbnailStore(folder)
    assert whole(store.get([photo], 64))
    assert whole(store.get([photo], 64))
    made: list[str] = []
    monkeypatch.setattr(
        "plugin.images.thumbnails.make_thumbnail", lambda path, *_: made.append(path)
    )
    assert whole(store.get([photo], 64))
    assert made == [], "it is kept again"


def test_it_never_grows_beyond_its_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnail_cache, "LARGEST", 400_000)
    cache = ThumbnailCache(tmp_path)
    generator = np.random.default_rng(0)
    for i in range(60):
        rows = [Row(f"{i} {k}".encode(), generator.bytes(5_000), 8, 8) for k in range(6)]
        cache.write(rows)
        assert cache.read([rows[0].key]) == {rows[0].key: rows[0]}
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 500_000
    cache.write([Row(b"large", bytes(500_000), 1, 1)])
    assert cache.read([b"large"]) == {}


def test_two_processes_share_it(tmp_path: Path) -> None:
    first, second = ThumbnailCache(tmp_path), ThumbnailCache(tmp_path)
    first.write([Row(b"a", b"picture", 3, 4)])
    assert second.read([b"a", b"b"]) == {b"a": Row(b"a", b"picture", 3, 4)}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(photo: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    assert whole(ThumbnailStore(tmp_path / "cache").get([photo], 64))
