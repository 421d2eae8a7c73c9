"""Temporary folders: what a killed process left is removed by the next, and nothing else is."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from plugin import scratch
from plugin.scratch import scratch_folder, sweep_scratch
from tests.plugin.forked import died, fork


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return


def left_by_a_killed_process(what: str = "pixels") -> Path:
    def work() -> None:
        (scratch_folder(what) / "pixels").write_bytes(bytes(1_000))
        os.kill(os.getpid(), signal.SIGKILL)

    before = set(Path(tempfile.gettempdir()).iterdir())
    assert died(fork(work))
    (made,) = set(Path(tempfile.gettempdir()).iterdir()) - before
    return made


def test_what_a_killed_process_left_goes_with_the_next_folder() -> None:
    left = left_by_a_killed_process()
    mine = scratch_folder("compare")
    assert not left.exists()
    assert mine.is_dir()
    sweep_scratch()
    assert mine.is_dir(), "its process lives"


def test_what_a_living_process_has_stays() -> None:
    ready, release = os.pipe(), os.pipe()

    def work() -> None:
        scratch_folder("pixels")
        os.write(ready[1], b"x")
        os.read(release[0], 1)

    pid = fork(work)
    os.read(ready[0], 1)
    sweep_scratch()
    assert len(list(Path(tempfile.gettempdir()).iterdir())) == 1
    os.write(release[1], b"x")
    assert not died(pid)
    sweep_scratch()
    assert not list(Path(tempfile.gettempdir()).iterdir()), "it ended without removing it"


def test_nothing_else_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = left_by_a_killed_process()
    renamed = [
        left.with_name(left.name.replace("deconfuse", "other")),
        left.with_name("deconfuse-pixels-abcdefgh"),
        left.with_name(left.name + "-file"),
    ]
    for place in renamed[:2]:
        shutil.copytree(left, place)
    renamed[2].write_text("no folder")
    target = tmp_path / "precious"
    target.mkdir()
    (target / "kept").touch()
    link = left.with_name(left.name + "-link")
    link.symlink_to(target)
    sweep_scratch()
    assert not left.exists()
    assert all(place.exists() for place in [*renamed, link, target / "kept"])


def test_folders_of_other_machines_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    left = left_by_a_killed_process()
    me = scratch.this_process()
    monkeypatch.setattr(scratch, "this_process", lambda: {**me, "host": "another"})
    sweep_scratch()
    assert left.exists()
    monkeypatch.setattr(scratch, "this_process", lambda: {**me, "kernel": "after a restart"})
    sweep_scratch()
    assert left.exists(), "it may be another container of this name"
    os.utime(left, (0, 0))
    sweep_scratch()
    assert not left.exists()
