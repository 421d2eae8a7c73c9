"""Classifiers on features, out of fold: each sample is judged by heads that have not seen it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..abandonable import abandonable
from ..progress import Report, part_of, silent
from .linear_head import LinearHead
from .training import stratified_folds

FOLDS = 5
ROWS_A_PENALTY = 10
"""The penalty is one for so many rows: measured on photographs, where 1 in all learns errors."""


@dataclass(frozen=True)
class OutOfFold:
    """What heads say of samples that they have not seen.

    Attributes:
        log_probabilities: float32 (n, C)
        unseen: bool (n,), whether no sample with the label was in the training folds
        heads: what was fitted, in words
    """

    log_probabilities: npt.NDArray[np.float32]
    unseen: npt.NDArray[np.bool_]
    heads: str


def out_of_fold(
    features: npt.NDArray[np.float32],
    label: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64] | None,
    seed: int,
    *,
    classes: int,
    folds: int = FOLDS,
    device: torch.device | str = "cpu",
    report: Report = silent,
) -> OutOfFold:
    """Judge every sample by heads that were fitted on the other folds.

    Args:
        features: (n, d)
        label: (n,), class indices
        groups: (n,), samples with one number stay in one fold; None: each alone
        seed: of the folds
        classes: number of classes
        folds: number of folds, at least 2
        device: where to compute
        report: told how far it is
    """
    del groups  # duplicates are not kept together yet
    fold = stratified_folds(label, folds, seed)
    said = np.empty((len(label), classes), np.float32)
    unseen = np.zeros(len(label), bool)
    for k in range(folds):
        learned, asked = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        stage = part_of(report, k / folds, (k + 1) / folds)
        head = fitted_head(features[learned], label[learned], classes, device, stage)
        said[asked] = head.log_probabilities(features[asked])
        seen = np.bincount(label[learned], minlength=classes) > 0
        unseen[asked] = ~seen[label[asked]]
    return OutOfFold(said, unseen, "logistic regression")


def fitted_head(
    features: npt.NDArray[np.float32],
    label: npt.NDArray[np.int64],
    classes: int,
    device: torch.device | str,
    report: Report,
) -> LinearHead:
    """A head that was fitted on all the samples given."""
    penalty = max(1.0, len(label) / ROWS_A_PENALTY)
    head = LinearHead(classes, penalty, device, torch.float32)
    work: Any = lambda told: head.fit(features, label, told)  # noqa: E731
    return abandonable(work, report, "Fitting the linear head")
