"""A list of class names, as given or from a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, content

LARGEST_FILE = 64 * 1024 * 1024


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
    if not isinstance(given, list | tuple) or not all(isinstance(n, str | int) for n in given):
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
    if len(set(names)) != len(names):
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise InputError(f"{where}: the class '{content(twice)}' comes twice")
    return tuple(names)


def _from_file(path: Path, where: str) -> Any:
    try:
        if not path.is_file():  # a pipe would be waited for
            raise InputError(f"{where}: there is no file of that name")
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{where}: the file is larger than {LARGEST_FILE:,} bytes")
        if path.suffix == ".npy":
            return np.load(path, allow_pickle=False)
        text = path.read_text("utf-8-sig")
        if path.suffix == ".json":
            return json.loads(text)
    except FileNotFoundError:
        raise InputError(f"{where}: there is no file of that name") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{where}: cannot be read ({content(error)})") from error
    return [line for line in (line.strip() for line in text.splitlines()) if line]
