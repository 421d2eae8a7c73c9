"""What is computed for a run: one work at a time, with progress that every process can see."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError, PyMongoError

from ..errors import Cancelled, InputError
from ..processes import this_process
from ..progress import Report, Waiting, silent
from ..time_left import TimeLeft, time_left
from .current_jobs import (
    current_job,
    dead_for_sure,
    found_job,
    id_of,
    jobs,
    wait_for_follow_up,
)
from .samples import Dataset

logger = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
FOLLOW_UP_SECONDS = 60.0
"""For so long whoever begins another job on the run waits for a follow-up to end."""


def job_in_the_way(dataset: Dataset, run_key: str) -> dict[str, Any] | None:
    """As ``current_job``, after a follow-up has ended: nobody began that, nor knows to wait for it.

    Waits ``FOLLOW_UP_SECONDS`` at most.
    """
    key = id_of(dataset, run_key)
    wait_for_follow_up(key, time.monotonic() + FOLLOW_UP_SECONDS)
    return current_job(dataset, run_key)


_host: ContextVar[Job | None] = ContextVar("deconfuse_host", default=None)


@contextmanager
def hosting(job: Job) -> Iterator[None]:
    """Let jobs on the same run that are begun inside of the block, by its thread, be this one."""
    before = _host.set(job)
    try:
        yield
    finally:
        _host.reset(before)


class Job:
    """One computation on a run; only one at a time may work on each.

    Use it as a context manager and call it as a :class:`Report`. A heartbeat tells other processes
    that it lives: beats are counted, and stamped with the database's clock. A job whose stamp is
    more than 30 seconds off, and that is watched for some seconds without a beat, counts as dead
    and may be replaced; at once where its process ran on this machine and no longer does. So no
    machine's clock matters, and no step of the database's.

    Args:
        dataset: the dataset
        run_key: the run, which need not exist yet; empty for work on no run
        task: what is done, for a person to read
        listener: told of progress as well (a delegated operation, a terminal)
        process: the process that will do the work, if it is another one (see ``processes``). This
            one keeps the place for it, beats as long as it waits for it, and reports nothing
        token: of the job that another process keeps for this one
        follow_up: whether it only brings samples up to date after something else, which others
            that begin wait for

    Raises:
        InputError: if another process is working on the run; on a follow-up, for a minute
        Cancelled: if the place that ``token`` names is kept no more
    """

    def __init__(
        self,
        dataset: Dataset,
        run_key: str,
        task: str,
        listener: Report = silent,
        *,
        process: Mapping[str, Any] | None = None,
        token: ObjectId | None = None,
        follow_up: bool = False,
    ):
        self._key = id_of(dataset, run_key)
        self._owner = {"dataset_id": dataset._doc.id, "run_key": run_key}
        self._task = task
        self._listener = listener
        self._state: tuple[float | None, str] = (None, "Starting")
        self._process = process
        self._kept = token is not None
        self._follow_up = follow_up
        self.token = token or ObjectId()
        self._host: Job | None = None
        self._time = TimeLeft()
        self._cancelled = threading.Event()
        self._why = "was cancelled; nothing was kept"
        self._stopped = threading.Event()
        self._told = 0.0
        self.reported_at = time.monotonic()

    def __enter__(self) -> Job:
        host = _host.get()
        if host is not None and host is not self and host._key == self._key:
            self._host, host._task = host, self._task
            return self
        if self._kept:
            self._take_over()
        else:
            self._claim()
        self._thread = threading.Thread(target=self._beat, name="deconfuse-heartbeat", daemon=True)
        self._thread.start()
        return self

    def _claim(self) -> None:
        earlier = found_job(self._key)
        if earlier is not None and dead_for_sure(earlier):
            jobs().delete_one({"_id": self._key, "token": earlier["token"]})
        fresh = {
            **self._owner,
            "task": self._task,
            "progress": None,
            "label": "Starting",
            "left": None,
            "process": self._process or this_process(),
            "beats": 0,
            "cancel": False,
            "follow_up": self._follow_up,
        }
        values: dict[str, Any] = {name: {"$literal": value} for name, value in fresh.items()}
        values |= {"started_at": "$$NOW", "beat": "$$NOW"}
        until = time.monotonic() + (0 if self._follow_up else FOLLOW_UP_SECONDS)
        while True:
            try:
                jobs().update_one(self._mine(), [{"$set": values}], upsert=True)
                return
            except DuplicateKeyError:
                if not wait_for_follow_up(self._key, until):
                    found = found_job(self._key) or fresh
                    raise InputError(busy(self._owner["run_key"], found)) from None

    def _take_over(self) -> None:
        document = self._told_of_life()
        if document is None or document["cancel"]:
            jobs().delete_one(self._mine())
            raise Cancelled(f"{self._task} {self._why}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._host is not None:
            return
        self._stopped.set()
        self._thread.join()
        jobs().delete_one(self._mine())

    def __call__(self, progress: float | None, label: str) -> None:
        """Report progress.

        Raises:
            Cancelled: if somebody asked the job to stop
        """
        if self._host is not None:
            self._host(progress, label)
            return
        if self._cancelled.is_set():
            raise Cancelled(f"{self._task} {self._why}")
        self._note(progress, label)

    def note(self, progress: float | None, label: str) -> None:
        """Report progress of what cannot be cancelled any more, since it is kept already."""
        if self._host is not None:
            self._host.note(progress, label)
            return
        self._note(progress, label)

    def _note(self, progress: float | None, label: str) -> None:
        waits = isinstance(label, Waiting)
        begins_to_wait = waits and label != self._state[1]
        if waits:  # the pace is measured anew once it goes on
            self._time = TimeLeft()
        else:
            self._time.told(progress)
        self._state = (progress, str(label))
        now = self.reported_at = time.monotonic()
        if now - self._told >= 0.2 or progress in (0.0, 1.0) or begins_to_wait:
            self._told = now
            left = time_left(self._time.seconds()) if progress != 1.0 else ""
            self._listener(progress, f"{label}, {left}" if left else label)

    def cancel(self, why: str | None = None) -> None:
        """Stop at the next report; ``why`` goes on after the task, such as ``was cancelled``."""
        asked = self._host or self
        asked._why = why or asked._why
        asked._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._cancelled.is_set()

    def _mine(self) -> dict[str, Any]:
        return {"_id": self._key, "token": self.token}

    def _beat(self) -> None:
        while not self._stopped.wait(BEAT_SECONDS):
            try:
                document = self._told_of_life()
            except PyMongoError as error:  # the database is away: it may come back
                logger.warning("A job's sign of life could not be written: %s", error)
                continue
            if document is None or document["cancel"]:
                self._cancelled.set()

    def _told_of_life(self) -> dict[str, Any] | None:
        values: dict[str, Any] = {"beats": {"$add": ["$beats", 1]}, "beat": "$$NOW"}
        if self._process is None:
            progress, label = self._state
            state = {"progress": progress, "label": label, "left": self._time.seconds()}
            state["task"] = self._task
            values |= {name: {"$literal": value} for name, value in state.items()}
        return jobs().find_one_and_update(self._mine(), [{"$set": values}])


def busy(run_key: str, job: Mapping[str, Any]) -> str:
    """Why nothing else can be begun on a run."""
    what = f"Run '{run_key}'" if run_key else "The dataset"
    return f"{what} is being worked on: {job['task']} ({job['label']}). Wait for it, or cancel it."
