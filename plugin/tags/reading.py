"""Tags and what fields of predictions say of them, read a batch of images at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import BoolArray, Float32Array
from ..progress import Report
from ..skipped import Skipped
from ..store.raw_documents import draw_documents, read_documents
from ..store.samples import Collection
from .labels import LIST, Counting, Tags, is_labelled, read_tags, tag_counts
from .predictions import describe_tag_field

NUMBERS_TO_LEARN_FROM = 4_000_000
IMAGES_TO_LEARN_FROM = 500, 20_000
NUMBERS_A_BATCH = 1_000_000


@dataclass(frozen=True)
class TagImages:
    """Some images with their tags and what the models say.

    Attributes:
        tags: of n images
        table: bool (n, C), whether each is labelled with each tag
        scores: float32 (n, C) of each model, NaN for a tag that it has no score for
    """

    tags: Tags
    table: BoolArray
    scores: list[Float32Array]


class PredictedTags:
    """Reads the images that carry labels and predictions.

    Args:
        samples: a dataset or view
        label_field: the field of labels
        prediction_fields: each is a model
        classes: the names behind vectors of class scores, where somebody gave them

    Attributes:
        classes: all class names, sorted
        counts: how many images carry each tag
        known: bool (C,) a field, the classes that it can say something of
        assumed: how each field is read
        skipped: images that were left out
        left_out: tags that were left out, by field and reason
    """

    def __init__(
        self,
        samples: Collection,
        label_field: str,
        prediction_fields: Sequence[str],
        classes: Sequence[str] = (),
    ):
        self._samples, self._label_field = samples, label_field
        self.counts = tag_counts(samples, label_field)
        self._fields = [
            describe_tag_field(samples, name, label_field, self.counts, classes)
            for name in prediction_fields
        ]
        named = {name for f in self._fields for name in f.classes}
        self.classes = tuple(sorted(named | set(self.counts.count)))
        self._index = {name: i for i, name in enumerate(self.classes)}
        self.names = [f.name for f in self._fields]
        self.known = [f.known(self._index) for f in self._fields]
        self.assumed = [f"'{f.name}': {f.said}" for f in self._fields]
        self.notes: dict[str, Any] = {}
        self.skipped = Skipped()
        self.left_out: Counter[str] = Counter()

    def prepare(self, report: Report) -> None:
        """Nothing is to be done before images are read."""

    def close(self) -> None:
        """Nothing is kept."""

    def some(self, seed: int) -> TagImages:
        """Some images to learn from, drawn at random."""
        most = images_to_learn_from(len(self.classes))
        found = draw_documents(self._samples, self._projection(), most, [self._label_field])
        # Read for itself: what is left out is counted where every image is read.
        return self._read(found, Counting(Skipped(), Counter()))

    def batches(self, report: Report) -> Generator[TagImages]:
        """Every image that can be judged, once; memory does not grow with their number."""
        counting = Counting(self.skipped, self.left_out)
        size = images_a_batch(len(self.classes))
        done, total = 0, len(self._samples)
        for documents in read_documents(self._samples, self._projection(), size):
            done += len(documents)
            images = self._read(documents, counting)
            if images.tags.ids:
                yield images
            report(done / max(total, 1), f"Scored {done:,} of {total:,} images")

    def _projection(self) -> list[str]:
        labels = [f"{self._label_field}.{LIST}.{part}" for part in ("_id", "label")]
        return [*labels, *(p for f in self._fields for p in f.projection), "filepath"]

    def _read(self, documents: Sequence[Mapping[str, Any]], counting: Counting) -> TagImages:
        usable = [d for d in documents if is_labelled(d, self._label_field, counting.skipped)]
        said = [f.read(usable, self._index, counting) for f in self._fields]
        problems = [
            next(filter(None, of_one), None)
            for of_one in zip(*(found for _, found in said), strict=True)
        ]
        for document, problem in zip(usable, problems, strict=True):
            if problem is not None:
                counting.skipped.add(document["_id"], document.get("filepath"), problem)
        keep = np.array([problem is None for problem in problems], bool)
        kept = [d for d, k in zip(usable, keep, strict=True) if k]
        tags = read_tags(kept, self._label_field, self._index, counting)
        return TagImages(tags, tags.table(len(self.classes)), [s[keep] for s, _ in said])


def images_to_learn_from(classes: int) -> int:
    """How many images are enough to learn from, so that their numbers fit into memory."""
    return int(np.clip(NUMBERS_TO_LEARN_FROM // max(classes, 1), *IMAGES_TO_LEARN_FROM))


def images_a_batch(classes: int) -> int:
    """How many images are read at a time."""
    return int(np.clip(NUMBERS_A_BATCH // max(classes, 1), 50, 2_000))
