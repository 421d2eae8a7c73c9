"""A list of class names, as given or from a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, content
from .array_files import mapped
from .limits import ALL_NAMES, LONGEST_NAME, text_problem

LARGEST_FILE = 16 * 1024 * 1024


def read_classes(given: Any) -> tuple[str, ...] | None:
    """Class names from a list, or from a file: text with one a line, a JSON list, or ``.npy``.

    Raises:
        InputError: if the file cannot be read, there are fewer than two names, or one comes twice
    """
    if given is None or given == "" or (isinstance(given, list | tuple) and not given):
        return None
    where = "classes"
    if isinstance(given, str | Path):
        where = f"classes: '{given}'"
        given = _from_file(Path(given).expanduser(), where)
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if not isinstance(given, list | tuple) or not all(
        isinstance(n, str | int) and not isinstance(n, bool) for n in given
    ):
        raise InputError(
            f"{where}: expected a list of class names, got {content(repr(given)[:80])}"
        )
    return checked_classes([str(name) for name in given], where)


def checked_classes(names: Sequence[str], where: str) -> tuple[str, ...]:
    """The names, if there are at least two and none is empty or comes twice; else InputError."""
    if len(names) < 2:
        raise InputError(f"{where}: expected at least two classes, got {len(names)}")
    if not all(names):
        raise InputError(f"{where}: class number {[*map(bool, names)].index(False) + 1} is empty")
    seen: set[str] = set()
    for number, name in enumerate(names, start=1):
        problem = text_problem(name, LONGEST_NAME)
        if problem:
            raise InputError(f"{where}: class number {number} is {problem}")
        if name in seen:
            raise InputError(f"{where}: the class '{content(name)}' comes twice")
        seen.add(name)
    size = sum(len(name.encode()) for name in names)
    if size > ALL_NAMES:
        raise InputError(
            f"{where}: the class names have {size:,} bytes together, and at most {ALL_NAMES:,} "
            "fit into a dataset"
        )
    return tuple(names)


def _from_file(path: Path, where: str) -> Any:
    try:
        if not path.is_file():  # a pipe would be waited for
            raise InputError(f"{where}: there is no file of that name")
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{where}: the file is larger than {LARGEST_FILE:,} bytes")
        if path.suffix == ".npy":
            return _from_array(path, where)
        text = path.read_text("utf-8-sig")
        if path.suffix == ".json":
            return json.loads(text)
    except FileNotFoundError:
        raise InputError(f"{where}: there is no file of that name") from None
    except InputError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{where}: cannot be read ({content(error)})") from error
    return [line for line in (line.strip() for line in text.splitlines()) if line]


def _from_array(path: Path, where: str) -> Any:
    array = mapped(path, where)
    if array.ndim != 1 or array.dtype.kind not in "UiuS":
        raise InputError(
            f"{where}: expected one dimension of texts, got "
            f"{content(f'shape {array.shape} and dtype {array.dtype}')}"
        )
    values = array.tolist()
    return [v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in values]
