"""Models that know the given labels by heart, because they have been trained on them.

What such a model says of a label is no evidence for it. Its likelihood is the best of all for just
that reason, so that likelihood cannot tell; what tells is another model's disagreement. Where
another model is surest and yet disagrees with the label, many labels are wrong, and a model that
has not learnt them takes that other model's side. One that has learnt them a little takes it too,
and favours the label all the same (``favour.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..arrays import Float64Array, Int64Array
from .favour import favour
from .probabilities import LogProbabilities

SUREST = (0.1, 0.3)
"""The part of the samples of which another model is surest; the larger where the first is few."""
LEAST_SAMPLES = 10
MOST_OWN_ERRORS = 0.5
"""Of a model's disagreements, so many may be its own errors, by its calibrated probabilities; where
there are more, it cannot tell of another one."""
SIDES_WITH_LABELS = 0.5
"""Of the rest. Measured on CIFAR-10N: a network that has not seen the labels sides with .0 to .4 of
all; one that has, with .6 to 1."""
SURELY_WITH_LABELS = 0.75
LEAST_FAVOUR = 1.0
"""In nats. Measured on CIFAR-10N: networks and heads out of fold have -.3 to .8, a small network
after ten epochs on the labels, of which it agrees with 75 to 85 %, 1.2 to 1.6, others more."""
NEARLY_ALL = 0.95
"""Of the labels: a model that agrees with so many may have learnt them where no other can tell."""


@dataclass(frozen=True)
class Knowledge:
    """Whether a model has learnt the labels.

    Attributes:
        learnt: "yes", "perhaps" or "no"
        agreement: share of all labels that it predicts
        sides: how often it predicts the label where another model is surest that it is wrong; None
            where no other model can tell
        favour: by how many nats it favours the labels; 0 where that may be nothing
    """

    learnt: Literal["yes", "perhaps", "no"]
    agreement: float
    sides: float | None
    favour: float = 0.0


def knowledge_of_labels(
    models: Sequence[LogProbabilities], label: Int64Array, loss: Sequence[float]
) -> list[Knowledge]:
    """Whether each model has learnt the labels, by the likeliest other model that can tell.

    A model that has not learnt them disagrees with all those that are wrong. "Yes" is therefore
    said only of one that disagrees with less than half as many as another one is surest of, or
    that takes their side and favours them as well.

    Args:
        models: log-probabilities, (n, C) each, calibrated
        label: (n,), class indices
        loss: of each model alone: the smaller, the likelier it makes the labels

    Example:
        >>> truth = np.arange(400) % 4
        >>> label = np.where(np.arange(400) % 7 == 0, (truth + 1) % 4, truth)
        >>> sure = [np.log(0.01 + 0.96 * np.eye(4)[of]) for of in (truth, label)]
        >>> [k.learnt for k in knowledge_of_labels(sure, label, [1.0, 0.1])]
        ['no', 'yes']
    """
    said = [m.argmax(axis=1) for m in models]
    sure = [np.exp(m.max(axis=1)) for m in models]
    order = np.argsort(loss, kind="stable").tolist()
    found = []
    for m in range(len(models)):
        others = [other for other in order if other != m]
        knows = _judged(said[m], [(said[other], sure[other]) for other in others], label)
        told = [favour(models[m], models[other], label) for other in others]
        most = max((nats for nats in told if nats is not None), default=0.0)
        if most >= LEAST_FAVOUR:
            learnt = "no" if knows.learnt == "no" else "yes"
            knows = replace(knows, learnt=learnt, favour=most)
        found.append(knows)
    return found


def _judged(
    said: Int64Array, others: Sequence[tuple[Int64Array, Float64Array]], label: Int64Array
) -> Knowledge:
    agreement = float((said == label).mean())
    for other, sure in others:
        for part in SUREST:
            top = np.argsort(-sure, kind="stable")[: int(part * len(label))]
            against = top[other[top] != label[top]]
            own = float((1 - sure[top]).sum()) / max(len(against), 1)
            if len(against) < LEAST_SAMPLES or own > MOST_OWN_ERRORS:
                continue
            sides = float((said[against] == label[against]).mean())
            few = 1 - agreement < 0.5 * len(against) / len(top)
            if few and _at_least(sides, len(against)) >= own + (1 - own) * SURELY_WITH_LABELS:
                return Knowledge("yes", agreement, sides)
            perhaps = sides >= own + (1 - own) * SIDES_WITH_LABELS
            return Knowledge("perhaps" if perhaps else "no", agreement, sides)
    return Knowledge("perhaps" if agreement >= NEARLY_ALL else "no", agreement, None)


def _at_least(share: float, n: int, z: float = 1.645) -> float:
    """The lower end of Wilson's interval: one-sided, 95 %."""
    middle = share + z**2 / (2 * n)
    return (middle - z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)
