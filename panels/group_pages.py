"""Which groups of near-duplicates a request is about, and what they are counted as."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plugin.duplicates.groups import DuplicateGroup
from ..plugin.errors import InputError

MOST_GROUPS = 100
KINDS_OF_GROUPS = ("leak", "conflict", "alike")


def of_kind(groups: list[DuplicateGroup], kind: Any) -> list[DuplicateGroup]:
    """The groups of a kind, all where none is asked for."""
    if kind is None:
        return groups
    if kind not in KINDS_OF_GROUPS:
        raise InputError(f"kind must be one of {', '.join(KINDS_OF_GROUPS)}, got {kind!r}")
    if kind == "leak":
        return [group for group in groups if group.leak]
    if kind == "conflict":
        return [group for group in groups if group.label_conflict]
    return [group for group in groups if not (group.leak or group.label_conflict)]


def page_of(matching: list[DuplicateGroup], request: Mapping[str, Any]) -> list[DuplicateGroup]:
    """The page of groups that is asked for."""
    offset = max(0, int(request.get("offset") or 0))
    limit = max(1, min(MOST_GROUPS, int(request.get("limit") or 20)))
    return matching[offset : offset + limit]
