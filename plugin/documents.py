"""Values in stored documents, which hold documents themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING"})()
"""What stands for a value that is not there, where None is a value, too."""


def value_at(document: Any, path: str, missing: Any = None) -> Any:
    """The value at a dotted path of a document; ``missing`` where there is none.

    >>> value_at({"ground_truth": {"label": "cat"}}, "ground_truth.label")
    'cat'
    >>> value_at({"ground_truth": None}, "ground_truth.label", MISSING)
    MISSING
    """
    for name in path.split("."):
        if not isinstance(document, Mapping) or name not in document:
            return missing
        document = document[name]
    return document
