"""Predictions of cross-validated heads on the features of a pretrained network."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..abandonable import abandonable
from ..errors import InputError
from ..images.windows import windows_of
from ..learning.device import choose_device
from ..learning.heads import FOLDS, OutOfFold
from ..learning.network_head import head_to_bytes, linear_stand_in
from ..progress import Report, part_of
from ..scoring.batches import Batch, Outcome
from ..scratch import scratch_folder
from ..store.sample_collection import root_dataset
from ..store.samples import Collection
from ..vectors.named_networks import named_network
from ..vectors.spread_features import features_by
from ..workers.choices import LOCAL
from .by_heads import judged_by_heads
from .kept_together import check_fold_groups
from .labelled import read_labelled
from .settings import Settings

COMPUTING_SHARE = 0.8


class FeatureSource:
    """Classifies each sample with heads that were fitted on the other folds' features.

    Args:
        samples: the dataset or a view of it
        settings: the run's settings; ``network`` and ``weights`` name the network
        decision_field: the run's field of decisions

    Raises:
        InputError: if the network cannot be had, or there are not two classes
    """

    def __init__(self, samples: Collection, settings: Settings, decision_field: str):
        check_fold_groups(samples, settings)
        self._samples = samples
        self._settings = settings
        self._folds = settings.folds or FOLDS
        here = settings.workers == LOCAL
        self._device = choose_device(settings.device, here=here)
        self._heads_device = self._device if here else choose_device("auto")
        self.outcome = Outcome()
        labelled = read_labelled(
            samples, settings.label_field, decision_field, self.outcome.skipped
        )
        self.classes = labelled.classes
        self._labelled = labelled
        self._ids, self._paths = labelled.sample_ids, labelled.filepaths
        self._network = named_network(settings.network, settings.weights, settings.image_size)
        self._windows = windows_of(self._paths)
        self.outcome.notes |= {
            "network": self._network.name,
            "network_key": self._network.key,
            "image_size": self._network.size,
            "folds": self._folds,
            "device": str(self._device),
            "windows": self._windows,
        }

    def batches(self, report: Report) -> Generator[Batch]:
        """Compute the features that are not kept yet, then fit and classify."""
        folder = scratch_folder("features")
        try:
            features, problems = self._features(folder, part_of(report, 0.0, COMPUTING_SHARE))
            for i, why in problems.items():
                self.outcome.skipped.add(self._ids[i], self._paths[i], why)
            usable = np.array([i for i in range(len(self._ids)) if i not in problems], np.int64)
            if len(usable) < max(2, self._folds):
                raise InputError(self._too_few(len(usable)))
            if problems:
                features = features[usable]
            yield from judged_by_heads(
                self._samples,
                self._settings,
                self._labelled,
                usable,
                features,
                self.outcome,
                part_of(report, COMPUTING_SHARE, 1.0),
                folds=self._folds,
                device=self._heads_device,
                keep=lambda said, told: self._keep(features, said, told),
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _features(
        self, folder: Path, report: Report
    ) -> tuple[npt.NDArray[np.float32], dict[int, str]]:
        settings = self._settings
        features, problems, said = features_by(
            settings.workers,
            {"dataset_id": root_dataset(self._samples)._doc.id, "run_key": settings.run_key},
            (settings.network, settings.weights, settings.image_size),
            self._paths,
            self._network,
            self._device,
            folder,
            report,
            windows=self._windows,
        )
        self.outcome.said += said
        return features, problems

    def _too_few(self, usable: int) -> str:
        text = f"folds: {usable:,} labelled images can be read, and {self._folds} folds need "
        text += "at least one image each"
        if not self.outcome.skipped.reasons:
            return f"{text}."
        return f"{text} (left out, most frequently: {self.outcome.skipped.most_common()})."

    def _keep(self, features: npt.NDArray[np.float32], said: OutOfFold, report: Report) -> None:
        """Keep a classifier for what asks one of pixels, as saliency does."""
        if self._network.opaque:
            return
        layer = abandonable(
            lambda told: linear_stand_in(features, said.log_probabilities, told),
            report,
            "Keeping the classifier",
            0.0,
        )
        self.outcome.weights = head_to_bytes(self._network, self._settings.weights, layer)
