"""The classes whose labels an iteration cannot judge, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES_SHOWN = 10
LONGEST_NAME = 40
WHY = {
    "rare_classes": "the classifier learned too little of them",
    "unknown_classes": "no model predicts them",
}


def set_apart_sentence(document: Mapping[str, Any]) -> str:
    """What is set apart, from the document of an iteration; empty where nothing is.

    Example:
        >>> kept = {"kind": "unknown_classes", "classes": [1], "names": [["yak", 3]]}
        >>> set_apart_sentence({"set_apart": kept})
        '3 labels of 1 class could not be judged, because no model predicts them: yak (3).'
    """
    kept = document.get("set_apart") or {}
    names = kept.get("names") or []
    if not names:
        return ""
    samples = sum(count for _, count in names)
    shown = ", ".join(f"{_short(name)} ({count:,})" for name, count in names[:NAMES_SHOWN])
    more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
    what = "label" if samples == 1 else "labels"
    classes = "class" if len(names) == 1 else "classes"
    return (
        f"{samples:,} {what} of {len(names):,} {classes} could not be judged, because "
        f"{WHY[kept['kind']]}: {shown}{more}."
    )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
