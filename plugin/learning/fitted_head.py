"""A last layer that fits what an untouched network says: where fine-tuning begins.

Beginning with a random one would bend the network's features before there is anything to learn
from (Kumar et al., "Fine-tuning can distort pretrained features", 2022).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..progress import Report
from .linear_head import LinearHead

ROWS_A_PENALTY = 10
HEAD_ROWS = 20_000
"""Images that the layer is fitted to, at most; it bounds the memory."""


def fit_last_layer(
    layer: nn.Linear,
    rows: npt.NDArray[np.float32],
    label: npt.NDArray[Any],
    report: Report,
    kind: type[LinearHead] = LinearHead,
) -> None:
    """Set a layer to the logistic regression of the labels on its inputs.

    Args:
        layer: of one output a class
        rows: (n, d), what it is given
        label: (n,), class indices; or what else ``kind`` is fitted to
        report: told of progress
        kind: of regression
    """
    weight = layer.weight
    penalty = max(1.0, len(rows) / ROWS_A_PENALTY)
    device = weight.device if weight.device.type == "cuda" else "cpu"  # MPS has no float64
    head = kind(layer.out_features, penalty, device, torch.float32)
    matrix, bias = head.fit(rows, label, report).as_linear()
    with torch.no_grad():
        weight.copy_(matrix.to(weight.device, weight.dtype))
        if layer.bias is not None:
            layer.bias.copy_(bias.to(weight.device, weight.dtype))


def is_last(model: nn.Module, layer: nn.Module, images: torch.Tensor) -> bool:
    """Whether what a layer gives for images is what the model gives."""
    if not isinstance(layer, nn.Linear):
        return False
    caught: list[torch.Tensor] = []

    def catch(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        caught.append(output)

    hook = layer.register_forward_hook(catch)
    try:
        with torch.inference_mode():
            logits = model.eval()(images)
    finally:
        hook.remove()
    return len(caught) == 1 and torch.equal(caught[0], logits)
