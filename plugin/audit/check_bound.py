"""A random check before a bulk decision: an exact bound on the wrong ones that nobody looked at."""

from __future__ import annotations

from scipy.stats import hypergeom

CONFIDENCE = 0.95


def most_wrong(
    population: int, checked: int, exceptions: int, confidence: float = CONFIDENCE
) -> int:
    """An upper bound on the exceptions among the samples that were not checked.

    The exact bound for sampling without replacement: the largest number of exceptions in the
    population with which as few as these would be met with a probability above 1 − confidence
    (Clopper and Pearson, Biometrika 26, 1934, with the hypergeometric distribution).

    Args:
        population: samples that the check was drawn from
        checked: how many were drawn, without replacement, and looked at
        exceptions: how many of those do not fit
        confidence: in (0, 1)

    Raises:
        ValueError: if the numbers contradict each other

    Example:
        >>> most_wrong(1400, 60, 0)
        66
        >>> most_wrong(20, 20, 3)
        0
    """
    if not 0 <= exceptions <= checked <= population or checked < 1:
        raise ValueError(
            "needs 0 <= exceptions <= checked <= population and a checked sample, got "
            f"{exceptions}, {checked} and {population}"
        )
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    low, high = exceptions, population - (checked - exceptions)
    while low < high:
        middle = (low + high + 1) // 2
        if hypergeom.cdf(exceptions, population, middle, checked) > 1.0 - confidence:
            low = middle
        else:
            high = middle - 1
    return low - exceptions
