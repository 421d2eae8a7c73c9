"""The kinds of parts there are: a document in the database can ask for no other function."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from .part import PartFunction

KINDS: Mapping[str, str] = {
    "features": "vectors.feature_part:compute",
    "decode": "classify.training_parts:decode",
    "fold": "classify.training_parts:fold",
    "embed": "classify.training_parts:embed",
    "heads": "classify.head_parts:fold",
    "look": "duplicates.comparison_parts:look",
    "to compare": "duplicates.comparison_parts:decode",
    "describe": "duplicates.comparison_parts:describe",
    "judge": "duplicates.comparison_parts:judge",
}
"""Module and function by name. They are above this room, so they are looked up when needed."""


def function_of(kind: str) -> PartFunction:
    """The function of a kind of part.

    Raises:
        KeyError: if there is no such kind
    """
    module, _, name = KINDS[kind].partition(":")
    package = __package__ or ""
    return getattr(import_module(f"{package.rpartition('.')[0]}.{module}"), name)
