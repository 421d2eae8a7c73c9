"""Workers of a Ray cluster: one task a part, with the processors and GPUs that Ray has for it.

Nothing of Ray is imported before somebody asks for it. A task loads the plugin through FiftyOne, as
a delegated worker does, so that every node needs the same installation, database and media.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from bson import ObjectId

from ..errors import InputError, told
from ..progress import Report, Waiting, silent
from . import store
from .choices import RAY_ADDRESS

logger = logging.getLogger(__name__)

OPERATOR = "@deconfuse/label-errors/work_on_parts"
EXTRA = "ray[client]>=2.60,<3"
SERVER_FAILED = "Initialization failure from server"
"""So begins what Ray's client says where the head's own server for it did not come up: with gRPC's
handlers of forks the new process now and then dies of a segmentation fault (Ray 2.60)."""
KNOCK_SECONDS = 5.0
HELLO_SECONDS = 90.0
"""So long every node is waited for: a new process there loads FiftyOne first."""


class OnRay:
    """The nodes of a Ray cluster; see ``work.Place``.

    Args:
        address: ``ray://host:port`` for a cluster elsewhere; None for the one that this machine
            belongs to, or that RAY_ADDRESS names
        report: told that it is being connected to, which takes seconds

    Raises:
        InputError: if Ray is not installed, or no cluster answers
    """

    nobody = "No node of the Ray cluster answers."

    def __init__(self, address: str | None, report: Report = silent):
        try:
            self._ray: Any = import_module("ray")
        except ImportError:
            raise InputError(
                f"workers: the package ray is not installed: pip install '{EXTRA}'"
            ) from None
        self._mine = not self._ray.is_initialized()
        if self._mine:
            self._connect(address, report)
        self._tasks: dict[str, Any] = {}
        self._greetings: dict[str, Any] = {}
        self._said: set[str] = set()

    def _connect(self, address: str | None, report: Report) -> None:
        asked = address or os.environ.get("RAY_ADDRESS", "")
        where = f"at {asked}" if asked else "on this machine"
        if asked and not address:
            where += ", which RAY_ADDRESS names"
        if asked.startswith(RAY_ADDRESS) and find_spec("grpc") is None:
            raise InputError(
                f"workers: Ray {where} needs Ray's client, which is not installed: pip install "
                f"'{EXTRA}'"
            )
        report(0.0, Waiting(f"Connecting to Ray {where}"))
        try:
            _knock(asked)
            self._ray.init(address=address or "auto", log_to_driver=False)
        except Exception as error:  # Ray has many kinds for a cluster that is not there
            if str(error).startswith(SERVER_FAILED):
                raise InputError(
                    f"workers: the Ray cluster {where} could not start a server for this client "
                    f"({str(error).strip().splitlines()[-1]}). Ask again; if it happens again, "
                    "start its head with 'GRPC_ENABLE_FORK_SUPPORT=0 ray start --head'."
                ) from error
            raise InputError(
                f"workers: no Ray cluster answers {where} ({told(error)}). Start one with 'ray "
                "start --head', set RAY_ADDRESS to where one is, or give ray://host:10001."
            ) from error

    def begin(self, work: ObjectId, owner: Mapping[str, Any]) -> None:
        """Ask every node whether it can work."""
        self._work = str(work)
        affinity = import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
        for node in self._ray.nodes():
            if node["Alive"] and node["Resources"].get("CPU", 0):
                where = affinity(node["NodeID"], soft=False)
                task = self._task(num_cpus=0, scheduling_strategy=where)
                self._greetings[node["NodeID"]] = task.remote(OPERATOR, self._work, None)

    def _task(self, **options: Any) -> Any:
        def on_node(operator: str, work: str, part: str | None) -> Any:
            import fiftyone.operators as foo  # by value: nodes know our modules by another name

            return foo.get_operator(operator).on_ray(work, part)

        on_node.__module__ = "__main__"  # so that it is sent whole
        return self._ray.remote(on_node).options(max_retries=0, **options)

    def greeted(self, workers: Sequence[Mapping[str, Any]], seconds: float) -> bool:
        """Whether every node answered."""
        waiting = list(self._greetings.values())
        ready, rest = self._ray.wait(waiting, num_returns=len(waiting), timeout=0)
        for node, task in self._greetings.items():
            if task in ready:
                self._explain(node, task)
        return not rest or seconds >= HELLO_SECONDS

    def _explain(self, node: str, task: Any) -> None:
        """Raise InputError where a node could not even look whether it can work."""
        try:
            answer = self._ray.get(task)
        except Exception as error:  # what the node raised, or that it is gone
            cause = getattr(error, "cause", None) or error
            raise InputError(
                f"workers: Ray's node {node[:8]} cannot load the plugin ({told(cause)}). Install "
                "it there, and set FIFTYONE_DATABASE_URI and FIFTYONE_PLUGINS_DIR before 'ray "
                "start'. Nothing was begun."
            ) from error
        if answer is None:
            raise InputError(
                f"workers: Ray's node {node[:8]} has another database. Set FIFTYONE_DATABASE_URI "
                "there before 'ray start'. Nothing was begun."
            )

    def tend(self, parts: Sequence[Mapping[str, Any]]) -> None:
        """Hand each open part to Ray, and take note of tasks that ended."""
        if self._tasks:
            tasks = list(self._tasks.values())
            ready, _ = self._ray.wait(tasks, num_returns=len(tasks), timeout=0)
            for name in [n for n, task in self._tasks.items() if task in ready]:
                task = self._tasks.pop(name)
                try:
                    self._ray.get(task)
                except Exception as error:  # a process or node that is gone
                    self._say(error)
                    for part in parts:
                        if part["_id"] == name and part["state"] == "taken":
                            store.reopen(dict(part))
        for part in parts:
            if part["state"] == "open" and part["_id"] not in self._tasks:
                asked = {"num_cpus": 1, "num_gpus": 1 if part["gpu"] else 0}
                task = self._task(**asked).remote(OPERATOR, self._work, part["_id"])
                self._tasks[part["_id"]] = task

    def _say(self, error: Exception) -> None:
        """Log why a task ended, once: where a node is gone, all tasks end so until it is back."""
        kind = type(error).__name__
        if kind not in self._said:
            self._said.add(kind)
            logger.warning("A task of Ray ended: %s", told(error))

    def end(self) -> None:
        """Take back what Ray has not begun, and leave the cluster where it was joined here."""
        for task in (*self._tasks.values(), *self._greetings.values()):
            with suppress(Exception):
                self._ray.cancel(task)
        if self._mine:
            self._ray.shutdown()


def _knock(address: str) -> None:
    """Raise OSError where nobody listens: Ray itself would try for many minutes."""
    host, colon, port = address.removeprefix(RAY_ADDRESS).rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_SECONDS).close()


def place_of(workers: str, report: Report = silent) -> OnRay:
    """The cluster that ``ray`` or ``ray://host:port`` names."""
    return OnRay(workers if workers.startswith(RAY_ADDRESS) else None, report)
