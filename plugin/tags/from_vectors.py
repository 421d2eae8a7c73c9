"""What cross-validated heads say of tags, on stored embeddings or a network's features."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Generator
from typing import Any

import numpy as np

from ..arrays import BoolArray, Vectors
from ..classify.kept_together import check_fold_groups, grouped, groups_to_keep
from ..classify.settings import Settings
from ..errors import InputError
from ..images.windows import windows_of
from ..learning.heads import FOLDS
from ..learning.sigmoid_heads import Said, tags_out_of_fold
from ..learning.training import choose_device, reproducible
from ..progress import Report, part_of
from ..scratch import scratch_folder
from ..skipped import Skipped
from ..store.raw_documents import read_documents
from ..store.sample_collection import root_dataset
from ..store.samples import Collection
from ..vectors.embeddings import EmbeddingVectors
from ..vectors.named_networks import named_network
from ..vectors.spread_features import features_by
from .labels import LIST, Counting, Tags, is_labelled, read_tags, tag_counts
from .reading import TagImages, images_a_batch, images_to_learn_from

SHARE_OF_VECTORS = 0.7


class HeadTags:
    """Judges each image by heads that were fitted on the other folds, one sigmoid a class.

    Args:
        samples: a dataset or view
        settings: ``source`` is ``embeddings`` or ``features``

    Attributes:
        classes: the tags, sorted
        counts: how many images carry each
        known: bool (C,) a head, all true
        names: of the heads
        assumed: how predictions were read: there are none
        notes: what an iteration keeps of the folds and the network
        skipped: images that were left out
        left_out: tags that were left out, by reason

    Raises:
        InputError: if the vectors cannot be had
    """

    def __init__(self, samples: Collection, settings: Settings):
        check_fold_groups(samples, settings)
        self._samples, self._settings = samples, settings
        self._folds = settings.folds or FOLDS
        self._device = choose_device(settings.device)
        self.counts = tag_counts(samples, settings.label_field)
        self.classes = tuple(sorted(self.counts.count))
        self.skipped, self.left_out = Skipped(), Counter()
        self.assumed: list[str] = []
        self.names: list[str] = []
        self.known: list[BoolArray] = []
        self.notes: dict[str, Any] = {"folds": self._folds, "device": str(self._device)}
        self._vectors = self._network = None
        if settings.source == "embeddings":
            self._vectors = EmbeddingVectors(samples, str(settings.embeddings))
            self.notes["embeddings_from"] = self._vectors.kind
        else:
            self._network = named_network(settings.network, settings.weights, settings.image_size)
            self.notes["network"] = self._network.name
        self._folder = scratch_folder("tags")
        self._said: list[Said] = []

    def close(self) -> None:
        """Forget what was said."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def prepare(self, report: Report) -> None:
        """Read or compute the vectors, then fit and ask the heads fold by fold."""
        tags, paths = self._read()
        vectors, problems = self._vectors_of(tags.ids, paths, part_of(report, 0, SHARE_OF_VECTORS))
        for at, why in problems.items():
            self.skipped.add(tags.ids[at], paths[at], why)
        usable = np.array([i for i in range(len(tags.ids)) if i not in problems], np.int64)
        if len(usable) < max(2, self._folds):
            raise InputError(
                f"folds: {len(usable):,} labelled images have a vector, and {self._folds} folds "
                f"need at least one each (most frequent reason: {self.skipped.most_common()})"
            )
        self._tags = only(tags, usable)
        rows = vectors if len(usable) == len(vectors) else vectors[usable]
        ids, paths = self._tags.ids, [paths[i] for i in usable]
        told = part_of(report, SHARE_OF_VECTORS, 0.75)
        groups = groups_to_keep(self._samples, self._settings, ids, paths, rows, told)
        self.notes |= grouped(groups)
        with reproducible(self._settings.seed):
            said = tags_out_of_fold(
                rows,
                self._tags.table(len(self.classes)),
                groups,
                self._settings.seed,
                self._folder,
                folds=self._folds,
                device=self._device,
                report=part_of(report, 0.75, 1.0),
            )
        self.names, self._said = list(said), list(said.values())
        self.known = [np.ones(len(self.classes), bool) for _ in said]

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

    def _vectors_of(
        self, ids: list[str], paths: list[str], report: Report
    ) -> tuple[Vectors, dict[int, str]]:
        if self._vectors is not None:
            return self._vectors.read(ids, self._folder, report)
        assert self._network is not None, "one of the two is there"
        settings = self._settings
        features, problems, _ = features_by(
            settings.workers,
            {"dataset_id": root_dataset(self._samples)._doc.id, "run_key": settings.run_key},
            (settings.network, settings.weights, settings.image_size),
            paths,
            self._network,
            self._device,
            self._folder,
            report,
            windows=windows_of(paths),
        )
        return features, problems


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
