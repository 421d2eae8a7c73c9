"""The tags of images, read from a ``Classifications`` field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..arrays import BoolArray, Float64Array, Int64Array
from ..documents import value_at
from ..errors import InputError
from ..skipped import Skipped
from ..store.iterations import pack_ids
from ..store.raw_documents import id_queries
from ..store.sample_collection import root_dataset
from ..store.samples import Collection, samples_of
from .scoring import FOLDS

LIST = "classifications"
NO_CLASS = "no class"
TWICE = "the same tag again"


@dataclass(frozen=True)
class TagCounts:
    """How many images carry each tag.

    Attributes:
        count: by class name
        images: how many are labelled, with nothing or with tags
    """

    count: Mapping[str, int]
    images: int

    def prevalence(self, classes: Sequence[str]) -> Float64Array:
        """The share of images with each tag, within 0 and 1: float64 (C,)."""
        count = np.array([self.count.get(name, 0) for name in classes], np.float64)
        return (count + 0.5) / (self.images + 1.0)


def tag_counts(samples: Collection, field: str) -> TagCounts:
    """Count the images with each tag; one that is there twice on an image counts once.

    Raises:
        InputError: if no image carries a tag
    """
    found: Counter[str] = Counter()
    images = 0
    collection = samples_of(root_dataset(samples))
    tags = f"{field}.{LIST}"
    once = {"tag": {"$setUnion": [f"${tags}.label", []]}}
    for query in id_queries(samples):
        there = {**query, tags: {"$type": "array"}}
        images += collection.count_documents(there)
        stages = [
            {"$match": there},
            {"$project": once},
            {"$unwind": "$tag"},
            {"$group": {"_id": "$tag", "images": {"$sum": 1}}},
        ]
        for document in collection.aggregate(stages, allowDiskUse=True):
            if isinstance(document["_id"], str) and document["_id"]:
                found[document["_id"]] += document["images"]
    if not found:
        name = root_dataset(samples).name
        raise InputError(f"label_field: no image of '{name}' has a tag in '{field}'")
    return TagCounts(found, images)


@dataclass(frozen=True)
class Counting:
    """Where what is left out is counted: images, and tags by field and reason."""

    skipped: Skipped
    left_out: Counter[str]


@dataclass(frozen=True)
class Tags:
    """The tags of n images, in the order of images and then of classes.

    Attributes:
        ids: n sample ids
        image: int64 (t,)
        tag: int64 (t,), class index
        label_id: S12 (t,), the id of each label
    """

    ids: list[str]
    image: Int64Array
    tag: Int64Array
    label_id: npt.NDArray[np.bytes_]

    def table(self, classes: int) -> BoolArray:
        """Whether each image is labelled with each tag: bool (n, C)."""
        found = np.zeros((len(self.ids), classes), bool)
        found[self.image, self.tag] = True
        return found

    @property
    def fold(self) -> Int64Array:
        """The fold of each image: int64 (n,); the same each time, whatever else there is."""
        return np.array([int(i[-6:], 16) % FOLDS for i in self.ids], np.int64)


def read_tags(
    documents: Sequence[Mapping[str, Any]],
    field: str,
    index: Mapping[str, int],
    counting: Counting,
) -> Tags:
    """The tags of images that are labelled, of the classes in ``index``."""
    images, tags, ids = [], [], []
    for at, document in enumerate(documents):
        seen: set[int] = set()
        for label in value_at(document, f"{field}.{LIST}"):
            name = label.get("label") if isinstance(label, Mapping) else None
            place = index.get(name) if isinstance(name, str) else None
            if place is None:
                counting.left_out[f"{NO_CLASS} in '{field}'"] += 1
            elif place in seen:
                counting.left_out[f"{TWICE} in '{field}'"] += 1
            else:
                seen.add(place)
                images.append(at)
                tags.append(place)
                ids.append(str(label["_id"]))
    image, tag = np.array(images, np.int64), np.array(tags, np.int64)
    order = np.lexsort((tag, image))
    packed = pack_ids(ids) if ids else np.empty(0, "S12")
    return Tags([str(d["_id"]) for d in documents], image[order], tag[order], packed[order])


def is_labelled(document: Mapping[str, Any], field: str, skipped: Skipped) -> bool:
    """Whether an image is labelled, be it with nothing; noted where it is not."""
    if isinstance(value_at(document, f"{field}.{LIST}"), list):
        return True
    skipped.add(document["_id"], document.get("filepath"), f"no labels in '{field}'")
    return False


def new_ids(count: int) -> npt.NDArray[np.bytes_]:
    """Ids for labels that are missing, which become theirs when somebody accepts them: S12 (n,)."""
    return pack_ids([str(ObjectId()) for _ in range(count)]) if count else np.empty(0, "S12")
