"""The effort curve: how many labels were fixed by how many samples looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FIXES = ("relabel", "remove", "relabel_alike", "keep_one", "add", "move")


@dataclass(frozen=True)
class Effort:
    """Decision by decision, in the order in which they were made, undone ones left out.

    Attributes:
        looked: samples, or objects, decided on so far
        fixed: of these, those that were relabelled or removed, of objects also added or moved
        authors: samples decided on by each author
    """

    looked: list[int]
    fixed: list[int]
    authors: dict[str, int]


def effort(decisions: Sequence[Mapping[str, Any]]) -> Effort:
    """The effort curve of a journal.

    Args:
        decisions: headers in the order in which they were made, with ``_id``, ``action``,
            ``undoes``, ``applied`` and ``author``

    Example:
        >>> made = [
        ...     {"_id": 1, "action": "relabel", "undoes": None, "applied": 5, "author": "ann"},
        ...     {"_id": 2, "action": "confirm", "undoes": None, "applied": 3, "author": "bob"},
        ...     {"_id": 3, "action": "undo", "undoes": 2, "applied": 3, "author": "bob"},
        ... ]
        >>> effort(made)
        Effort(looked=[5], fixed=[5], authors={'ann': 5})
    """
    undone = _undone(decisions)
    looked, fixed, authors = [0], [0], dict[str, int]()
    for header in decisions:
        if header["undoes"] is not None or header["_id"] in undone:
            continue
        count = int(header["applied"])
        looked.append(looked[-1] + count)
        fixed.append(fixed[-1] + (count if header["action"] in FIXES else 0))
        authors[header["author"]] = authors.get(header["author"], 0) + count
    return Effort(looked[1:], fixed[1:], authors)


def taken_back(decisions: Sequence[Mapping[str, Any]]) -> int:
    """How many decisions of a journal are undone.

    Args:
        decisions: as :func:`effort` takes them

    Example:
        >>> made = [{"_id": 1, "undoes": None}, {"_id": 2, "undoes": None}, {"_id": 3, "undoes": 2}]
        >>> taken_back(made)
        1
    """
    undone = _undone(decisions)
    return sum(header["undoes"] is None and header["_id"] in undone for header in decisions)


def _undone(decisions: Sequence[Mapping[str, Any]]) -> set[Any]:
    """The ids of decisions that are undone; what undid them may be undone as well."""
    undone: set[Any] = set()
    for header in reversed(decisions):
        if header["undoes"] is not None and header["_id"] not in undone:
            undone.add(header["undoes"])
    return undone
