"""One task on many files: threads and processes write the same, and end when they are told to."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plugin.errors import Cancelled
from plugin.images import spread
from plugin.images.image_tasks import LOOK, TASKS, work_on
from plugin.images.spread import mapped

SHAPES = {"look": (), "to compare": (9, 12, 3), "for a model": (3, 8, 8)}


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Twelve pictures, one of which is missing."""
    made = [tmp_path / f"{i}.png" for i in range(12)]
    for i, path in enumerate(made):
        pixels = np.random.default_rng(i).integers(0, 256, (9, 12, 3), np.uint8)
        Image.fromarray(pixels).save(path)
    made[5].unlink()
    return [str(path) for path in made]


@pytest.fixture(params=["threads", "processes"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(spread, "WORKERS", 2)
    if request.param == "processes":
        monkeypatch.setattr(spread, "WORTH_A_PROCESS", 1)
    return request.param


@pytest.mark.parametrize("task", SHAPES)
def test_each_file_is_written_to_its_row(
    task: str, way: str, paths: list[str], tmp_path: Path
) -> None:
    dtype = LOOK if task == "look" else np.uint8
    out = mapped(tmp_path / "out", dtype, (20, *SHAPES[task]))
    rows = [19, 3, 4, 18, 0, 7, 1, 2, 5, 6, 11, 10]
    told: list[tuple[float | None, str]] = []
    problems = spread.spread(
        {"task": task, "windows": {}},
        out,
        paths,
        lambda progress, label: told.append((progress, label)),
        "{} of {}",
        rows=rows,
    )
    assert problems == {7: "file is missing"}
    for row, path in zip(rows, paths, strict=True):
        if row != 7:
            expected = TASKS[task](path, SHAPES[task], {})
            assert out[row].tobytes() == np.asarray(expected).tobytes()
    assert not out[[7, 8, 9, 12, 13]].tobytes().strip(b"\0"), "no other row is touched"
    assert told[-1] == (1.0, "12 of 12")
    assert [share for share, _ in told] == sorted(share or 0 for share, _ in told)


def test_nothing_runs_on_when_it_is_cancelled(
    way: str, paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where not one image is done for long."""
    started: list[object] = []
    if way == "processes":
        script = tmp_path / "sleeping"
        script.write_text("#!/bin/sh\nexec sleep 60\n")
        script.chmod(0o755)
        monkeypatch.setattr(spread.sys, "executable", str(script))
        begin = spread.subprocess.Popen

        def noted(*args: object, **options: object) -> object:
            started.append(begin(*args, **options))  # pyright: ignore
            return started[-1]

        monkeypatch.setattr(spread.subprocess, "Popen", noted)
    else:
        monkeypatch.setattr(spread, "CHUNK_OF_A_THREAD", 1)
        real = work_on

        def slow(*args: object) -> object:
            started.append(time.sleep(1))
            return real(*args)  # pyright: ignore

        monkeypatch.setattr(spread, "work_on", slow)

    def stop(progress: float | None, label: str) -> None:
        raise Cancelled

    out = mapped(tmp_path / "out", np.uint8, (12, 3, 8, 8))
    with pytest.raises(Cancelled):
        spread.spread({"task": "for a model"}, out, paths, stop, "{} of {}")
    assert 2 <= len(started) <= 4
    if way == "processes":
        assert [process.returncode for process in started] == [-9, -9]  # pyright: ignore
