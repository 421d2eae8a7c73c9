"""Which split of the data a sample belongs to."""

from __future__ import annotations

from typing import Any

SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
"""The names that are understood, whatever their case, and what they mean."""


def split_of(tags: Any, field: Any = None) -> str | None:
    """The split that a sample's tags name, else its field ``split``; None if neither does.

    Example:
        >>> split_of(["night", "val"]), split_of([], "Test"), split_of(["night"])
        ('validation', 'test', None)
    """
    for name in [*(tags if isinstance(tags, (list, tuple)) else ()), field]:
        found = SPLITS.get(name.lower()) if isinstance(name, str) else None
        if found is not None:
            return found
    return None
