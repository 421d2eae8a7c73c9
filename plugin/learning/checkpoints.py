"""Weights of classifiers: official ones, checkpoints by path, and those that an iteration keeps."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn
from torchvision import models as zoo

from ..errors import InputError, content
from .choices import CHECKPOINTS
from .classifiers import SIMPLE, Architecture, bare, build, head_of

# What wrappers put before a parameter's name: data parallel, Lightning, a compiled model
_WRAPPERS = ("module.", "model.", "_orig_mod.")


def load_weights(model: nn.Module, architecture: Architecture, weights: str) -> None:
    """Load official torchvision weights by name, or a local checkpoint by path.

    Checkpoints are read without executing code. The layer that gives the classes may differ
    in shape (another number of classes) and then keeps its initial values; nothing else may.

    Raises:
        InputError: if there is no such weights name or file, or it is of another model
    """
    path = Path(weights).expanduser()
    if path.suffix in CHECKPOINTS or path.exists():
        state = read_checkpoint(path)
    else:
        state = official_weights(architecture.name, weights)
    _load_matching(bare(model), state, head_of(model, architecture.classes), weights)


def official_weights(name: str, weights: str) -> Mapping[str, torch.Tensor]:
    """The weights of a torchvision model by their name, from torchvision's cache or by download.

    Raises:
        InputError: if there are none of that name, or they cannot be downloaded
    """
    if name == SIMPLE:
        raise InputError(f"weights: {SIMPLE} has no official weights; expected a checkpoint's path")
    known = zoo.get_model_weights(name)
    label = weights.split(".")[-1]
    if label not in known.__members__:
        raise InputError(
            f"weights: '{weights}' is neither a file nor weights of '{name}' "
            f"({', '.join(known.__members__)})"
        )
    try:
        return known[label].get_state_dict(progress=False, check_hash=True)
    except OSError as error:
        raise InputError(
            f"weights: '{weights}' of '{name}' could not be downloaded ({error}). Give the path of "
            "a checkpoint instead."
        ) from error
    except Exception as error:  # torch raises many kinds for a damaged file
        file = Path(torch.hub.get_dir()) / "checkpoints" / known[label].url.rpartition("/")[2]
        raise InputError(
            f"weights: '{weights}' of '{name}' cannot be read "
            f"({type(error).__name__}: {str(error).partition(chr(10))[0][:160]}). Delete '{file}', "
            "and they are downloaded again."
        ) from error


def read_checkpoint(path: Path) -> Mapping[str, torch.Tensor]:
    """The tensors of a checkpoint, read without executing code; wrappers' names taken off.

    Raises:
        InputError: if there is no such file, or it holds no state dict
    """
    if not path.is_file():
        raise InputError(f"weights: there is no file '{path}'")
    try:
        read = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged or unsafe file
        raise InputError(
            f"weights: '{path}' cannot be loaded as a checkpoint of tensors "
            f"({type(error).__name__}: {content(str(error).partition(chr(10))[0][:160])})"
        ) from error
    for key in ("state_dict", "model", "weights"):
        if isinstance(read, Mapping) and isinstance(read.get(key), Mapping):
            read = read[key]
    if not isinstance(read, Mapping) or not read:
        raise InputError(f"weights: '{path}' holds no state dict")
    tensors = {str(k): v for k, v in read.items() if isinstance(v, torch.Tensor)}
    return {_unwrapped(name): value for name, value in tensors.items()}


def _unwrapped(name: str) -> str:
    while name.startswith(_WRAPPERS):
        name = name.partition(".")[2]
    return name


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
