"""When to stop: a bound on the share of errors found that holds however often it is looked at.

Three facts make it hold. An audit gives one upper bound of the errors among the samples that were
open at its draw, once, when all its verdicts are there. What is found after that is counted, not
estimated, so a look costs nothing. And audit number j may err with a probability of at most
``α / (j (j + 1))``; these sum to α over any number of audits, whatever made somebody draw one
(alpha spending without a fixed number of looks: Lan and DeMets, Biometrika 70, 1983; the weights
are the usual ones for unbounded sequences, as in Howard, Ramdas, McAuliffe and Sekhon, Annals of
Statistics 49, 2021). An audit that was closed early has used up its part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

SHARE = 0.9
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Distance:
    """How far the target is.

    Attributes:
        found: errors found so far
        most_left: at most so many are left, with the target's confidence
        sure: the share of all errors that is thereby certain to be found
        allowed_left: what ``most_left`` must come down to, with as many found as now
        reached: whether it has
    """

    found: int
    most_left: int
    sure: float
    allowed_left: int
    reached: bool


def spent(number: int, alpha: float) -> float:
    """The probability of an error that audit ``number`` of a run (from 1) may use up.

    Example:
        >>> round(sum(spent(j, 0.05) for j in range(1, 10_000)), 4)
        0.05
    """
    if number < 1:
        raise ValueError(f"audits are counted from 1, got {number}")
    return alpha / (number * (number + 1))


def distance(found: int, unreviewed: int, bounds: Iterable[float], share: float) -> Distance:
    """How far a target is.

    Args:
        found: errors found so far
        unreviewed: samples without a decision; each could be wrong if nothing else is known
        bounds: upper bounds of the errors left now, one for each completed audit: that of the
            errors at its draw less those found among them since
        share: the share of errors that is to be found

    Example:
        >>> distance(found=900, unreviewed=5_000, bounds=[140.2, 95.0], share=0.9)
        Distance(found=900, most_left=95, sure=0.904..., allowed_left=100, reached=True)
    """
    left = max(0, math.floor(min([float(unreviewed), *bounds]) + 1e-9))
    allowed = math.floor(found * (1.0 - share) / share + 1e-9)
    everything = found + left
    sure = found / everything if everything else 1.0
    return Distance(found, left, sure, allowed, left <= allowed)
