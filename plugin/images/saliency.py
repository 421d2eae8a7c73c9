"""Saliency: which pixels the classifier's decision hangs on, as a basis for projection.

The gradient of the predicted class's logit with respect to the image (Simonyan, Vedaldi and
Zisserman, "Deep inside convolutional networks", 2014), which the paper lays its images out by.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..tensors import tensor_of

BATCH = 64


def saliency_maps(
    model: nn.Module,
    images: npt.NDArray[np.uint8],
    classes: npt.NDArray[np.integer[Any]],
    mean: list[float],
    std: list[float],
    side: int,
) -> npt.NDArray[np.float32]:
    """Gradient maps of images, small enough to compare.

    Args:
        model: in evaluation mode; gives logits (n, C) for normalised images (n, channels, h, w)
        images: uint8 (n, channels, h, w)
        classes: int (n,), the class whose logit is differentiated
        mean: of each channel, for pixels in [0, 1]
        std: of each channel
        side: height and width of the result

    Returns:
        float32 (n, side, side): the largest absolute gradient over the channels, averaged over
        areas, each map scaled to a maximum of 1; all zero where the gradient is zero

    Example:
        >>> last = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False))
        >>> _ = last[1].weight.data.copy_(torch.tensor([[0., 0, 0, 4], [2, 0, 0, 1]]))
        >>> image = np.zeros((1, 1, 2, 2), np.uint8)
        >>> saliency_maps(last, image, np.array([1]), [0.0], [1.0], 2).tolist()
        [[[1.0, 0.0], [0.0, 0.5]]]
    """
    shift = torch.tensor(mean).view(1, -1, 1, 1)
    scale = torch.tensor(std).view(1, -1, 1, 1)
    out = np.zeros((len(images), side, side), np.float32)
    for start in range(0, len(images), BATCH):
        part = slice(start, start + BATCH)
        x = tensor_of(np.ascontiguousarray(images[part])).float() / 255.0
        x = ((x - shift) / scale).requires_grad_(True)
        chosen = tensor_of(np.asarray(classes[part], np.int64))
        logits = model(x).gather(1, chosen[:, None]).sum()
        (gradient,) = torch.autograd.grad(logits, x)
        maps = gradient.abs().amax(dim=1, keepdim=True)
        maps = nn.functional.adaptive_avg_pool2d(maps, side)[:, 0]
        most = maps.amax(dim=(1, 2), keepdim=True)
        out[part] = torch.where(most > 0, maps / most.clamp_min(1e-30), maps).numpy()
    return out
