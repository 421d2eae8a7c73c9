"""The audit trail as a file: one row a sample, or object, and decision, as CSV or JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..outside.exported_file import exported_file

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
OF_OBJECTS = ("label_id", "box_before", "box_after", "proposed")
"""Columns that files of decisions on objects have beside these; boxes are lists as JSON."""

EVERY = (*COLUMNS, *OF_OBJECTS)

LATER = ("basis", *OF_OBJECTS)
"""Columns that files of earlier versions, or on samples, do not have."""

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


def write_rows(
    rows: Iterable[Row],
    path: Path,
    form: str,
    *,
    overwrite: bool = False,
    columns: Sequence[str] = COLUMNS,
) -> int:
    """Write an audit trail and return the number of rows; the file appears when it is complete.

    Args:
        rows: the rows
        path: the file
        form: ``csv`` or ``json``
        overwrite: replace an ordinary file that is no earlier export
        columns: ``COLUMNS``, or ``EVERY`` for decisions on objects

    Raises:
        InputError: if the path cannot be written, or what is there may not be replaced
    """
    # With a byte order mark in CSV: without it Excel does not read UTF-8.
    with exported_file(path, overwrite=overwrite, bom=form == "csv") as file:
        return (_write_csv if form == "csv" else _write_json)(file, rows, columns)


def _write_csv(file: Any, rows: Iterable[Row], columns: Sequence[str]) -> int:
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007
        writer.writerow([escape_cell(row[name]) for name in columns])
    return count


def _write_json(file: Any, rows: Iterable[Row], columns: Sequence[str]) -> int:
    file.write(f'{{"format": "{FORMAT_NAME}", "version": {FORMAT_VERSION}, "rows": [')
    count = 0
    for count, row in enumerate(rows, start=1):
        file.write(",\n" if count > 1 else "\n")
        json.dump({name: row[name] for name in columns}, file, ensure_ascii=False)
    file.write("\n]}\n")
    return count
