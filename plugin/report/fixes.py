"""What decisions changed in the end: which class each fixed sample had, and which it has now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """What one applied decision did to one sample.

    Attributes:
        kind: what stands on the sample since; None where nothing does, as after an undo
    """

    sample_id: str
    before: str | None
    after: str | None
    kind: str | None


@dataclass
class Fix:
    """The samples that went one way.

    Attributes:
        before: the class that they had; None for none
        after: the class that they have now; None where they were removed
        removed: whether they were taken out of the dataset
        sample_ids: in the order in which they were first decided on
    """

    before: str | None
    after: str | None
    removed: bool
    sample_ids: list[str] = field(default_factory=list)


def net_fixes(steps: Iterable[Step]) -> list[Fix]:
    """Fixed samples by their class before and after, the most frequent way first.

    A sample that was relabelled twice counts once, from its first class to its last; one whose
    decisions were all taken back, or that got its first class again, does not count.

    Args:
        steps: in the order in which they were made

    Example:
        >>> made = [
        ...     Step("a", "cat", "dog", "relabeled"),
        ...     Step("b", "cat", "owl", "relabeled"),
        ...     Step("a", "dog", "owl", "relabeled"),
        ...     Step("c", "dog", None, "removed"),
        ...     Step("c", None, "dog", None),
        ... ]
        >>> [(fix.before, fix.after, len(fix.sample_ids)) for fix in net_fixes(made)]
        [('cat', 'owl', 2)]
    """
    first: dict[str, str | None] = {}
    last: dict[str, tuple[str | None, str]] = {}
    for step in steps:
        if step.kind is None:
            first.pop(step.sample_id, None)
            last.pop(step.sample_id, None)
        else:
            first.setdefault(step.sample_id, step.before)
            last[step.sample_id] = (step.after, step.kind)
    found: dict[tuple[str | None, str | None, bool], Fix] = {}
    for sample_id, before in first.items():
        after, kind = last[sample_id]
        removed = kind == "removed"
        if removed or after != before:
            way = (before, None if removed else after, removed)
            found.setdefault(way, Fix(*way)).sample_ids.append(sample_id)
    return sorted(found.values(), key=_order)


def _order(fix: Fix) -> tuple[int, bool, str, str]:
    return -len(fix.sample_ids), fix.removed, fix.before or "", fix.after or ""
