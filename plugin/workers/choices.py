"""Where parts may be worked on; to be read without loading anything."""

from __future__ import annotations

from typing import Any

from ..errors import InputError

LOCAL, DELEGATED, RAY = "local", "delegated", "ray"
PLACES = (LOCAL, DELEGATED, RAY)
RAY_ADDRESS = "ray://"


def check_workers(value: Any) -> None:
    """Raise InputError unless the value names where parts can be worked on.

    Example:
        >>> check_workers("ray://head:10001")
        >>> check_workers("cloud")  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        InputError: workers: expected local, delegated, ray or ray://host:port, got 'cloud'
    """
    known = value in PLACES or (
        isinstance(value, str) and value.startswith(RAY_ADDRESS) and len(value) > len(RAY_ADDRESS)
    )
    if not known:
        raise InputError(
            f"workers: expected local, delegated, ray or ray://host:port, got {value!r}"
        )
