"""How many threads torch computes with, for a while: whoever changes it puts it back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch


@contextmanager
def torch_threads(number: int | None = None) -> Iterator[None]:
    """Let torch compute with so many threads, and afterwards with as many as before.

    Args:
        number: of threads; None leaves it, and still puts back what is changed in the block

    Example:
        >>> before = torch.get_num_threads()
        >>> with torch_threads(1):
        ...     torch.get_num_threads()
        1
        >>> torch.get_num_threads() == before
        True
    """
    before = torch.get_num_threads()
    try:
        if number is not None:
            torch.set_num_threads(number)
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def lanes(number: int, name: str, threads: int | None = 1) -> Iterator[ThreadPoolExecutor]:
    """Threads that compute side by side; what has not begun when the block ends is never begun.

    Many small passes, each on one core, are quicker than each over all of them.

    Args:
        number: of lanes
        name: what their names begin with
        threads: that torch computes with in each; None for as many as usual
    """

    def begin() -> None:
        if threads is not None:
            torch.set_num_threads(threads)

    # What one thread sets would be the number of all later threads too: hence put back.
    with torch_threads(), ThreadPoolExecutor(number, name, begin) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
