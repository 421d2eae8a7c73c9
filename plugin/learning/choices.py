"""What a classifier can be asked for; to be read without loading torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import InputError

CHECKPOINTS = (".pt", ".pth", ".ckpt", ".bin")
"""Endings of files of weights; what ends otherwise, and is no file, names official weights."""

DEVICES = ("auto", "cpu", "cuda", "mps")


def check_device(value: Any) -> None:
    """Raise InputError unless the value names a device that an operator can be asked for."""
    check_one_of("device", value, DEVICES)


def check_one_of(name: str, value: Any, allowed: Sequence[str]) -> None:
    """Raise InputError unless an option has one of its allowed values."""
    if value not in allowed:
        raise InputError(f"{name}: expected one of {', '.join(allowed)}, got {value!r}")
