"""Kills the database under a living writer, at a step of a decision; run as a script.

    python tests/plugin/database_kills.py ROOT '["relabel", "chunk", 2]' ...

It has a mongod of its own, which flushes its journal seldom, so that what was acknowledged and not
flushed is lost with it. Prints a JSON line a trial: what was told, what the journal says, and
whether the dataset is as it says.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from typing import Any

ROOT = sys.argv[1]
sys.path.insert(0, ROOT)

from scripts.private_database import find_mongod  # noqa: E402

SAMPLES = 12
HOME = tempfile.mkdtemp(prefix="database-kills-")


class Database:
    """A mongod that can be killed and started again on the same files."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        os.mkdir(f"{HOME}/db")
        self.start()

    def start(self) -> None:
        command = [find_mongod(), "--dbpath", f"{HOME}/db", "--logpath", f"{HOME}/log"]
        command += ["--logappend", "--port", str(self.port), "--bind_ip", "127.0.0.1"]
        command += ["--nounixsocket", "--journalCommitInterval", "500"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return

    def restart(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.start()


DATABASE = Database()
os.environ.update(
    FIFTYONE_DATABASE_URI=f"mongodb://127.0.0.1:{DATABASE.port}",
    FIFTYONE_DATABASE_VALIDATION="false",
    FIFTYONE_DO_NOT_TRACK="true",
    FIFTYONE_SHOW_PROGRESS_BARS="false",
)

import fiftyone.core.odm as fo  # noqa: E402

from plugin.decisions import journal, steps  # noqa: E402
from plugin.decisions.recovery import recover_abandoned  # noqa: E402
from plugin.decisions.resolve import resolve  # noqa: E402
from plugin.decisions.undo import undo  # noqa: E402
from plugin.store.runs import Run  # noqa: E402
from tests.plugin.decided import all_raw, ids_of, make_run  # noqa: E402

journal.SAMPLES_PER_CHUNK = 4


def act(run: Run, action: str) -> Any:
    if action == "undo":
        return undo(run)
    ids = ids_of(run)
    return resolve(run, action, ids, label="zoo" if action == "relabel" else None)


class Died(BaseException):
    """The writer is no more; raised in its place."""


def trial(action: str, step: str, occurrence: int, dies_at: str | None = None) -> dict[str, Any]:
    """One decision over which the database dies, and then the writer, in its second chunk."""
    run = make_run(SAMPLES)
    resolve(run, "confirm", ids_of(run)[:1])
    undo(run)
    first, _, second = action.partition(" then ")
    states = [all_raw(run)]
    if second:
        act(run, first)
    states.append(all_raw(run))
    fo.get_db_conn().client.admin.command("fsync")  # all that is there by now is flushed
    seen: Counter[str] = Counter()

    def reached(name: str) -> None:
        seen[name] += 1
        if name == step and seen[name] == occurrence:
            DATABASE.restart()
        elif name == dies_at and seen[name] == 2:
            raise Died

    steps.reached = reached
    told = None
    with contextlib.suppress(Died):
        told = act(run, second or first).applied
    steps.reached = lambda name: None
    recover_abandoned(run)
    header = journal.headers().find_one(run.owner, sort=[("seq", -1)])
    assert header is not None
    found = all_raw(run)
    result = {
        "reached": seen[step] >= occurrence,
        "told": told,
        "journalled": header["applied"] if header["state"] == "applied" else None,
        "entries": journal.entries().count_documents({"decision": header["_id"]}),
        "done": done(second or first, found, states[0]),
    }
    undo(run, str(header["_id"]))
    return result | {"back": all_raw(run) == states[1]}


def done(action: str, found: dict[str, bytes], before: dict[str, bytes]) -> int:
    """How many samples are as the decision says."""
    if action == "undo":
        return sum(found.get(i) == document for i, document in before.items())
    if action == "remove":
        return len(before) - len(found)
    return sum(b"zoo" in document for document in found.values())


try:
    for given in sys.argv[2:]:
        print(json.dumps(trial(*json.loads(given))), flush=True)
except BaseException:
    traceback.print_exc()
finally:
    DATABASE.process.kill()
    DATABASE.process.wait()
    shutil.rmtree(HOME, ignore_errors=True)
    sys.stderr.flush()
    os._exit(0)  # FiftyOne would wait for the database
