"""Whether a network learnt labels by heart: it agrees with those it saw, and not with others."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..percent import percent

LEAST_GAP = 0.03
STANDARD_ERRORS = 3.0


@dataclass
class Agreement:
    """With how many labels a classifier agreed.

    Example:
        >>> held = Agreement()
        >>> held.add(np.array([True, False, True, True]))
        >>> held.share
        0.75
    """

    samples: int = 0
    equal: int = 0

    def add(self, equal: npt.NDArray[np.bool_]) -> None:
        """Count samples, each with whether the prediction is the label."""
        self.samples += len(equal)
        self.equal += int(np.count_nonzero(equal))

    def join(self, other: Agreement) -> None:
        """Count what another one counted."""
        self.samples += other.samples
        self.equal += other.equal

    @property
    def share(self) -> float:
        """The share that is equal; 0 without samples."""
        return self.equal / self.samples if self.samples else 0.0


def learnt_by_heart(seen: Agreement, held_out: Agreement) -> bool:
    """Whether labels are contradicted less than half as often where they were learnt from.

    A network that learns what classes look like contradicts wrong labels in both cases. What may
    be chance (three standard errors) does not count.

    Args:
        seen: with labels that the network was trained on
        held_out: with labels that it was not

    Example:
        >>> learnt_by_heart(Agreement(1_000, 998), Agreement(1_000, 900))
        True
        >>> learnt_by_heart(Agreement(1_000, 930), Agreement(1_000, 900))
        False
    """
    if not seen.samples or not held_out.samples:
        return False
    gap = seen.share - held_out.share
    pooled = (seen.equal + held_out.equal) / (seen.samples + held_out.samples)
    error = math.sqrt(pooled * (1 - pooled) * (1 / seen.samples + 1 / held_out.samples))
    contradicted = 1 - held_out.share
    return gap > max(LEAST_GAP, STANDARD_ERRORS * error) and 1 - seen.share < contradicted / 2


def sentence(seen: Agreement, held_out: Agreement) -> str:
    """What a person should know of it; empty where nothing was learnt by heart."""
    if not learnt_by_heart(seen, held_out):
        return ""
    return (
        f"It learnt labels by heart, wrong ones too: it agrees with {percent(seen.share, 1)} of "
        f"those that it was trained on, and with {percent(held_out.share, 1)} of those held out. "
        "The scores are of those held out; fewer epochs or more images may find more."
    )
