"""Predictions of a classifier that is trained there and then on the dataset's labels."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..abandonable import abandonable
from ..errors import InputError
from ..images.decode import probe_images
from ..images.decoded import Pixels
from ..images.windows import windows_of
from ..learning.checkpoints import load_weights, to_bytes
from ..learning.classifiers import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    SIMPLE,
    Architecture,
    build,
    default_size,
    known_models,
)
from ..learning.folds import stratified_folds
from ..learning.training import (
    Normalisation,
    Recipe,
    Trainer,
    choose_device,
    reproducible,
)
from ..learning.warm_start import WarmStart
from ..progress import Report, part_of
from ..scoring.batches import Batch, Outcome
from ..store.fields import root_dataset
from ..store.runs import load_run
from ..store.samples import Collection
from ..vectors.features import PrincipalComponents
from .kept_together import check_fold_groups, grouped, groups_to_keep
from .labelled import read_labelled
from .settings import Settings

DEFAULT_EPOCHS = {"digits": 6, "colour": 10, "other": 10}
MOST_DEFAULT_EPOCHS = 30
DEFAULT_STEPS = 400
DEFAULT_BATCH = 128
DEFAULT_BATCH_OF_FEW = 32
FEW = 10_000
DEFAULT_AVERAGE = 1
DECODING_SHARE = 0.1
CLASSIFYING_COST = 0.35
"""Of classifying an image, where to train with it once costs 1: there is no way back."""

FEATURE_ROWS = 4_096


class TrainingSource:
    """Trains on the labels and classifies every sample, its own training samples included.

    Args:
        samples: the dataset or a view of it
        settings: the run's settings
        decision_field: the run's field of decisions

    Raises:
        InputError: if the labels, images or options cannot be trained with
    """

    def __init__(self, samples: Collection, settings: Settings, decision_field: str):
        check_fold_groups(samples, settings)
        self.outcome = Outcome()
        self._samples = samples
        self._settings = settings
        self._device = choose_device(settings.device)
        labelled = read_labelled(
            samples, settings.label_field, decision_field, self.outcome.skipped
        )
        self.classes = labelled.classes
        self._ids, self._paths = labelled.sample_ids, labelled.filepaths
        self._label, self._decided = labelled.label, labelled.decided
        kind = probe_images(self._paths, settings.seed)
        if kind is None:
            raise InputError(
                f"None of the images of '{root_dataset(samples).name}' that were tried can be "
                f"opened, such as '{self._paths[0]}'"
            )
        if settings.model not in known_models():
            build(Architecture(settings.model, len(self.classes), 3, 32))
        size = settings.image_size or default_size(settings.model, kind.side)
        self._architecture = Architecture(settings.model, len(self.classes), kind.channels, size)
        self._seen = np.ones(len(self.classes), bool)
        self._start = self._warm_start(samples) if settings.warm_start else None
        self._recipe = self._choose_recipe()
        self._windows = self._choose_windows(samples)
        self._folds = settings.folds or 1
        self._check_trainable()
        self.outcome.notes |= {
            "image_size": size,
            "channels": kind.channels,
            "epochs": self._recipe.epochs,
            "batch_size": self._recipe.batch_size,
            "average_epochs": self._recipe.average_epochs,
            "folds": self._folds,
            "device": str(self._device),
            "warm_start": self._start is not None,
            "windows": self._windows,
        }

    def _warm_start(self, samples: Collection) -> WarmStart:
        iteration = load_run(root_dataset(samples), self._settings.run_key).iteration()
        start = WarmStart.from_kept(iteration.weights(), iteration.classes)
        start.check(self._architecture)
        return start

    def _choose_windows(self, samples: Collection) -> dict[str, Any]:
        """Those of the pictures; a classifier that goes on sees them as it did before."""
        windows: dict[str, Any] = windows_of(self._paths)
        if self._start is not None:
            iteration = load_run(root_dataset(samples), self._settings.run_key).iteration()
            windows |= iteration.settings.get("windows") or {}
        return windows

    def _choose_recipe(self) -> Recipe:
        settings, shape = self._settings, self._architecture
        if settings.model != SIMPLE:
            kind = "other"
        else:
            kind = "digits" if shape.channels == 1 else "colour"
        few = len(self._ids) < FEW
        batch_size = settings.batch_size or (DEFAULT_BATCH_OF_FEW if few else DEFAULT_BATCH)
        enough = min(-(-DEFAULT_STEPS * batch_size // len(self._ids)), MOST_DEFAULT_EPOCHS)
        usual = max(DEFAULT_EPOCHS[kind], enough)
        epochs = settings.epochs or (usual if self._start is None else -(-usual // 2))
        return Recipe(
            epochs=epochs,
            batch_size=batch_size,
            average_epochs=min(settings.average_epochs or DEFAULT_AVERAGE, epochs),
            device=self._device,
            seed=settings.seed,
            weights=settings.weights,
            start=self._start,
            classes=tuple(self.classes),
        )

    def _check_trainable(self) -> None:
        """Find out before any image is decoded whether model, size and weights go together."""
        if self._folds > len(self._ids):
            raise InputError(
                f"folds: {self._folds} folds need as many labelled samples; there are "
                f"{len(self._ids)}"
            )
        with reproducible(self._settings.seed):
            model = build(self._architecture)
            if self._settings.weights is not None:
                load_weights(model, self._architecture, self._settings.weights)

    def batches(self, report: Report) -> Generator[Batch]:
        """Decode, train, classify; one model a fold."""
        shape = self._architecture
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            decoding = part_of(report, 0.0, DECODING_SHARE)
            pixels = Pixels(self._paths, shape.size, shape.channels, decoding, self._windows)
        with pixels, reproducible(self._settings.seed):
            readable = np.array([i not in pixels.problems for i in range(len(self._ids))])
            for i in np.flatnonzero(~readable):
                self._skip(int(i), pixels.problems[int(i)])
            usable = np.flatnonzero(readable)
            self._check_usable(usable)
            normalisation = self._normalisation(pixels, usable)
            # Over what can be read only, so that a class of two is in every training set.
            fold = np.full(len(self._ids), -1, np.int64)
            groups = self._groups(usable, part_of(report, DECODING_SHARE, DECODING_SHARE))
            fold[usable] = stratified_folds(
                self._label[usable], self._folds, self._settings.seed, groups
            )
            for k in range(self._folds):
                rest = part_of(report, DECODING_SHARE, 1.0)
                stage = part_of(rest, k / self._folds, (k + 1) / self._folds)
                yield from self._fold(pixels, normalisation, usable, fold, k, stage)

    def _groups(
        self, usable: npt.NDArray[np.int64], report: Report
    ) -> npt.NDArray[np.int64] | None:
        if self._folds == 1:
            return None
        ids = [self._ids[i] for i in usable]
        paths = [self._paths[i] for i in usable]
        groups = groups_to_keep(self._samples, self._settings, ids, paths, None, report)
        self.outcome.notes |= grouped(groups)
        return groups

    def _check_usable(self, usable: npt.NDArray[np.int64]) -> None:
        if len(usable) < max(2, self._folds):
            raise InputError(
                f"Only {len(usable)} of {len(self._ids)} labelled images can be read; the most "
                f"frequent reason: {self.outcome.skipped.most_common()}"
            )

    def _normalisation(self, pixels: Pixels, usable: npt.NDArray[np.int64]) -> Normalisation:
        if self._start is not None:
            return Normalisation(self._start.trained.mean, self._start.trained.std)
        if self._settings.weights is not None and self._settings.model != SIMPLE:
            channels = self._architecture.channels
            return Normalisation(list(IMAGENET_MEAN[:channels]), list(IMAGENET_STD[:channels]))
        return Normalisation.of(pixels, usable)

    def _fold(
        self,
        pixels: Pixels,
        normalisation: Normalisation,
        usable: npt.NDArray[np.int64],
        fold: npt.NDArray[np.int64],
        k: int,
        report: Report,
    ) -> Generator[Batch]:
        alone = self._folds == 1
        learned = usable if alone else usable[fold[usable] != k]
        asked = usable if alone else usable[fold[usable] == k]
        if not len(asked) or not len(learned):
            return
        trainer = Trainer(self._architecture, pixels, self._label, self._recipe, normalisation)
        name = "" if alone else f"Fold {k + 1}/{self._folds}, "
        self._seen = np.bincount(self._label[learned], minlength=len(self.classes)) > 0
        share = self._training_share(len(learned), len(asked))
        training = part_of(report, 0.0, share)
        abandonable(lambda told: trainer.train(learned, told, name), training, "Training")
        rest = part_of(report, share, 1.0)
        yield from self._classified(trainer, pixels, asked, rest)
        self.outcome.weights = to_bytes(
            trainer.model, self._architecture, normalisation.mean, normalisation.std
        )

    def _training_share(self, learned: int, asked: int) -> float:
        """The part of a fold's time that training takes; the rest goes to classifying."""
        training = self._recipe.epochs * learned
        some = min(asked, FEATURE_ROWS) if self._folds == 1 else 0
        return training / (
            training + CLASSIFYING_COST * self._recipe.average_epochs * (asked + some)
        )

    def _classified(
        self, trainer: Trainer, pixels: Pixels, asked: npt.NDArray[np.int64], report: Report
    ) -> Generator[Batch]:
        reduce = self._components(trainer, asked, part_of(report, 0.0, 0.05))
        for part, models, embedding in trainer.classify(asked, part_of(report, 0.05, 1.0)):
            keep = np.array([int(i) not in pixels.problems for i in part])
            for i in part[~keep]:
                self._skip(int(i), pixels.problems[int(i)])
            features = None if reduce is None else reduce(embedding[keep])
            yield self._batch(part[keep], [m[keep] for m in models], features)

    def _components(
        self, trainer: Trainer, asked: npt.NDArray[np.int64], report: Report
    ) -> PrincipalComponents | None:
        """The projection of embeddings to features; folds have no embedding in common."""
        if self._folds > 1:
            return None
        generator = np.random.default_rng(self._settings.seed)
        some = np.sort(generator.permutation(asked)[:FEATURE_ROWS])
        embeddings = [e for _, _, e in trainer.classify(some, report)]
        return PrincipalComponents(np.concatenate(embeddings), self._settings.seed)

    def _batch(self, part: npt.NDArray[np.int64], models: list[Any], features: Any) -> Batch:
        return Batch(
            sample_ids=[self._ids[i] for i in part],
            label=self._label[part],
            models=models,
            features=features,
            decided=self._decided[part],
            unseen=~self._seen[self._label[part]],
        )

    def _skip(self, i: int, reason: str) -> None:
        self.outcome.skipped.add(self._ids[i], self._paths[i], reason)
