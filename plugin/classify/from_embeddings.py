"""Predictions of cross-validated heads on embeddings that exist or that a model gives."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..abandonable import abandonable
from ..errors import InputError
from ..learning.heads import out_of_fold
from ..learning.training import choose_device, reproducible
from ..progress import Report, part_of
from ..scoring.batches import Batch, Outcome
from ..scratch import scratch_folder
from ..store.samples import Collection
from ..vectors.embeddings import EmbeddingVectors
from ..vectors.features import PrincipalComponents
from .kept_together import check_fold_groups, grouped, groups_to_keep
from .labelled import read_labelled
from .settings import Settings

DEFAULT_FOLDS = 5
READ_SHARE = 0.2
BATCH_ROWS = 5_000
BATCH_NUMBERS = 4_000_000


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
        self._ids, self._paths = labelled.sample_ids, labelled.filepaths
        self._label, self._decided = labelled.label, labelled.decided

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
            yield from self._classified(vectors, usable, part_of(report, READ_SHARE, 1.0))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _classified(
        self, vectors: npt.NDArray[Any], usable: npt.NDArray[np.int64], report: Report
    ) -> Generator[Batch]:
        seed, label = self._settings.seed, self._label[usable]
        rows = vectors if len(usable) == len(vectors) else vectors[usable]
        groups = groups_to_keep(
            self._samples,
            self._settings,
            [self._ids[i] for i in usable],
            [self._paths[i] for i in usable],
            rows,
            part_of(report, 0.0, 0.1),
        )
        reduce = abandonable(
            lambda _: PrincipalComponents(rows[np.sort(_some(len(rows), seed))], seed),
            report,
            "Reducing embeddings",
        )
        with reproducible(seed):
            said = out_of_fold(
                rows,
                label,
                groups,
                seed,
                classes=len(self.classes),
                folds=self._folds,
                device=self._device,
                report=part_of(report, 0.1, 0.9),
            )
        self.outcome.notes |= {"heads": said.heads, "ensemble_weights": said.weights}
        self.outcome.notes |= grouped(groups)
        self.outcome.weighed = [said.said]
        size = max(1, min(BATCH_ROWS, BATCH_NUMBERS // len(self.classes)))
        for start in range(0, len(usable), size):
            part = usable[start : start + size]
            yield Batch(
                sample_ids=[self._ids[i] for i in part],
                label=self._label[part],
                models=[said.log_probabilities[start : start + size].astype(np.float64)],
                features=reduce(rows[start : start + size]),
                decided=self._decided[part],
                unseen=said.unseen[start : start + size],
            )
            report(min(1.0, 0.9 + 0.1 * start / len(usable)), f"Scored {start + len(part):,}")


def _some(n: int, seed: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(seed).permutation(n)[:20_000]
