"""The scripts' own database: it outlives FiftyOne's last words."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
LIST = """
import os, sys
from pathlib import Path
from scripts.private_database import PrivateDatabase
database = PrivateDatabase(Path(sys.argv[1]))
os.environ.update(database.environment())
database.wait()
import fiftyone as fo
print(fo.list_datasets())
"""
MAKE = """
fo.Dataset("passing")
fo.Dataset("lasting", persistent=True)
"""


def listed(script: str, folder: Path) -> str:
    """What a script in a process of its own prints last."""
    command = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_fiftyone_tidies_up_before_the_database_ends(tmp_path: Path) -> None:
    """At its exit FiftyOne deletes what is not persistent; a database that is gone holds it up."""
    assert listed(LIST + MAKE, tmp_path) == "[]"
    assert listed(LIST, tmp_path) == "['lasting']"
