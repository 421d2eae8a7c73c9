"""Saliency: which pixels the classifier's decision hangs on, as a basis for projection.

The gradient of the predicted class's logit with respect to the image (Simonyan, Vedaldi and
Zisserman, "Deep inside convolutional networks", 2014), which the paper lays its images out by.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, wait
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..tensors import tensor_of
from ..torch_threads import lanes
from .decode import UnreadableImageError, decode_image
from .deep import Windows

AT_ONCE = 64 * 64**2
"""Pixels a pass, over its images: what lies between the layers of a network is many times that."""
FILES_AT_ONCE = 16
POLL_SECONDS = 0.5


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
    batch = max(1, AT_ONCE // max(1, images.shape[2] * images.shape[3]))
    for start in range(0, len(images), batch):
        part = slice(start, start + batch)
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


def saliency_of_files(
    model: nn.Module,
    paths: Sequence[str],
    classes: npt.NDArray[np.integer[Any]],
    mean: list[float],
    std: list[float],
    side: int,
    *,
    size: int,
    channels: int,
    windows: Windows | None = None,
    again: Callable[[], None] = lambda: None,
) -> npt.NDArray[np.float32]:
    """Gradient maps of image files, on half of the cores.

    Args:
        model: as for ``saliency_maps``
        paths: the files, n
        classes: int (n,)
        mean: of each channel
        std: of each channel
        side: height and width of the result
        size: side in pixels of what the model is given
        channels: 1 for grey, 3 for RGB
        windows: of the deep pictures among them
        again: called several times a second; where it raises, the work ends

    Returns:
        float32 (n, side, side), zero where a file cannot be read
    """
    out = np.zeros((len(paths), side, side), np.float32)

    def compute(start: int) -> None:
        part = range(start, min(start + FILES_AT_ONCE, len(paths)))
        images = np.zeros((len(part), channels, size, size), np.uint8)
        read = np.zeros(len(part), bool)
        for at, i in enumerate(part):
            try:
                images[at] = decode_image(paths[i], size, channels, windows)
                read[at] = True
            except UnreadableImageError:
                continue
        places = np.array(part)[read]
        out[places] = saliency_maps(model, images[read], classes[places], mean, std, side)

    with lanes(max(1, (os.cpu_count() or 1) // 2), "deconfuse-saliency") as pool:
        waiting = {pool.submit(compute, at) for at in range(0, len(paths), FILES_AT_ONCE)}
        while waiting:
            done, waiting = wait(waiting, POLL_SECONDS, FIRST_EXCEPTION)
            for future in done:
                future.result()
            if waiting:
                again()
    return out
