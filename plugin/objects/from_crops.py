"""Wrong classes of objects, without a detector: cross-validated heads on vectors of crops."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..abandonable import abandonable
from ..arrays import Float32Array, IntArray
from ..classify.settings import Settings
from ..errors import InputError
from ..images.windows import windows_of
from ..learning.device import choose_device, reproducible
from ..learning.heads import FOLDS, OutOfFold, out_of_fold
from ..learning.networks import known_networks
from ..progress import Report, part_of
from ..scoring.scores import TOP_CLASSES
from ..scratch import scratch_folder
from ..store.iterations import pack_ids, unpack_ids
from ..store.sample_collection import root_dataset
from ..store.samples import Collection, samples_of
from ..vectors.named_networks import known_zoo, named_network
from ..vectors.spread_features import features_by
from ..vectors.stored import common_length, decode_rows
from .reading import Images, ObjectReader
from .scoring import KIND_NAMES, ItemScores
from .store import COLUMNS, IMAGES, Columns, sorted_items

READING, VECTORS = 0.1, 0.8


@dataclass
class _Read:
    """Labels of many images in columns."""

    parts: list[Images] = field(default_factory=list)

    def joined(self, name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(p, name) for p in self.parts])

    @property
    def label(self) -> npt.NDArray[np.int64]:
        return np.concatenate([p.labels.label for p in self.parts]).astype(np.int64)

    @property
    def box(self) -> npt.NDArray[np.float64]:
        return np.concatenate([p.labels.box for p in self.parts]).astype(np.float64)

    @property
    def ids(self) -> list[str]:
        return [i for p in self.parts for i in p.ids]

    @property
    def image(self) -> npt.NDArray[np.int64]:
        counts = [np.diff(p.labels.start) for p in self.parts]
        every = np.concatenate(counts)
        return np.repeat(np.arange(len(every)), every)

    @property
    def paths(self) -> list[str]:
        return [path for p in self.parts for path in p.paths]

    @property
    def values(self) -> list[Any]:
        return [value for p in self.parts for value in p.values]


class CropSource:
    """Judges the class of each object by its crop, with heads that have not seen its image.

    Args:
        samples: the dataset or a view of it
        settings: ``embeddings`` names an attribute of the labels, a brain run with their patches,
            or a pretrained network; ``network`` a network

    Attributes:
        reader: has read the labels, once ``columns`` was called
        said: how the objects were judged, in a sentence
        kinds: of errors that are looked for

    Raises:
        InputError: if nothing of that name is there, or an option is given that is for images
    """

    kinds = ("class",)

    def __init__(self, samples: Collection, settings: Settings):
        self._samples, self._settings = samples, settings
        self._folds = settings.folds or FOLDS
        self._kind, self._name = self._find()
        attribute = self._name if self._kind == "attribute" else None
        self.reader = ObjectReader(samples, settings.label_field, (), attribute=attribute)
        if len(self.reader.classes) < 2:
            raise InputError(
                f"label_field: all objects of '{settings.label_field}' are "
                f"{', '.join(self.reader.classes)!r}; crops tell two classes or more apart"
            )
        self.said = ""
        self._by_whom: list[str] = []

    def _find(self) -> tuple[str, str | None]:
        settings, dataset = self._settings, root_dataset(self._samples)
        name = settings.embeddings
        if settings.source != "embeddings" or name is None:
            return "network", settings.network
        field = settings.label_field
        attribute = name.removeprefix(f"{field}.detections.").removeprefix(f"{field}.")
        path = f"{field}.detections.{attribute}"
        if samples_of(dataset).find_one({path: {"$ne": None}}, {"_id": 1}) is not None:
            return "attribute", attribute
        if dataset.has_brain_run(name):
            config: Any = dataset.get_brain_info(name).config
            if getattr(config, "patches_field", None) == field:
                return "brain run", name
            of = getattr(config, "patches_field", None)
            raise InputError(
                f"embeddings: brain run '{name}' is of {f'patches of {of!r}' if of else 'images'}, "
                f"and not of the objects of '{field}'; compute one with patches_field='{field}'"
            )
        if name in known_networks() or name in known_zoo():
            return "network", name
        raise InputError(
            f"embeddings: '{name}' is neither an attribute with a vector of the objects of "
            f"'{field}', a brain run with patches_field='{field}', nor a pretrained network"
        )

    def columns(self, report: Report) -> Columns:
        """What is kept of every object."""
        read = _Read(list(self.reader.batches(part_of(report, 0.0, READING))))
        if not read.parts or not len(read.label):
            raise InputError(f"No object of '{self._settings.label_field}' can be looked at.")
        folder = scratch_folder("crops")
        try:
            vectors, problems = self._vectors(read, folder, part_of(report, READING, VECTORS))
            usable = np.array([i for i in range(len(vectors)) if i not in problems], np.int64)
            for why in problems.values():
                self.reader.left_out[why] += 1
            if len(usable) < max(2, self._folds):
                why = self.reader.left_out.most_common(1)
                raise InputError(
                    f"{len(usable):,} objects can be judged, and {self._folds} folds need more"
                    + (f" (most frequent reason: {why[0][0]})" if why else "")
                )
            said = self._judged(read, vectors, usable, part_of(report, VECTORS, 1.0))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return self._kept(read, usable, said)

    def _judged(
        self, read: _Read, vectors: Float32Array, usable: IntArray, report: Report
    ) -> OutOfFold:
        """Objects of one image stay in one fold: they show each other's surroundings."""
        seed = self._settings.seed
        rows = vectors if len(usable) == len(vectors) else vectors[usable]
        with reproducible(seed):
            said = out_of_fold(
                rows,
                read.label[usable],
                read.image[usable],
                seed,
                classes=len(self.reader.classes),
                folds=self._folds,
                device=choose_device(self._settings.device),
                report=report,
            )
        what = {
            "attribute": f"vectors in their attribute '{self._name}'",
            "brain run": f"embeddings of the brain run '{self._name}'",
            "network": f"features of their crops by {self._name or 'efficientnet_lite0'}",
        }[self._kind]
        self.said = (
            " ".join(self._by_whom)
            + " " * bool(self._by_whom)
            + (
                f"Only wrong classes are looked for: objects are judged by {what}. {said.said} "
                "Missing, spurious and badly placed labels need the predictions of a detector."
            )
        )
        return said

    def _vectors(
        self, read: _Read, folder: Path, report: Report
    ) -> tuple[Float32Array, dict[int, str]]:
        if self._kind == "network":
            return self._of_network(read, folder, report)
        values = read.values if self._kind == "attribute" else self._of_brain_run(read)
        width = common_length(values[:: max(1, len(values) // 5_000)]) or common_length(values)
        where = f"'{self._name}'"
        if width is None:
            raise InputError(f"embeddings: no object has a vector in {where}")
        rows, problems = decode_rows(values, width)
        wrong = {i: f"embedding in {where} {p}" for i, p in enumerate(problems) if p is not None}
        return rows.astype(np.float32), wrong

    def _of_brain_run(self, read: _Read) -> list[Any]:
        results: Any = root_dataset(self._samples).load_brain_results(str(self._name))
        if getattr(results, "embeddings", None) is None:
            raise InputError(f"embeddings: brain run '{self._name}' holds no embeddings")
        found = dict(zip(map(str, results.label_ids), results.embeddings, strict=True))
        return [found.get(i) for i in unpack_ids(read.joined("label_id"))]

    def _of_network(
        self, read: _Read, folder: Path, report: Report
    ) -> tuple[Float32Array, dict[int, str]]:
        settings = self._settings
        network = abandonable(
            lambda _: named_network(self._name, settings.weights, settings.image_size),
            report,
            "Loading a network",
            0.0,
        )
        of_image = read.paths
        device = choose_device(settings.device)
        windows = windows_of(of_image)
        paths = [of_image[i] for i in read.image.tolist()]
        features, problems, said = features_by(
            settings.workers,
            {"dataset_id": root_dataset(self._samples)._doc.id, "run_key": settings.run_key},
            (self._name, settings.weights, settings.image_size),
            paths,
            network,
            device,
            folder,
            report,
            boxes=read.box,
            windows=windows,
        )
        self._by_whom = said
        return features, problems

    def _kept(self, read: _Read, usable: IntArray, said: OutOfFold) -> Columns:
        label = read.label[usable]
        scores = scores_of_classes(said.log_probabilities, label, said.unseen)
        packed = pack_ids(read.ids)
        n = len(usable)
        found: Columns = {
            "sample_id": packed[read.image[usable]],
            "item_id": read.joined("label_id")[usable],
            "label": label.astype(np.int32),
            "confidence": np.zeros(n, np.float32),
            "box": read.joined("label_box")[usable],
            "seen_box": np.full((n, 4), np.nan, np.float32),
        }
        for name in set(COLUMNS) - set(found):
            found[name] = getattr(scores, name)
        return sorted_items(found | {IMAGES: packed}, len(self.reader.classes))


def scores_of_classes(
    log_p: Float32Array, label: IntArray, unseen: npt.NDArray[np.bool_]
) -> ItemScores:
    """Scores of objects of whose class alone something is known: *nothing* has no probability.

    Args:
        log_p: (n, C), log-probabilities of the classes
        label: int (n,)
        unseen: bool (n,), whether the label was in no training fold: it cannot be judged
    """
    n, classes = log_p.shape
    rows = np.arange(n)
    own = log_p[rows, label].astype(np.float64)
    others = log_p.astype(np.float64).copy()
    others[rows, label] = -np.inf
    suspicion = np.where(unseen, -np.inf, others.max(axis=1) - own)
    suspicion = np.where(unseen, np.min(suspicion[~unseen], initial=0.0) - 1, suspicion)
    k = min(classes + 1, TOP_CLASSES)
    tops = np.argsort(-log_p, axis=1, kind="stable")[:, :k]
    best = np.exp(np.take_along_axis(log_p, tops, axis=1))
    if tops.shape[1] < k:  # two or three classes: nothing stands last
        tops = np.hstack([tops, np.full((n, 1), classes)])
        best = np.hstack([best, np.zeros((n, 1))])
    prediction = np.where(unseen, label, tops[:, 0])
    return ItemScores(
        prediction=prediction.astype(np.int32),
        p_label=np.exp(np.where(unseen, log_p.max(axis=1), own)).astype(np.float32),
        p_max=np.exp(log_p.max(axis=1)).astype(np.float32),
        suspicion=suspicion.astype(np.float32),
        kind=np.full(n, KIND_NAMES.index("class"), np.int8),
        iou=np.zeros(n, np.float32),
        partner=np.full(n, -1),
        top_class=tops.astype(np.int32),
        top_probability=best.astype(np.float32),
    )
