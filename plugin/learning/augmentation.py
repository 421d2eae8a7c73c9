"""Random changes of pictures that leave their class as it is: a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

WIDEST, NARROWEST = 4 / 3, 3 / 4
"""Ratios of width to height of a part of a picture that is brought to the whole."""


@dataclass(frozen=True)
class Augmentation:
    """What is done to each picture of a batch, by chance.

    The numbers are drawn on the CPU, so that a seed means the same on each device.

    Attributes:
        flip: half of the pictures are mirrored
        shift: pixels by which a picture is moved, at most; what is beyond its edge is mirrored in
        least_area: the smallest part of its area that is enlarged to the whole; 1 for none
    """

    flip: bool = False
    shift: int = 0
    least_area: float = 1.0

    def __call__(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Change images (n, channels, height, width), floats, to others of the same shape.

        Example:
            >>> images = torch.arange(3.0).view(1, 1, 1, 3).repeat(8, 1, 1, 1)
            >>> seen = Augmentation(flip=True)(images, torch.Generator().manual_seed(0))
            >>> sorted({tuple(row) for row in seen.flatten(1).tolist()})
            [(0.0, 1.0, 2.0), (2.0, 1.0, 0.0)]
        """
        if self.least_area < 1:
            return self._enlarged(images, generator)
        if self.flip or self.shift:
            return self._moved(images, generator)
        return images

    def _moved(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        n, channels, height, width = images.shape
        device, by = images.device, self.shift
        across = _drawn_whole(n, 2 * by + 1, generator)[:, None] + torch.arange(width)
        if self.flip:
            mirrored = torch.rand(n, generator=generator) < 0.5
            across = torch.where(mirrored[:, None], across.flip(1), across)
        down = _drawn_whole(n, 2 * by + 1, generator)[:, None] + torch.arange(height)
        larger = F.pad(images, (by, by, by, by), mode="reflect") if by else images
        each = torch.arange(n, device=device)[:, None, None, None]
        channel = torch.arange(channels, device=device)[:, None, None]
        rows = down.to(device)[:, None, :, None]
        return larger[each, channel, rows, across.to(device)[:, None, None, :]]

    def _enlarged(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """A part of each picture, of any place and a ratio near the picture's own."""
        n = len(images)
        drawn = torch.rand(5, n, generator=generator)
        area = self.least_area + (1 - self.least_area) * drawn[0]
        ratio = torch.exp(torch.log(torch.tensor(WIDEST / NARROWEST)) * (drawn[1] - 0.5))
        wide = (area * ratio).sqrt().clamp(max=1.0)
        high = (area / ratio).sqrt().clamp(max=1.0)
        across, down = (2 * drawn[2] - 1) * (1 - wide), (2 * drawn[3] - 1) * (1 - high)
        if self.flip:
            wide = torch.where(drawn[4] < 0.5, -wide, wide)
        zero = torch.zeros(n)
        rows = (torch.stack([wide, zero, across], 1), torch.stack([zero, high, down], 1))
        place = torch.stack(rows, 1).to(images.device, images.dtype)
        grid = F.affine_grid(place, list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def _drawn_whole(n: int, below: int, generator: torch.Generator) -> torch.Tensor:
    return torch.randint(below, (n,), generator=generator)


NO_CHANGE = Augmentation()
PHOTOGRAPH = Augmentation(flip=True, least_area=0.7)
SMALL_IMAGE = Augmentation(flip=True, shift=2)
