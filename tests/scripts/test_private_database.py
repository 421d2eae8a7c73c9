"""The scripts' own database: it outlives FiftyOne's last words."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.private_database import DatabaseInUse, PrivateDatabase

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


def test_a_folder_in_use_is_noticed_at_once(tmp_path: Path) -> None:
    first = PrivateDatabase(tmp_path)
    first.wait()
    begun = time.monotonic()
    with pytest.raises(DatabaseInUse, match=str(tmp_path)):
        PrivateDatabase(tmp_path).wait()
    assert time.monotonic() - begun < 20
    first.wait()  # it was left alone


def test_a_database_that_cannot_start_is_noticed_at_once_with_its_log(tmp_path: Path) -> None:
    (tmp_path / "WiredTiger.turtle").write_text("no database")
    (tmp_path / "WiredTiger").write_text("no database")
    begun = time.monotonic()
    with pytest.raises(RuntimeError, match="did not start; its log") as raised:
        PrivateDatabase(tmp_path).wait()
    assert not isinstance(raised.value, DatabaseInUse)
    assert time.monotonic() - begun < 20


def processes_on(folder: Path) -> list[str]:
    """The command lines of the processes that name a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are read in /proc")
def test_nothing_outlives_a_process_that_is_killed(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from scripts.private_database import PrivateDatabase
PrivateDatabase(Path({str(tmp_path / "db")!r})).wait()
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    end = time.monotonic() + 30
    while processes_on(tmp_path) and time.monotonic() < end:
        time.sleep(0.1)
    assert processes_on(tmp_path) == []
