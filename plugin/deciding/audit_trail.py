"""The audit trail as a file: one row a sample and decision, as CSV or JSON, and back."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import InputError

COLUMNS = (
    "decision",
    "seq",
    "time",
    "author",
    "action",
    "undoes",
    "sample_id",
    "filepath",
    "label_before",
    "label_after",
    "tag",
    "note",
    "iteration",
    "dataset",
    "run_key",
    "label_field",
    "basis",
)
LATER = ("basis",)
"""Columns that files of earlier versions do not have."""

NUMBERS = ("seq", "iteration")
FORMATS = ("csv", "json")
FORMAT_NAME = "deconfuse-decisions"
FORMAT_VERSION = 1

FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
ESCAPE = "'"

Row = dict[str, Any]


def escape_cell(value: str | int | None) -> str:
    """A value as a cell that no spreadsheet takes for a formula.

    What begins like a formula, or with the escape itself, gets an apostrophe in front; no value
    becomes an empty cell, and an empty text an apostrophe alone.

    Example:
        >>> [escape_cell(v) for v in ("=1+1", "cat", "", None, "'tis", 7)]
        ["'=1+1", 'cat', "'", '', "''tis", '7']
    """
    if value is None:
        return ""
    text = str(value)
    begins = text.lstrip(" \u00a0\ufeff")[:1]
    risky = not text or text[0] == ESCAPE or begins in tuple(FORMULA_STARTS)
    return ESCAPE + text if risky else text


def unescape_cell(cell: str) -> str | None:
    """The value that a cell stands for.

    Example:
        >>> [unescape_cell(c) for c in ("'=1+1", "cat", "'", "", "''tis")]
        ['=1+1', 'cat', '', None, "'tis"]
    """
    if not cell:
        return None
    return cell[1:] if cell[0] == ESCAPE else cell


def write_rows(rows: Iterable[Row], path: Path, form: str) -> int:
    """Write an audit trail and return the number of rows; the file appears when it is complete.

    Raises:
        InputError: if the path cannot be written
    """
    if path.is_dir():
        raise InputError(f"path must name a file, and '{path}' is a folder")
    if not path.parent.is_dir():
        raise InputError(f"path: the folder '{path.parent}' does not exist")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise InputError(f"path: '{path}' cannot be written: {error.strerror}") from None
    partial = Path(name)
    try:
        # With a byte order mark in CSV: without it Excel does not read UTF-8.
        encoding = "utf-8-sig" if form == "csv" else "utf-8"
        with open(handle, "w", encoding=encoding, newline="") as file:
            count = (_write_csv if form == "csv" else _write_json)(file, rows)
        partial.chmod(0o666 & ~_umask())
        os.replace(partial, path)
    except OSError as error:
        raise InputError(f"path: '{path}' cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
    return count


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _write_csv(file: Any, rows: Iterable[Row]) -> int:
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007
        writer.writerow([escape_cell(row[name]) for name in COLUMNS])
    return count


def _write_json(file: Any, rows: Iterable[Row]) -> int:
    file.write(f'{{"format": "{FORMAT_NAME}", "version": {FORMAT_VERSION}, "rows": [')
    count = 0
    for count, row in enumerate(rows, start=1):
        file.write(",\n" if count > 1 else "\n")
        json.dump({name: row[name] for name in COLUMNS}, file, ensure_ascii=False)
    file.write("\n]}\n")
    return count


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file that :func:`write_rows` wrote, of either format.

    Raises:
        InputError: if it is no such file; the message says what is wrong, and in which row
    """
    if not path.is_file():
        raise InputError(f"path: there is no file '{path}'")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            begins = file.read(64).lstrip()[:1]
            file.seek(0)
            rows = _read_json(file, path) if begins == "{" else _read_csv(file, path)
            for number, row in enumerate(rows, start=1):
                yield _checked(row, path, number)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"'{path}' is no audit trail of Deconfuse: {error}") from None


def _read_csv(file: Any, path: Path) -> Iterator[Row]:
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(file)
    names = next(reader, [])
    missing = [name for name in COLUMNS if name not in (*names, *LATER)]
    if missing:
        raise InputError(f"'{path}' is no audit trail of Deconfuse: no column {missing[0]!r}")
    for number, cells in enumerate(reader, start=1):
        if len(cells) != len(names):
            raise InputError(
                f"'{path}', row {number}: expected {len(names)} cells, got {len(cells)}"
            )
        yield {name: unescape_cell(cell) for name, cell in zip(names, cells, strict=True)}


def _read_json(file: Any, path: Path) -> Iterator[Row]:
    try:
        content = json.load(file)
    except json.JSONDecodeError as error:
        raise InputError(f"'{path}' is no JSON: {error}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT_NAME:
        raise InputError(f"'{path}' is no audit trail of Deconfuse: its format is not given")
    if content.get("version") != FORMAT_VERSION:
        raise InputError(
            f"'{path}' is of version {content.get('version')!r}; expected {FORMAT_VERSION}"
        )
    yield from content.get("rows", [])


def _checked(row: Any, path: Path, number: int) -> Row:
    if not isinstance(row, dict) or any(name not in (*row, *LATER) for name in COLUMNS):
        raise InputError(f"'{path}', row {number}: expected {', '.join(COLUMNS)}")
    row = {name: row.get(name) for name in COLUMNS}
    for name in COLUMNS:
        value = row[name]
        if name in NUMBERS and isinstance(value, str):
            row[name] = int(value) if value.isdecimal() else value
        allowed = (int, type(None)) if name in NUMBERS else (str, type(None))
        if not isinstance(row[name], allowed):
            kind = "a whole number" if name in NUMBERS else "a text"
            raise InputError(f"'{path}', row {number}: {name} must be {kind}, got {value!r}")
    for name in ("decision", "seq", "action", "sample_id", "time"):
        if row[name] is None:
            raise InputError(f"'{path}', row {number}: {name} is empty")
    return row
