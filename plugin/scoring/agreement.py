"""How predictions agree with labels, beside what would agree by chance."""

from __future__ import annotations

import numpy as np

from ..arrays import IntArray

DEVIATIONS = 3.0
FEWEST = 20


def beside_chance(name: str, agreeing: int, labels: IntArray, predictions: IntArray) -> str:
    """A warning where predictions agree with labels no better than chance; else empty.

    By chance, a share ``sum_c share(label c) * share(prediction c)`` would agree, give or take its
    binomial standard deviation.

    Args:
        name: of the predictions, to begin the sentence with
        agreeing: on how many samples the two agree
        labels: int (C,), samples by label
        predictions: int (C,), the same samples by prediction

    Example:
        >>> half = np.array([50, 50])
        >>> beside_chance("'pred'", 3, half, half)[:66]
        "'pred' agrees with 3 of 100 labels; by chance it would with 50. Th"
        >>> beside_chance("'pred'", 97, half, half)
        ''
    """
    samples = int(labels.sum())
    if samples < FEWEST:
        return ""
    share = float(labels.astype(float) @ predictions.astype(float)) / samples**2
    expected = share * samples
    spread = max(float(np.sqrt(expected * (1.0 - share))), 1e-9)
    if agreeing > expected + DEVIATIONS * spread or (share >= 1.0 and agreeing == samples):
        return ""
    found = f"{name} agrees with {agreeing:,} of {samples:,} labels; by chance it would with "
    found += f"{expected:,.0f}. "
    if agreeing < expected - DEVIATIONS * spread:
        return (
            found + "The order of its classes is probably wrong: give dataset.classes[field] the "
            "class names in the order of the model's scores."
        )
    return found + "Either it says nothing of the images, or the order of its classes is wrong."
