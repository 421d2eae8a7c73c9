"""Labels that a person cannot tell apart, such as ``"cat"`` and ``"cat "``."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_UNSEEN = {"Cf", "Cc"}  # zero-width and control characters
_SHOWN = 5


def seen_as(label: str) -> str:
    r"""What a person sees of a label: without blanks at its ends and what takes no room.

    >>> seen_as(" red  fox\u200b\n") == seen_as("red fox")
    True
    """
    spaced = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFC", label))
    plain = "".join(c for c in spaced if unicodedata.category(c) not in _UNSEEN)
    return " ".join(plain.split())


def lookalike_labels(classes: Sequence[str]) -> list[list[str]]:
    """Sets of classes that look alike, and single ones with blanks at their ends.

    >>> lookalike_labels([" dog", "cat", "cat ", "owl"])
    [[' dog'], ['cat', 'cat ']]
    """
    alike: dict[str, list[str]] = {}
    for name in classes:
        alike.setdefault(seen_as(name), []).append(name)
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
        f"Labels have blanks at their ends or cannot be told apart by eye: {told}{more}. Each is a "
        "class of its own; no label was changed. Relabel them where they mean one class."
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
