"""Workers that are forked from the test's process and die where a test wants them to."""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bson import ObjectId

from plugin.workers import steps
from plugin.workers.worker import serve
from tests.plugin.forked import fork

Reached = Callable[[str, str], None]


class Forked:
    """A place with so many workers, each replaced when it dies; see ``work.Place``.

    Args:
        reached: called at each step in the workers, and told which part
        number: of workers at a time
        prepare: called in each worker before it introduces itself
    """

    nobody = "No forked worker answers."

    def __init__(
        self,
        reached: Reached = lambda step, part: None,
        number: int = 2,
        prepare: Callable[[], None] = lambda: None,
    ):
        self._reached, self._number, self._prepare = reached, number, prepare
        self.pids: set[int] = set()
        self.deaths = 0
        self.over = False

    def begin(self, work: ObjectId, owner: Mapping[str, Any]) -> None:
        self._work = work
        self.tend([])

    def greeted(self, workers: Sequence[Mapping[str, Any]], seconds: float) -> bool:
        return len(workers) >= self._number or seconds > 30

    def tend(self, parts: Sequence[Mapping[str, Any]]) -> None:
        self._reap()
        while len(self.pids) < self._number:
            self.pids.add(fork(self._serve))

    def end(self) -> None:
        end = time.monotonic() + 10
        while self.pids and time.monotonic() < end:
            self._reap()
            time.sleep(0.02)
        self.over = not self.pids
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _serve(self) -> None:
        steps.reached = self._reached
        self._prepare()
        serve(self._work)

    def _reap(self) -> None:
        for pid in list(self.pids):
            with suppress(ChildProcessError):
                found, status = os.waitpid(pid, os.WNOHANG)
                if found:
                    self.pids.discard(pid)
                    self.deaths += os.WIFSIGNALED(status)


class Once:
    """Kills this process the first time that any process reaches each of some steps of a part.

    Args:
        folder: where it is kept who died where
        at: the steps
    """

    def __init__(self, folder: Path, at: Sequence[str]):
        self._folder, self._at = folder, at
        folder.mkdir()

    def __call__(self, step: str, part: str) -> None:
        if step == "computed":
            with (self._folder / "computed.txt").open("a") as file:
                file.write(f"{part}\n")
        if step not in self._at:
            return
        with suppress(FileExistsError):
            os.close(os.open(self._folder / f"{step} {part}", os.O_CREAT | os.O_EXCL))
            os.kill(os.getpid(), signal.SIGKILL)

    def died(self) -> list[str]:
        """Where: step, and kind and name of the part."""
        return sorted(path.name for path in self._folder.iterdir() if path.suffix != ".txt")

    def computed(self) -> list[str]:
        """The parts that were computed, as often as they were."""
        file = self._folder / "computed.txt"
        return file.read_text().splitlines() if file.exists() else []
