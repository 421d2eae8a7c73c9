"""A large JSON file read a value at a time, so that memory holds one value and not the file."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import IO, Any

LONGEST_VALUE = 32 * 1024 * 1024
CHUNK = 64 * 1024
_BLANKS = re.compile(r"[ \t\r\n]*")


class JsonStream:
    """Reads one JSON object, or list, from a text file; all methods raise ValueError on no JSON.

    Args:
        file: the file, at its beginning
        constants: whether numbers may be ``NaN`` and ``Infinity``, which are none of JSON's

    Attributes:
        names: the names in the object that were read so far
    """

    def __init__(self, file: IO[str], *, constants: bool = False):
        self.names: set[str] = set()
        self._file, self._text, self._at, self._ended = file, "", 0, False
        constant = float if constants else _refuse
        self._decoder = json.JSONDecoder(object_pairs_hook=_once, parse_constant=constant)

    @property
    def is_list(self) -> bool:
        """Whether the file holds a list; to be asked before anything is read."""
        return self._next() == "["

    def elements(self) -> Iterator[Any]:
        """The values of the list that the file holds."""
        self._take("[")
        yield from self._members("]")
        self._check_end()

    def items(self, listed: str | Collection[str]) -> Iterator[tuple[str, Any]]:
        """The keys of the object with their values; a list under ``listed`` comes value by value.

        Args:
            listed: one name, or several

        Yields:
            ``(key, value)`` in the order of the file; ``(listed, value)`` for each value of the
            list, or ``(listed, value)`` once where it is no list
        """
        several = {listed} if isinstance(listed, str) else set(listed)
        self._take("{")
        for key in self._members("}"):
            if not isinstance(key, str):
                raise ValueError("expected a name in double quotes")
            if key in self.names:
                raise ValueError("a name comes twice in one object")
            self.names.add(key)
            self._take(":")
            if key in several and self._next() == "[":
                self._take("[")
                for value in self._members("]"):
                    yield key, value
            else:
                yield key, self._value()
        self._check_end()

    def _check_end(self) -> None:
        if self._next():
            raise ValueError("there is more after its end")

    def _members(self, end: str) -> Iterator[Any]:
        """First values of what is separated by commas; whoever asks reads what follows each."""
        if self._next() == end:
            self._take(end)
            return
        while True:
            yield self._value()
            found = self._next()
            self._take(end if found == end else ",")
            if found == end:
                return

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
                # A number at the end of what was read may go on.
                if end < len(self._text) or self._ended or self._text[end - 1] in '"]}':
                    self._at = end
                    return value
            except RecursionError:
                raise ValueError("it is nested too deeply") from None
            except _Refused:
                raise
            except ValueError as error:
                if self._ended:
                    # Without the place, which is one in the part that was read last.
                    raise ValueError(getattr(error, "msg", str(error))) from None
            if len(self._text) - self._at > LONGEST_VALUE:
                raise ValueError(f"a value is no JSON, or longer than {LONGEST_VALUE:,} characters")
            self._fill()

    def _next(self) -> str:
        """The next character that is no blank, "" at the end of the file."""
        while True:
            blanks = _BLANKS.match(self._text, self._at)
            self._at = blanks.end() if blanks else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._fill()

    def _take(self, wanted: str) -> None:
        found = self._next()
        if found != wanted:
            raise ValueError(f"expected '{wanted}', got {repr(found) if found else 'its end'}")
        self._at += 1

    def _fill(self) -> None:
        left = self._text[self._at :]
        more = self._file.read(max(CHUNK, len(left)))
        self._text, self._at, self._ended = left + more, 0, not more


class _Refused(ValueError):
    """JSON that can be read and is not taken."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("a name comes twice in one object")
    return found


def _refuse(constant: str) -> Any:
    raise _Refused(f"{constant} is no JSON number")


def loads(text: str) -> Any:
    """A JSON value from a text, by the same rules; ValueError where it is none."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
