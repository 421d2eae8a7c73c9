"""Votes in columns: who said what of which sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import Int32Array, Int64Array

LABEL_IS_MAJORITY = 0.995
"""Share of the voted samples whose label is a most frequent vote from which on the labels are taken
for what was made of the votes, and are no opinion of their own."""


@dataclass(frozen=True)
class Ballots:
    """Votes on ``n`` samples by ``A`` annotators over ``C`` classes, in the order of the samples.

    Attributes:
        sample: int64 (m,), row of the sample of each vote, ascending
        annotator: int32 (m,), index of who gave it
        label: int32 (m,), class index
        samples, annotators, classes: n, A and C

    Example:
        >>> Ballots.of([1, 0, 1], [0, 0, 1], [2, 1, 2], samples=2, annotators=2, classes=3).sample
        array([0, 1, 1])
    """

    sample: Int64Array
    annotator: Int32Array
    label: Int32Array
    samples: int
    annotators: int
    classes: int

    @classmethod
    def of(
        cls,
        sample: npt.ArrayLike,
        annotator: npt.ArrayLike,
        label: npt.ArrayLike,
        *,
        samples: int,
        annotators: int,
        classes: int,
    ) -> Ballots:
        """Votes in any order."""
        rows = np.asarray(sample, np.int64)
        order = np.argsort(rows, kind="stable")
        return cls(
            rows[order],
            np.asarray(annotator, np.int32)[order],
            np.asarray(label, np.int32)[order],
            samples,
            annotators,
            classes,
        )

    def __len__(self) -> int:
        return len(self.sample)

    def count(self) -> Int64Array:
        """How many votes each sample has: (n,)."""
        return np.bincount(self.sample, minlength=self.samples)

    def of_rows(self, start: int, end: int) -> Ballots:
        """The votes on the samples from ``start`` to below ``end``, which are row 0 there."""
        a, b = np.searchsorted(self.sample, [start, end])
        return Ballots(
            self.sample[a:b] - start,
            self.annotator[a:b],
            self.label[a:b],
            end - start,
            self.annotators,
            self.classes,
        )

    def of_samples(self, rows: Int64Array) -> Ballots:
        """The votes on some samples, ascending, which are rows 0 to len(rows) - 1 there."""
        at = np.full(self.samples, -1, np.int64)
        at[rows] = np.arange(len(rows))
        kept = at[self.sample] >= 0
        return Ballots(
            at[self.sample[kept]],
            self.annotator[kept],
            self.label[kept],
            len(rows),
            self.annotators,
            self.classes,
        )

    def with_labels(self, label: Int64Array) -> Ballots:
        """These votes and each sample's label (n,) as those of one more annotator, the last.

        A label of -1 is none.
        """
        rows = np.flatnonzero(label >= 0)
        return Ballots.of(
            np.concatenate([self.sample, rows]),
            np.concatenate([self.annotator, np.full(len(rows), self.annotators)]),
            np.concatenate([self.label, label[rows]]),
            samples=self.samples,
            annotators=self.annotators + 1,
            classes=self.classes,
        )

    def summed(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The sum over each sample's votes of what each vote is given: (m, C) to (n, C)."""
        total = np.zeros((self.samples, values.shape[1]))
        if len(self):
            first = np.flatnonzero(np.diff(self.sample, prepend=-1))
            total[self.sample[first]] = np.add.reduceat(values, first, axis=0)
        return total


def made_of_votes(ballots: Ballots, label: Int64Array) -> bool:
    """Whether labels (n,), -1 for none, are the majorities of the votes, as nearly all are."""
    share = np.zeros((ballots.samples, ballots.classes), np.int32)
    np.add.at(share, (ballots.sample, ballots.label), 1)
    voted = share.any(axis=1) & (label >= 0)
    own = share[np.arange(len(label)), label]
    return bool(np.mean(own[voted] == share[voted].max(axis=1)) >= LABEL_IS_MAJORITY)
