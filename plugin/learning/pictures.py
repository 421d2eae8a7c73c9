"""Pictures as a network takes them: on its device, normalised, in its layout of memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ..arrays import Int64Array
from ..images.decoded import Pixels
from ..tensors import tensor_of

STATISTICS_IMAGES = 2_000
STATISTICS_PIXELS = 2**24
GPU_SHARE = 0.25


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation of each channel, for pixels in [0, 1]."""

    mean: list[float]
    std: list[float]

    @classmethod
    def of(cls, pixels: Pixels, indices: Int64Array) -> Normalisation:
        """The statistics of at most 2,000 of the images, of fewer where they are large."""
        return cls.of_images(pixels.load(looked_at(indices, pixels.shape[-1])))

    @classmethod
    def of_images(cls, images: npt.NDArray[np.uint8]) -> Normalisation:
        """The statistics of images (n, channels, side, side)."""
        sample = images.astype(np.float32) / 255
        spread = np.maximum(sample.std(axis=(0, 2, 3)), 1e-3)
        return cls(sample.mean(axis=(0, 2, 3)).tolist(), spread.tolist())


def looked_at(indices: Int64Array, side: int) -> Int64Array:
    """Those of the images whose statistics are taken."""
    return some_of(indices, side, STATISTICS_PIXELS)


def some_of(indices: Int64Array, side: int, pixels: int) -> Int64Array:
    """At most 2,000 of the images, evenly, and so many that memory is bounded.

    Args:
        indices: int64 (m,), of the images
        side: of each image
        pixels: of all together, at most; two images are taken in any case

    Example:
        >>> some_of(np.arange(10_000), 32, 2**24)[:3].tolist()
        [0, 5, 10]
        >>> len(some_of(np.arange(10_000), 4_096, 2**24))
        2
    """
    most = max(2, min(STATISTICS_IMAGES, pixels // side**2))
    step = max(1, len(indices) // most)
    return indices[::step][:most]


class Pictures:
    """Images by index for networks on one device; several networks can share it.

    Where the GPU has room for all of them, they are brought there once.

    Args:
        pixels: all images
        normalisation: of the pixels
        device: where the networks are
    """

    layout = torch.channels_last

    def __init__(self, pixels: Pixels, normalisation: Normalisation, device: torch.device):
        self.device, self.normalisation = device, normalisation
        self._pixels = pixels
        shape = (1, -1, 1, 1)
        self._shift = torch.tensor(normalisation.mean, device=device).view(shape)
        self._scale = torch.tensor(normalisation.std, device=device).view(shape)
        self._resident = self._move_to_gpu()

    def _move_to_gpu(self) -> torch.Tensor | None:
        kept = self._pixels.in_memory
        if self.device.type != "cuda" or kept is None:
            return None
        free, _ = torch.cuda.mem_get_info(self.device)
        return tensor_of(kept).to(self.device) if kept.nbytes < free * GPU_SHARE else None

    def batches(self, order: Int64Array, size: int) -> Iterator[tuple[Int64Array, torch.Tensor]]:
        """The images in the given order: indices, and float (size, channels, side, side)."""
        if self._resident is not None:
            for start in range(0, len(order), size):
                part = order[start : start + size]
                yield part, self.load(part)
            return
        start = 0
        for batch in self._pixels.batches(order, size):
            part = order[start : start + len(batch)]
            start += len(batch)
            yield part, self._prepared(tensor_of(batch).to(self.device))

    def load(self, indices: Int64Array) -> torch.Tensor:
        """Images by index: float (len(indices), channels, side, side)."""
        if self._resident is not None:
            return self._prepared(self._resident[tensor_of(indices).to(self.device)])
        return self._prepared(tensor_of(self._pixels.load(indices)).to(self.device))

    def _prepared(self, images: torch.Tensor) -> torch.Tensor:
        pixels = images.to(torch.float32).div_(255).sub_(self._shift).div_(self._scale)
        return pixels.contiguous(memory_format=self.layout)
