"""How a file of boxes is read: the options of ``import_predictions`` that it has, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..predictions.settings import FOREIGN
from .layout import LAYOUTS, UNITS

AUTO = "auto"
MATCHES = (AUTO, "id", "filepath", "filename")
SKIP, EMPTY = "skip", "empty"
OF_CLASSES = {"keys": None, "values": AUTO}
"""Options that files of one class a sample have, with their defaults."""


def is_of_boxes(path: Any) -> bool:
    """Whether a path is that of boxes: COCO's JSON, or a folder of YOLO's text.

    Example:
        >>> is_of_boxes("coco_results.json"), is_of_boxes("predictions.jsonl"), is_of_boxes("")
        (True, False, False)
    """
    if not str(path):  # which would be the folder that the process is in
        return False
    try:
        file = Path(str(path)).expanduser()
        return file.suffix.lower() == ".json" or file.is_dir()
    except (OSError, ValueError, RuntimeError):
        return False


@dataclass(frozen=True)
class BoxSettings:
    """How a file of boxes is read.

    Attributes:
        path: a COCO JSON, or a folder of YOLO's text
        field: the ``Detections`` field that receives the predictions
        classes: names behind class numbers: a list, a mapping, or a file of either
        images: for COCO's results: the COCO JSON that lists their images and categories
        boxes: what the four numbers are: ``auto``, ``xywh``, ``xyxy`` or ``cxcywh``
        units: of the numbers: ``auto``, ``pixels`` or ``relative``
        numbers_from: the number of the first class, 0 or 1; None where it is to be told
        unseen: what images are that the file says nothing of: ``skip``, not looked at, or
            ``empty``, looked at and nothing seen
        match: find samples by ``id``, ``filepath``, ``filename``, or (``auto``) by the first of
            these that finds one
        root: the folder that relative paths in the file are relative to
        label_field: the labels that the predictions are compared with
        foreign: what becomes of classes that no label has: ``keep``, ``drop`` or ``error``
        overwrite: whether predictions that are in the field already may go
        preview: whether to say what would be written, and write nothing
    """

    path: str
    field: str
    classes: Any = None
    images: str | None = None
    boxes: str = AUTO
    units: str = AUTO
    numbers_from: int | None = None
    unseen: str = SKIP
    match: str = AUTO
    root: str | None = None
    label_field: str | None = None
    foreign: str = "keep"
    overwrite: bool = False
    preview: bool = False

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> BoxSettings:
        """Settings from an operator's parameters; InputError where one is missing or unknown."""
        given = {k: v for k, v in values.items() if v is not None and v != ""}
        for name, usual in OF_CLASSES.items():
            if given.pop(name, usual) != usual:
                raise InputError(f"{name}: it belongs to files of one class a sample, not to boxes")
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(given) - known)
        if unknown:
            raise InputError(f"unknown option '{unknown[0]}'; there are {', '.join(sorted(known))}")
        for name in ("path", "field"):
            if not isinstance(given.get(name), str | Path):
                raise InputError(f"{name} is missing")
            given[name] = str(given[name])
        settings = cls(**given)
        for name, allowed in (
            ("match", MATCHES),
            ("boxes", (AUTO, *LAYOUTS)),
            ("units", (AUTO, *UNITS)),
            ("unseen", (SKIP, EMPTY)),
            ("foreign", FOREIGN),
        ):
            if getattr(settings, name) not in allowed:
                found = getattr(settings, name)
                raise InputError(f"{name} must be one of {', '.join(allowed)}, got {found!r}")
        if settings.numbers_from not in (None, 0, 1):
            raise InputError(f"numbers_from must be 0 or 1, got {settings.numbers_from!r}")
        if settings.foreign != "keep" and settings.label_field is None:
            raise InputError(f"foreign='{settings.foreign}' needs label_field, to compare with")
        return settings
