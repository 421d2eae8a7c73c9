"""How many errors of a kind are among labels, by how errors of that kind look.

Labels as they are are a mixture of right ones and errors. Where a region of looks holds a share of
the errors that were made, it holds at least that share of those that are there, so that no kind can
be more frequent than the labels in the region over that share. The region where this bound is
lowest holds hardly anything but errors (best bin estimation: Garg, Wu, Smola, Balakrishnan, Lipton
2021, "Mixture Proportion Estimation and PU Learning").
"""

from __future__ import annotations

import numpy as np
from scipy.stats import beta

from ..arrays import FloatArray

RAREST, MOST_FREQUENT = 0.02, 0.3
"""How rare and how frequent a kind of error is believed to be at least and at most."""

LEAST_LABELS = 100
"""With fewer a region is chance, and a kind is believed to be rare."""

LEAST_SHARE = 0.1
"""Of the errors that were made, that a region must hold."""


def share_among(there: FloatArray, made: FloatArray) -> float:
    """The share of errors of a kind among labels.

    Args:
        there: how much each label looks like such an error, (n,)
        made: the same of errors that were made, (m,)

    Example:
        >>> there = np.concatenate([np.zeros(900), np.ones(100)])
        >>> round(share_among(there, np.ones(50)), 2)
        0.1
    """
    n = len(there)
    if n < LEAST_LABELS or not len(made):
        return RAREST
    edges = np.unique(np.concatenate([there, made]))[::-1]
    among_labels = 1.0 - np.searchsorted(np.sort(there), edges, side="left") / n
    among_made = 1.0 - np.searchsorted(np.sort(made), edges, side="left") / len(made)
    enough = among_made >= LEAST_SHARE
    if not enough.any():
        return RAREST
    low, share = among_labels[enough], among_made[enough]
    count = np.round(low * n)
    at_most = beta.ppf(0.95, count + 1, np.maximum(n - count, 1e-9))  # Clopper and Pearson's bound
    best = int((at_most / share).argmin())
    return float(low[best] / share[best])
