"""The database is killed and restarted under a living writer: what was counted is done."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
STEPS = (
    ("lock", 1),
    ("header", 1),
    ("entries", 2),
    ("written", 1),
    ("committed", 1),
    ("chunk", 2),
    ("delete", 2),
    ("applied", 1),
    ("marked", 1),
)
SAMPLES = 12
AS_TOLD = {"journalled": SAMPLES, "entries": SAMPLES, "done": SAMPLES}


def trials() -> list[tuple[Any, ...]]:
    """Each step of each action; an undo differs from other decisions from its first chunk on.

    At the last two the writer dies as well, after the database was killed at the commit.
    """
    undone = [step for step in STEPS if step[0] in ("entries", "committed", "chunk", "applied")]
    return [
        *(("relabel", *step) for step in STEPS if step[0] != "delete"),
        *(("remove", *step) for step in STEPS),
        *(("relabel then undo", *step) for step in undone),
        *(("remove then undo", *step) for step in undone),
        ("relabel", "committed", 1, "chunk"),
        ("remove", "committed", 1, "chunk"),
    ]


def test_a_killed_database_takes_nothing_back_that_was_counted() -> None:
    script = ROOT / "tests" / "plugin" / "database_kills.py"
    done = subprocess.run(
        [sys.executable, str(script), str(ROOT), *map(json.dumps, trials())],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for trial, result in zip(trials(), results, strict=False):
        told = None if len(trial) > 3 else SAMPLES
        assert result == {"reached": True, "back": True, **AS_TOLD, "told": told}, trial
    assert len(results) == len(trials()), done.stderr[-2000:]
