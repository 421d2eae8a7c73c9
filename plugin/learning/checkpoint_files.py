"""Files of weights, of many makers, read without executing code."""

from __future__ import annotations

import zipfile
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

    What is read takes about as much memory as the file is large, whatever the file says of itself.

    Raises:
        InputError: if there is no such file, it holds no state dict, or more than its size
    """
    if not path.is_file():
        raise InputError(f"weights: there is no file '{path}'")
    try:
        _check_size(path)
        read = torch.load(path, map_location="cpu", weights_only=True)
    except InputError:
        raise
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
    for name, value in tensors.items():
        _check_numbers(path, name, value)
    return {_unwrapped(name): value for name, value in tensors.items()}


def _check_size(path: Path) -> None:
    """Refuse archives that unpack to more than they are: torch writes them uncompressed."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        records = archive.infolist()
    if any(record.compress_type != zipfile.ZIP_STORED for record in records):
        raise InputError(
            f"weights: '{path}' holds compressed records, as no checkpoint of torch does; "
            "load it with torch, and save it again"
        )
    if sum(record.file_size for record in records) > path.stat().st_size:
        raise InputError(f"weights: '{path}' holds records that are larger than the file")


def _check_numbers(path: Path, name: str, value: torch.Tensor) -> None:
    """Refuse what is no array of numbers in memory, or claims more than is there."""
    plain = value.layout == torch.strided and value.device.type == "cpu"
    if not plain or value.is_quantized or value.is_complex():
        raise InputError(
            f"weights: '{content(name[:80])}' in '{path}' is no ordinary tensor of numbers "
            f"({value.dtype}, {value.layout}, {value.device.type})"
        )
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        raise InputError(
            f"weights: '{content(name[:80])}' in '{path}' has more numbers than the file holds"
        )


def _unwrapped(name: str) -> str:
    while name.startswith(_WRAPPERS):
        name = name.partition(".")[2]
    return name
