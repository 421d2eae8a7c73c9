"""Neighbour disagreement: how many of a sample's nearest neighbours carry another label."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

NEIGHBOURS = 15


def neighbour_disagreement(
    neighbours: npt.NDArray[np.integer[Any]],
    labels: npt.NDArray[np.integer[Any]],
    own: npt.NDArray[np.integer[Any]],
) -> npt.NDArray[np.float32]:
    """The share of each sample's neighbours whose label is another one.

    It needs no classifier's probabilities: a sample that lies among others of another class stands
    out even where the classifier has learnt its wrong label by heart.

    Args:
        neighbours: integer (m, k): for each of m samples the rows of its neighbours, itself left
            out; −1 where there are fewer than k
        labels: integer (n,): the class of each row
        own: integer (m,): the class of each of the m samples

    Returns:
        float32 (m,), from 0 to 1; 0 for a sample without neighbours

    Example:
        >>> near = np.array([[1, 2], [0, 2], [1, -1]])
        >>> labels = np.array([0, 0, 1])
        >>> neighbour_disagreement(near, labels, labels).tolist()
        [0.5, 0.5, 1.0]
    """
    known = neighbours >= 0
    other = known & (labels[np.maximum(neighbours, 0)] != own[:, None])
    return (other.sum(axis=1) / np.maximum(known.sum(axis=1), 1)).astype(np.float32)
