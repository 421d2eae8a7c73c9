"""A training in parts that workers take: images decoded in pieces, a part a fold."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..arrays import Float32Array, Int64Array
from ..errors import InputError
from ..images.digests import file_stamps
from ..learning.classifiers import Architecture
from ..learning.held_out_fold import sides
from ..learning.memorised import Agreement
from ..learning.pictures import Normalisation, looked_at
from ..learning.recipe import Recipe
from ..learning.training import Said, classified_at_once
from ..progress import Report, part_of
from ..workers.part import Part, Source
from ..workers.work import Result, Work

PIECE_BYTES = 16 << 20
PIECE_IMAGES = 2_000
MOST_BYTES = 64 << 30
"""Of decoded images, which the database keeps until the training ends."""
EMBEDDING_SHARE = 0.1


@dataclass(frozen=True)
class Training:
    """What is trained and how, as workers are told.

    Attributes:
        architecture: of the classifier
        recipe: how it is trained
        folds: 1 learns from all images and is asked of all
        seed: of the folds' classifiers
        threads: that torch computes with
    """

    architecture: Architecture
    recipe: Recipe
    folds: int
    seed: int
    threads: int

    def told(self) -> dict[str, Any]:
        """All of it in texts and numbers; weights to go on from are an array of their own."""
        names = ("epochs", "batch_size", "average_epochs", "seed", "weights", "patience")
        recipe = {name: getattr(self.recipe, name) for name in names}
        start = self.recipe.start
        recipe |= {
            "device": self.recipe.device.type,
            "classes": list(self.recipe.classes),
            "model": self.architecture.name,
            "start_classes": None if start is None else list(start.classes),
        }
        return {
            "architecture": asdict(self.architecture),
            "recipe": recipe,
            "folds": self.folds,
            "seed": self.seed,
            "threads": self.threads,
            "at_once": classified_at_once(self.architecture),
        }


class SpreadTraining:
    """A training in parts.

    Args:
        work: whose workers take them
        training: what is trained
        label: int64 (n,), class index of each image
        paths: the image files
        windows: of the deep pictures among them
        start: bytes of a kept classifier to go on from

    Attributes:
        weights: bytes of the first fold's classifier, once there is one
        some_embeddings: by it, float32 (at most 4,096, d)
    """

    weights: bytes
    some_embeddings: Float32Array

    def __init__(
        self,
        work: Work,
        training: Training,
        label: Int64Array,
        paths: Sequence[str],
        windows: Mapping[str, Any],
        start: bytes | None = None,
    ):
        self._work, self._training = work, training
        self._paths, self._windows = paths, windows
        self._label = work.give(label)
        self._start = None if start is None else work.give(np.frombuffer(start, np.uint8))
        self._decoded: list[tuple[int, Part, Result]] = []
        self._folds: dict[int, Result] = {}
        self._embedded: dict[int, Result] = {}

    def decode(self, report: Report) -> dict[int, str]:
        """Decode all images; what is wrong with those that cannot be read.

        Raises:
            InputError: if they are too large for a database
        """
        shape = self._training.architecture
        bytes_each = shape.channels * shape.size**2
        if bytes_each * len(self._paths) > MOST_BYTES:
            raise InputError(
                f"workers: {len(self._paths):,} images of {shape.size}×{shape.size} pixels are "
                f"{bytes_each * len(self._paths) >> 30} GB decoded, which workers are handed over "
                f"the database, up to {MOST_BYTES >> 30} GB. Choose a smaller image_size, source "
                "'features', or workers 'local'."
            )
        size = max(1, min(PIECE_IMAGES, PIECE_BYTES // bytes_each))
        starts = range(0, len(self._paths), size)
        parts = {start: self._piece(start, self._paths[start : start + size]) for start in starts}
        place = {part.key: start for start, part in parts.items()}
        problems: dict[int, str] = {}
        results = self._work.results(
            parts.values(), report, "Decoding", total=lambda: len(self._paths)
        )
        for part, result in results:
            start = place[part.key]
            self._decoded.append((start, part, result))
            problems |= {start + int(i): why for i, why in result.facts["problems"].items()}
        self._decoded.sort(key=lambda piece: piece[0])
        return problems

    def _piece(self, start: int, paths: Sequence[str]) -> Part:
        shape = self._training.architecture
        told = {"paths": list(paths), "size": shape.size, "channels": shape.channels}
        # A file that was changed since is another part.
        told |= {"windows": dict(self._windows), "files": file_stamps(paths), "start": start}
        about = f"Images {start + 1:,} to {start + len(paths):,}"
        return Part("decode", told, about=about, size=len(paths))

    def normalisation(self, usable: Int64Array) -> Normalisation:
        """The statistics of some of the images."""
        chosen = looked_at(usable, self._training.architecture.size)
        rows = []
        for start, part, result in self._decoded:
            stop = start + int(part.size)
            here = chosen[(chosen >= start) & (chosen < stop)] - start
            if len(here):
                rows.append(result.column("pixels")[here])
        return Normalisation.of_images(np.concatenate(rows))

    def train(self, fold: Int64Array, normalisation: Normalisation, report: Report) -> None:
        """Train and ask every fold, then embed by the first one's classifier."""
        pixels: list[Source] = [(part.key, "pixels") for _, part, _ in self._decoded]
        told = self._training.told()
        told |= {"mean": list(normalisation.mean), "std": list(normalisation.std)}
        told["pixels"] = hashlib.blake2b(repr(pixels).encode(), digest_size=16).hexdigest()
        takes = {"pixels": pixels, "label": [self._label], "fold": [self._work.give(fold)]}
        if self._start is not None:
            takes["start"] = [self._start]
        able = [
            k
            for k in range(self._training.folds)
            if all(len(side) for side in sides(fold, k, self._training.folds))
        ]
        share = 1.0 if len(able) == 1 else 1.0 - EMBEDDING_SHARE
        stage = part_of(report, 0.0, share)
        parts = self._parts("fold", able, told, takes)
        self._folds = self._gather(parts, stage, "Training")
        first = self._folds[able[0]]
        self.weights = first.column("weights").tobytes()
        self.some_embeddings = first.column("some_embeddings")
        self._embedded = {able[0]: first}
        if len(able) > 1:
            takes["weights"] = [(parts[able[0]].key, "weights")]
            others = self._parts("embed", able[1:], told, takes)
            self._embedded |= self._gather(others, part_of(report, share, 1.0), "Embedding")

    def _parts(
        self,
        kind: str,
        able: Sequence[int],
        told: Mapping[str, Any],
        takes: Mapping[str, Sequence[Source]],
    ) -> dict[int, Part]:
        gpu = self._training.recipe.device.type == "cuda"
        return {
            k: Part(
                kind,
                {**told, "k": k, "first": kind == "fold" and k == able[0]},
                takes,
                f"Fold {k + 1} of {self._training.folds}",
                gpu=gpu,
            )
            for k in able
        }

    def _gather(self, parts: Mapping[int, Part], report: Report, label: str) -> dict[int, Result]:
        fold = {part.key: k for k, part in parts.items()}
        results = self._work.results(parts.values(), report, label, total=lambda: len(parts))
        return {fold[part.key]: result for part, result in results}

    def kept_epoch(self, k: int) -> int | None:
        """The epoch of fold ``k`` that was kept."""
        return self._folds[k].facts["kept_epoch"]

    def seen(self, k: int) -> Agreement:
        """With how many labels that it learnt from fold ``k`` agrees."""
        facts = self._folds[k].facts
        return Agreement(facts["seen"], facts["equal"])

    def said(self, k: int, asked: Int64Array) -> Generator[Said]:
        """What fold ``k`` says of the images that it was asked of, a batch at a time."""
        size = classified_at_once(self._training.architecture)
        for start in range(0, len(asked), size):
            rows = slice(start, min(start + size, len(asked)))
            log_p = self._folds[k].column("log_p", rows.start, rows.stop)
            embedding = self._embedded[k].column("embedding", rows.start, rows.stop)
            yield asked[rows], [log_p[:, i] for i in range(log_p.shape[1])], embedding
