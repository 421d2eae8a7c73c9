"""Importance of all samples, kept up to date while labels change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..arrays import Int32Array, Vectors
from ..progress import Report, part_of, silent
from .confusion import Confusion, confusions
from .held_out import HeldOut, Said
from .leverage import ClassGeometry
from .moments import ClassMoments, by_class
from .sensitivity import VARIANTS, Variant, combined, importance
from .spool import blocks, spooled


class ImportanceIndex:
    """Class-conditional importance of n samples.

    Building reads the source once and keeps its vectors. An update after some labels changed costs
    one product of the two classes' vectors with as many columns as there are changes.

    Args:
        source: float (n, d), or its consecutive parts, each read once
        label: int (n,), class indices; negative: in no class, such as a removed sample
        classes: number of classes C
        variant: ``label_aware`` (sensitivity times ``1 − p[label]`` by cross-fitted logistic
            regression) or ``label_free`` (sensitivity alone, which does not know about labels
            beyond the class)
        folder: where vectors of a source in parts are kept; in memory if None
        folds: of the logistic regression
        seed: of its folds
        device: where it is fitted
        report: told how far it is

    Attributes:
        importance: float64 (n,), NaN for samples in no class
        said: what the held-out logistic regression says, None if label-free
    """

    def __init__(
        self,
        source: Vectors | Iterable[Vectors],
        label: npt.NDArray[np.integer[Any]],
        classes: int,
        *,
        variant: Variant = "label_aware",
        folder: Path | None = None,
        folds: int = 5,
        seed: int = 51,
        device: torch.device | str = "cpu",
        report: Report = silent,
    ):
        if variant not in VARIANTS:
            raise ValueError(f"variant must be one of {', '.join(VARIANTS)}, got {variant!r}")
        self.label: Int32Array = np.array(label, np.int32)
        self.classes = classes
        self.variant = variant
        kept = spooled(source, self.label, classes, folder, part_of(report, 0.0, 0.3))
        self.vectors, self.projected = kept.vectors, kept.projected
        mean, scale = kept.moments.pooled()
        self._geometry = ClassGeometry(kept.moments)
        self._distance = np.zeros(len(self.label))
        self._quadratic = np.zeros(len(self.label))
        self.importance = np.full(len(self.label), np.nan)
        self.said: Said | None = None
        self._heads: HeldOut | None = None
        self._measure(part_of(report, 0.3, 0.5))
        if variant == "label_aware":
            folds = max(2, min(folds, len(self.label)))
            self._heads = HeldOut(classes, mean, scale, folds, seed, device)
            self.rescore(part_of(report, 0.5, 1.0))
        else:
            self._score(range(classes))

    def _measure(self, report: Report) -> None:
        start = 0
        for part in blocks(self.vectors):
            for name, at in by_class(self.label[start : start + len(part)]):
                rows = start + at
                found = self._geometry.measured(name, part[at])
                self._distance[rows], self._quadratic[rows] = found
            start += len(part)
            report(start / len(self.label), "Measuring distances and leverages")

    def rescore(self, report: Report = silent, names: Iterable[int] | None = None) -> None:
        """Fit the logistic regression to the labels as they are now, and score by it.

        Args:
            report: told how far it is
            names: the classes that get new scores, all by default
        """
        if self._heads is not None:
            self._heads.fit(self.vectors, self.label, part_of(report, 0.0, 0.7))
            self.said = self._heads.speak(self.vectors, self.label, part_of(report, 0.7, 1.0))
        self._score(range(self.classes) if names is None else names)

    def _score(self, names: Iterable[int]) -> None:
        members = dict(by_class(self.label)) if isinstance(names, range) else {}
        for name in names:
            rows = members.get(name, np.zeros(0, np.int64)) if members else self.members(name)
            leverage = self._geometry.leverage(name, self._quadratic[rows])
            residual = None if self.said is None else 1.0 - self.said.p_label[rows]
            found = importance(combined(self._distance[rows], leverage), residual)
            self.importance[rows] = found

    def members(self, name: int) -> npt.NDArray[np.int64]:
        """The rows of a class, ascending."""
        return np.flatnonzero(self.label == name)

    def update(self, rows: npt.NDArray[np.integer[Any]], label: npt.ArrayLike) -> None:
        """Let rows have other labels, or none; only the classes that they leave or join change.

        The result is that of building anew with the new labels and the same ridge, save that the
        logistic regression is that of the last :meth:`rescore`.

        Args:
            rows: int (k,), distinct
            label: int (k,) class indices, negative for none
        """
        rows = np.asarray(rows, np.int64)
        new = np.broadcast_to(np.asarray(label, np.int32), rows.shape)
        old = self.label[rows]
        changed = old != new
        rows, new, old = rows[changed], new[changed], old[changed]
        if not len(rows):
            return
        order = np.argsort(rows)
        rows, new, old = rows[order], new[order], old[order]
        vectors = np.asarray(self.vectors[rows])
        self.label[rows] = new
        touched = sorted({*old.tolist(), *new.tolist()} - {-1})
        touched = [name for name in touched if name >= 0]
        for name in touched:
            self._change(name, rows[new == name], vectors[new == name], vectors[old == name])
        self._speak_again(rows, vectors, new)
        self.importance[rows[new < 0]] = np.nan
        self._score(touched)

    def _change(
        self, name: int, joined: npt.NDArray[np.int64], added: Vectors, removed: Vectors
    ) -> None:
        members = self.members(name)
        if len(added) + len(removed) > self.vectors.shape[1]:
            self._rebuild(name, members)
            return
        staying = np.setdiff1d(members, joined, assume_unique=True)
        change = self._geometry.change(name, added, removed)
        size = max(1, 2_000_000 // self.vectors.shape[1])
        for start in range(0, len(staying), size):
            part = staying[start : start + size]
            self._distance[part], self._quadratic[part] = change.applied(
                self.vectors[part], self._distance[part], self._quadratic[part]
            )
        self._distance[joined], self._quadratic[joined] = self._geometry.measured(name, added)

    def _rebuild(self, name: int, members: npt.NDArray[np.int64]) -> None:
        moments = ClassMoments(1, self.vectors.shape[1])
        size = max(1, 2_000_000 // self.vectors.shape[1])
        parts = [members[i : i + size] for i in range(0, len(members), size)]
        for part in parts:
            moments.add(self.vectors[part], np.zeros(len(part), np.int64))
        self._geometry.rebuild(name, moments.scatter[0], moments.mean[0], len(members))
        for part in parts:
            found = self._geometry.measured(name, self.vectors[part])
            self._distance[part], self._quadratic[part] = found

    def _speak_again(
        self, rows: npt.NDArray[np.int64], vectors: Vectors, label: Int32Array
    ) -> None:
        if self._heads is None or self.said is None:
            return
        p = self._heads.probabilities(vectors, rows)[np.arange(len(rows)), np.maximum(label, 0)]
        self.said.p_label[rows] = np.where(label >= 0, p, np.nan)

    def top(
        self, class_size: Mapping[int, int], leave_out: npt.NDArray[np.bool_] | None = None
    ) -> dict[int, npt.NDArray[np.int64]]:
        """The rows of greatest importance of some classes, the greatest first.

        Args:
            class_size: how many of each class
            leave_out: bool (n,), rows that are not wanted
        """
        found: dict[int, npt.NDArray[np.int64]] = {}
        for name, size in class_size.items():
            rows = self.members(name)
            if leave_out is not None:
                rows = rows[~leave_out[rows]]
            score = self.importance[rows]
            if size < len(rows):
                some = np.argpartition(-score, size)[:size] if size else np.zeros(0, np.int64)
                rows, score = rows[some], score[some]
            found[name] = rows[np.lexsort((rows, -score))]
        return found

    def begin(self, most: int = 10) -> list[Confusion]:
        """The classes most confused on held-out predictions; none if label-free."""
        return [] if self.said is None else confusions(self.label, self.said.prediction, most)

    def auroc(self) -> npt.NDArray[np.float64]:
        """float64 (C,): of the held-out logistic regression; NaN where it is not defined."""
        return np.full(self.classes, np.nan) if self.said is None else self.said.auroc
