"""What decisions on objects and tags changed in the end, item by item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..decisions.object_changes import same_box

RELABELLED, MOVED, ADDED, REMOVED = "relabelled", "moved", "added", "removed"


@dataclass(frozen=True)
class ItemStep:
    """What one applied decision did to one item.

    Attributes:
        item: its id
        sample: the id of its sample
        before, after: its class, None where there is no label
        box_before, box_after: its box
        kind: what stands on it since; None where nothing does, as after an undo
    """

    item: str
    sample: str
    before: str | None
    after: str | None
    box_before: Any
    box_after: Any
    kind: str | None


@dataclass
class ItemFix:
    """The items that went one way.

    Attributes:
        how: ``RELABELLED``, ``MOVED``, ``ADDED`` or ``REMOVED``
        before, after: the class, None where there is no label
        items: first and last step of each, in the order in which they were first decided on
    """

    how: str
    before: str | None
    after: str | None
    items: list[tuple[ItemStep, ItemStep]] = field(default_factory=list)


def net_item_fixes(steps: Iterable[ItemStep]) -> list[ItemFix]:
    """Fixed items by their class before and after, the most frequent way first.

    As ``fixes.net_fixes`` does of samples: an item counts once, and one that is as it was does not.
    A missing object that was dismissed was never a label, and is no fix.

    Args:
        steps: in the order in which they were made

    Example:
        >>> box, other = [0, 0, 1, 1], [0, 0, 0.5, 1]
        >>> made = [
        ...     ItemStep("a", "s", "cat", "dog", box, box, "relabeled"),
        ...     ItemStep("a", "s", "dog", "cat", box, other, "moved"),
        ...     ItemStep("b", "s", None, "cat", box, box, "added"),
        ...     ItemStep("c", "s", None, None, box, box, "confirmed"),
        ... ]
        >>> [(fix.how, fix.before, fix.after) for fix in net_item_fixes(made)]
        [('added', None, 'cat'), ('moved', 'cat', 'cat')]
    """
    first: dict[str, ItemStep] = {}
    last: dict[str, ItemStep] = {}
    for step in steps:
        if step.kind is None:
            first.pop(step.item, None)
            last.pop(step.item, None)
        else:
            first.setdefault(step.item, step)
            last[step.item] = step
    found: dict[tuple[str, str | None, str | None], ItemFix] = {}
    for item, begun in first.items():
        how = _how(begun, last[item])
        if how is not None:
            way = (how, begun.before, last[item].after)
            found.setdefault(way, ItemFix(*way)).items.append((begun, last[item]))
    return sorted(found.values(), key=_order)


def _how(begun: ItemStep, ended: ItemStep) -> str | None:
    if begun.before is None or ended.after is None:
        if begun.before is not None:
            return REMOVED
        return None if ended.after is None else ADDED
    if begun.before != ended.after:
        return RELABELLED
    return None if same_box(begun.box_before, ended.box_after) else MOVED


def _order(fix: ItemFix) -> tuple[int, str, str, str]:
    return -len(fix.items), fix.how, fix.before or "", fix.after or ""
