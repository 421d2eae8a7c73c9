"""Weights that a classifier is given, and a trained classifier as bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from ..errors import InputError, content
from .checkpoint_files import is_file, read_checkpoint
from .classifiers import Architecture, bare, build, head_of
from .official_weights import official_weights


def load_weights(model: nn.Module, architecture: Architecture, weights: str) -> None:
    """Load official weights by name (``DEFAULT`` is known to all), or a checkpoint by path.

    Checkpoints are read without executing code. The layer that gives the classes may differ
    in shape (another number of classes) and then keeps its initial values; nothing else may.

    Raises:
        InputError: if there is no such weights name or file, or it is of another model
    """
    if is_file(weights):
        state = read_checkpoint(Path(weights).expanduser())
    else:
        state = official_weights(architecture.name, weights)
    _load_matching(bare(model), state, head_of(model, architecture.classes), weights)


def _load_matching(
    target: nn.Module, state: Mapping[str, torch.Tensor], head: nn.Module, weights: str
) -> None:
    own = target.state_dict()
    head_name = next(name for name, module in target.named_modules() if module is head)
    may_differ = {f"{head_name}.weight", f"{head_name}.bias"}
    fitting = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape}
    wrong = [
        f"{k} {tuple(v.shape)} instead of {tuple(own[k].shape)}"
        for k, v in state.items()
        if k in own and k not in fitting and k not in may_differ
    ]
    # Checkpoints older than the counter of batches lack it; it plays no part in classifying.
    optional = may_differ | {k for k in own if k.endswith(".num_batches_tracked")}
    missing = [k for k in own if k not in state and k not in optional]
    if wrong or missing:
        detail = (
            content(wrong[0])
            if wrong
            else f"{len(missing)} parameters missing, such as '{missing[0]}'"
        )
        raise InputError(
            f"weights: '{weights}' is a checkpoint of another model or shape: {detail}"
        )
    target.load_state_dict(fitting, strict=False)


def to_bytes(
    model: nn.Module, architecture: Architecture, mean: list[float], std: list[float]
) -> bytes:
    """A trained classifier as bytes that ``from_bytes`` reads without executing code."""
    state = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()}
    buffer = io.BytesIO()
    content = {"architecture": asdict(architecture), "mean": mean, "std": std, "state": state}
    torch.save(content, buffer)
    return buffer.getvalue()


@dataclass(frozen=True)
class Trained:
    """A classifier that was kept, ready to use.

    Attributes:
        model: in evaluation mode, on the CPU; takes images normalised with ``mean`` and ``std``
        architecture: how it was built
        mean, std: of each channel, for pixels in [0, 1]
    """

    model: nn.Module
    architecture: Architecture
    mean: list[float]
    std: list[float]


def from_bytes(data: bytes) -> Trained:
    """Read what ``to_bytes`` wrote."""
    content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    architecture = Architecture(**content["architecture"])
    model = build(architecture)
    model.load_state_dict(content["state"])
    # The layout it was trained in, so that it classifies to the last bit as it did.
    model = model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return Trained(model.eval(), architecture, content["mean"], content["std"])
