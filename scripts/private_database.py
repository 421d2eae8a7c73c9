"""A mongod of one's own, in a folder of one's own, that ends with the process that started it.

FIFTYONE_DATABASE_DIR alone keeps nothing apart: while any FiftyOne of the same user runs, a new
process joins that one's database, whatever folder it asks for. FIFTYONE_DATABASE_URI is obeyed.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

START_SECONDS = 60
# The shell ends when mongod does, and ends it when its standard input closes, which it does however
# the caller ends. What reads it is part of the shell, so that nothing outlives mongod.
WATCH = """
exec 3<&0
"$@" >/dev/null 3<&- & mongod=$!
{ read -r _ <&3; kill $mongod; } 2>/dev/null & reader=$!
wait $mongod; status=$?
kill $reader 2>/dev/null
exit $status
"""
IN_USE = "DBPathInUse"
"""What mongod's log says where another one is at work on the folder."""


class DatabaseInUse(RuntimeError):
    """Another mongod is at work on the folder."""


def temporary_folder(prefix: str) -> Path:
    """A folder that is removed when this process ends, after a database that was made in it."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class PrivateDatabase:
    """A running mongod; ``environment()`` says how a process and its children come to use it.

    Make it before fiftyone is imported. It ends with the process, and later than FiftyOne, which
    asks it for a last time at its own exit and would wait half a minute for an answer.
    """

    def __init__(self, folder: Path, *more_options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.log = folder / "mongod.log"
        options = {"--dbpath": folder, "--logpath": self.log, "--port": self.port}
        command = [find_mongod(), "--nounixsocket", "--bind_ip", "127.0.0.1"]
        command += [str(part) for option in options.items() for part in option]
        command += more_options
        self._watch = subprocess.Popen(
            ["sh", "-c", WATCH, "sh", *command], stdin=subprocess.PIPE, start_new_session=True
        )
        atexit.register(self._stop)

    def environment(self) -> dict[str, str]:
        """What to set before fiftyone is imported."""
        return {
            "FIFTYONE_DATABASE_URI": f"mongodb://127.0.0.1:{self.port}",
            # FiftyOne would warn that the mongod from PyPI is the oldest that it supports
            "FIFTYONE_DATABASE_VALIDATION": "false",
        }

    def wait(self) -> None:
        """Return when mongod answers.

        Raises:
            DatabaseInUse: if another one is at work on the folder
            RuntimeError: if it ended or does not answer; the message ends with its log
        """
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._watch.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        log = self.log.read_text()[-4000:] if self.log.exists() else ""
        if self._watch.poll() is not None and IN_USE in log:
            raise DatabaseInUse(f"another mongod is at work on {self.log.parent}")
        raise RuntimeError(f"mongod did not start; its log:\n{log}")

    def _stop(self) -> None:
        if self._watch.stdin is not None:
            self._watch.stdin.close()
        self._watch.wait(60)


def find_mongod() -> str:
    """The mongod that belongs to the installed FiftyOne, found without importing it.

    Raises:
        FileNotFoundError: if there is none
    """
    spec = importlib.util.find_spec("fiftyone")
    places = spec.submodule_search_locations if spec else None
    for place in places or ():
        path = Path(place) / "db" / "bin" / "mongod"
        if os.access(path, os.X_OK):
            return str(path)
    raise FileNotFoundError("FiftyOne has no mongod here: python3 scripts/setup.py python")
