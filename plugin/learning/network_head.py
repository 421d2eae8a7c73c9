"""A pretrained network with one linear layer on its features: what heads said, to differentiate.

Heads out of fold are several, and not all of them linear. What stands in for them where one
classifier is wanted, as for saliency, is the linear function of the features that comes nearest to
what they said.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..errors import InputError
from ..progress import Report, silent
from .checkpoints import Trained, from_bytes
from .classifiers import Architecture
from .networks import Network, load_network

FLOOR = -12.0
"""Log-probabilities below it are equal: how sure a head is of what it excludes is no matter."""
ROWS_A_PENALTY = 10
BLOCK_NUMBERS = 8_000_000


@dataclass(frozen=True)
class LinearLayer:
    """Features (n, d) to one value a class: ``features @ weight.T + bias``.

    Attributes:
        weight: float32 (C, d)
        bias: float32 (C,)
    """

    weight: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]


def linear_stand_in(
    features: npt.NDArray[np.float32],
    log_probabilities: npt.NDArray[np.floating[Any]],
    report: Report = silent,
) -> LinearLayer:
    """The linear layer nearest to what was said of samples, by least squares with a ridge.

    Args:
        features: (n, d); read in blocks, so that memory stays bounded
        log_probabilities: (n, C)
        report: told how far it is

    Example:
        >>> x = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
        >>> layer = linear_stand_in(x, x @ np.float32([[2, -2], [0, 0], [1, -1]]))
        >>> layer.weight[0].astype(float).round(1).tolist()
        [1.8, 0.0, 0.9]
    """
    (n, d), classes = features.shape, log_probabilities.shape[1]
    mean = features.mean(axis=0, dtype=np.float64)
    spread = features.std(axis=0, dtype=np.float64)
    scale = np.where(spread > 1e-12, spread, 1.0)
    gram, toward = np.zeros((d, d)), np.zeros((d, classes))
    total = np.zeros(classes)
    size = max(1, BLOCK_NUMBERS // (d + classes))
    for start in range(0, n, size):
        rows = slice(start, start + size)
        x = ((features[rows] - mean) / scale).astype(np.float32)
        y = np.maximum(log_probabilities[rows], FLOOR).astype(np.float32)
        y -= y.mean(axis=1, keepdims=True)
        gram += x.T @ x
        toward += x.T @ y
        total += y.sum(axis=0, dtype=np.float64)
        report(min(1.0, (start + size) / n), "Keeping the classifier")
    gram[np.diag_indices(d)] += max(1.0, n / ROWS_A_PENALTY)
    weight = (np.linalg.solve(gram, toward) / scale[:, None]).T
    bias = total / max(n, 1) - weight @ mean
    return LinearLayer(weight.astype(np.float32), bias.astype(np.float32))


def head_to_bytes(network: Network, weights: str | None, layer: LinearLayer) -> bytes:
    """A linear layer and which network it stands on, as bytes that ``read_classifier`` reads.

    The network's own weights are not among them: they are loaded from where they came.
    """
    state = {"weight": torch.from_numpy(layer.weight), "bias": torch.from_numpy(layer.bias)}
    named = {"name": network.name, "key": network.key, "size": network.size, "weights": weights}
    buffer = io.BytesIO()
    torch.save({"network": named, "state": state}, buffer)
    return buffer.getvalue()


def is_head(data: bytes) -> bool:
    """Whether ``head_to_bytes`` wrote it, and not ``checkpoints.to_bytes``."""
    return "network" in _content(data)


def read_classifier(data: bytes) -> Trained:
    """The classifier that an iteration kept, trained whole or standing on a pretrained network.

    Raises:
        InputError: if the network cannot be had any more, or has other weights by now
    """
    if not is_head(data):
        return from_bytes(data)
    content = _content(data)
    named, state = content["network"], content["state"]
    network = load_network(named["name"], named["weights"], named["size"])
    if network.key != named["key"]:
        raise InputError(
            f"network: the weights of '{network.name}' are no longer those that this iteration was "
            "made with. Run find_label_errors again."
        )
    classes, width = state["weight"].shape
    layer = nn.Linear(width, classes)
    layer.load_state_dict(state)
    model = nn.Sequential(network.module, layer).requires_grad_(False).eval()
    architecture = Architecture(network.name, classes, 3, network.size)
    return Trained(model, architecture, network.mean, network.std)


def _content(data: bytes) -> Mapping[str, Any]:
    return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
