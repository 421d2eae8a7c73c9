"""Prefetch: the next item is fetched in a thread while this one is worked on."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def prefetched(items: Iterable[Item]) -> Generator[Item]:
    """The same items; while one is worked on, the next is fetched in another thread.

    Args:
        items: whatever waits for something else (a database, a disk) while it is iterated

    Example:
        >>> list(prefetched(range(3)))
        [0, 1, 2]
    """
    source = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="deconfuse-prefetch") as reader:
        following = reader.submit(next, source, _END)
        while (item := following.result()) is not _END:
            following = reader.submit(next, source, _END)
            yield item  # pyright: ignore[reportReturnType]


_END = object()
