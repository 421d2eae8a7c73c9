"""Children of the test process that make decisions and die; a fork costs milliseconds."""

import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any

import pymongo
from fiftyone.core.odm import database

from plugin.decisions import journal, steps


def fork(work: Callable[[], Any]) -> int:
    """Run ``work`` in a child with a database connection of its own; the child's pid."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        options: Any = database._connection_kwargs
        database._client = pymongo.MongoClient(**options, directConnection=True)
        journal.ensure_indexes = lambda client: None
        if "torch" in sys.modules:  # OpenMP's threads are not there after a fork, and waited for
            torch: Any = sys.modules["torch"]
            torch.set_num_threads(1)
            torch.set_num_threads = lambda count: None
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def died(pid: int) -> bool:
    """Wait for a child; whether it was killed. AssertionError if it failed."""
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the child's traceback is above"
    return False


def enough(killed: Counter[str], least: int, kinds: int) -> bool:
    """Whether so many died, and in more than half of the ways; which these are is drawn."""
    return sum(killed.values()) >= least and len(killed) > kinds // 2


def kill_at(step: str, occurrence: int) -> None:
    """Let this process kill itself when it reaches a step for the n-th time."""
    seen = 0

    def reached(name: str) -> None:
        nonlocal seen
        seen += name == step
        if name == step and seen == occurrence:
            os.kill(os.getpid(), signal.SIGKILL)

    steps.reached = reached
