"""By how much a model favours the given labels, beyond what it can see in the samples.

Where another model is surest and yet disagrees with the label, the label is mostly wrong, and a
model that has not learnt it gives it what it gives to any class that looks as likely to the other
model. One that has seen it gives it more, long before it predicts it. So the odds of such labels
are compared with those of other classes, of other samples, that have the same odds by the other
model. Classes that are confused for what they look like have the same odds by both.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Float64Array, Int64Array
from .probabilities import LogProbabilities

SUREST = (0.1, 0.3)
"""The part of the samples of which the other model is surest; the larger where the first is few."""
LEAST_SAMPLES = 10
MOST_OWN_ERRORS = 0.25
"""Of the other model's disagreements: where more are its own errors, labels are favoured rightly.
Measured on CIFAR-10N: with .3 to .4 a weak model finds strong ones to favour labels by 1 to 4."""
COMPARED_WITH = 50
SURE = 1.645
"""Standard errors: one-sided, 95 %."""


def favour(said: LogProbabilities, other: LogProbabilities, label: Int64Array) -> float | None:
    """By how much a model favours the labels, in nats; None where the other model cannot tell.

    0 where it favours none, or that may be chance.

    Args:
        said: (n, C), calibrated
        other: (n, C), calibrated: what another model says of the same samples
        label: (n,), class indices

    Example:
        >>> draw = np.random.default_rng(0)
        >>> truth = np.arange(600) % 3
        >>> label = np.where(np.arange(600) % 5 == 0, (truth + 1) % 3, truth)
        >>> sure = np.log(0.02 + 0.94 * np.eye(3)[truth])
        >>> seen = sure + 1.5 * np.eye(3)[label]
        >>> favour(sure, sure, label), round(favour(seen, sure, label), 2)
        (0.0, 1.5)
    """
    prediction, sure = other.argmax(axis=1), np.exp(other.max(axis=1))
    order = np.argsort(-sure, kind="stable")
    for part in SUREST:
        top = order[: int(part * len(label))]
        against = int((prediction[top] != label[top]).sum())
        own = float((1 - sure[top]).sum()) / max(against, 1)
        if against >= LEAST_SAMPLES and own <= MOST_OWN_ERRORS:
            excess = _excess(said[top], other[top], label[top], prediction[top])
            # The median of those that are wrong: of the other model's own errors it is larger.
            middle = 0.5 * (1 - own)
            error = np.sqrt(middle * (1 - middle) / len(excess))
            low, most = np.quantile(excess, [max(middle - SURE * error, 0.0), middle])
            return float(most) if low > 0 else 0.0
    return None


def _excess(
    said: LogProbabilities, other: LogProbabilities, label: Int64Array, prediction: Int64Array
) -> Float64Array:
    """Of each label that the other model disagrees with, by how much it is favoured."""
    rows = np.arange(len(label))
    ours = said - said[rows, prediction][:, None]
    theirs = other - other[rows, prediction][:, None]
    free = np.ones(theirs.shape, bool)
    free[rows, prediction] = free[rows, label] = False
    order = np.argsort(theirs[free], kind="stable")
    alike, found = theirs[free][order], ours[free][order]
    at = np.flatnonzero(prediction != label)
    first = np.searchsorted(alike, theirs[at, label[at]]) - COMPARED_WITH // 2
    first = np.clip(first, 0, max(len(alike) - COMPARED_WITH, 0))
    near = np.minimum(first[:, None] + np.arange(COMPARED_WITH), len(alike) - 1)
    excess = ours[at, label[at]] - np.median(found[near], axis=1)
    # Most of the others agree with their label, which is favoured there: it counts twice.
    return excess / 2
