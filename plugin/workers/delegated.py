"""Workers that FiftyOne's users start: ``fiftyone delegated launch``, on any machine.

Each takes one queued operation, whose whole work it is to take parts until there are no more. So
that any number can join at any time, one operation more is always queued than was taken. What a
caller leaves in FiftyOne's list by dying, the next one takes away.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.operators.executor import ExecutionContext

from ..errors import InputError
from ..store.database import collection_of
from . import store
from .watch import Watch

logger = logging.getLogger(__name__)

OPERATOR = "@deconfuse/label-errors/work_on_parts"
COLLECTION = "delegated_ops"
FIRST_SECONDS = 60.0
"""So long the first worker is waited for: one that is idle answers within seconds."""
QUIET_SECONDS = 2.0
"""When nobody has taken an operation for so long, and all who did answered, all are there."""
AFTER_A_PROBLEM_SECONDS = 30.0
TEND_SECONDS = 0.5
SWEEP_SECONDS = 5.0
END_SECONDS = 2.0


class Delegated:
    """The delegated workers of FiftyOne; see ``work.Place``."""

    nobody = (
        "No delegated worker answers. Start one on each machine with 'fiftyone delegated launch'."
    )

    def __init__(self, first_seconds: float = FIRST_SECONDS) -> None:
        self._first_seconds = first_seconds
        self._service = DelegatedOperationService()
        self._calls: list[ObjectId] = []
        self._taken: set[ObjectId] = set()
        self._failed: set[ObjectId] = set()
        self._begun = False
        self._watch, self._callers = Watch(), Watch()
        self._changed = self._tended = time.monotonic()

    def begin(self, work: ObjectId, owner: Mapping[str, Any]) -> None:
        """Queue the first operation."""
        self._work, self._owner = work, owner
        self._changed = time.monotonic()
        self._sweep()
        self._call()

    def greeted(self, workers: Sequence[Mapping[str, Any]], seconds: float) -> bool:
        """Whether a worker answered, and nobody else took an operation lately."""
        if not workers:
            return seconds >= self._first_seconds and not self._others_work()
        silent = len(self._taken) > len(workers) and seconds < self._first_seconds
        return not silent and time.monotonic() - self._changed >= QUIET_SECONDS

    def _others_work(self) -> bool:
        """Whether workers are busy with the parts of another run, and will come when it is over."""
        others = store.workers().find({"work": {"$ne": self._work}, "problem": None})
        return any(not self._watch.is_dead(worker) for worker in others)

    def tend(self, parts: Sequence[Mapping[str, Any]]) -> None:
        """Queue another operation where the last one was taken."""
        now = time.monotonic()
        self._begun = self._begun or bool(parts)
        if now - self._tended < TEND_SECONDS:
            return
        self._tended = now
        if now - self._swept >= SWEEP_SECONDS:
            self._sweep()
        states = self._states()
        taken = {call for call in self._calls if states.get(call) != "queued"}
        if taken != self._taken:
            self._taken, self._changed = taken, now
        self._explain({call for call in taken if states.get(call) == "failed"})
        ended = {call for call in taken if states.get(call) in ("completed", "failed")}
        lately = ended and now - self._changed < AFTER_A_PROBLEM_SECONDS
        if len(taken) == len(self._calls) and not lately:
            self._call()

    def end(self) -> None:
        """Take what is queued out of the queue, and what is left of our operations."""
        ours = {"_id": {"$in": self._calls}}
        collection_of(COLLECTION).delete_many({**ours, "run_state": "queued"})
        until = time.monotonic() + END_SECONDS
        while "running" in self._states().values() and time.monotonic() < until:
            time.sleep(0.05)  # FiftyOne notes the end of what left a moment ago
        collection_of(COLLECTION).delete_many(ours)

    def _sweep(self) -> None:
        """Take away what callers left that are dead: FiftyOne would list it for ever."""
        self._swept = time.monotonic()
        work = "context.request_params.params.work"  # not there where somebody asked by hand
        asked = {"operator": OPERATOR, work: {"$type": "string"}}
        # Before their works: whoever lives has said so before it called anybody.
        found = list(collection_of(COLLECTION).find(asked, {work: 1}))
        calls: dict[str, list[ObjectId]] = {}
        for document in found:
            params = document["context"]["request_params"]["params"]
            calls.setdefault(params["work"], []).append(document["_id"])
        calls.pop(str(self._work), None)
        for name, left in calls.items():
            if ObjectId.is_valid(name) and self._is_left(ObjectId(name)):
                collection_of(COLLECTION).delete_many({"_id": {"$in": left}})

    def _is_left(self, work: ObjectId) -> bool:
        """Whether nobody coordinates a work, nor is still at a part of it."""
        caller = store.find_work(work)
        if caller is not None and not self._callers.is_dead(caller):
            return False
        return all(self._watch.is_dead(worker) for worker in store.joined(work))

    def _call(self) -> None:
        request = {
            "dataset_id": str(self._owner["dataset_id"]),
            "params": {"work": str(self._work)},
            "delegated": True,
        }
        queued = self._service.queue_operation(
            operator=OPERATOR,
            label="Label errors: work on parts",
            context=ExecutionContext(request_params=request, operator_uri=OPERATOR),
            rerunnable=False,
        )
        self._calls.append(queued.id)

    def _explain(self, failed: set[ObjectId]) -> None:
        """Say why an operation failed before it could look whether it can work.

        Raises:
            InputError: before there is any part
        """
        for call in failed - self._failed:
            found = collection_of(COLLECTION).find_one({"_id": call}, {"result.error": 1}) or {}
            error = str((found.get("result") or {}).get("error") or "").strip()
            last = error.splitlines()[-1][:300] if error else "it says nothing more"
            if not self._begun:
                raise InputError(
                    f"workers: A delegated worker cannot load the plugin: {last}. Install the same "
                    "version of it there, and start the worker anew. Nothing was begun."
                )
            logger.warning("A delegated worker failed: %s", last)
        self._failed |= failed

    def _states(self) -> dict[ObjectId, str]:
        found = collection_of(COLLECTION).find({"_id": {"$in": self._calls}}, {"run_state": 1})
        return {document["_id"]: document["run_state"] for document in found}
