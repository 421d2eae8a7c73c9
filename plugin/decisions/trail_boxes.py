"""Boxes in the rows of an audit trail on objects, checked before any decision is made."""

from __future__ import annotations

from typing import Any

from ..errors import content
from ..json_stream import loads
from .decision_file import Row
from .trail_reading import shown

LARGEST_COORDINATE = 1e6


def box_problem(row: Row) -> str | None:
    """What is wrong with the boxes of a row, if anything."""
    action = row["action"]
    for name in ("box_before", "box_after"):
        text = row[name]
        if text is None:
            if action == "move":
                return f"{name} is empty, and the action is {action}"
            continue
        wanted = f"{name} must be four finite numbers as JSON, got {content(shown(text))}"
        try:
            box = loads(text)
        except ValueError as error:
            return f"{wanted}: {str(error)[:100]}"
        if not (isinstance(box, list) and len(box) == 4 and all(map(_is_coordinate, box))):
            return wanted
    return None


def _is_coordinate(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) < LARGEST_COORDINATE
