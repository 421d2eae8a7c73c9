"""A worker that is a fork of the test process: as killable as a started one, and there at once.

Importing FiftyOne and PyTorch takes a started one 13 seconds of a core. It replaces the module
``subprocess`` of ``operators/background.py``.
"""

import os
import traceback
from subprocess import DEVNULL, PIPE
from typing import Any, BinaryIO

import threadpoolctl
from bson import json_util

from tests.plugin.forked import fork

__all__ = ["DEVNULL", "PIPE", "Popen"]


class Popen:
    """What ``_start_process`` and ``_attend`` need of one."""

    def __init__(self, command: list[str], **options: Any) -> None:
        read, write = os.pipe()

        def work() -> None:
            os.close(write)
            _do_what_is_ordered(os.fdopen(read, "rb", buffering=0))

        self.pid = fork(work)
        os.close(read)
        self.stdin = os.fdopen(write, "wb")

    def wait(self) -> int:
        """How it ended, as subprocess says it."""
        _, status = os.waitpid(self.pid, 0)
        self.stdin.close()
        return os.waitstatus_to_exitcode(status)


def _do_what_is_ordered(server: BinaryIO) -> None:
    """As ``operators/background_worker.py``."""
    import fiftyone.operators as foo

    order = json_util.loads(server.readline())
    try:
        with threadpoolctl.threadpool_limits(1):
            foo.get_operator(order["uri"]).carry_out(order, server.fileno())
    except BaseException:
        traceback.print_exc()
        os._exit(1)
