"""The items of all images, gathered as an iteration keeps them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from ..arrays import BoolArray
from ..errors import InputError
from ..objects.scoring import KIND_NAMES
from ..objects.store import IMAGES, Columns, sorted_items
from ..scoring.cies import cies
from ..store.iterations import pack_ids
from .labels import new_ids
from .reading import TagImages
from .scoring import MISSING, SPURIOUS, ItemScores, TagModel


class FoundTags:
    """The items of all images, gathered: about 70 bytes an item."""

    def __init__(self, model: TagModel, classes: int):
        self._model = model
        self._classes = classes
        self._parts: list[Columns] = []

    def add(self, images: TagImages) -> None:
        """Score some images."""
        found = self._model.score(images.scores, images.table, images.tags.fold)
        packed = pack_ids(images.tags.ids)
        ids = np.empty(len(found.tag), "S12")
        ids[found.labelled] = images.tags.label_id  # both in the order of images, then of classes
        ids[~found.labelled] = new_ids(int((~found.labelled).sum()))
        part = _columns(found, self._classes)
        owner = packed[found.image]
        self._parts.append(part | {"item_id": ids, "sample_id": owner, IMAGES: packed})

    def columns(self) -> Columns:
        """What is kept of them."""
        if not self._parts:
            raise InputError("No image could be scored: none carries labels and predictions.")
        names = self._parts[0].keys()
        found = {n: np.concatenate([p[n] for p in self._parts]) for n in names}
        return sorted_items(found, self._classes)

    def counts(self, columns: Columns, decided: BoolArray) -> dict[str, Any]:
        """How many there are, and how many are suspect that nobody decided on."""
        suspect = Counter(columns["kind"][(columns["suspicion"] > 0) & ~decided].tolist())
        cells = cies(columns["label"], columns["prediction"], self._classes + 1)
        return {
            "samples": len(columns[IMAGES]),
            "tags": int(cells[: self._classes].sum()),
            "candidates": int(cells[self._classes].sum()),
            "suspects": {name: suspect[KIND_NAMES.index(name)] for name in (SPURIOUS, MISSING)},
        }


def _columns(found: ItemScores, classes: int) -> Columns:
    """As those of objects, but for boxes; what overlap is to these, the label's probability is."""
    nothing = np.int32(classes)
    label = np.where(found.labelled, found.tag, nothing)
    likely = np.where(found.predicted, found.tag, nothing)
    other = np.where(found.predicted, nothing, found.tag)
    kind = np.where(found.labelled, KIND_NAMES.index(SPURIOUS), KIND_NAMES.index(MISSING))
    return {
        "label": label,
        "prediction": likely,
        "p_label": found.p_label,
        "p_max": found.p_max,
        "suspicion": found.suspicion,
        "kind": kind.astype(np.int8),
        "iou": np.where(found.labelled, found.p_label, 0).astype(np.float32),
        "confidence": found.p_tag,
        "top_class": np.stack([likely, other], axis=1),
        "top_probability": np.stack([found.p_max, 1 - found.p_max], axis=1),
    }
