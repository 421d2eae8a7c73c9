"""Predictions of cross-validated heads on embeddings that exist or that a model gives."""

from __future__ import annotations

import shutil
from collections.abc import Generator

import numpy as np

from ..errors import InputError
from ..learning.device import choose_device
from ..progress import Report, part_of
from ..scoring.batches import Batch, Outcome
from ..scratch import scratch_folder
from ..store.samples import Collection
from ..vectors.embeddings import EmbeddingVectors
from .by_heads import judged_by_heads
from .kept_together import check_fold_groups
from .labelled import read_labelled
from .settings import Settings

DEFAULT_FOLDS = 5
READ_SHARE = 0.2


class EmbeddingSource:
    """Classifies each sample with heads that were fitted on the other folds.

    Args:
        samples: the dataset or a view of it
        settings: the run's settings; ``embeddings`` names a vector field of the samples, a brain
            run that holds embeddings, or a model of FiftyOne's zoo
        decision_field: the run's field of decisions

    Raises:
        InputError: if there is nothing of that name, or it holds no embeddings
    """

    def __init__(self, samples: Collection, settings: Settings, decision_field: str):
        check_fold_groups(samples, settings)
        self._samples = samples
        self._settings = settings
        self._name = str(settings.embeddings)
        self._vectors = EmbeddingVectors(samples, self._name)
        self._folds = settings.folds or DEFAULT_FOLDS
        self._device = choose_device(settings.device)
        self.outcome = Outcome()
        self.outcome.notes |= {"folds": self._folds, "embeddings_from": self._vectors.kind}
        labelled = read_labelled(
            samples, settings.label_field, decision_field, self.outcome.skipped
        )
        self.classes = labelled.classes
        self._labelled = labelled
        self._ids, self._paths = labelled.sample_ids, labelled.filepaths

    def batches(self, report: Report) -> Generator[Batch]:
        """Read or compute the embeddings, then fit and classify fold by fold."""
        folder = scratch_folder("embeddings")
        try:
            reading = part_of(report, 0.0, READ_SHARE)
            vectors, problems = self._vectors.read(self._ids, folder, reading)
            usable = np.array([i for i in range(len(self._ids)) if i not in problems], np.int64)
            for i, why in problems.items():
                self.outcome.skipped.add(self._ids[i], self._paths[i], why)
            if len(usable) < max(2, self._folds):
                raise InputError(
                    f"embeddings: {len(usable)} labelled samples have an embedding in "
                    f"'{self._name}'; {self._folds} folds need more (most frequent reason: "
                    f"{self.outcome.skipped.most_common()})"
                )
            yield from judged_by_heads(
                self._samples,
                self._settings,
                self._labelled,
                usable,
                vectors if len(usable) == len(vectors) else vectors[usable],
                self.outcome,
                part_of(report, READ_SHARE, 1.0),
                folds=self._folds,
                device=self._device,
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
