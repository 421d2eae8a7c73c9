"""Which class to begin with: what a classifier confuses most, on held-out predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Confusion:
    """An entry of the normalised confusion matrix off its diagonal.

    Attributes:
        label: class index of the label
        prediction: class index of the prediction
        samples: how many samples have both
        share: of the samples with that label
    """

    label: int
    prediction: int
    samples: int
    share: float


def confusions(
    label: npt.NDArray[np.integer[Any]], prediction: npt.NDArray[np.integer[Any]], most: int = 10
) -> list[Confusion]:
    """The largest off-diagonal entries of the confusion matrix normalised by label.

    Args:
        label: int (n,), class indices; samples with a negative one are left out
        prediction: int (n,), of a classifier that has not seen the sample
        most: so many entries

    Returns:
        largest share first

    Example:
        >>> confusions(np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 0, 1]))
        [Confusion(label=1, prediction=0, samples=1, share=0.5),
         Confusion(label=0, prediction=1, samples=1, share=0.25)]
    """
    used = label >= 0
    label, prediction = label[used].astype(np.int64), prediction[used].astype(np.int64)
    if not len(label):
        return []
    classes = int(max(label.max(), prediction.max())) + 1
    size = np.bincount(label, minlength=classes)
    pairs, count = np.unique(label * classes + prediction, return_counts=True)
    given, said = pairs // classes, pairs % classes
    share = count / size[given]
    order = np.lexsort((-count, -share))
    order = order[given[order] != said[order]][:most]
    return [Confusion(int(given[i]), int(said[i]), int(count[i]), float(share[i])) for i in order]
