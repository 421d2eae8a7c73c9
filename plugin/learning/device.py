"""Where a network computes, with how many threads, and from which random state."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import torch

from ..errors import InputError
from ..torch_threads import torch_threads
from .choices import check_device


def choose_device(name: str, *, here: bool = True) -> torch.device:
    """The torch device for ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Args:
        name: of the device; ``auto`` is the best one of this machine
        here: whether it must be on this machine, and not on those that work for it

    Raises:
        InputError: if there is no such one, or it is not there
    """
    check_device(name)
    if name != "auto" and not here:
        return torch.device(name)
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    if not available.get(name):
        raise InputError(f"device: '{name}' is not available on this machine; use 'auto' or 'cpu'")
    return torch.device(name)


def usual_threads() -> int:
    """Half of the processors, or as many as ``OMP_NUM_THREADS`` says.

    On machines whose processors are two threads of one core, all of them are slower than half.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()  # "4,2" is for nested
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    return max(1, (os.cpu_count() or 2) // 2)


@contextlib.contextmanager
def reproducible(seed: int, threads: int | None = None) -> Iterator[None]:
    """Seed torch, and leave its random state and number of threads as they were.

    Args:
        seed: of torch
        threads: that torch computes with, on which the last bits depend; None for ``usual_threads``
    """
    devices = list(range(torch.cuda.device_count()))
    number = usual_threads() if threads is None else threads
    with torch.random.fork_rng(devices=devices), torch_threads(number):
        torch.manual_seed(seed)
        yield
