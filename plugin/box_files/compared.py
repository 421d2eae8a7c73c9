"""How boxes of a file agree with labels that are there: what tells a wrong order of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..documents import value_at
from ..objects.boxes import USABLE, by_image, within_image
from ..objects.matching import NONE, match
from ..objects.overlaps import overlaps
from ..percent import percent
from ..store.iterations import unpack_ids
from ..store.samples import Dataset, samples_of

IMAGES_COMPARED = 300
LEAST_OVERLAP = 0.5
LEAST_FOUND, LEAST_SAME = 0.1, 0.4
ENOUGH = 30


class Comparison:
    """Gathers the boxes of some images and compares them with the labels of their samples.

    Args:
        dataset: the dataset
        label_field: its labels
        image: int64 (k,), images of the file
        sample: S12 (k,), the sample of each
    """

    def __init__(
        self,
        dataset: Dataset,
        label_field: str,
        image: npt.NDArray[np.int64],
        sample: npt.NDArray[np.bytes_],
    ):
        chosen = np.random.default_rng(51).permutation(len(image))[:IMAGES_COMPARED]
        self._place = {int(at): i for i, at in enumerate(image[chosen].tolist())}
        self._samples = [ObjectId(i) for i in unpack_ids(sample[chosen])]
        self._dataset, self._field = dataset, label_field
        self._boxes: list[tuple[int, str, list[float]]] = []

    def add(
        self,
        image: npt.NDArray[np.int64],
        labels: Sequence[str | None],
        boxes: npt.NDArray[np.float64],
        keep: npt.NDArray[np.bool_],
    ) -> None:
        """Take those rows of a piece that are on the images that were chosen."""
        for at in np.flatnonzero(keep).tolist():
            place, label = self._place.get(int(image[at])), labels[at]
            if place is not None and label is not None:
                self._boxes.append((place, label, boxes[at].tolist()))

    def result(self) -> dict[str, Any]:
        """``labels`` that were compared, the share ``found`` of them, and of these ``same_class``.

        Found is a label with an overlap (IoU) of at least .5. ``warning`` says what is probably
        wrong, and is empty where nothing is.
        """
        theirs = self._labels()
        names = sorted({name for _, name, _ in [*self._boxes, *theirs]})
        index = {name: i for i, name in enumerate(names)}
        sides = []
        for side in (theirs, self._boxes):
            box, problem = within_image(np.array([b for _, _, b in side]).reshape(-1, 4))
            use = problem == USABLE
            label = np.array([index[name] for _, name, _ in side], np.int32)[use]
            image = np.array([place for place, _, _ in side], np.int64)[use]
            sides.append(by_image(box[use], label, image, len(self._samples)))
        labels, said = sides
        pairs = overlaps(labels, said, LEAST_OVERLAP)
        same = labels.label[pairs.one] == said.label[pairs.other]
        partner, _ = match(pairs, pairs.iou + same, len(labels), len(said))
        there = partner != NONE
        agree = labels.label[there] == said.label[partner[there]]
        found = float(there.mean()) if len(labels) else None
        same_class = float(agree.mean()) if len(agree) else None
        return {
            "labels": len(labels),
            "found": found,
            "same_class": same_class,
            "warning": _warning(self._field, len(labels), found, len(agree), same_class),
        }

    def _labels(self) -> list[tuple[int, str, list[float]]]:
        parts = [f"{self._field}.detections.{part}" for part in ("label", "bounding_box")]
        place = {identity: at for at, identity in enumerate(self._samples)}
        query = {"_id": {"$in": self._samples}}
        found = []
        for document in samples_of(self._dataset).find(query, dict.fromkeys(parts, 1)):
            for one in value_at(document, f"{self._field}.detections") or []:
                box, label = one.get("bounding_box"), one.get("label")
                if isinstance(label, str) and isinstance(box, list) and len(box) == 4:
                    found.append((place[document["_id"]], label, box))
        return found


def _warning(
    field: str, labels: int, found: float | None, compared: int, same: float | None
) -> str:
    if labels >= ENOUGH and found is not None and found < LEAST_FOUND:
        return (
            f"Only {percent(found)} of the labels in '{field}' have a box on them: are these the "
            "images that the boxes are of, and are their numbers read rightly?"
        )
    if compared >= ENOUGH and same is not None and same < LEAST_SAME:
        return (
            f"Where a box lies on a label in '{field}', only {percent(same)} have its class: are "
            "the classes in the right order, and numbered from where the file begins?"
        )
    return ""
