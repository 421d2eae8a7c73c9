"""Predictions of a classifier that is trained there and then on the dataset's labels."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..abandonable import abandonable
from ..errors import InputError
from ..images.decode import probe_images
from ..images.decoded import Pixels
from ..images.windows import windows_of
from ..learning.checkpoint_files import is_file
from ..learning.checkpoints import to_bytes
from ..learning.device import choose_device, reproducible, usual_threads
from ..learning.folds import stratified_folds
from ..learning.held_out_fold import (
    FEATURE_ROWS,
    SEEN_ROWS,
    agreement_with_learned,
    agrees,
    sides,
    some_embeddings,
)
from ..learning.memorised import Agreement, learnt_by_heart, sentence
from ..learning.pictures import Normalisation, Pictures
from ..learning.training import CLASSIFYING_COST, Trainer
from ..learning.warm_start import WarmStart
from ..progress import Report, part_of
from ..scoring.batches import Batch, Outcome
from ..store.runs import load_run
from ..store.sample_collection import root_dataset
from ..store.samples import Collection
from ..vectors.features import PrincipalComponents
from ..workers.choices import LOCAL
from ..workers.opened import open_work, told_of
from ..workers.work import Work
from .kept_together import check_fold_groups, grouped, groups_to_keep
from .labelled import read_labelled
from .settings import Settings
from .spread_training import SpreadTraining, Training
from .training_plan import make_plan

DECODING_SHARE = 0.1
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Embedder:
    """The network whose embeddings are the features of all samples, and their projection."""

    trainer: Trainer
    reduce: PrincipalComponents


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
        self._device = choose_device(settings.device, here=settings.workers == LOCAL)
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
        self._kept = self._kept_weights(samples) if settings.warm_start else None
        self._start = None if self._kept is None else WarmStart.from_kept(*self._kept)
        plan = make_plan(
            settings, kind, tuple(self.classes), len(self._ids), self._device, self._start
        )
        self._architecture, self._recipe, self._folds = plan.architecture, plan.recipe, plan.folds
        self._normalisation = plan.normalisation
        self._windows = self._choose_windows(samples)
        self._seen = np.ones(len(self.classes), bool)
        self._embedder: _Embedder | None = None
        self._agreement = {"seen": Agreement(), "held_out": Agreement()}
        self._kept_epochs: list[int] = []
        self.outcome.said += plan.said
        self.outcome.notes |= {
            "model": self._architecture.name,
            "pretrained": self._recipe.weights is not None,
            "image_size": self._architecture.size,
            "channels": kind.channels,
            "epochs": self._recipe.epochs,
            "batch_size": self._recipe.batch_size,
            "average_epochs": self._recipe.average_epochs,
            "folds": self._folds,
            "device": str(self._device),
            "warm_start": self._start is not None,
            "windows": self._windows,
        }

    def _kept_weights(self, samples: Collection) -> tuple[bytes | None, Sequence[str]]:
        """The last iteration's classifier, if it has one, and its classes."""
        iteration = load_run(root_dataset(samples), self._settings.run_key).iteration()
        return iteration.weights(), iteration.classes

    def _choose_windows(self, samples: Collection) -> dict[str, Any]:
        """Those of the pictures; a classifier that goes on sees them as it did before."""
        windows: dict[str, Any] = windows_of(self._paths)
        if self._start is not None:
            iteration = load_run(root_dataset(samples), self._settings.run_key).iteration()
            windows |= iteration.settings.get("windows") or {}
        return windows

    def batches(self, report: Report) -> Generator[Batch]:
        """Decode, train, classify; one model a fold."""
        elsewhere = self._workers(report)
        yield from self._here(report) if elsewhere is None else self._elsewhere(elsewhere, report)
        self._note_learning()

    def _here(self, report: Report) -> Generator[Batch]:
        shape = self._architecture
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            decoding = part_of(report, 0.0, DECODING_SHARE)
            pixels = Pixels(self._paths, shape.size, shape.channels, decoding, self._windows)
        with pixels:
            usable = self._usable(pixels.problems)
            normalisation = self._normalisation or Normalisation.of(pixels, usable)
            pictures = Pictures(pixels, normalisation, self._device)
            fold = self._assigned(usable, part_of(report, DECODING_SHARE, DECODING_SHARE))
            for k in range(self._folds):
                rest = part_of(report, DECODING_SHARE, 1.0)
                stage = part_of(rest, k / self._folds, (k + 1) / self._folds)
                with reproducible(self._settings.seed + k):
                    yield from self._fold(pixels, pictures, fold, k, stage)

    def _workers(self, report: Report) -> Work | None:
        weights = self._recipe.weights
        owner = {"dataset_id": root_dataset(self._samples)._doc.id}
        return open_work(
            self._settings.workers,
            owner | {"run_key": self._settings.run_key},
            self._paths,
            report,
            files=[weights] if weights and is_file(weights) else [],
            device=self._device.type,
        )

    def _elsewhere(self, work: Work, report: Report) -> Generator[Batch]:
        """The same, in parts that workers take."""
        asked = Training(
            self._architecture, self._recipe, self._folds, self._settings.seed, usual_threads()
        )
        with work:
            start = None if self._kept is None else self._kept[0]
            spread = SpreadTraining(work, asked, self._label, self._paths, self._windows, start)
            problems = spread.decode(part_of(report, 0.0, DECODING_SHARE))
            usable = self._usable(problems)
            normalisation = self._normalisation or spread.normalisation(usable)
            fold = self._assigned(usable, part_of(report, DECODING_SHARE, DECODING_SHARE))
            spread.train(fold, normalisation, part_of(report, DECODING_SHARE, 1.0))
            self.outcome.weights = spread.weights
            reduce = PrincipalComponents(spread.some_embeddings, self._settings.seed)
            for k in range(self._folds):
                learned, asked_rows = sides(fold, k, self._folds)
                if not len(asked_rows) or not len(learned):
                    continue
                self._begin_fold(learned, spread.kept_epoch(k))
                if self._folds > 1:
                    self._agreement["seen"].join(spread.seen(k))
                for part, models, vectors in spread.said(k, asked_rows):
                    self._agreement["held_out"].add(agrees(models, self._label[part]))
                    yield self._batch(part, models, reduce(vectors))
            self.outcome.said.append(told_of(work))

    def _usable(self, problems: Mapping[int, str]) -> Indices:
        """The images that can be read; the others are noted."""
        for i in sorted(problems):
            self._skip(i, problems[i])
        usable = np.array([i for i in range(len(self._ids)) if i not in problems], np.int64)
        self._check_usable(usable)
        return usable

    def _assigned(self, usable: Indices, report: Report) -> Indices:
        """The fold of each image, -1 for those that cannot be read."""
        # Over what can be read only, so that a class of two is in every training set.
        fold = np.full(len(self._ids), -1, np.int64)
        groups = self._groups(usable, report)
        fold[usable] = stratified_folds(
            self._label[usable], self._folds, self._settings.seed, groups
        )
        return fold

    def _groups(self, usable: Indices, report: Report) -> Indices | None:
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

    def _fold(
        self, pixels: Pixels, pictures: Pictures, fold: Indices, k: int, report: Report
    ) -> Generator[Batch]:
        alone = self._folds == 1
        learned, asked = sides(fold, k, self._folds)
        if not len(asked) or not len(learned):
            return
        trainer = Trainer(self._architecture, pictures, self._label, self._recipe)
        name = "" if alone else f"Fold {k + 1}/{self._folds}, "
        held = None if self._recipe.patience is None else asked
        share = self._training_share(len(learned), len(asked))
        training = part_of(report, 0.0, share)
        abandonable(lambda told: trainer.train(learned, told, name, held), training, "Training")
        self._begin_fold(learned, trainer.kept_epoch)
        rest = part_of(report, share, 1.0)
        if self._embedder is None:  # of the first fold, for all: others have other embeddings
            usable = np.flatnonzero(fold >= 0)
            seed, told = self._settings.seed, part_of(rest, 0.0, 0.1)
            axes = PrincipalComponents(some_embeddings(trainer, usable, seed, told), seed)
            self._embedder = _Embedder(trainer, axes)
            mean, std = pictures.normalisation.mean, pictures.normalisation.std
            self.outcome.weights = to_bytes(trainer.model, self._architecture, mean, std)
        if not alone:
            looking = part_of(rest, 0.1, 0.2)
            self._agreement["seen"].join(
                agreement_with_learned(trainer, learned, self._label, self._settings.seed, looking)
            )
        yield from self._classified(trainer, pixels, asked, part_of(rest, 0.2, 1.0))

    def _begin_fold(self, learned: Indices, kept_epoch: int | None) -> None:
        self._seen = np.bincount(self._label[learned], minlength=len(self.classes)) > 0
        self._kept_epochs.append(kept_epoch or 0)

    def _training_share(self, learned: int, asked: int) -> float:
        """The part of a fold's time that training takes; the rest goes to classifying."""
        training = self._recipe.epochs * learned
        some = min(asked, FEATURE_ROWS) if self._folds == 1 else SEEN_ROWS
        return training / (
            training + CLASSIFYING_COST * self._recipe.average_epochs * (asked + some)
        )

    def _classified(
        self, trainer: Trainer, pixels: Pixels, asked: Indices, report: Report
    ) -> Generator[Batch]:
        assert self._embedder is not None
        for part, models, embedding in trainer.classify(asked, report):
            keep = np.array([int(i) not in pixels.problems for i in part])
            for i in part[~keep]:
                self._skip(int(i), pixels.problems[int(i)])
            said = [m[keep] for m in models]
            self._agreement["held_out"].add(agrees(said, self._label[part[keep]]))
            own = trainer is self._embedder.trainer
            vectors = embedding if own else self._embedder.trainer.embed(part)
            yield self._batch(part[keep], said, self._embedder.reduce(vectors[keep]))

    def _note_learning(self) -> None:
        """What was learnt, in how many epochs, and whether by heart."""
        self.outcome.notes["kept_epochs"] = self._kept_epochs
        if self._folds == 1:
            return
        seen, held_out = self._agreement["seen"], self._agreement["held_out"]
        self.outcome.notes |= {
            "training_agreement": round(seen.share, 4),
            "held_out_agreement": round(held_out.share, 4),
            "learnt_by_heart": learnt_by_heart(seen, held_out),
        }
        self.outcome.said += [text for text in [sentence(seen, held_out)] if text]

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
