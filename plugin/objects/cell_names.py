"""How the rows and columns of the overview are called, where a cell is named in words."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import InputError
from ..store.runs import Run
from .fields import NOTHING

NO_LABEL = "(no label)"
"""The row of missing objects."""


def cell_of(run: Run, classes: Sequence[str], label: str, prediction: str) -> tuple[int, int]:
    """The row and the column of a cell, the index after the last class for nothing.

    Args:
        run: the run
        classes: those of its iteration
        label: the row, ``(no label)`` for missing objects
        prediction: the column, ``(nothing there)`` for spurious labels

    Raises:
        InputError: if a class is unknown
    """
    return (
        _place(run, classes, "label", label, NO_LABEL),
        _place(run, classes, "prediction", prediction, NOTHING),
    )


def _place(run: Run, classes: Sequence[str], option: str, name: str, nothing: str) -> int:
    if name == nothing:
        return len(classes)
    if name not in classes:
        raise InputError(f"{option}: run '{run.key}' has no class {name!r}")
    return list(classes).index(name)
