"""How a file of predictions is read: the options of ``import_predictions``, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import InputError
from .understanding import KINDS

MATCHES = ("auto", "id", "filepath")
FOREIGN = ("keep", "drop", "error")


@dataclass(frozen=True)
class ImportSettings:
    """How a file of predictions is read.

    Attributes:
        path: the file
        field: the ``Classification`` field that receives the predictions
        classes: class names, or a file that lists them, for scores that the file does not name
        keys: for ``.npy``: a file that says which sample each row is about
        values: what the scores are: ``auto``, ``logits`` or ``probabilities``
        match: find samples by ``id``, by ``filepath``, or (``auto``) by id, else by file path
        root: the folder that relative paths in the file are relative to
        label_field: the labels whose classes the predictions are compared with
        foreign: what becomes of classes that no label has: ``keep``, ``drop`` or ``error``
        overwrite: whether predictions that are in the field already may go
        preview: whether to say what would be written, and write nothing
    """

    path: str
    field: str
    classes: Any = None
    keys: str | None = None
    values: str = "auto"
    match: str = "auto"
    root: str | None = None
    label_field: str | None = None
    foreign: str = "keep"
    overwrite: bool = False
    preview: bool = False

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> ImportSettings:
        """Settings from an operator's parameters; InputError where one is missing or unknown."""
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InputError(f"unknown option '{unknown[0]}'; there are {', '.join(sorted(known))}")
        given = {k: v for k, v in values.items() if v is not None and v != ""}
        for name in ("path", "field"):
            if not isinstance(given.get(name), str | Path):
                raise InputError(f"{name} is missing")
        given["path"] = str(given["path"])
        settings = cls(**given)
        for name, allowed in (("values", KINDS), ("match", MATCHES), ("foreign", FOREIGN)):
            if getattr(settings, name) not in allowed:
                found = getattr(settings, name)
                raise InputError(f"{name} must be one of {', '.join(allowed)}, got {found!r}")
        if settings.foreign != "keep" and settings.label_field is None:
            raise InputError(f"foreign='{settings.foreign}' needs label_field, to compare with")
        return settings
