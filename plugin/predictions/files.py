"""Opening a file of predictions by its ending."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import InputError, content
from .class_list import read_classes
from .csv_rows import CsvPredictions
from .json_rows import JsonPredictions
from .limits import Expected
from .numpy_rows import NumpyPredictions
from .rows import PredictionFile

ENDINGS = (".csv", ".jsonl", ".ndjson", ".npz", ".npy")


@contextmanager
def opened(
    path: str | Path, expected: Expected, classes: Any = None, keys: Any = None
) -> Iterator[PredictionFile]:
    """Open a file of predictions.

    Args:
        path: a file whose name ends in one of ``ENDINGS``
        expected: what the dataset lets expect; larger files are refused
        classes: class names, or a file that lists them: for scores that the file does not name,
            and for class numbers
        keys: for ``.npy``: a file that says which sample each row is about

    Raises:
        InputError: if there is no such file or it cannot be understood
    """
    file = _named(path, "path")
    if file.suffix.lower() not in ENDINGS:
        raise InputError(f"path: '{path}' must end in one of {', '.join(ENDINGS)}")
    try:
        there = file.is_file()
    except (OSError, ValueError):  # a name that no file can have
        there = False
    if not there:
        raise InputError(f"path: there is no file '{str(path)[:200]}'")
    if keys and file.suffix.lower() != ".npy":
        raise InputError(f"keys: only .npy needs them; '{path}' names its samples itself")
    names = read_classes(classes)
    if names is not None:  # a list that somebody made is meant
        expected = replace(expected, labels=max(expected.labels, len(names)))
    try:
        if file.suffix.lower() == ".csv":
            yield CsvPredictions(file, expected, names)
        elif file.suffix.lower() in (".jsonl", ".ndjson"):
            yield JsonPredictions(file, expected, names)
        else:
            listed = _named(keys, "keys") if keys else None
            with NumpyPredictions(file, expected, names, listed) as arrays:
                yield arrays
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"path: '{path}' cannot be read ({content(error)})") from error


def _named(path: str | Path, option: str) -> Path:
    try:
        return Path(path).expanduser()
    except (RuntimeError, ValueError) as error:
        raise InputError(f"{option}: '{str(path)[:200]}' names no file ({error})") from None
