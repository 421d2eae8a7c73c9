"""A small residual network for small colour images, which learns in few passes.

After the public records of training speed on CIFAR-10 (Page, "How to train your ResNet", 2018;
Jordan, "94% on CIFAR-10 in 3.29 seconds", 2024): a first convolution that whitens patches and is
not trained, pooling right behind the first convolution of each block, and scaled logits.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

FAST = "fast_resnet"
WIDTHS = (32, 64, 128)
PATCH = 2
PATCH_PIXELS = 2**21
"""Of the images that patches are taken from, at most: each pixel begins a patch."""
WHITENING_EPSILON = 5e-4
LOGIT_SCALE = 0.125


class _Block(nn.Module):
    """Half the side, then a convolution that adds to what it is given."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.norm1(F.max_pool2d(self.conv1(x), 2, ceil_mode=True)))
        return x + F.relu(self.norm2(self.conv2(x)))


class FastResNet(nn.Module):
    """Maps float (n, channels, side, side) to logits (n, classes).

    Args:
        classes: number of classes
        channels: of the images
    """

    def __init__(self, classes: int, channels: int):
        super().__init__()
        width = 2 * channels * PATCH**2
        self.whiten = nn.Conv2d(channels, width, PATCH, bias=False).requires_grad_(False)
        blocks: list[nn.Module] = []
        for outputs in WIDTHS:
            blocks.append(_Block(width, outputs))
            width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(width, classes, bias=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes)."""
        x = self.blocks(F.relu(self.whiten(images)))
        return self.head(x.amax(dim=(2, 3)) * LOGIT_SCALE)

    @torch.no_grad()
    def learn_patches(self, images: torch.Tensor) -> None:
        """Let the first convolution give uncorrelated values of equal variance.

        Its filters are the eigenvectors of the patches' covariance, each over the root of its
        eigenvalue, and the same with the sign changed.

        Args:
            images: float (n, channels, side, side), normalised
        """
        weight = self.whiten.weight
        patches = F.unfold(images.cpu().double(), PATCH).transpose(1, 2).flatten(0, 1)
        covariance = patches.T @ patches / len(patches)
        value, vector = torch.linalg.eigh(covariance)
        filters = (vector / (value.clamp(min=0) + WHITENING_EPSILON).sqrt()).T.flip(0)
        both = torch.cat([filters, -filters]).view(weight.shape)
        weight.copy_(both.to(weight.device, weight.dtype))
