"""Pretrained networks by name, whoever has them: ours and torchvision's, or FiftyOne's zoo."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.zoo as foz
import numpy as np
import torch
from fiftyone.zoo.models import RemoteZooModel
from torch import nn

from ..errors import InputError
from ..learning.networks import Network, known_networks, load_network

SIDE = 224
"""Of the pictures that a model of the zoo is given, where it does not say which it wants."""
LEAST_SIDE = 64
READ_AT_ONCE = 1 << 24
FOREIGN = ("torch_hub", "hub.load", "trust_remote_code", "twelvelabs")
"""In how a zoo model is made: code from elsewhere, or a service."""


def known_zoo() -> list[str]:
    """All models of FiftyOne's zoo."""
    return foz.list_zoo_models()


def zoo_networks() -> list[str]:
    """Those of them that give embeddings."""
    return foz.list_zoo_models(tags=["embeddings"])


def brings_code(name: str) -> bool:
    """Whether a zoo model runs code that is no part of FiftyOne, or sends pictures away.

    Those of torch hub run their makers' repository, those of sources that somebody registered run
    what lies there, and some ask a service. Other models are files of weights.
    """
    if name in known_networks() or name not in known_zoo():
        return False
    model = foz.get_zoo_model(name)
    if isinstance(model, RemoteZooModel):
        return True
    made = json.dumps(model.default_deployment_config_dict or {}, default=str).lower()
    return any(word in made for word in FOREIGN)


def named_network(
    name: str | None = None, weights: str | None = None, size: int | None = None
) -> Network:
    """Load a pretrained network of ``known_networks``, or a model of FiftyOne's zoo.

    Args:
        name: as ``load_network``, or the name of a zoo model that gives embeddings
        weights: as ``load_network``; the zoo's models bring their own
        size: side of the pictures in pixels; None for the network's own

    Raises:
        InputError: if there is no such network, or its weights cannot be had
    """
    if name is None or name in known_networks() or name not in known_zoo():
        return load_network(name, weights, size)
    if weights is not None:
        raise InputError(
            f"weights: '{name}' is a model of FiftyOne's zoo and brings its own; leave weights out"
        )
    model = _zoo_model(name)
    side = size or _side(model)
    module = _Embedding(model, name)
    try:
        width = int(module(torch.zeros(1, 3, side, side)).shape[1])
    except InputError:
        raise
    except Exception as error:  # whatever the model's own code raises
        raise InputError(
            f"network: zoo model '{name}' cannot take images of {side}×{side} pixels "
            f"({str(error)[:200]})"
        ) from error
    # It is given pixels from 0 to 255, which it prepares by itself.
    ones = [1 / 255] * 3
    key = _key(model, name, side)
    return Network(name, key, side, [0.0] * 3, ones, width, module, opaque=True)


def _zoo_model(name: str) -> Any:
    try:
        model: Any = foz.load_zoo_model(name)
    except Exception as error:  # download and dependency errors of many kinds
        raise InputError(
            f"network: zoo model '{name}' cannot be loaded: {str(error)[:300]}. Its weights are "
            f"downloaded to '{fo.config.model_zoo_dir}' unless they are there, and what it needs "
            "must be installed."
        ) from error
    if not model.has_embeddings:
        raise InputError(f"network: zoo model '{name}' gives no embeddings")
    if getattr(model, "media_type", "image") != "image":
        raise InputError(f"network: zoo model '{name}' takes {model.media_type}s, not images")
    return model


def _side(model: Any) -> int:
    config = getattr(model, "config", None)
    size = getattr(config, "image_size", None)
    if size:
        return int(min(size))
    side = getattr(config, "image_min_dim", None)
    return int(side) if side and side >= LEAST_SIDE else SIDE


class _Embedding(nn.Module):
    """A zoo model as a module; one call at a time, since it keeps the last embeddings."""

    def __init__(self, model: Any, name: str) -> None:
        super().__init__()
        self._hidden = [model]  # no module of ours: it stays on the device that it chose
        self._name = name

    def __deepcopy__(self, memo: dict[int, Any]) -> _Embedding:
        return self

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embeddings (n, width), float32, of pixels (n, 3, h, w) from 0 to 255."""
        (model,) = self._hidden
        images = pixels.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
        arrays = list(images.contiguous().cpu().numpy())
        with model:
            if getattr(model, "ragged_batches", False):
                found = [np.asarray(model.embed(array)).ravel() for array in arrays]
            else:
                found = [np.ravel(row) for row in np.asarray(model.embed_all(arrays))]
        if len({len(row) for row in found}) > 1:
            raise InputError(f"network: zoo model '{self._name}' gives embeddings of many lengths")
        return torch.from_numpy(np.stack(found).astype(np.float32))


def _key(model: Any, name: str, side: int) -> str:
    """Digest of a zoo model's weights; of FiftyOne's version too, which prepares the pictures."""
    digest = hashlib.sha256(f"zoo {name} {side} {fo.__version__}".encode())
    module = getattr(model, "_model", None)
    if isinstance(module, nn.Module):
        for parameter, value in sorted(module.state_dict().items()):
            digest.update(parameter.encode())
            if isinstance(value, torch.Tensor):
                digest.update(
                    value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()
                )
    else:
        _add_file(digest, foz.find_zoo_model(name))
    return digest.hexdigest()[:32]


def _add_file(digest: Any, path: str | None) -> None:
    if path and Path(path).is_file():
        with open(path, "rb") as file:
            while part := file.read(READ_AT_ONCE):
                digest.update(part)
