"""How alike two images must be to be kept, and to be listed: chosen from the images themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LOWEST_FLOOR, HIGHEST_FLOOR = 0.75, 0.95
LOWEST_THRESHOLD, HIGHEST_THRESHOLD = 0.80, 0.98
SHARE_LISTED = 0.01  # of the images, listed by default
PAIRS_KEPT = 0.5  # an image, at most, on average, before the floor is raised


def choose_levels(
    ses: NDArray[np.floating[Any]], owner: NDArray[np.integer[Any]], count: int
) -> tuple[float, float]:
    """Floor and threshold to begin with, from the pairs that a sample of the images is in.

    The threshold is where one image in a hundred is in a pair, but from 0.80 to 0.98: in
    photographs pairs above 0.8 are copies, while two handwritten ones easily reach 0.95 without
    being any. The floor is 0.75, or higher where an image would be in more than one pair on
    average, but at most 0.95.

    Args:
        ses: shape (m,), SES of each pair.
        owner: shape (m,), which of the sampled images the pair was found for.
        count: number of images sampled.

    Returns:
        (floor, threshold), floor at most threshold.

    >>> choose_levels(np.array([0.9, 0.99]), np.array([0, 0]), 1000)
    (0.75, 0.8)
    """
    highest = np.zeros(max(count, 1))
    np.maximum.at(highest, owner, ses)
    threshold = float(
        np.clip(np.quantile(highest, 1 - SHARE_LISTED), LOWEST_THRESHOLD, HIGHEST_THRESHOLD)
    )
    allowed = most_kept(count)
    limit = float(np.sort(ses)[-allowed]) if len(ses) > allowed else LOWEST_FLOOR
    floor = float(np.clip(limit, LOWEST_FLOOR, HIGHEST_FLOOR))
    return min(floor, threshold), threshold


def most_kept(count: int) -> int:
    """How many pairs the floor leaves, at most, to a sample of `count` images.

    >>> most_kept(2000)
    2000
    """
    return int(PAIRS_KEPT * 2 * count)  # a pair is seen from both its ends
