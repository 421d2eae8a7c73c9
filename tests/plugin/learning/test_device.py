"""With how many threads is trained."""

from __future__ import annotations

import os

import pytest

from plugin.learning.device import usual_threads


@pytest.mark.parametrize(
    ("asked", "threads"),
    [("3", 3), ("4,2", 4), (" 2 ", 2), (None, 4), ("", 4), ("0", 4), ("-1", 4), ("many", 4)],
)
def test_as_many_as_are_asked_for_or_half_of_the_processors(
    monkeypatch: pytest.MonkeyPatch, asked: str | None, threads: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if asked is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert usual_threads() == threads


def test_one_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usual_threads() == 1
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert usual_threads() == 1
