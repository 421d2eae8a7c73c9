"""Files of weights, of many makers, read without executing code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from ..errors import InputError, content
from .choices import CHECKPOINTS

# What wrappers put before a parameter's name: data parallel, Lightning, a compiled model
_WRAPPERS = ("module.", "model.", "_orig_mod.")


def is_file(weights: str) -> bool:
    """Whether weights are named by a path, and not by the name of official ones."""
    path = Path(weights).expanduser()
    return path.suffix in CHECKPOINTS or path.exists()


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
