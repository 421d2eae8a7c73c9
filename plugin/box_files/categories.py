"""The classes behind the numbers of a file of boxes, and from which number they begin."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputError, content
from ..predictions.class_list import LARGEST_FILE, checked_classes, read_classes
from ..predictions.class_numbers import class_number
from .rows import Category

YAML = (".yaml", ".yml")
LARGEST_YAML = 1024 * 1024


@dataclass(frozen=True)
class Categories:
    """The classes of a file.

    Attributes:
        names: by number or name as the file has it
        listed: all names in the order of their numbers, which scores of every class follow
        said: what was assumed of their numbers, empty where nothing was
    """

    names: Mapping[Category, str]
    listed: tuple[str, ...]
    said: str

    def name(self, category: Category | None) -> str | None:
        """The class that a row means, None where it is none."""
        return None if category is None else self.names.get(category)


def as_category(value: Any) -> Category | None:
    """A class as a file writes it: a number, or a text that is none.

    Example:
        >>> as_category("3"), as_category(2.0), as_category(" cat "), as_category(1.5)
        (3, 2, 'cat', None)
    """
    if isinstance(value, str):
        text = value.strip()
        number = class_number(text)
        return number if number is not None else text or None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_names(given: Any) -> Mapping[int, str] | tuple[str, ...] | None:
    """Class names as an option gives them: a list, a mapping by number, or a file of either.

    Files are text with a name a line, JSON (also COCO's, for its categories), ``.npy`` of texts, or
    YAML with ``names``, as YOLO's ``data.yaml`` has.

    Raises:
        InputError: if it cannot be read, or a name is empty or comes twice
    """
    if given is None or given == "" or (isinstance(given, list | tuple | dict) and not given):
        return None
    where = "classes"
    if isinstance(given, str | Path):
        path, where = Path(given).expanduser(), f"classes: '{given}'"
        if path.suffix.lower() in YAML:
            return names_in_yaml(path, where)
        if path.suffix.lower() == ".json":
            given = _in_json(path, where)
        elif path.suffix.lower() != ".npy":
            return tuple(_checked(_lines(path, where), where))
    if isinstance(given, Mapping):
        return _by_number(given, where)
    if isinstance(given, list | tuple) and len(given) == 1:  # a detector of one class
        return tuple(_checked([str(given[0])], where))
    return read_classes(given)


def names_in_yaml(path: Path, where: str) -> Mapping[int, str] | tuple[str, ...] | None:
    """The ``names`` of a YAML file, a list or a mapping; None where it has none."""
    try:
        if not path.is_file():
            raise InputError(f"{where}: there is no file of that name")
        if path.stat().st_size > LARGEST_YAML:
            raise InputError(f"{where}: the file is larger than {LARGEST_YAML:,} bytes")
        found = yaml.safe_load(path.read_text("utf-8-sig"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{where}: cannot be read ({content(str(error)[:200])})") from error
    names = found.get("names") if isinstance(found, dict) else found
    if names is None:
        return None
    if isinstance(names, dict):
        return _by_number(names, where)
    if not isinstance(names, list):
        raise InputError(f"{where}: names must be a list or a mapping of numbers to names")
    return tuple(_checked([str(name) for name in names], where))


def named_categories(entries: Any, where: str) -> Mapping[int, str]:
    """The ``categories`` of a COCO file: names by number.

    Raises:
        InputError: if an entry has no number and name, or one comes twice
    """
    found: dict[int, str] = {}
    for number, entry in enumerate(entries if isinstance(entries, list) else [], start=1):
        at = as_category(entry.get("id")) if isinstance(entry, dict) else None
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(at, int) or not isinstance(name, str) or not name:
            raise InputError(f"{where}: category {number} needs a whole number as id, and a name")
        if at in found:
            raise InputError(f"{where}: two categories have the id {at}")
        found[at] = name
    _checked(list(found.values()), where)
    return found


def settled(
    named: Mapping[int, str] | tuple[str, ...] | None,
    seen: Collection[Category],
    first: int | None,
    told: int | None,
    known: Collection[str],
    path: str,
) -> Categories:
    """The classes that are meant by what a file has for them.

    Args:
        named: names by number, or in their order; None where nobody names them
        seen: what the file has
        first: the number that the first of a list usually has, None where there is no such rule
        told: the number that somebody says it has
        known: the class names of the dataset's labels
        path: of the file, for messages

    Raises:
        InputError: if there are numbers and nobody names them, or it cannot be told where they
            begin
    """
    numbers = {c for c in seen if isinstance(c, int)}
    texts = {c for c in seen if isinstance(c, str)}
    if named is None:
        return _unnamed(numbers, texts, known, path)
    by_number = dict(enumerate(named)) if isinstance(named, tuple) else dict(named)
    listed = tuple(by_number[number] for number in sorted(by_number))
    if isinstance(named, tuple):
        start, said = _start(numbers, len(listed), first, told, path)
    else:
        start, said = _shift(numbers, sorted(by_number), told)
    names: dict[Category, str] = {number + start: name for number, name in by_number.items()}
    names |= {name: name for name in listed}
    return Categories(names, listed, said)


def _start(
    numbers: set[int], count: int, first: int | None, told: int | None, path: str
) -> tuple[int, str]:
    """The number of the first name of a list, and what is said of it."""
    if told is not None:
        return told, f"classes numbered from {told}, as given"
    if count in numbers and 0 not in numbers:
        return 1, f"classes numbered from 1, since there is a {count} and no 0"
    if first is not None or not numbers or 0 in numbers:
        return first or 0, ""
    raise InputError(
        f"classes: '{path}' has the numbers {min(numbers)} to {max(numbers)} for {count} names, so "
        "that the first may be number 0 or 1. Say which: numbers_from=0 or numbers_from=1"
    )


def _shift(numbers: set[int], known: Sequence[int], told: int | None) -> tuple[int, str]:
    """By how much numbers differ from those of the categories, which may begin at 0 or 1."""
    if told is not None:
        shift = told - known[0]
        return shift, f"classes numbered from {told}, as given" if shift else ""
    unknown = numbers - set(known)
    if not unknown or list(known) != list(range(known[0], known[0] + len(known))):
        return 0, ""
    if known[0] == 1 and unknown == {0} and known[-1] not in numbers:
        return -1, "classes numbered from 0, though the categories are from 1"
    if known[0] == 0 and unknown == {len(known)} and 0 not in numbers:
        return 1, "classes numbered from 1, though the categories are from 0"
    return 0, ""


def _unnamed(numbers: set[int], texts: set[str], known: Collection[str], path: str) -> Categories:
    foreign = sorted(n for n in numbers if str(n) not in known)
    if foreign:
        shown = ", ".join(map(str, foreign[:5]))
        raise InputError(
            f"classes: '{path}' has class numbers ({shown}) and nothing says what they are. Give "
            "classes: a list of names, a mapping of numbers to names, or a file such as data.yaml"
        )
    names: dict[Category, str] = {number: str(number) for number in numbers}
    names |= {text: text for text in texts}
    return Categories(names, tuple(sorted(set(names.values()))), "")


def _by_number(given: Mapping[Any, Any], where: str) -> Mapping[int, str]:
    found: dict[int, str] = {}
    for key, name in given.items():
        number = as_category(key)
        if not isinstance(number, int) or not isinstance(name, str | int):
            raise InputError(
                f"{where}: expected whole numbers with a name each, got "
                f"{content(repr(key)[:40])}: {content(repr(name)[:40])}"
            )
        found[number] = str(name)
    _checked(list(found.values()), where)
    return found


def _checked(names: Sequence[str], where: str) -> Sequence[str]:
    """The names, at least one, each as ``checked_classes`` wants it."""
    if len(names) == 1:
        checked_classes([*names, f"{names[0]}."] if names[0] else [*names, ""], where)
        return names
    return checked_classes(names, where)


def _in_json(path: Path, where: str) -> Any:
    try:
        if not path.is_file():
            raise InputError(f"{where}: there is no file of that name")
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{where}: the file is larger than {LARGEST_FILE:,} bytes")
        found = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{where}: cannot be read ({content(error)})") from error
    if isinstance(found, dict) and "categories" in found:
        return named_categories(found["categories"], where)
    return found


def _lines(path: Path, where: str) -> list[str]:
    try:
        if not path.is_file():
            raise InputError(f"{where}: there is no file of that name")
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{where}: the file is larger than {LARGEST_FILE:,} bytes")
        text = path.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise InputError(f"{where}: cannot be read ({content(error)})") from error
    return [line for line in (line.strip() for line in text.splitlines()) if line]
