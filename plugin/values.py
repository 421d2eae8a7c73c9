"""Values from outside, checked against the types that are declared for them."""

from __future__ import annotations

import math
import types
from collections.abc import Iterable, Mapping, Sequence, Sized
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import numpy as np

from .errors import InputError

MOST_LISTED = 2_000_000
LONGEST_TEXT = 100_000
LARGEST_INTEGER = 2**63 - 1
SHOWN = 60

NOUNS: dict[Any, str] = {
    int: "a whole number",
    float: "a finite number",
    str: "a text",
    Path: "a path",
    bool: "True or False",
    types.NoneType: "None",
}
_LISTS = (list, Sequence, Iterable)
_MAPPINGS = (dict, Mapping)


def checked(name: str, value: Any, declared: Any) -> Any:
    """A value as its type declares it.

    Numbers of NumPy become Python's, a whole number becomes a float where a float is declared, and
    lists, tuples, sets and arrays become a list where any of them is. All else is taken strictly:
    ``True``, ``1.0`` and ``"1"`` are no whole numbers. Texts are without null characters and lone
    surrogates, for the database takes neither.

    Args:
        name: what the value is called, for the message
        value: the value
        declared: ``int``, ``float``, ``str``, ``bool``, ``Path``, ``Any``, ``Literal`` of texts,
            lists, tuples and mappings of these, and unions

    Raises:
        InputError: naming the value and what was expected

    Example:
        >>> checked("rows", [1, 2], list[int])
        [1, 2]
        >>> checked("rows", [1, True], list[int])
        Traceback (most recent call last):
            ...
        plugin.errors.InputError: rows[1] must be a whole number, got True
    """
    if declared is Any:
        return value
    if get_origin(declared) in (Union, types.UnionType):
        for choice in get_args(declared):
            if _is_kind(value, choice):
                return checked(name, value, choice)
        raise _refusal(name, declared, value)
    if not _is_kind(value, declared):
        raise _refusal(name, declared, value)
    origin, inner = get_origin(declared) or declared, get_args(declared)
    if origin in _MAPPINGS:
        return _mapping(name, value, *inner)
    if origin in _LISTS or origin is tuple:
        return _list(name, value, origin, inner)
    return _scalar(name, value, declared)


def shown(value: Any) -> str:
    """A value in a message: short, and without what cannot be printed.

    Example:
        >>> shown({"a": 1}), shown("b"), shown(10**400)
        ('a mapping', "'b'", 'a whole number beyond 8 bytes')
    """
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, str):
        return repr(value if len(value) <= SHOWN else value[: SHOWN - 1] + "…")
    if value is None or isinstance(value, bool | np.bool_):
        return repr(None if value is None else bool(value))
    if isinstance(value, Integral):
        large = abs(int(value)) > LARGEST_INTEGER
        return "a whole number beyond 8 bytes" if large else repr(int(value))
    if isinstance(value, Real):
        return repr(float(value))
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return f"a list of {len(value)}" if isinstance(value, Sized) else "several values"
    return f"an object of type {type(value).__name__}"


def expected(declared: Any) -> str:
    """What a declared type is in words.

    Example:
        >>> expected(list[int] | None)
        'a list of whole numbers or None'
    """
    if get_origin(declared) in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(expected(choice) for choice in get_args(declared)))
    origin, inner = get_origin(declared) or declared, get_args(declared)
    if origin is Literal:
        return f"one of {', '.join(map(str, inner))}"
    if origin in _MAPPINGS:
        return "a mapping"
    if origin is tuple and inner[-1] is not Ellipsis:
        return f"a list of {len(inner)}: {', '.join(map(expected, inner))}"
    if origin in _LISTS or origin is tuple:
        noun = expected(inner[0]).removeprefix("a ")
        return f"a list of {noun}s" if inner[0] in (int, float, str, Path) else "a list"
    return NOUNS.get(declared, str(declared))


def takes_none(declared: Any) -> bool:
    """Whether a declared type takes None."""
    return declared is Any or types.NoneType in get_args(declared)


def _refusal(name: str, declared: Any, value: Any) -> InputError:
    return InputError(f"{name} must be {expected(declared)}, got {shown(value)}")


def _is_kind(value: Any, declared: Any) -> bool:
    """Whether a value is of the declared kind, whatever is inside of it."""
    origin = get_origin(declared) or declared
    if declared is Any:
        return True
    if origin is Literal:
        return isinstance(value, str) and value in get_args(declared)
    if origin in _MAPPINGS:
        return isinstance(value, Mapping)
    if origin in _LISTS or origin is tuple:
        return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
    if declared is bool:
        return isinstance(value, bool | np.bool_)
    if declared is int or declared is float:
        kind = Integral if declared is int else Real
        return isinstance(value, kind) and not isinstance(value, bool)
    return isinstance(value, declared)


def _scalar(name: str, value: Any, declared: Any) -> Any:
    if declared is bool:
        return bool(value)
    if declared is int:
        if abs(int(value)) > LARGEST_INTEGER:
            raise _refusal(name, declared, value)
        return int(value)
    if declared is float:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise _refusal(name, declared, value)
        return number
    if declared is Path:
        _check_text(name, str(value))
    if declared is str:
        value = str.__str__(value)  # NumPy's texts are a kind of Python's
        _check_text(name, value)
    return value


def _check_text(name: str, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise InputError(
            f"{name} must be a text of at most {LONGEST_TEXT:,} characters, got {len(text):,}"
        )
    if "\0" in text:
        raise InputError(f"{name} must be a text without null characters, got {shown(text)}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"{name} must be a text without half a surrogate pair, got {shown(text)}"
        ) from None


def _list(name: str, value: Any, origin: Any, inner: tuple[Any, ...]) -> Any:
    values = list(value)
    if len(values) > MOST_LISTED:
        raise InputError(
            f"{name} must be a list of at most {MOST_LISTED:,}, got one of {len(values):,}"
        )
    if origin is tuple and inner[-1] is not Ellipsis:
        if len(values) != len(inner):
            raise _refusal(name, tuple[inner], value)
        each = zip(values, inner, strict=True)
        return tuple(checked(f"{name}[{at}]", v, kind) for at, (v, kind) in enumerate(each))
    # The usual case, 20,000 rows, without making a name for each of them.
    if inner[0] is not int or any(type(v) is not int or abs(v) > LARGEST_INTEGER for v in values):
        values = [checked(f"{name}[{at}]", v, inner[0]) for at, v in enumerate(values)]
    return tuple(values) if origin is tuple else values


def _mapping(name: str, value: Mapping[Any, Any], key: Any, inner: Any) -> dict[Any, Any]:
    if len(value) > MOST_LISTED:
        raise InputError(f"{name} must have at most {MOST_LISTED:,} entries, got {len(value):,}")
    return {
        checked(f"a key of {name}", k, key): checked(f"{name}[{shown(k)}]", v, inner)
        for k, v in value.items()
    }
