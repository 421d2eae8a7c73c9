"""What several people drew on images: fields of ``Detections``, or one whose boxes name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..documents import value_at
from ..errors import InputError
from ..store.declared import declared_fields, is_detections, no_such_field
from ..store.sample_collection import root_dataset
from ..store.samples import Collection, Dataset, samples_of
from ..votes.reading import MOST_ANNOTATORS
from .boxes import REASONS, USABLE, Boxes, by_image, within_image


@dataclass(frozen=True)
class Drawn:
    """What annotators drew on m images.

    Attributes:
        boxes: n boxes
        who: int64 (n,), index of who drew each
        looked: bool (m, A), who looked at each image, of all annotators that are known so far
    """

    boxes: Boxes
    who: npt.NDArray[np.int64]
    looked: npt.NDArray[np.bool_]


class VoteReader:
    """Reads what annotators drew on images.

    An annotator is who the box's attribute names; without one, the field. Who a field stands for
    looked at the images that have a list in it, which may be empty; who is named by boxes, at the
    images with a box of theirs.

    Args:
        samples: the dataset or a view of it
        fields: names of ``Detections`` fields
        attribute: of a box, names who drew it
        classes: what can be voted for

    Attributes:
        names: the annotators
        left_out: how many boxes were no votes, by reason
    """

    def __init__(
        self, samples: Collection, fields: Sequence[str], attribute: str, classes: Sequence[str]
    ):
        self._samples, self._fields, self._attribute = samples, fields, attribute
        self._index = {name: i for i, name in enumerate(classes)}
        self._people: dict[str, int] = {}
        self.left_out: Counter[str] = Counter()

    @property
    def names(self) -> list[str]:
        """The annotators that were met, in the order of their indices."""
        return list(self._people)

    def read(self, sample_ids: Sequence[str]) -> Drawn:
        """What was drawn on some images."""
        collection = samples_of(root_dataset(self._samples))
        place = {ObjectId(i): at for at, i in enumerate(sample_ids)}
        parts = ("label", "bounding_box", self._attribute)
        wanted = [f"{f}.detections.{p}" for f in self._fields for p in parts]
        rows: list[tuple[int, int, int, Any]] = []
        looked: set[tuple[int, int]] = set()
        query = {"_id": {"$in": list(place)}}
        for document in collection.find(query, dict.fromkeys(wanted, 1)):
            self._take(document, place[document["_id"]], rows, looked)
        if len(self._people) > MOST_ANNOTATORS:
            raise InputError(
                f"vote_fields: {len(self._people):,} annotators; does '{self._attribute}' name "
                "boxes, not people?"
            )
        return self._drawn(rows, looked, len(sample_ids))

    def _take(
        self,
        document: Mapping[str, Any],
        at: int,
        rows: list[tuple[int, int, int, Any]],
        looked: set[tuple[int, int]],
    ) -> None:
        for name in self._fields:
            listed = value_at(document, f"{name}.detections")
            if not isinstance(listed, list):
                continue
            if not any(one.get(self._attribute) for one in listed):
                looked.add((at, self._person(name)))
            for one in listed:
                person = self._person(str(one.get(self._attribute) or name))
                looked.add((at, person))
                label, box = one.get("label"), one.get("bounding_box")
                if label not in self._index:
                    self.left_out["no class"] += 1
                else:
                    rows.append((at, person, self._index[label], box))

    def _person(self, name: str) -> int:
        return self._people.setdefault(name, len(self._people))

    def _drawn(
        self, rows: Sequence[tuple[int, int, int, Any]], looked: set[tuple[int, int]], images: int
    ) -> Drawn:
        given = np.full((len(rows), 4), np.nan)
        for i, (_, _, _, box) in enumerate(rows):
            if isinstance(box, list) and len(box) == 4:
                given[i] = [v if isinstance(v, int | float) else np.nan for v in box]
        cut, problem = within_image(given)
        for kind in problem[problem != USABLE].tolist():
            self.left_out[REASONS[kind]] += 1
        use = problem == USABLE
        image, who, label = (np.array([row[k] for row in rows], np.int64)[use] for k in range(3))
        order = np.argsort(image, kind="stable")
        seen = np.zeros((images, len(self._people)), bool)
        for at, person in looked:
            seen[at, person] = True
        return Drawn(by_image(cut[use], label, image, images), who[order], seen)


def check_drawn_fields(dataset: Dataset, names: Sequence[str], label_field: str) -> None:
    """Raise InputError unless every field holds boxes that can be votes."""
    declared = declared_fields(dataset)
    able = [name for name in declared if is_detections(declared[name]) and name != label_field]
    for name in names:
        if name == label_field:
            raise InputError(
                f"vote_fields: '{name}' is the label field. Its labels count as an opinion anyway, "
                "unless they are what the votes say."
            )
        if not is_detections(declared.get(name)):
            expected = "a Detections field, as the labels are"
            raise no_such_field(dataset, name, "vote_fields", expected, able)


def drawn_classes(samples: Collection, fields: Sequence[str]) -> set[str]:
    """The classes of what was drawn."""
    collection = samples_of(root_dataset(samples))
    found: set[Any] = set()
    for name in fields:
        found.update(collection.distinct(f"{name}.detections.label"))
    return {name for name in found if isinstance(name, str) and name}
