"""What changed between two iterations: predictions, and the cells that came or went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..arrays import IntArray

Cell = tuple[str, str, int]


@dataclass(frozen=True)
class Said:
    """What an iteration said of some samples, by class index.

    Attributes:
        label: int (n,)
        prediction: int (n,)
        classes: the names that both index
        apart: bool (C,), classes whose labels could not be judged; None for none
    """

    label: IntArray
    prediction: IntArray
    classes: Sequence[str]
    apart: npt.NDArray[np.bool_] | None = None

    @property
    def agrees(self) -> npt.NDArray[np.bool_]:
        """Whether each prediction is the label."""
        return self.label == self.prediction

    def cells(self) -> dict[tuple[str, str], int]:
        """Misclassified samples by label and prediction, without classes that are set apart."""
        wrong = ~self.agrees
        if self.apart is not None:
            wrong &= ~self.apart[self.label]
        pairs = np.stack([self.label[wrong], self.prediction[wrong]], axis=1)
        found, count = np.unique(pairs, axis=0, return_counts=True)
        names = self.classes
        return {
            (str(names[int(a)]), str(names[int(b)])): int(n)
            for (a, b), n in zip(found.tolist(), count.tolist(), strict=True)
        }


@dataclass(frozen=True)
class Change:
    """What changed from one iteration to the next, over the samples of both.

    Attributes:
        shared: samples that both hold
        predicted_otherwise: of these, those with another prediction
        now_agreeing: disagreed before, agree now
        now_disagreeing: agreed before, disagree now
        appeared: (label, prediction, samples) of misclassified cells that were not there before
        vanished: those that are gone
        renamed: classes that have another name in the second, by their names in the first; they
            are counted as one class
    """

    shared: int
    predicted_otherwise: int
    now_agreeing: int
    now_disagreeing: int
    appeared: list[Cell]
    vanished: list[Cell]
    renamed: dict[str, str]


def change(before: Said, after: Said) -> Change:
    """Compare what two iterations said of the same samples, in the same order.

    Example:
        >>> old = Said(np.array([0, 0, 1]), np.array([0, 1, 1]), ["cat", "dog"])
        >>> new = Said(np.array([0, 1, 1]), np.array([1, 1, 1]), ["cat", "dog"])
        >>> found = change(old, new)
        >>> found.predicted_otherwise, found.now_agreeing, found.now_disagreeing
        (1, 1, 1)
        >>> found.appeared, found.vanished, found.renamed
        ([], [], {})
    """
    renamed = _renamed(before, after)
    before = replace(before, classes=[renamed.get(name, name) for name in before.classes])
    names = {name: at for at, name in enumerate(after.classes)}
    translated = np.array([names.get(name, -1) for name in before.classes], np.int64)
    old, new = before.cells(), after.cells()
    return Change(
        shared=len(after.label),
        predicted_otherwise=int((translated[before.prediction] != after.prediction).sum()),
        now_agreeing=int((~before.agrees & after.agrees).sum()),
        now_disagreeing=int((before.agrees & ~after.agrees).sum()),
        appeared=_largest({cell: n for cell, n in new.items() if cell not in old}),
        vanished=_largest({cell: n for cell, n in old.items() if cell not in new}),
        renamed=renamed,
    )


def new_name(labels: Mapping[str | None, int], before: Sequence[str]) -> str | None:
    """What a class that is gone is called now; None if it is none.

    Args:
        labels: how many of its samples bear each label now; what most bear is its name
        before: the classes that there were; none of them is a new name

    Example:
        >>> new_name({"feline": 2, "dog": 1}, ["cat", "dog"])
        'feline'
        >>> new_name({"dog": 2, "feline": 1}, ["cat", "dog"]), new_name({}, ["cat"])
        (None, None)
    """
    most = max(labels, key=labels.__getitem__, default=None)
    known = most is None or most in before or 2 * labels[most] <= sum(labels.values())
    return None if known else most


def _renamed(before: Said, after: Said) -> dict[str, str]:
    found: dict[str, str] = {}
    for at, name in enumerate(before.classes):
        if name not in after.classes:
            bear = np.bincount(after.label[before.label == at], minlength=len(after.classes))
            now = new_name(dict(zip(after.classes, bear.tolist(), strict=True)), before.classes)
            found |= {} if now is None else {name: now}
    return found


def _largest(cells: dict[tuple[str, str], int]) -> list[Cell]:
    ordered = sorted(cells.items(), key=lambda item: (-item[1], item[0]))
    return [(label, prediction, n) for (label, prediction), n in ordered]
