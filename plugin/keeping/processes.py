"""Processes: naming this one, and finding out whether one of this machine has died."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

import psutil  # comes with FiftyOne


def this_process() -> dict[str, Any]:
    """What tells this process from every other: ``host``, ``pid`` and ``started``."""
    pid = os.getpid()
    return {
        "host": socket.gethostname(),
        "pid": pid,
        "started": psutil.Process(pid).create_time(),
    }


def has_died(process: Mapping[str, Any]) -> bool:
    """Whether it was a process of this machine that no longer runs.

    Args:
        process: as ``this_process`` gave it
    """
    if process["host"] != socket.gethostname():
        return False
    try:
        found = psutil.Process(process["pid"])
        same = abs(found.create_time() - process["started"]) < 1.0
        return not same or found.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return True
