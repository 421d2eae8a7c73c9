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
from ..store.iterations import pack_ids
from ..store.sample_collection import root_dataset
from ..store.samples import Collection, Dataset, samples_of
from ..votes.reading import MOST_ANNOTATORS
from .boxes import REASONS, USABLE, Boxes, by_image, within_image
from .journal_votes import Said
from .vote_groups import Told


@dataclass(frozen=True)
class Drawn:
    """What annotators drew on m images.

    Attributes:
        boxes: n boxes
        who: int64 (n,), index of who drew each
        looked: bool (m, A), who looked at each image, of all annotators that are known so far
        told: what the journal says of single objects, ``label_at`` not known yet
        item_id: S12 (t,), the objects of ``told``
    """

    boxes: Boxes
    who: npt.NDArray[np.int64]
    looked: npt.NDArray[np.bool_]
    told: Told
    item_id: npt.NDArray[np.bytes_]

    @property
    def heard(self) -> npt.NDArray[np.bool_]:
        """Of which images anybody said anything: bool (m,)."""
        found = np.asarray(self.looked.any(axis=1))
        found[self.told.image] = True
        return found


class VoteReader:
    """Reads what annotators drew on images.

    An annotator is who the box's attribute names; without one, the field. Who a field stands for
    looked at the images that have a list in it, which may be empty; who is named by boxes, at the
    images with a box of theirs. A field whose boxes name several people stands for none of them: an
    empty list in it says nothing.

    Args:
        samples: the dataset or a view of it
        fields: names of ``Detections`` fields
        attribute: of a box, names who drew it
        classes: what can be voted for
        journal: what people said of single objects, by sample id

    Attributes:
        names: the annotators
        left_out: how many boxes were no votes, by reason
    """

    def __init__(
        self,
        samples: Collection,
        fields: Sequence[str],
        attribute: str,
        classes: Sequence[str],
        journal: Mapping[str, Sequence[Said]] | None = None,
    ):
        self._journal = journal or {}
        self._samples, self._fields, self._attribute = samples, fields, attribute
        self._index = {name: i for i, name in enumerate(classes)}
        self._people: dict[str, int] = {}
        self._stands_for = {name: _only_person(samples, name, attribute) for name in fields}
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
        for document in collection.find(query, dict.fromkeys(["_id", *wanted], 1)):
            self._take(document, place[document["_id"]], rows, looked)
        told, item_id = self._told(sample_ids)
        if len(self._people) > MOST_ANNOTATORS:
            raise InputError(
                f"vote_fields: {len(self._people):,} annotators; does '{self._attribute}' name "
                "boxes, not people?"
            )
        return self._drawn(rows, looked, len(sample_ids), told, item_id)

    def _told(self, sample_ids: Sequence[str]) -> tuple[Told, npt.NDArray[np.bytes_]]:
        """What the journal says of objects of some images."""
        heard = [(at, s) for at, i in enumerate(sample_ids) for s in self._journal.get(i, ())]
        cut, problem = within_image(_four_numbers([said.box for _, said in heard]))
        nothing = len(self._index)
        rows: list[tuple[int, int, int, int]] = []
        for row, (at, said) in enumerate(heard):
            if problem[row] != USABLE:
                self.left_out[REASONS[int(problem[row])]] += 1
            elif said.label is not None and said.label not in self._index:
                self.left_out["no class"] += 1
            else:
                label = nothing if said.label is None else self._index[said.label]
                rows.append((row, at, self._person(said.who), label))
        row, image, who, label = (np.array([r[k] for r in rows], np.int64) for k in range(4))
        used = [heard[i][1].item_id for i in row.tolist()]
        item_id = pack_ids(used) if used else np.empty(0, "S12")
        item = np.unique(item_id, return_inverse=True)[1].astype(np.int64)
        return Told(image, who, label, cut[row], item, np.full(len(row), -1)), item_id

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
            if not listed and (alone := self._stands_for[name]) is not None:
                looked.add((at, self._person(alone)))
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
        self,
        rows: Sequence[tuple[int, int, int, Any]],
        looked: set[tuple[int, int]],
        images: int,
        told: Told,
        item_id: npt.NDArray[np.bytes_],
    ) -> Drawn:
        cut, problem = within_image(_four_numbers([row[3] for row in rows]))
        for kind in problem[problem != USABLE].tolist():
            self.left_out[REASONS[kind]] += 1
        use = problem == USABLE
        image, who, label = (np.array([row[k] for row in rows], np.int64)[use] for k in range(3))
        order = np.argsort(image, kind="stable")
        seen = np.zeros((images, len(self._people)), bool)
        for at, person in looked:
            seen[at, person] = True
        boxes = by_image(cut[use], label, image, images)
        return Drawn(boxes, who[order], seen, told, item_id)


def _only_person(samples: Collection, field: str, attribute: str) -> str | None:
    """Whose boxes a field holds: the field's own name where they name nobody; None for several."""
    path = f"{field}.detections.{attribute}"
    named = {str(name) for name in samples_of(root_dataset(samples)).distinct(path) if name}
    return field if not named else named.pop() if len(named) == 1 else None


def _four_numbers(boxes: Sequence[Any]) -> npt.NDArray[np.float64]:
    """Boxes as they are stored, NaN where something is no number: (n, 4)."""
    given = np.full((len(boxes), 4), np.nan)
    for i, box in enumerate(boxes):
        if isinstance(box, list) and len(box) == 4:
            given[i] = [v if isinstance(v, int | float) else np.nan for v in box]
    return given


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
