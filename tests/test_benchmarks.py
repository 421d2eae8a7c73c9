"""Benchmarks start: each script shows its options, and all that they import is where they say."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "benchmarks").glob("*.py"))
SCRIPTS = [path for path in FILES if '__name__ == "__main__"' in path.read_text()]
# One process for all of them, which imports PyTorch once.
SHOW_HELP = """
import contextlib, io, json, os, runpy, sys, traceback
wrong = {}
for script in sys.argv[1:]:
    sys.argv, said = [script, "--help"], io.StringIO()
    sys.path.insert(0, os.path.dirname(script))
    try:
        with contextlib.redirect_stdout(said):
            runpy.run_path(script, run_name="__main__")
        wrong[script] = "did not take --help"
    except SystemExit as end:
        if end.code or "usage:" not in said.getvalue():
            wrong[script] = f"ended with {end.code}"
    except BaseException:
        wrong[script] = traceback.format_exc()
    sys.path.pop(0)
print(json.dumps(wrong))
"""


@pytest.mark.slow
def test_every_script_shows_its_options() -> None:
    assert len(SCRIPTS) > 20
    command = [sys.executable, "-c", SHOW_HELP, *map(str, SCRIPTS)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert json.loads(ended.stdout.splitlines()[-1]) == {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_they_import_is_there(path: Path) -> None:
    """Late imports too: many are made only where a part of a benchmark is asked for."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("plugin"):
            module = importlib.import_module(node.module or "")
            for name in (alias.name for alias in node.names):
                there = hasattr(module, name) or _is_module(f"{node.module}.{name}")
                assert there, f"line {node.lineno}: {node.module} has no {name}"


def _is_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
