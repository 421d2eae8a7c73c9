"""Predictions of a cross-validated linear head on embeddings that exist or that a model gives."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..abandonable import abandonable
from ..errors import InputError
from ..learning.linear_head import LinearHead
from ..learning.training import choose_device, reproducible, stratified_folds
from ..progress import Report, part_of
from ..scoring.batches import Batch, Outcome
from ..scratch import scratch_folder
from ..store.samples import Collection
from ..vectors.embeddings import EmbeddingVectors
from ..vectors.features import PrincipalComponents
from .labelled import read_labelled
from .settings import Settings

DEFAULT_FOLDS = 5
READ_SHARE = 0.2
BATCH_ROWS = 5_000
BATCH_NUMBERS = 4_000_000


class EmbeddingSource:
    """Classifies each sample with a linear head that was fitted on the other folds.

    Args:
        samples: the dataset or a view of it
        settings: the run's settings; ``embeddings`` names a vector field of the samples, a brain
            run that holds embeddings, or a model of FiftyOne's zoo
        decision_field: the run's field of decisions

    Raises:
        InputError: if there is nothing of that name, or it holds no embeddings
    """

    def __init__(self, samples: Collection, settings: Settings, decision_field: str):
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
        seed = self._settings.seed
        fold = stratified_folds(self._label[usable], self._folds, seed)
        reduce = abandonable(
            lambda _: PrincipalComponents(vectors[np.sort(_some(usable, seed))], seed),
            report,
            "Reducing embeddings",
        )
        with reproducible(seed):
            for k in range(self._folds):
                learned, asked = usable[fold != k], usable[fold == k]
                stage = part_of(report, k / self._folds, (k + 1) / self._folds)
                head = LinearHead(len(self.classes), device=self._device)
                _fit(head, vectors[learned], self._label[learned], stage)
                seen = np.bincount(self._label[learned], minlength=len(self.classes)) > 0
                size = max(1, min(BATCH_ROWS, BATCH_NUMBERS // len(self.classes)))
                for start in range(0, len(asked), size):
                    part = asked[start : start + size]
                    rows = vectors[part]
                    yield Batch(
                        sample_ids=[self._ids[i] for i in part],
                        label=self._label[part],
                        models=[head.log_probabilities(rows)],
                        features=reduce(rows),
                        decided=self._decided[part],
                        unseen=~seen[self._label[part]],
                    )


def _fit(
    head: LinearHead, vectors: npt.NDArray[Any], label: npt.NDArray[np.int64], report: Report
) -> None:
    abandonable(lambda told: head.fit(vectors, label, told), report, "Fitting the linear head")


def _some(usable: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(seed).permutation(usable)[:20_000]
