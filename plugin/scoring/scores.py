"""What an iteration keeps of every sample, computed from one or several models' probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .margin import suspicion
from .probabilities import LogProbabilities

TOP_CLASSES = 5


@dataclass(frozen=True)
class Scores:
    """Scores of ``n`` samples over ``C`` classes, ``k = min(C, 5)``.

    Attributes:
        prediction: int32 (n,), most probable class
        p_label, p_max: float32 (n,), probability of the label and of the prediction
        suspicion: float32 (n,), log-odds margin averaged over the models, in nats
        top_class: int32 (n, k), the most probable classes, most probable first
        top_probability: float32 (n, k), their probabilities
    """

    prediction: npt.NDArray[np.int32]
    p_label: npt.NDArray[np.float32]
    p_max: npt.NDArray[np.float32]
    suspicion: npt.NDArray[np.float32]
    top_class: npt.NDArray[np.int32]
    top_probability: npt.NDArray[np.float32]


def score(models: Sequence[LogProbabilities], label: npt.NDArray[np.int64]) -> Scores:
    """Score samples from the log-probabilities of one or several models.

    Probabilities are averaged over the models (a mixture), suspicions as well. Ties in the
    prediction go to the lower class index, as ``argmax`` does.

    Args:
        models: each float64 (n, C), over the same classes
        label: int (n,), class index of each label

    Example:
        >>> s = score([np.log([[0.2, 0.8]])], np.array([0]))
        >>> int(s.prediction[0]), round(float(s.suspicion[0]), 3)
        (1, 1.386)
    """
    p = np.mean([np.exp(log_p) for log_p in models], axis=0)
    n, classes = p.shape
    k = min(classes, TOP_CLASSES)
    if classes > 4 * k:
        top = np.argpartition(-p, k - 1, axis=1)[:, :k]
        top.sort(axis=1)
    else:
        top = np.broadcast_to(np.arange(classes), (n, classes))
    order = np.argsort(-np.take_along_axis(p, top, axis=1), axis=1, kind="stable")[:, :k]
    top = np.take_along_axis(top, order, axis=1)
    margin = np.mean([suspicion(log_p, label) for log_p in models], axis=0)
    top_probability = np.take_along_axis(p, top, axis=1).astype(np.float32)
    return Scores(
        prediction=top[:, 0].astype(np.int32),
        p_label=p[np.arange(n), label].astype(np.float32),
        p_max=top_probability[:, 0],
        suspicion=margin.astype(np.float32),
        top_class=top.astype(np.int32),
        top_probability=top_probability,
    )
