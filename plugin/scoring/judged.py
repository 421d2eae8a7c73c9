"""Which labels an iteration can judge, and how many of those it doubts.

A class that a model never predicts, or that it was trained on no sample of, has a low probability
everywhere: its absence says nothing of the sample. All of its samples would be the most suspect
ones. Such classes are set apart. A classifier that was trained here is expected to predict a class
that has enough samples; where it does not, the classifier is at fault, and that is said.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import IntArray
from .agreement import beside_chance
from .batches import Batch

RARE = 10
"""A class with fewer samples than this is rare."""


@dataclass(frozen=True)
class Judged:
    """What an iteration judged.

    Attributes:
        apart: bool (C,), the classes that are set apart
        of_label: int64 (C,), samples by label
        suspicion: what every sample of a class that is set apart gets: the log-odds that any label
            is not the prediction, as far as labels were judged; not above 0
        counts: ``samples``, ``set_apart``, ``open``, ``misclassified``, ``accuracy``
        warning: what is probably wrong with the predictions; empty where nothing is
    """

    apart: npt.NDArray[np.bool_]
    of_label: npt.NDArray[np.int64]
    suspicion: float
    counts: dict[str, Any]
    warning: str

    def names(self, classes: Sequence[str]) -> dict[str, int]:
        """The classes that are set apart, and how many samples each has; most samples first."""
        at = np.flatnonzero(self.apart)
        at = at[np.argsort(-self.of_label[at], kind="stable")]
        return {str(classes[i]): int(self.of_label[i]) for i in at.tolist()}


class Tally:
    """Counts over the batches of an iteration.

    Args:
        classes: the class names
    """

    def __init__(self, classes: Sequence[str]):
        self._classes = tuple(classes)
        # By label: samples, those that agree, open ones, open ones that agree, unseen ones.
        self._count = np.zeros((5, len(self._classes)), np.int64)
        self._predicted = np.zeros(len(self._classes), np.int64)

    def add(self, batch: Batch, prediction: IntArray) -> None:
        """Count the samples of a batch, with what the models together predict."""
        agrees = batch.label == prediction
        is_open = ~batch.decided
        unseen = np.zeros(len(agrees), bool) if batch.unseen is None else batch.unseen
        chosen = (np.ones(len(agrees), bool), agrees, is_open, is_open & agrees, unseen)
        for row, which in zip(self._count, chosen, strict=True):
            row += np.bincount(batch.label[which], minlength=len(row))
        self._predicted += np.bincount(prediction, minlength=len(self._predicted))

    def judged(self, predicted: Collection[str] = (), *, trained: bool = False) -> Judged:
        """What can be judged.

        Args:
            predicted: classes that the models predict elsewhere, for samples not counted here
            trained: whether the classifier was trained on these labels; then only rare classes
                are set apart
        """
        samples, agreeing, is_open, open_agreeing, unseen = self._count
        able = (self._predicted > 0) | np.array([name in predicted for name in self._classes])
        never = (samples > 0) & ~able
        apart = never & (samples < RARE) if trained else never
        if able.sum() < 2:  # a model that only ever says one thing cannot tell classes apart
            apart = np.zeros_like(never)
        apart = apart | ((samples > 0) & (unseen == samples))
        judged = int(samples[~apart].sum())
        wrong = int((samples - agreeing)[~apart].sum())
        odds = (wrong + 0.5) / (judged - wrong + 0.5)
        counts = {
            "samples": int(samples.sum()),
            "set_apart": int(samples[apart].sum()),
            "open": int(is_open.sum()),
            "misclassified": int((is_open - open_agreeing)[~apart].sum()),
            "accuracy": int(agreeing[~apart].sum()) / judged if judged else 0.0,
        }
        return Judged(
            apart=apart,
            of_label=samples.copy(),
            suspicion=min(0.0, float(np.log(odds))) if judged else 0.0,
            counts=counts,
            warning=self._warning(counts, silent=bool((never & ~apart).any())),
        )

    def _warning(self, counts: dict[str, Any], *, silent: bool) -> str:
        samples, agreeing = self._count[0], int(self._count[1].sum())
        found = beside_chance("The prediction", agreeing, samples, self._predicted)
        if silent or counts["set_apart"] > counts["samples"] / 2:
            said, there = int((self._predicted > 0).sum()), int((samples > 0).sum())
            found += (" " if found else "") + f"Only {said} of {there} classes are ever predicted."
        return found
