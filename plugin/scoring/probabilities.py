"""Logits and confidences to log-probabilities over one class list, aligned by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

SMALLEST_PROBABILITY = 1e-12
"""Probabilities are held at or above this before a logarithm is taken."""

LARGEST_LOGIT = 1e9
"""Logits are held within this, so that no difference of two leaves the range of a float32."""

LogProbabilities = npt.NDArray[np.float64]
"""Natural logarithms of probabilities, float64, a row a sample."""


def log_probabilities(p: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Logarithms of probabilities, held at or above ``SMALLEST_PROBABILITY``.

    Example:
        >>> bool(np.isfinite(log_probabilities([0.0, 1.0])).all())
        True
    """
    return np.log(np.maximum(np.asarray(p, np.float64), SMALLEST_PROBABILITY))


def from_logits(values: npt.NDArray[np.floating[Any]]) -> LogProbabilities:
    """Log-probabilities of rows of logits. Log-probabilities are logits of themselves.

    Args:
        values: float (n, C), finite

    Returns:
        float64 (n, C)

    Example:
        >>> np.exp(from_logits(np.array([[0.0, np.log(3.0)], [0.5, 0.5]]))).round(2).tolist()
        [[0.25, 0.75], [0.5, 0.5]]
    """
    scores = np.clip(np.asarray(values, np.float64), -LARGEST_LOGIT, LARGEST_LOGIT)
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def from_confidences(
    prediction: npt.NDArray[np.integer[Any]],
    confidence: npt.ArrayLike,
    classes: int,
    least_rest: float = SMALLEST_PROBABILITY,
) -> LogProbabilities:
    """Log-probabilities where only the predicted class and its confidence are known.

    What is left of the probability is assumed to be spread evenly over the other classes; this is
    the assumption of largest entropy, and the only one that favours none of them. A confidence
    below 1/classes would contradict the prediction and is raised to it.

    Args:
        prediction: int (n,), index of the predicted class
        confidence: float (n,), in [0, 1]
        classes: number of classes, at least 2
        least_rest: what is left at least; half of the rounding step of the confidences, so that a
            confidence that was rounded to 1 is no certainty

    Returns:
        float64 (n, classes)

    Example:
        >>> np.exp(from_confidences(np.array([1]), [0.8], classes=3)).round(2).tolist()
        [[0.1, 0.8, 0.1]]
    """
    sure = np.minimum(np.asarray(confidence, np.float64), 1.0 - least_rest)
    sure = np.maximum(sure, 1.0 / classes)
    rest = np.maximum((1.0 - sure) / (classes - 1), SMALLEST_PROBABILITY)
    log_p = np.repeat(np.log(rest)[:, None], classes, axis=1)
    log_p[np.arange(len(sure)), prediction] = np.log(sure)
    return log_p


def complete(
    models: Sequence[LogProbabilities], known: Sequence[npt.NDArray[np.bool_]]
) -> list[LogProbabilities]:
    """Let models that do not know a class take its probability from those that do.

    What a model says is then its opinion given that it is one of the classes that it knows; how
    probable the others are is the mean of the models that know all of these. Where every model
    knows every class, or none knows one, nothing changes.

    Args:
        models: log-probabilities, float64 (n, C) each
        known: bool (C,) each, the classes that the model knows

    Example:
        >>> sure, blind = np.log([[0.1, 0.2, 0.7]]), np.log([[0.4, 0.6, 1e-12]])
        >>> known = [np.array([True, True, True]), np.array([True, True, False])]
        >>> np.exp(complete([sure, blind], known)[1]).round(2).tolist()
        [[0.12, 0.18, 0.7]]
    """
    every = np.logical_or.reduce(list(known))
    out: list[LogProbabilities] = []
    for log_p, mine in zip(models, known, strict=True):
        missing = every & ~mine
        helpers = [m for m, k in zip(models, known, strict=True) if k[missing].all()]
        if not missing.any() or not helpers:
            out.append(log_p)
            continue
        others = np.mean([np.exp(m[:, missing]) for m in helpers], axis=0)
        left = np.maximum(1.0 - others.sum(axis=1, keepdims=True), SMALLEST_PROBABILITY)
        whole = log_p + np.log(left)
        whole[:, missing] = np.log(np.maximum(others, SMALLEST_PROBABILITY))
        out.append(whole)
    return out


def align(log_p: LogProbabilities, own: Sequence[str], classes: Sequence[str]) -> LogProbabilities:
    """Move the columns of one class list to another that contains it, by name.

    Classes that the model does not know get the smallest probability.

    Args:
        log_p: float64 (n, len(own))
        own: the model's class names, in the order of its columns
        classes: the class names to align to, a superset of ``own``

    Returns:
        float64 (n, len(classes))

    Example:
        >>> np.exp(align(np.log([[0.1, 0.9]]), ["b", "a"], ["a", "b"])).round(1).tolist()
        [[0.9, 0.1]]
    """
    if list(own) == list(classes):
        return log_p
    position = {name: i for i, name in enumerate(classes)}
    aligned = np.full((len(log_p), len(classes)), np.log(SMALLEST_PROBABILITY))
    aligned[:, [position[name] for name in own]] = log_p
    return aligned
