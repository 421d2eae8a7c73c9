"""What a network says of tags that it is trained on there and then, one sigmoid a class."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import expit, logit

from ..abandonable import abandonable
from ..arrays import Float64Array, Int64Array
from ..classify.kept_together import grouped, groups_to_keep
from ..classify.settings import Settings
from ..classify.training_plan import FOLDS, Plan, make_plan
from ..errors import InputError
from ..images.decode import probe_images
from ..images.decoded import Pixels
from ..images.windows import windows_of
from ..learning.device import reproducible
from ..learning.folds import stratified_folds
from ..learning.held_out_fold import sides
from ..learning.pictures import Normalisation, Pictures
from ..learning.sigmoid_heads import rarest_tag
from ..learning.training import CLASSIFYING_COST, Trainer
from ..progress import Report, part_of
from ..store.sample_collection import root_dataset
from ..store.samples import Collection
from .labels import Tags
from .out_of_fold import OutOfFoldTags, Said, only

DECODING_SHARE = 0.1
LARGEST_SAID = 6e4
"""What a float16 holds."""


class TrainedTags(OutOfFoldTags):
    """Judges each image by a network that was trained on the other folds.

    Args:
        samples: a dataset or view
        settings: ``source`` is ``train``

    Raises:
        InputError: if the labels, images or options cannot be trained with
    """

    def __init__(self, samples: Collection, settings: Settings):
        if settings.folds == 1:
            raise InputError(
                "folds: a network learns tags by heart, wrong ones too; train needs at least 2 "
                "folds on tags"
            )
        super().__init__(samples, settings, settings.folds or FOLDS)

    def prepare(self, report: Report) -> None:
        """Decode, then train and ask one network a fold."""
        tags, paths = self._read()
        plan = self._plan(paths)
        shape, windows = plan.architecture, windows_of(paths)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            decoding = part_of(report, 0.0, DECODING_SHARE)
            pixels = Pixels(paths, shape.size, shape.channels, decoding, windows)
        with pixels:
            usable = self._usable(tags, paths, pixels.problems)
            known = set(pixels.problems)
            table = tags.table(len(self.classes))
            fold = self._assigned(tags, paths, usable, part_of(report, 0.1, 0.1))
            normalisation = plan.normalisation or Normalisation.of(pixels, usable)
            pictures = Pictures(pixels, normalisation, self._device)
            said: Said = np.memmap(self._folder / "said", np.float16, "w+", shape=table.shape)
            kept_epochs = []
            for k in range(self._folds):
                rest = part_of(report, DECODING_SHARE, 1.0)
                stage = part_of(rest, k / self._folds, (k + 1) / self._folds)
                with reproducible(self._settings.seed + k):
                    kept_epochs.append(self._fold(plan, pictures, table, fold, k, said, stage))
            self._drop_unreadable(tags, paths, usable, said, pixels.problems.keys() - known, pixels)
        self.notes["kept_epochs"] = kept_epochs

    def _plan(self, paths: list[str]) -> Plan:
        """What is trained, and how; noted for the iteration."""
        kind = probe_images(paths, self._settings.seed)
        if kind is None:
            example = f", such as '{paths[0]}'" if paths else ""
            raise InputError(
                f"None of the labelled images of '{root_dataset(self._samples).name}' that were "
                f"tried can be opened{example}"
            )
        settings = replace(self._settings, folds=self._folds)
        plan = make_plan(settings, kind, self.classes, len(paths), self._device, None)
        self.assumed += plan.said
        self.notes |= {
            "model": plan.architecture.name,
            "pretrained": plan.recipe.weights is not None,
            "image_size": plan.architecture.size,
            "channels": kind.channels,
            "epochs": plan.recipe.epochs,
            "batch_size": plan.recipe.batch_size,
            "average_epochs": plan.recipe.average_epochs,
        }
        return plan

    def _assigned(
        self, tags: Tags, paths: list[str], usable: Int64Array, report: Report
    ) -> Int64Array:
        """The fold of each image, -1 for those that cannot be read."""
        kept = only(tags, usable)
        ids, of_them = kept.ids, [paths[i] for i in usable]
        groups = groups_to_keep(self._samples, self._settings, ids, of_them, None, report)
        self.notes |= grouped(groups)
        fold = np.full(len(paths), -1, np.int64)
        rarest = rarest_tag(kept.table(len(self.classes)))
        fold[usable] = stratified_folds(rarest, self._folds, self._settings.seed, groups)
        return fold

    def _fold(
        self,
        plan: Plan,
        pictures: Pictures,
        table: Any,
        fold: Int64Array,
        k: int,
        said: Said,
        report: Report,
    ) -> int:
        """Train on all folds but one and ask of that; the epoch that was kept."""
        learned, asked = sides(fold, k, self._folds)
        if not len(asked) or not len(learned):
            return 0
        trainer = Trainer(plan.architecture, pictures, table, plan.recipe)
        held = None if plan.recipe.patience is None else asked
        training = plan.recipe.epochs * len(learned)
        share = training / (training + CLASSIFYING_COST * plan.recipe.average_epochs * len(asked))
        name = f"Fold {k + 1}/{self._folds}, "
        abandonable(
            lambda told: trainer.train(learned, told, name, held),
            part_of(report, 0.0, share),
            "Training",
        )
        # Of a tag that no training image carries a network says nothing but that it is rare.
        unseen = ~table[learned].any(axis=0)
        for part, models, _ in trainer.classify(asked, part_of(report, share, 1.0)):
            odds = together(models)
            odds[:, unseen] = np.nan
            said[part] = odds
        return trainer.kept_epoch or 0

    def _drop_unreadable(
        self,
        tags: Tags,
        paths: list[str],
        usable: Int64Array,
        said: Said,
        late: set[int],
        pixels: Pixels,
    ) -> None:
        """Leave out images that could not be read again; hand on what was said of the others."""
        for at in sorted(late & set(usable.tolist())):
            self.skipped.add(tags.ids[at], paths[at], pixels.problems[at])
        kept = np.array([i for i in usable.tolist() if i not in late], np.int64)
        self._tags = only(tags, kept)
        rows = said if len(kept) == len(said) else said[kept]
        self._keep({str(self.notes["model"]): rows})


def together(models: list[Float64Array]) -> Float64Array:
    """Log-odds of the mean probability by several states of a network, as far as kept: (b, C).

    Example:
        >>> together([np.array([[2.0]]), np.array([[-1.0]])]).round(3).tolist()
        [[0.302]]
    """
    if len(models) == 1:
        odds = models[0]
    else:
        mean = np.mean([expit(m) for m in models], axis=0)
        odds = logit(np.clip(mean, 1e-9, 1 - 1e-9))
    return np.clip(odds, -LARGEST_SAID, LARGEST_SAID)
