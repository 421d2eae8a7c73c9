"""Processes: naming this one, and finding out whether one of this machine has died."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil  # comes with FiftyOne

_STARTED = 19
"""Place of a process's start in Linux's ``/proc/<pid>/stat``, counted from its state."""


def this_process() -> dict[str, Any]:
    """What tells this process from every other: ``host``, ``kernel``, ``pid`` and ``started``."""
    return process_named(os.getpid())


def process_named(pid: int) -> dict[str, Any]:
    """What tells a process of this machine from every other, as ``this_process`` does.

    Raises:
        psutil.NoSuchProcess: if there is none
    """
    return {
        "host": socket.gethostname(),
        "kernel": _kernel(),
        "pid": pid,
        "started": _started(pid),
    }


def has_died(process: Mapping[str, Any]) -> bool:
    """Whether it was a process of this machine that no longer runs.

    Args:
        process: as ``this_process`` gave it
    """
    if process["host"] != socket.gethostname() or process.get("kernel") != _kernel():
        return False
    try:
        found = psutil.Process(process["pid"])
        same = abs(_started(process["pid"]) - process["started"]) < 1.0
        return not same or found.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return True


@lru_cache(maxsize=1)
def _kernel() -> str:
    """What tells machines of one name apart: the running kernel, and where pids are counted."""
    if not sys.platform.startswith("linux"):
        return ""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {os.readlink('/proc/self/ns/pid')}"


def _started(pid: int) -> float:
    """Seconds at which a process was started; on Linux since the kernel was.

    Linux counts the time of day from the kernel's start, by the clock as it stands: after a step of
    the clock every process would seem to have been started at another time.

    Raises:
        psutil.NoSuchProcess: if there is none
    """
    if not sys.platform.startswith("linux"):
        return psutil.Process(pid).create_time()
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        raise psutil.NoSuchProcess(pid) from None
    ticks = int(text.rpartition(")")[2].split()[_STARTED])
    return ticks / os.sysconf("SC_CLK_TCK")
