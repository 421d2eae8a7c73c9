"""Which work on a run is going on, in whichever process: read, watched for life, asked to stop."""

from __future__ import annotations

import threading
import time
from typing import Any

from bson import ObjectId
from cachetools import LRUCache

from ..processes import has_died
from .database import collection_of
from .samples import Dataset

COLLECTION = "deconfuse.jobs"
DEAD_AFTER_SECONDS = 30.0
WATCH_SECONDS = 5.0
"""For so long a job must be seen without a beat before its stamp is believed."""

WATCHED = 1_000


def jobs() -> Any:
    """The collection of a document for each job."""
    return collection_of(COLLECTION)


def id_of(dataset: Dataset, run_key: str) -> str:
    """The id of the document of a run's job, of which there is one at a time."""
    return f"{dataset._doc.id}/{run_key}"


def current_job(dataset: Dataset, run_key: str) -> dict[str, Any] | None:
    """The job that a living process is working on for the run, if there is one.

    Returns:
        None, or ``{"task", "progress", "label", "left", "started_at", "seconds", "cancelling"}``:
        ``left`` are the seconds that all the rest will take, None while nobody can tell, and
        ``seconds`` those since it began
    """
    document = found_job(id_of(dataset, run_key))
    return None if document is None or is_dead(document) else _described(document)


def wait_for_follow_up(key: str, until: float) -> bool:
    """Wait for a follow-up to end; whether it did, or none was there."""
    while (document := found_job(key)) is not None and not is_dead(document):
        if not document.get("follow_up") or time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def current_jobs(dataset: Dataset) -> dict[str, dict[str, Any]]:
    """The jobs that living processes are working on for a dataset, by run; see ``current_job``."""
    keys = jobs().distinct("run_key", {"dataset_id": dataset._doc.id})
    found = {key: current_job(dataset, key) for key in sorted(keys)}
    return {key: job for key, job in found.items() if job is not None}


def _described(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "task": document["task"],
        "progress": document["progress"],
        "label": document["label"],
        "left": document.get("left"),
        "started_at": document["started_at"],
        "seconds": document["seconds"],
        "cancelling": document["cancel"],
    }


def running(dataset: Dataset) -> list[str]:
    """The keys of the runs that something is computed on."""
    keys = jobs().distinct("run_key", {"dataset_id": ObjectId(dataset._doc.id)})
    return [key for key in keys if current_job(dataset, key) is not None]


def is_worked_on(dataset_id: Any, run_key: str) -> bool:
    """Whether a living process is working on a run, the dataset of which need not be loaded."""
    document = found_job(f"{dataset_id}/{run_key}")
    return document is not None and not is_dead(document)


def found_job(key: str) -> dict[str, Any] | None:
    """A job's document, with the age of its last beat in seconds by the database's clock."""
    since = {
        name: {"$divide": [{"$subtract": ["$$NOW", f"${field}"]}, 1_000]}
        for name, field in (("age", "beat"), ("seconds", "started_at"))
    }
    return next(jobs().aggregate([{"$match": {"_id": key}}, {"$addFields": since}]), None)


class _Watch:
    """For how long this process has seen jobs without a beat, by its own steady clock."""

    def __init__(self) -> None:
        self._seen: LRUCache[tuple[str, Any], tuple[int, float]] = LRUCache(WATCHED)
        self._lock = threading.Lock()

    def unchanged_for(self, document: dict[str, Any]) -> float:
        """Seconds since the number of beats was first seen to be what it is."""
        key, beats, now = (
            (document["_id"], document["token"]),
            document.get("beats", 0),
            time.monotonic(),
        )
        with self._lock:
            known = self._seen.get(key)
            if known is None or known[0] != beats:
                self._seen[key] = known = (beats, now)
        return now - known[1]


_watch = _Watch()


def is_dead(document: dict[str, Any]) -> bool:
    """Whether a job's process died, or has not been heard of for long.

    A stamp alone proves nothing: the database's clock may have been set forwards, and all living
    jobs would look old, or backwards, and a dead one would look young for long.
    """
    if has_died(document["process"]):
        return True
    silent_for = _watch.unchanged_for(document)
    return silent_for >= (WATCH_SECONDS if _looks_dead(document) else DEAD_AFTER_SECONDS)


def _looks_dead(document: dict[str, Any]) -> bool:
    return abs(document["age"]) > DEAD_AFTER_SECONDS


def dead_for_sure(document: dict[str, Any]) -> bool:
    """As ``is_dead``, watching for some seconds a job that looks dead."""
    until = time.monotonic() + 2 * WATCH_SECONDS
    current: dict[str, Any] | None = document
    while current is not None and current["token"] == document["token"]:
        if is_dead(current):
            return True
        if not _looks_dead(current) or time.monotonic() > until:
            return False
        time.sleep(WATCH_SECONDS / 5)
        current = found_job(document["_id"])
    return False


def cancel_job(dataset: Dataset, run_key: str) -> bool:
    """Ask the job of a run to stop, wherever it runs; False where none is running."""
    if current_job(dataset, run_key) is None:
        return False
    changed = jobs().update_one({"_id": id_of(dataset, run_key)}, {"$set": {"cancel": True}})
    return changed.matched_count == 1
