"""A part of some work: a plain function by name, its arguments, and the key of what it answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from ..progress import Report

Array = npt.NDArray[Any]
Source = tuple[str, str]
"""A column of another part: that part's key, and the column's name."""
Made = TypeVar("Made")


@dataclass(frozen=True)
class Part:
    """Something that one worker does in one go; doing it twice gives the same.

    Attributes:
        kind: names the function, see ``kinds.py``
        arguments: what it is told: texts, numbers, bytes, lists and mappings of these
        takes: arrays that it reads, by name: columns of other parts, one behind the other
        about: what it is, for a person to read
        size: how much it is of the whole, in any unit that all parts share
        gpu: whether it computes on a GPU

    Example:
        >>> one = Part("decode", {"paths": ["a.png"]}, about="images 1 to 1")
        >>> one.key == Part("decode", {"paths": ["a.png"]}).key
        True
        >>> one.key == Part("decode", {"paths": ["b.png"]}).key
        False
    """

    kind: str
    arguments: Mapping[str, Any]
    takes: Mapping[str, Sequence[Source]] = field(default_factory=dict)
    about: str = ""
    size: float = 1.0
    gpu: bool = False

    @cached_property
    def key(self) -> str:
        """A digest of all that the answer depends on."""
        told = [self.kind, self.arguments, {name: list(s) for name, s in self.takes.items()}]
        text = json.dumps(told, sort_keys=True, default=_plain)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def key_of_array(array: Array) -> str:
    """A digest of an array that parts are given.

    >>> key_of_array(np.arange(3)) == key_of_array(np.arange(3.0))
    False
    """
    digest = hashlib.blake2b(f"{array.dtype.str} {array.shape}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"a part cannot be told {type(value).__name__}")


@dataclass(frozen=True)
class Answer:
    """What a part answers.

    Attributes:
        columns: arrays by name, each at least one-dimensional
        facts: the rest: texts, numbers, lists and mappings of these
    """

    columns: Mapping[str, Array] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


class Given(Protocol):
    """What a part's function is given."""

    arguments: Mapping[str, Any]

    def take(self, name: str) -> Array:
        """An array that the part takes."""
        ...

    def pieces(self, name: str) -> Iterator[Array]:
        """The same, one column at a time."""
        ...

    def held(self, name: str, key: str, make: Callable[[], Made]) -> Made:
        """What ``make`` answered for the key, kept for the worker's next parts.

        One of a name is kept; what has a ``close`` is closed when it goes.
        """
        ...


PartFunction = Callable[[Given, Report], Answer]
