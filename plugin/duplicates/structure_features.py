"""Feature vectors in which close means high SSIM: where to look without a classifier.

SSIM divides the variance of a pair's difference by the variance of the images, window by window.
The same can be
done once an image instead of once a pair: each pixel minus its window's mean, over sqrt(2 Var +
    C2). In that
space the squared distance of two images is close to (1 - SSIM) times the number of windows,
whatever the
brightness. A projection on the principal components of a sample makes it 64 numbers and only ever
shortens distances.

Measured on all pairs of 5,000 images, the squared distance over (1 - SSIM) and windows was at most
0.20 for the pairs
with SSIM >= 0.7 of CIFAR-10, and 0.23 for 99 % of those with SSIM >= 0.8 of MNIST.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from ..images.working_size import WINDOW
from ..progress import Report, silent
from ..tensors import tensor_of
from ..vectors.axes import principal_axes
from .gaussian_window import as_planes, blur, check_shape

DIMENSIONS = 64
SIDE = 32  # larger images are averaged down to this side first
_C2 = (0.03 * 255.0) ** 2
_SAMPLE = 5000
_STEP = 1000


class StructureBasis(NamedTuple):
    """Principal axes of a sample's normalised pixels; new images are projected with them, too."""

    mean: NDArray[np.float32]
    """Shape (windows,)."""
    axes: NDArray[np.float32]
    """Shape (windows, dimensions), orthonormal columns."""

    def radius(self, ses: float, slack: float = 1.0) -> float:
        """How far apart nearly all images with at least this SES are.

        The squared distance over (1 - SES) and windows is at most 0.2 for what differs in
        structure, and
        the axes' share of the windows, halved, for what differs in noise; `slack` times as much is
        allowed.

        >>> basis = StructureBasis(np.zeros(100, np.float32), np.zeros((100, 60), np.float32))
        >>> round(basis.radius(0.98), 3)
        1.0
        """
        windows, axes = self.axes.shape
        reach = slack * (0.2 + 0.5 * axes / windows)
        return float(np.sqrt(max(0.0, 1.0 - ses) * reach * windows))


def fit_basis(
    images: NDArray[np.uint8], *, device: torch.device | str = "cpu", seed: int = 51
) -> StructureBasis:
    """The principal axes of up to 5,000 of the images.

    Args:
        images: shape (n, height, width) or (n, height, width, channels), uint8, n at least 1.
        device: where to compute.
        seed: which images are drawn.

    Raises:
        ValueError: `images` is empty, of another shape, or smaller than SSIM's window.

    >>> fit_basis(np.zeros((3, 16, 16), np.uint8)).axes.shape
    (36, 36)
    """
    check_shape(images.shape)
    if len(images) == 0:
        raise ValueError("images must hold at least one image, got none")
    drawn = np.arange(len(images))
    if len(images) > _SAMPLE:
        drawn = np.sort(np.random.default_rng(seed).choice(len(images), _SAMPLE, replace=False))
    sample = torch.cat(
        [_normalised(images[drawn[s : s + _STEP]], device) for s in range(0, len(drawn), _STEP)]
    )
    mean, axes = principal_axes(sample.cpu().numpy(), DIMENSIONS)
    return StructureBasis(mean.astype(np.float32), axes.astype(np.float32))


def structure_features(
    images: NDArray[np.uint8],
    basis: StructureBasis,
    *,
    device: torch.device | str = "cpu",
    report: Report = silent,
) -> NDArray[np.float32]:
    """The images as vectors, shape (n, dimensions), whose distances follow SSIM.

    Args:
        images: as in `fit_basis`, of the size and channels that `basis` was fitted on; may be a
            memory map.
        basis: from `fit_basis`.
        device: where to compute.
        report: told of progress; what it raises ends the work.

    Raises:
        ValueError: the images' size or channels are not those of `basis`.
    """
    check_shape(images.shape)
    mean = tensor_of(basis.mean).to(device)
    axes = tensor_of(basis.axes).to(device)
    out = np.empty((len(images), axes.shape[1]), dtype=np.float32)
    for start in range(0, len(images), _STEP):
        pixels = _normalised(images[start : start + _STEP], device)
        if pixels.shape[1] != len(mean):
            raise ValueError(
                f"images must have the {len(mean)} windows of the basis, got {pixels.shape[1]}"
                f" from images of shape {images.shape[1:]}"
            )
        out[start : start + _STEP] = ((pixels - mean) @ axes).cpu().numpy()
        done = min(start + _STEP, len(images))
        report(done / len(images), f"Described {done:,} of {len(images):,} images")
    return out


def _normalised(images: NDArray[np.uint8], device: torch.device | str) -> torch.Tensor:
    batch = torch.from_numpy(np.array(images)).to(device)
    planes = as_planes(batch, torch.float32)
    size = (min(SIDE, planes.shape[-2]), min(SIDE, planes.shape[-1]))
    if planes.shape[-2:] != size:
        planes = interpolate(planes, size=size, mode="area")
    planes = planes - planes.mean((-2, -1), keepdim=True)
    mean = blur(planes).mT
    variance = (blur(planes.square()).mT - mean.square()).clamp(min=0)
    half = WINDOW // 2
    centres = planes[..., half:-half, half:-half]
    return ((centres - mean) / (2 * variance + _C2).sqrt()).flatten(1)
