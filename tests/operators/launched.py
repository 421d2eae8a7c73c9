"""Delegated workers as users start them, ``fiftyone delegated launch``, in their own processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

FIFTYONE = Path(sys.executable).with_name("fiftyone")


class Launched:
    """One ``fiftyone delegated launch``, with a log.

    Args:
        log: a file for what it prints
        environment: what else is set for it
    """

    def __init__(self, log: Path, environment: Mapping[str, str] | None = None):
        self.log = log
        with log.open("w") as out:
            self.process = subprocess.Popen(
                [str(FIFTYONE), "delegated", "launch"],
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )

    def ready(self, seconds: float = 120) -> None:
        """Wait until it looks at the queue."""
        end = time.monotonic() + seconds
        while "service running" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, "it did not start"
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill it with all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def said(self) -> str:
        """What it printed so far."""
        return self.log.read_text()
