"""What models of the tags themselves say: each image is judged by what was learnt from others."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Generator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, Int64Array
from ..classify.kept_together import check_fold_groups
from ..classify.settings import Settings
from ..errors import InputError
from ..learning.device import choose_device
from ..progress import Report
from ..scratch import scratch_folder
from ..skipped import Skipped
from ..store.raw_documents import read_documents
from ..store.samples import Collection
from .labels import LIST, Counting, Tags, is_labelled, read_tags, tag_counts
from .reading import TagImages, images_a_batch, images_to_learn_from

Said = npt.NDArray[np.float16]


class OutOfFoldTags:
    """Reads tags, and hands on what was said of them out of fold; subclasses ``prepare`` that.

    Args:
        samples: a dataset or view
        settings: what to do
        folds: their number

    Attributes:
        classes: the tags, sorted
        counts: how many images carry each
        known: bool (C,) a model, all true
        names: of the models
        assumed: how predictions were read: there are none
        notes: what an iteration keeps of the folds and the models
        skipped: images that were left out
        left_out: tags that were left out, by reason
    """

    def __init__(self, samples: Collection, settings: Settings, folds: int):
        check_fold_groups(samples, settings)
        self._samples, self._settings = samples, settings
        self._folds = folds
        self._device = choose_device(settings.device)
        self.counts = tag_counts(samples, settings.label_field)
        self.classes = tuple(sorted(self.counts.count))
        self.skipped, self.left_out = Skipped(), Counter[str]()
        self.assumed: list[str] = []
        self.names: list[str] = []
        self.known: list[BoolArray] = []
        self.notes: dict[str, Any] = {"folds": folds, "device": str(self._device)}
        self._folder = scratch_folder("tags")
        self._said: list[Said] = []
        self._tags: Tags

    def close(self) -> None:
        """Forget what was said."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def some(self, seed: int) -> TagImages:
        """Some images to learn from, drawn at random."""
        n, most = len(self._tags.ids), images_to_learn_from(len(self.classes))
        return self._of(np.sort(np.random.default_rng(seed).permutation(n)[:most]))

    def batches(self, report: Report) -> Generator[TagImages]:
        """Every image that was judged, once."""
        n, size = len(self._tags.ids), images_a_batch(len(self.classes))
        for start in range(0, n, size):
            stop = min(start + size, n)
            yield self._of(np.arange(start, stop))
            report(stop / n, f"Scored {stop:,} of {n:,} images")

    def _of(self, rows: Any) -> TagImages:
        tags = only(self._tags, rows)
        scores = [np.asarray(said[rows], np.float32) for said in self._said]
        return TagImages(tags, tags.table(len(self.classes)), scores)

    def _read(self) -> tuple[Tags, list[str]]:
        """The tags of all labelled images, and their files."""
        field = self._settings.label_field
        index = {name: i for i, name in enumerate(self.classes)}
        counting = Counting(self.skipped, self.left_out)
        parts: list[Tags] = []
        paths: list[str] = []
        projection = [f"{field}.{LIST}._id", f"{field}.{LIST}.label", "filepath"]
        for documents in read_documents(self._samples, projection):
            there = [d for d in documents if is_labelled(d, field, self.skipped)]
            parts.append(read_tags(there, field, index, counting))
            paths += [str(d.get("filepath") or "") for d in there]
        return joined(parts), paths

    def _usable(self, tags: Tags, paths: list[str], problems: Mapping[int, str]) -> Int64Array:
        """The images that a model can say something of; the others are noted.

        Raises:
            InputError: if there are fewer than folds
        """
        for at, why in sorted(problems.items()):
            self.skipped.add(tags.ids[at], paths[at], why)
        usable = np.array([i for i in range(len(tags.ids)) if i not in problems], np.int64)
        if len(usable) < max(2, self._folds):
            raise InputError(
                f"folds: {len(usable):,} labelled images can be used, and {self._folds} folds need "
                f"at least one each (most frequent reason: {self.skipped.most_common()})"
            )
        return usable

    def _keep(self, said: Mapping[str, Said]) -> None:
        """Hand on what models said of the images of ``_tags``."""
        self.names, self._said = list(said), list(said.values())
        self.known = [np.ones(len(self.classes), bool) for _ in said]


def only(tags: Tags, rows: Any) -> Tags:
    """The tags of some images, int (m,), ascending."""
    first = np.searchsorted(tags.image, rows)
    count = np.searchsorted(tags.image, rows, "right") - first
    ends = np.cumsum(count)
    at = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - ends + count, count)
    image = np.repeat(np.arange(len(rows)), count)
    return Tags([tags.ids[i] for i in rows], image, tags.tag[at], tags.label_id[at])


def joined(parts: list[Tags]) -> Tags:
    """The tags of the images of all parts, one part after the other."""
    begin = np.cumsum([0, *(len(p.ids) for p in parts)])
    shifted = [p.image + b for p, b in zip(parts, begin, strict=False)]
    return Tags(
        [i for p in parts for i in p.ids],
        np.concatenate([np.empty(0, np.int64), *shifted]),
        np.concatenate([np.empty(0, np.int64), *(p.tag for p in parts)]),
        np.concatenate([np.empty(0, "S12"), *(p.label_id for p in parts)]),
    )
