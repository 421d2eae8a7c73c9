"""Rows of an audit trail read from CSV or JSON, a row at a time, each value of the right type."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ..csv_lines import CsvLines
from ..errors import InputError, content
from ..json_stream import JsonStream
from .decision_file import (
    COLUMNS,
    EVERY,
    FORMAT_NAME,
    FORMAT_VERSION,
    LATER,
    NUMBERS,
    OF_OBJECTS,
    Row,
    unescape_cell,
)

LARGEST_FILE = 1024**3
LONGEST_ROW = 32 * 1024 * 1024
LARGEST_NUMBER = 2**63 - 1
NEEDED = ("decision", "seq", "action", "sample_id", "time")
_DIGITS = re.compile(r"[0-9]{1,19}")


def read_rows(path: str | Path) -> Iterator[Row]:
    """The rows of a file that ``write_rows`` wrote, of either format, also of earlier versions.

    Raises:
        InputError: if it is no such file; the message says what is wrong, and in which row
    """
    file = regular_file(path)
    try:
        with open(file, encoding="utf-8-sig", newline="") as text:
            begins = text.read(64).lstrip()[:1]
            text.seek(0)
            rows = _read_json(text, file) if begins == "{" else _read_csv(text, file)
            for number, row in enumerate(rows, start=1):
                yield _checked(row, file, number)
    except UnicodeDecodeError as error:
        raise InputError(f"'{file}' is no audit trail of Deconfuse: {content(error)}") from None
    except OSError as error:
        raise InputError(f"path: '{file}' cannot be read: {error.strerror}") from None


def regular_file(path: str | Path) -> Path:
    """The path of a file that can be read as a whole; InputError where it is none."""
    if not isinstance(path, str | Path) or not str(path):
        raise InputError(f"path must name a file, got {path!r:.80}")
    try:
        file = Path(path).expanduser()
        if file.is_dir():
            raise InputError(f"path must name a file, and '{path}' is a folder")
        if file.exists() and not file.is_file():
            raise InputError(f"path: '{path}' is no regular file")
        if not file.is_file():
            raise InputError(f"path: there is no file {shown(str(path))}")
        size = file.stat().st_size
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"path: {shown(str(path))} cannot be read: {error!s:.80}") from None
    if size > LARGEST_FILE:
        raise InputError(
            f"path: '{path}' has {size:,} bytes, and at most {LARGEST_FILE:,} are read. Export "
            "fewer decisions a file"
        )
    return file


def shown(value: Any) -> str:
    """A value for a message: as Python writes it, and not too long.

    Example:
        >>> shown("x" * 100)
        "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (100 characters)"
    """
    text = repr(value[:60]) if isinstance(value, str) else repr(value)
    length = len(value) if isinstance(value, str) else len(text)
    return text if len(text) <= 60 and length <= 60 else f"{text[:40]}… ({length:,} characters)"


def _read_csv(file: IO[str], path: Path) -> Iterator[Row]:
    lines = CsvLines(file, LONGEST_ROW)
    # Strict: a quote that is never closed means that the end of the file is missing.
    reader = csv.reader(iter(lines), strict=True)
    number = 0
    try:
        names = next(reader, [])
        _check_names(names, path)
        for number, cells in enumerate(reader, start=1):
            if len(cells) != len(names):
                raise InputError(
                    f"'{path}', row {number}: expected {len(names)} cells, got {len(cells)}"
                )
            lines.row_is_read()
            yield {name: unescape_cell(cell) for name, cell in zip(names, cells, strict=True)}
    except csv.Error as error:
        raise InputError(
            f"'{path}', row {number + 1}: this is no audit trail of Deconfuse: {content(error)}"
        ) from None


def _check_names(names: list[str], path: Path) -> None:
    no_trail = f"'{path}' is no audit trail of Deconfuse"
    for name in COLUMNS:
        if name not in (*names, *LATER):
            raise InputError(f"{no_trail}: no column {name!r}")
    for name in names:
        if name not in EVERY:
            raise InputError(f"{no_trail}: unknown column {content(shown(name))}")
        if names.count(name) > 1:
            raise InputError(f"{no_trail}: column {name!r} comes twice")


def _read_json(file: IO[str], path: Path) -> Iterator[Row]:
    told: dict[str, Any] = {}
    stream, number = JsonStream(file), 0
    try:
        for key, value in stream.items("rows"):
            if key == "rows":
                number += 1
                if "format" in told and "version" in told:
                    _check_head(told, path)
                yield value
            else:
                told[key] = value
    except (InputError, UnicodeDecodeError):
        raise
    except ValueError as error:
        after = f", after row {number}" if number else ""
        raise InputError(f"'{path}'{after}: this is no JSON: {content(error)}") from None
    _check_head(told, path)
    if "rows" not in stream.names:
        raise InputError(f"'{path}' is no audit trail of Deconfuse: it has no rows")


def _check_head(told: dict[str, Any], path: Path) -> None:
    if told.get("format") != FORMAT_NAME:
        raise InputError(f"'{path}' is no audit trail of Deconfuse: its format is not given")
    version = told.get("version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise InputError(
            f"'{path}' is of version {content(shown(version))}; expected {FORMAT_VERSION}"
        )
    unknown = sorted(set(told) - {"format", "version"})
    if unknown:
        raise InputError(
            f"'{path}': unknown name {content(shown(unknown[0]))} beside format and version"
        )


def _checked(row: Any, path: Path, number: int) -> Row:
    if not isinstance(row, dict) or any(name not in (*row, *LATER) for name in COLUMNS):
        raise InputError(f"'{path}', row {number}: expected {', '.join(COLUMNS)}")
    unknown = next((name for name in row if name not in EVERY), None)
    if unknown is not None:
        raise InputError(f"'{path}', row {number}: unknown column {content(shown(unknown))}")
    values = {name: row.get(name) for name in (*COLUMNS, *(n for n in OF_OBJECTS if n in row))}
    for name, value in values.items():
        if name in NUMBERS:
            values[name] = _number(value)
        elif not isinstance(value, str | None):
            raise InputError(
                f"'{path}', row {number}: {name} must be a text, got {content(shown(value))}"
            )
        if values[name] is None and name in NEEDED:
            raise InputError(f"'{path}', row {number}: {name} is empty")
        if name in NUMBERS and values[name] is _NO_NUMBER:
            raise InputError(
                f"'{path}', row {number}: {name} must be a whole number from 0 to "
                f"{LARGEST_NUMBER}, got {content(shown(value))}"
            )
    return values


_NO_NUMBER = object()


def _number(value: Any) -> Any:
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        return _NO_NUMBER
    return value if 0 <= value <= LARGEST_NUMBER else _NO_NUMBER
