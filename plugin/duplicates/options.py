"""What a comparison can be asked for: the threshold of SES, and which images are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..learning.choices import check_device
from ..splits import SplitRule
from ..store.runs import Run
from ..vectors.stored_vectors import check_vectors
from ..workers.choices import LOCAL, check_workers

SCOPES = ("same_prediction", "all")
LOWEST_THRESHOLD = 0.5


def check_threshold(threshold: Any, lowest: float = LOWEST_THRESHOLD, why: str = "") -> None:
    """Raise InputError unless the threshold is a number from ``lowest`` to 1."""
    number = isinstance(threshold, (int, float)) and not isinstance(threshold, bool)
    if not number or not lowest <= threshold <= 1:
        # Rounded up, so that the number that is shown can be given.
        shown = np.ceil(lowest * 1e4) / 1e4
        low = f"{shown:g} ({why})" if why else f"{shown:g}"
        raise InputError(f"threshold: expected a number from {low} to 1, got {threshold!r}")


def check_scope(scope: Any) -> str:
    """The scope. InputError if it is none."""
    if scope not in SCOPES:
        raise InputError(f"scope: expected one of {', '.join(SCOPES)}, got {scope!r}")
    return scope


@dataclass(frozen=True)
class DuplicateOptions:
    """How near-duplicates are found.

    Attributes:
        threshold: the SES from which a pair is listed; None: measured, or as it was set before
        scope: ``same_prediction`` (the paper's SES) or ``all``
        embeddings: a vector field or brain run as a further source of candidates; by default the
            features of the run's last iteration
        device: where SSIM is computed
        splits: how the splits are found, by a field or tags (`SplitRule`); None: as it was said
            before, else by the names that are usual
        workers: where parts are worked on: ``local``, ``delegated``, ``ray`` or ``ray://host:port``
    """

    threshold: float | None = None
    scope: str = "same_prediction"
    embeddings: str | None = None
    device: str = "auto"
    splits: Any = None
    workers: str = LOCAL

    def check(self, run: Run) -> None:
        """Raise InputError where an option cannot be used."""
        SplitRule.of_option(self.splits).check(run.dataset)
        check_scope(self.scope)
        if self.threshold is not None:
            check_threshold(self.threshold)
        check_device(self.device)
        check_workers(self.workers)
        if self.embeddings is not None:
            check_vectors(run.dataset, self.embeddings)
