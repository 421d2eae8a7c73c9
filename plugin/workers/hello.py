"""What a worker must have before it takes a part: this plugin's code, packages, media, device."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..images.decode import UnreadableImageError
from ..images.image_tasks import look

ROOT = Path(__file__).resolve().parent.parent.parent
COMPUTING = ("numpy", "pillow", "scikit-learn", "scipy", "torch", "torchvision")
"""Packages whose version may change a result's last bits."""
LOOKED_AT = 16
"""Of the media, evenly."""
FOLDERS = ("plugin", "operators")


def needs(paths: Sequence[str], files: Sequence[str], device: str) -> dict[str, Any]:
    """What workers need, as it is here.

    Args:
        paths: the images that they will open
        files: other files that they read, such as a checkpoint
        device: where they compute: ``cpu``, ``cuda`` or ``mps``
    """
    step = max(1, len(paths) // LOOKED_AT)
    some = [path for path in paths[::step] if os.path.isfile(path)][:LOOKED_AT]
    return {
        "version": plugin_version(),
        "code": code(),
        "packages": packages(),
        "media": some,
        "files": [str(Path(file).expanduser()) for file in files],
        "device": device,
    }


def problem(needed: Mapping[str, Any]) -> str | None:
    """What keeps this process from being a worker, for a person to read; None if nothing does."""
    ours, wanted = plugin_version(), needed["version"]
    if ours != wanted:
        return f"has version {ours} of the plugin, and {wanted} is needed"
    if needed["code"] != code():
        return f"has other code under the same version of the plugin ({ours})"
    here = packages()
    for name, wanted in needed["packages"].items():
        found = here.get(name)
        if found is None and wanted is not None:
            return f"lacks the package {name} ({wanted} is needed)"
        if found != wanted and name in COMPUTING:
            return f"has {name} {found}, and {wanted} is needed for equal results"
    for path in needed["media"]:
        why = _unopened(path)
        if why is not None:
            return f"cannot open the media: '{path}' ({why})"
    for path in needed["files"]:
        if not os.access(path, os.R_OK):
            return f"cannot read '{path}'"
    return _without_device(needed["device"])


def _unopened(path: str) -> str | None:
    """Why a file that can be opened elsewhere cannot be here; what is no image there is none."""
    if not os.path.isfile(path):
        return "no such file"
    if not os.access(path, os.R_OK):
        return "it may not be read"
    try:
        look(path)
    except UnreadableImageError as error:
        return None if os.path.isfile(path) and os.path.getsize(path) else str(error)
    except OSError as error:
        return error.strerror or str(error)
    return None


def _without_device(device: str) -> str | None:
    if device == "cpu":
        return None
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return None if there.get(device) else f"has no device '{device}'"


def plugin_version() -> str:
    """The version that the plugin's manifest has."""
    text = (ROOT / "fiftyone.yml").read_text()
    found = re.search(r"^version: *(\S+)", text, re.MULTILINE)
    return found[1] if found else "unknown"


@lru_cache(maxsize=1)
def code() -> str:
    """A digest of the code that computes."""
    digest = hashlib.blake2b(digest_size=8)
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            digest.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def packages() -> dict[str, str | None]:
    """The versions of the packages that the plugin asks for; None for one that is not there."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    names = [re.split(r"[<>=!~ \[]", line)[0] for line in lines if line and line[0] != "#"]
    return {name: _version(name) for name in names}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
