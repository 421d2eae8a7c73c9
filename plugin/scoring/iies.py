"""Instance Interpretation Error Score, equation 2 of Bäuerle, Neumann and Ropinski (2020)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def iies(p_max: npt.ArrayLike, p_label: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Instance Interpretation Error Score (equation 2): ``(max p + 1 − p[label]) / 2``.

    It lies between 1/2 and 1, and is exactly 1/2 wherever the prediction is the label, so it ranks
    misclassified samples only. There it equals one minus cleanlab's normalized margin.

    Args:
        p_max: probability of the most probable class, any shape
        p_label: probability of the label, the same shape

    Returns:
        float64, the same shape

    Example:
        >>> iies([0.75, 0.9], [0.25, 0.9]).tolist()
        [0.75, 0.5]
    """
    # In this order the result is exactly 1/2 where the two are equal.
    return 0.5 + (np.asarray(p_max, np.float64) - np.asarray(p_label, np.float64)) / 2.0
