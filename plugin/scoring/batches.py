"""What a source of predictions hands to the scoring: batches of samples with log-probabilities."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..progress import Report
from ..skipped import Skipped
from .probabilities import LogProbabilities


@dataclass(frozen=True)
class Batch:
    """Samples that were classified.

    Attributes:
        sample_ids: n ids
        label: int64 (n,), class index of each label
        models: log-probabilities, one array (n, C) a model
        features: float (n, d) for projection, or None: then made from the probabilities
        decided: bool (n,), whether a decision stands on the sample
        unseen: bool (n,), whether the model was trained on no sample with the label; None for none
    """

    sample_ids: list[str]
    label: npt.NDArray[np.int64]
    models: list[LogProbabilities]
    features: npt.NDArray[np.floating[Any]] | None
    decided: npt.NDArray[np.bool_]
    unseen: npt.NDArray[np.bool_] | None = None


@dataclass
class Outcome:
    """What a source knows once all its batches are read.

    Attributes:
        skipped: samples that were left out
        notes: how it worked, kept with the settings
        weights: a classifier that was trained
        unknown: labels that no model knows
        predicted: classes that the models are known to predict, somewhere in the dataset
        assumed: sentences, how the predictions were read
        said: sentences, how it was worked and what was noticed
        weighed: sentences, how much each of several models counts
        doubts: sentences, warnings of models
    """

    skipped: Skipped = field(default_factory=Skipped)
    notes: dict[str, Any] = field(default_factory=dict)
    weights: bytes | None = None
    unknown: frozenset[str] = frozenset()
    predicted: frozenset[str] = frozenset()
    assumed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    weighed: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


class Source(Protocol):
    """Where predictions come from."""

    classes: tuple[str, ...]
    outcome: Outcome

    def batches(self, report: Report) -> Generator[Batch]:
        """Classify every sample, a batch at a time; may train first."""
        ...
