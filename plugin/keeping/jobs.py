"""What is being computed for a run: progress that every process can see, and a way to cancel it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

import fiftyone.core.odm as foo
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from ..errors import Cancelled, InputError
from ..progress import Report, silent
from .processes import has_died, this_process
from .samples import Dataset

COLLECTION = "deconfuse.jobs"
BEAT_SECONDS = 1.0
DEAD_AFTER = timedelta(seconds=30)


def _jobs() -> Any:
    return foo.get_db_conn()[COLLECTION]


def _id(dataset: Dataset, run_key: str) -> str:
    return f"{dataset._doc.id}/{run_key}"


def current_job(dataset: Dataset, run_key: str) -> dict[str, Any] | None:
    """The job that a living process is working on for the run, if there is one.

    Returns:
        None, or ``{"task", "progress", "label", "started_at", "cancelling"}``
    """
    document = _jobs().find_one({"_id": _id(dataset, run_key)})
    if document is None or _is_dead(document):
        return None
    return {
        "task": document["task"],
        "progress": document["progress"],
        "label": document["label"],
        "started_at": document["started_at"],
        "cancelling": document["cancel"],
    }


def _is_dead(document: dict[str, Any]) -> bool:
    silent_for = datetime.now(UTC) - document["beat"].replace(tzinfo=UTC)
    return silent_for > DEAD_AFTER or has_died(document["process"])


def cancel_job(dataset: Dataset, run_key: str) -> bool:
    """Ask the job of a run to stop, wherever it runs; False where none is running."""
    if current_job(dataset, run_key) is None:
        return False
    changed = _jobs().update_one({"_id": _id(dataset, run_key)}, {"$set": {"cancel": True}})
    return changed.matched_count == 1


class Job:
    """One computation on a run; only one at a time may work on each.

    Use it as a context manager and call it as a :class:`Report`. A heartbeat tells other processes
    that it lives; a job without one for 30 seconds counts as dead and may be replaced, and at once
    where its process ran on this machine and no longer does.

    Args:
        dataset: the dataset
        run_key: the run, which need not exist yet
        task: what is done, for a person to read
        listener: told of progress as well (the App, a delegated operation, a terminal)

    Raises:
        InputError: if another process is working on the run
    """

    def __init__(self, dataset: Dataset, run_key: str, task: str, listener: Report = silent):
        self._key = _id(dataset, run_key)
        self._owner = {"dataset_id": dataset._doc.id, "run_key": run_key}
        self._task = task
        self._listener = listener
        self._state: tuple[float | None, str] = (None, "Starting")
        self._token = ObjectId()
        self._cancelled = threading.Event()
        self._stopped = threading.Event()
        self._told = 0.0

    def __enter__(self) -> Job:
        now = datetime.now(UTC)
        document = {
            "_id": self._key,
            **self._owner,
            "token": self._token,
            "task": self._task,
            "progress": None,
            "label": "Starting",
            "process": this_process(),
            "started_at": now,
            "beat": now,
            "cancel": False,
        }
        earlier = _jobs().find_one({"_id": self._key})
        if earlier is not None and _is_dead(earlier):
            _jobs().delete_one({"_id": self._key, "token": earlier["token"]})
        try:
            _jobs().insert_one(document)
        except DuplicateKeyError:
            running = _jobs().find_one({"_id": self._key}) or document
            raise InputError(
                f"Run '{self._owner['run_key']}' is being worked on: {running['task']} "
                f"({running['label']}). Wait for it, or cancel it."
            ) from None
        self._thread = threading.Thread(target=self._beat, name="deconfuse-heartbeat", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()
        _jobs().delete_one({"_id": self._key, "token": self._token})

    def __call__(self, progress: float | None, label: str) -> None:
        """Report progress.

        Raises:
            Cancelled: if somebody asked the job to stop
        """
        if self._cancelled.is_set():
            raise Cancelled(f"{self._task} was cancelled; nothing was kept")
        self._state = (progress, label)
        now = time.monotonic()
        if now - self._told >= 0.2 or progress in (0.0, 1.0):
            self._told = now
            self._listener(progress, label)

    def cancel(self) -> None:
        """Stop at the next report."""
        self._cancelled.set()

    def _beat(self) -> None:
        while not self._stopped.wait(BEAT_SECONDS):
            progress, label = self._state
            document = _jobs().find_one_and_update(
                {"_id": self._key, "token": self._token},
                {
                    "$set": {
                        "beat": datetime.now(UTC),
                        "progress": progress,
                        "label": label,
                    }
                },
            )
            if document is None or document["cancel"]:
                self._cancelled.set()
