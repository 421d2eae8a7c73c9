"""Opening a file of predictions by its ending."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputError, content
from .class_list import read_classes
from .csv_rows import CsvPredictions
from .json_rows import JsonPredictions
from .numpy_rows import NumpyPredictions
from .rows import PredictionFile

ENDINGS = (".csv", ".jsonl", ".ndjson", ".npz", ".npy")


@contextmanager
def opened(path: str | Path, classes: Any = None, keys: Any = None) -> Iterator[PredictionFile]:
    """Open a file of predictions.

    Args:
        path: a file whose name ends in one of ``ENDINGS``
        classes: class names, or a file that lists them; for scores that the file does not name
        keys: for ``.npy``: a file that says which sample each row is about

    Raises:
        InputError: if there is no such file or it cannot be understood
    """
    file = Path(path).expanduser()
    if file.suffix.lower() not in ENDINGS:
        raise InputError(f"path: '{path}' must end in one of {', '.join(ENDINGS)}")
    if not file.is_file():
        raise InputError(f"path: there is no file '{path}'")
    if keys and file.suffix.lower() != ".npy":
        raise InputError(f"keys: only .npy needs them; '{path}' names its samples itself")
    names = read_classes(classes)
    try:
        if file.suffix.lower() == ".csv":
            yield CsvPredictions(file, names)
        elif file.suffix.lower() in (".jsonl", ".ndjson"):
            yield JsonPredictions(file, names)
        else:
            listed = Path(keys).expanduser() if keys else None
            with NumpyPredictions(file, names, listed) as arrays:
                yield arrays
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"path: '{path}' cannot be read ({content(error)})") from error
