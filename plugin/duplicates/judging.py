"""The judgement of proposed pairs: which have at least some SES, and how much."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from ..arrays import Float64Array, Int64Array
from .ssim import ssim_pairs

MEMORY = 256 << 20
_MARGIN = 1e-3  # float32 is off by less; what it lets through is scored again in float64
_CHANNEL = 0.1  # CIFAR-10, SES from 0.65: green alone is at most 0.06 below the mean of channels

Judged = tuple[Int64Array, Float64Array]
"""Which of the pairs have at least the floor, by their place, and the SES of these."""
Judge = Callable[[Int64Array, float, bool], Judged | None]
"""Takes pairs (m, 2), the floor, and whether most will have it; None: they are not worth its while.

What it answers must be what ``judge_pairs`` does.
"""


def judge_pairs(
    images: NDArray[np.uint8],
    pairs: Int64Array,
    floor: float,
    *,
    likely: bool = False,
    device: torch.device | str = "cpu",
    memory: int = MEMORY,
) -> Judged:
    """Those of the pairs that have at least `floor`, and their SES.

    No pair's SES depends on the pairs beside it, nor on the number of threads.

    Args:
        images: as in `ssim_pairs`
        pairs: shape (m, 2), indices into `images`
        floor: the lowest SES that is kept
        likely: most have it: then nothing is gained by a rough look first
        device: where to compute
        memory: bytes of working memory, about

    >>> images = np.random.default_rng(0).integers(0, 256, (3, 16, 16), dtype=np.uint8)
    >>> kept, ses = judge_pairs(images, np.array([[0, 1], [2, 2]]), 0.9)
    >>> kept.tolist(), ses.tolist()
    ([1], [1.0])
    """
    kept = np.arange(len(pairs))
    colour = len(images.shape) == 4 and images.shape[3] == 3
    looks = [(1, _CHANNEL), (None, _MARGIN)] if colour else [(None, _MARGIN)]
    for channel, margin in () if likely else looks:
        rough = ssim_pairs(images, pairs[kept], device=device, channel=channel, memory=memory)
        kept = kept[rough >= floor - margin]
    exact = "cpu" if torch.device(device).type == "mps" else device
    ses = ssim_pairs(images, pairs[kept], device=exact, dtype=torch.float64, memory=memory)
    return kept[ses >= floor], ses[ses >= floor]
