"""What is known of each image alone, and kept to compare later images with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ..images.digests import pixel_digests
from ..progress import Report, silent
from .gaussian_window import check_shape
from .structure_features import StructureBasis, fit_basis, structure_features

Describe = Callable[[StructureBasis, Report], NDArray[np.float32]]
"""Answers what ``structure_features`` does of the new images."""


class Signals(NamedTuple):
    """What is known of each image alone, one row an image."""

    digests: NDArray[np.void]
    """Shape (n,), 16 bytes each: digest of the pixels."""
    structure: NDArray[np.float32]
    """Shape (n, d): structure features."""
    basis: StructureBasis
    """What `structure` was projected with."""


def compute_signals(
    images: NDArray[np.uint8],
    *,
    known: Signals | None = None,
    device: torch.device | str = "cpu",
    describe: Describe | None = None,
    report: Report = silent,
) -> Signals:
    """The signals of all images; those that `known` covers are not looked at again.

    Args:
        images: shape (n, height, width) or (n, height, width, channels), uint8, sides of at least
            11 pixels (`working_size.to_size` brings images to one size); may be a memory map. The
            first images are those of `known`.
        known: signals of the first images, from an earlier call.
        device: where to compute.
        describe: who else computes the structure features.
        report: told of progress; what it raises ends the work.

    Raises:
        ValueError: `images` has another shape, or fewer images than `known`.
    """
    check_shape(images.shape)
    old = 0 if known is None else len(known.digests)
    if len(images) < old:
        raise ValueError(f"images must begin with the {old} that are known, got {len(images)}")
    new = images[old:]
    basis = known.basis if known is not None else fit_basis(images, device=device)
    if describe is None:
        features = structure_features(new, basis, device=device, report=report)
    else:
        features = describe(basis, report)
    digests = np.array([np.void(digest) for digest in pixel_digests(new)], dtype="V16")
    if known is None:
        return Signals(digests, features, basis)
    return Signals(
        np.concatenate([known.digests, digests]),
        np.concatenate([known.structure, features]),
        basis,
    )
