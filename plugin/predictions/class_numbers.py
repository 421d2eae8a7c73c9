"""Class numbers in place of names: what they are with a list of classes, and that they look so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..errors import InputError, content

_NUMBER = re.compile(r"([0-9]{1,9})(\.0{1,20})?")


def class_number(text: str) -> int | None:
    """The class number that a text is; pandas writes whole numbers beside gaps with ``.0``.

    Example:
        >>> [class_number(t) for t in ("3", "3.0", "3.5", "-1", "three")]
        [3, 3, None, None, None]
    """
    found = _NUMBER.fullmatch(text)
    return int(found[1]) if found else None


def are_numbers(names: Iterable[str]) -> bool:
    """Whether there are names, and all look like class numbers."""
    numbers = [class_number(name) for name in names]
    return bool(numbers) and None not in numbers


def by_number(names: Sequence[str], classes: Sequence[str]) -> tuple[str, ...] | None:
    """The classes that names stand for as their numbers; None if they are not just those.

    Example:
        >>> by_number(["1", "0"], ["cat", "dog"]), by_number(["1", "2"], ["cat", "dog"])
        (('dog', 'cat'), None)
    """
    numbers = [class_number(name) for name in names]
    if sorted(-1 if n is None else n for n in numbers) != list(range(len(classes))):
        return None
    return tuple(classes[n] for n in numbers if n is not None)


def settled_classes(
    stated: Sequence[str] | None, given: Sequence[str] | None, where: str
) -> tuple[str, ...] | None:
    """The classes behind a file's scores, from what the file states and what the caller gives.

    Where both name the same classes, the file's order counts; where the file states numbers, they
    are places in the list that was given.

    Raises:
        InputError: if the two cannot be brought together
    """
    if stated is None or given is None:
        names = given if stated is None else stated
        return None if names is None else tuple(names)
    if set(stated) == set(given):
        return tuple(stated)
    found = by_number(stated, given)
    if found is None:
        raise InputError(
            f"classes: {len(given)} names were given ({_some(given)}), and {where} states "
            f"{len(stated)} others ({content(_some(stated))}). Give the same names, or none"
        )
    return found


def labels_are_numbers(
    labels: Iterable[tuple[int, str]], classes: Sequence[str], where: str
) -> bool:
    """Whether the labels of a file are places in a list of classes, and not their names.

    Args:
        labels: the number of each row, and its label
        classes: the names
        where: what the rows belong to, for messages

    Raises:
        InputError: if they are neither, or some one and some the other; the message names a row
    """
    known = frozenset(classes)
    name: tuple[int, str] | None = None
    number: tuple[int, str] | None = None
    neither: tuple[int, str] | None = None
    strange: tuple[int, str] | None = None
    for row, label in labels:
        place = class_number(label)
        counts = place is not None and place < len(classes)
        if label in known:
            name = name or ((row, label) if not counts else None)
        elif counts:
            number = number or (row, label)
        else:
            neither = neither or (row, label)
        if not counts:
            strange = strange or (row, label)
    numbers = f"a number from 0 to {len(classes) - 1}"
    if neither is not None:
        row, label = neither
        raise InputError(
            f"{where}, row {row}: the label {content(repr(label[:80]))} is none of the "
            f"{len(classes)} classes ({_some(classes)}), nor {numbers}"
        )
    if number is not None and strange is not None:
        raise InputError(
            f"{where}, row {number[0]}: the label {content(repr(number[1]))} is {numbers}, and row "
            f"{strange[0]} has the name {content(repr(strange[1][:80]))}. "
            "Write the one or the other in all rows"
        )
    return number is not None


def check_names(names: Sequence[str], labels: Sequence[str], what: str, path: str) -> None:
    """InputError where predictions look like class numbers and the labels are other names."""
    if labels and are_numbers(names) and not set(names) & set(labels):
        raise InputError(
            f"classes: '{path}' seems to predict class numbers ({content(_some(names))}), and the "
            f"labels of {what} are names ({_some(labels)}). Give classes, the list of names "
            "in the order of the model's classes, or a file that lists them"
        )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:5])
    return f"{shown}, …" if len(names) > 5 else shown
