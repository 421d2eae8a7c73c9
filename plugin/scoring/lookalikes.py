"""Labels that a person cannot tell apart, such as ``"cat"`` and ``"cat "``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_UNSEEN = {"Cf", "Cc"}  # zero-width and control characters
_SHOWN = 5
_JOINTS = re.compile(r"[\s_-]+")


def seen_as(label: str) -> str:
    r"""What a person sees of a label: without blanks at its ends and what takes no room.

    >>> seen_as(" red  fox\u200b\n") == seen_as("red fox")
    True
    """
    spaced = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFC", label))
    plain = "".join(c for c in spaced if unicodedata.category(c) not in _UNSEEN)
    return " ".join(plain.split())


def spelled_as(label: str) -> str:
    """A label without case, blanks, - and _; single letters and numbers are as a person sees them.

    >>> spelled_as("Traffic-light ") == spelled_as("traffic_light"), spelled_as("1-0")
    (True, '1-0')
    """
    seen = seen_as(label)
    plain = _JOINTS.sub("", seen)
    return plain.casefold() if len(plain) > 1 and any(map(str.isalpha, plain)) else seen


def lookalike_labels(classes: Sequence[str]) -> list[list[str]]:
    """Sets of classes that look or are spelled alike, and single ones with blanks at their ends.

    >>> lookalike_labels([" dog", "cat", "cat ", "owl"])
    [[' dog'], ['cat', 'cat ']]
    >>> lookalike_labels(["Traffic Light", "a", "A", "owl", "traffic_light"])
    [['Traffic Light', 'traffic_light']]
    """
    alike: dict[str, list[str]] = {}
    for name in classes:
        alike.setdefault(spelled_as(name), []).append(name)
    return [names for names in alike.values() if len(names) > 1 or names[0] != names[0].strip()]


def warning_of(classes: Sequence[str]) -> str | None:
    """What to say of such labels; None where there are none.

    >>> warning_of(["cat", "dog"]) is None
    True
    """
    found = lookalike_labels(classes)
    if not found:
        return None
    told = "; ".join(" and ".join(map(visible, names)) for names in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return (
        "Labels have blanks at their ends, or differ by no more than case, blanks, - and _, or by "
        f"what cannot be seen: {told}{more}. Each is a class of its own; no label was changed. "
        "Relabel them where they mean one class."
    )


def visible(label: str) -> str:
    r"""A label in quotes, in which blanks at its ends and what takes no room can be seen.

    >>> visible("cat\u200b "), visible(" Käse")
    ("'cat\\u200b␣'", "'␣Käse'")
    """
    start = len(label) - len(label.lstrip(" "))
    stop = len(label.rstrip(" "))
    inner = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in label[start:stop]
    )
    return f"'{'␣' * start}{inner}{'␣' * (len(label) - max(stop, start))}'"
