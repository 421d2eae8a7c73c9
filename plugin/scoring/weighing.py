"""How much each of several predictions counts, where nobody knows how they were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from ..arrays import Float64Array, Int64Array
from ..percent import percent
from .margin import suspicion
from .memorised import Knowledge, knowledge_of_labels
from .pooling import LEAST_SAMPLES, Pool, calibrated, calibration, fit_pool
from .probabilities import SMALLEST_PROBABILITY, LogProbabilities, from_logits

ALIKE = 0.67
"""Rank correlation of two orders of suspicion from which on the two models know the same things.
Measured on CIFAR-10N: two strong networks .64 to .77, a strong and a weak one .43 to .64."""


@dataclass(frozen=True)
class Weighing:
    """What is made of several models.

    Attributes:
        used: which of them are averaged, where there is no pool
        pool: how all are made one, or None
        weights: (m,), each one's share
        doubts: sentences on models that seem to have been trained on the labels
        said: sentences on the shares, for people
    """

    used: tuple[int, ...]
    pool: Pool | None
    weights: Float64Array
    doubts: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    def __call__(self, models: Sequence[LogProbabilities]) -> list[LogProbabilities]:
        """What is to be scored: one pooled model, or those that are averaged."""
        if self.pool is not None:
            return [self.pool(models)]
        return [models[m] for m in self.used]


def weigh(models: Sequence[LogProbabilities], label: Int64Array, names: Sequence[str]) -> Weighing:
    """How much each model counts.

    One that has surely been trained on the labels counts nothing. Where one may have been,
    likelihood says nothing, and all count the same. Otherwise each counts by its likelihood, for
    one that favours the labels by what it would be without, and
    nothing if it adds nothing; but models that know the same things count the same, for the
    likelier may be the one that has seen some of the labels.

    Args:
        models: log-probabilities of some samples, (n, C) each
        label: (n,), class indices
        names: of the models, for the sentences
    """
    every = tuple(range(len(models)))
    equal = np.full(len(models), 1 / len(models))
    if len(label) < LEAST_SAMPLES:
        return Weighing(every, None, equal)
    alone = [calibration(m, label) for m in models]
    even = [calibrated(m, exponent) for m, (exponent, _) in zip(models, alone, strict=True)]
    found = knowledge_of_labels(even, label, [loss for _, loss in alone])
    doubts = tuple(
        _doubt(n, k)
        for n, k in zip(names, found, strict=True)
        if k.favour or (k.learnt != "no" and k.sides is not None)
    )
    used = tuple(m for m in every if found[m].learnt != "yes")
    if not used:
        return Weighing(every, None, equal, doubts)
    weights = np.zeros(len(models))
    weights[list(used)] = 1 / len(used)
    if len(used) == 1 or any(found[m].learnt == "perhaps" for m in used):
        return Weighing(used, None, weights, doubts)
    asked = [_unfavoured(models[m], label, found[m].favour, alone[m][0]) for m in used]
    pool = fit_pool(asked, label)
    if pool is None:
        return Weighing(used, None, weights, doubts)
    sharpness = np.array(
        [
            calibration(said, label)[0] if found[m].favour else alone[m][0]
            for m, said in zip(used, asked, strict=True)
        ]
    )
    pool = _even_where_alike(pool, asked, label, sharpness)
    weights[list(used)] = pool.weights
    exponents = np.zeros(len(models))
    exponents[list(used)] = pool.exponents
    said = _shares(names, weights, used)
    return Weighing(used, Pool(exponents, weights), weights, doubts, said)


def _unfavoured(
    model: LogProbabilities, label: Int64Array, favour: float, exponent: float
) -> LogProbabilities:
    """A model without its favour for the labels, which is in nats of the calibrated one.

    It is for the weights: the same from every label, it would leave the order as it is.
    """
    if favour == 0 or exponent == 0:
        return model
    held = np.maximum(np.asarray(model, np.float64), np.log(SMALLEST_PROBABILITY))
    held[np.arange(len(label)), label] -= favour / exponent
    return from_logits(held)


def _even_where_alike(
    pool: Pool, models: Sequence[LogProbabilities], label: Int64Array, sharpness: Float64Array
) -> Pool:
    """The same weight for all that count where one that is like them would count little."""
    share = 1 / len(models)
    heavy, light = pool.weights >= share, pool.weights < share / 2
    if not light.any():
        return pool
    ranks = [rankdata(suspicion(m, label)) for m in models]
    like = np.atleast_2d(np.corrcoef(np.stack(ranks)))
    again = light & (np.nan_to_num(like)[:, heavy] >= ALIKE).any(axis=1)
    if not again.any():
        return pool
    weights = (~light | again) / (~light | again).sum()
    return Pool(weights * sharpness, weights)


def _doubt(name: str, knows: Knowledge) -> str:
    if knows.learnt == "no":
        return (
            f"'{name}' makes labels {np.exp(min(knows.favour, 20.0)):,.0f} times as likely as what "
            "it sees explains: it has probably seen some of them. This was taken off before it was "
            "weighed."
        )
    said = (
        f"'{name}' agrees with {_percent(knows.agreement)} of the labels, and with "
        f"{_percent(knows.sides or 0.0)} of those that other predictions are surest to be wrong"
    )
    if knows.learnt == "yes":
        return f"{said}: it has probably been trained on them, so that it got no weight."
    return (
        f"{said}: it may have been trained on them. Nothing tells how good it is, so that all "
        "count the same; leave it out if it was."
    )


def _percent(share: float) -> str:
    return percent(share, 1 if 0.9 < share < 1 else 0)


def _shares(names: Sequence[str], weights: Float64Array, used: Sequence[int]) -> tuple[str, ...]:
    counted = [f"'{names[m]}' {_percent(float(weights[m]))}" for m in used if weights[m] > 0]
    nothing = [f"'{names[m]}'" for m in used if weights[m] == 0]
    said = f"Weights by likelihood of the labels: {', '.join(counted)}."
    if not nothing:
        return (said,)
    verb = "adds nothing and has no weight" if len(nothing) == 1 else "add nothing and have none"
    return (said, f"{', '.join(nothing)} {verb}.")
