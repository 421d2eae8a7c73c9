"""How much one sample can matter to a summary of its class: sensitivity from distance and leverage.

Two bounds, both within one class of n samples, are averaged:

* the lightweight coreset's (Bachem, Lucic and Krause, KDD 2018, algorithm 1):
  ``1/2 · 1/n + 1/2 · d²(x, μ) / Σ d²``;
* the square root of leverage, normalised (Munteanu, Schwiegelshohn, Sohler and Woodruff, NeurIPS
  2018, section 4), with the intercept among the columns.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..arrays import Float64Array

Variant = Literal["label_aware", "label_free"]
VARIANTS: tuple[Variant, ...] = ("label_aware", "label_free")


def lightweight(distance: npt.ArrayLike) -> Float64Array:
    """Lightweight coreset sensitivity of the samples of one class.

    Args:
        distance: float (n,), squared distance of each sample from the class's mean

    Returns:
        float64 (n,), positive, its sum is 1

    Example:
        >>> lightweight([0.0, 1.0, 1.0, 2.0]).tolist()
        [0.125, 0.25, 0.25, 0.375]
    """
    squared = np.maximum(np.asarray(distance, np.float64), 0.0)
    total = squared.sum()
    uniform = np.full(len(squared), 1.0 / max(len(squared), 1))
    return uniform if total <= 0 else 0.5 * uniform + 0.5 * squared / total


def combined(distance: npt.ArrayLike, leverage: npt.ArrayLike) -> Float64Array:
    """Both sensitivities of the samples of one class, averaged.

    Args:
        distance: float (n,), squared distance of each sample from the class's mean
        leverage: float (n,), in [0, 1]

    Returns:
        float64 (n,), positive, its sum is 1

    Example:
        >>> combined([0.0, 2.0], [0.25, 1.0]).round(4).tolist()
        [0.2917, 0.7083]
    """
    root = np.sqrt(np.clip(np.asarray(leverage, np.float64), 0.0, 1.0))
    total = root.sum()
    rooted = root / total if total > 0 else np.full(len(root), 1.0 / max(len(root), 1))
    return (lightweight(distance) + rooted) / 2.0


def importance(
    sensitivity: Float64Array, residual: npt.NDArray[np.floating[Any]] | None
) -> Float64Array:
    """Sensitivity as a multiple of its class's average, so that classes can be compared.

    Args:
        sensitivity: float64 (n,), of the samples of one class, its sum is 1
        residual: float (n,), ``1 − p[label]`` of each, or None for the label-free importance

    Returns:
        float64 (n,); 1 is an average sample, of which the classifier would be wholly surprised
        where a residual was given

    Example:
        >>> importance(np.array([0.25, 0.75]), np.array([0.5, 0.1])).round(3).tolist()
        [0.25, 0.15]
    """
    relative = sensitivity * len(sensitivity)
    return relative if residual is None else relative * residual
