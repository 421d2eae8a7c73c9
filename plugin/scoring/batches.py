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
    """

    sample_ids: list[str]
    label: npt.NDArray[np.int64]
    models: list[LogProbabilities]
    features: npt.NDArray[np.floating[Any]] | None
    decided: npt.NDArray[np.bool_]


@dataclass
class Outcome:
    """What a source knows once all its batches are read."""

    skipped: Skipped = field(default_factory=Skipped)
    notes: dict[str, Any] = field(default_factory=dict)
    weights: bytes | None = None


class Source(Protocol):
    """Where predictions come from."""

    classes: tuple[str, ...]
    outcome: Outcome

    def batches(self, report: Report) -> Generator[Batch]:
        """Classify every sample, a batch at a time; may train first."""
        ...
