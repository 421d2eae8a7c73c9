"""Small computations in one thread: on a busy machine OpenMP's threads wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute in the calling thread alone inside a ``with`` block.

    Where a step takes a millisecond, four threads on a machine with other work took thirty times
    as long as one. Other threads of the process keep what they have.
    """
    import torch

    torch.get_num_threads()  # sets the thread up, which would undo the limit later
    with _openmp().limit(limits=1):
        yield


@lru_cache(maxsize=1)
def _openmp() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="openmp")
