"""Predictions of a cross-validated linear head on embeddings that exist or that a model gives."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.zoo as foz
import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..keeping.fields import read_documents, root_dataset, value_at
from ..keeping.labelled import read_labelled
from ..keeping.samples import Collection
from ..learning.linear_head import LinearHead
from ..learning.training import choose_device, reproducible, stratified_folds
from ..progress import Report, part_of
from ..scoring.batches import Batch, Outcome
from ..scoring.features import PrincipalComponents
from ..scoring.vectors import common_length, decode_rows
from ..settings import Settings

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
        self._folds = settings.folds or DEFAULT_FOLDS
        self._device = choose_device(settings.device)
        self._kind = self._find()
        self.outcome = Outcome()
        self.outcome.notes |= {"folds": self._folds, "embeddings_from": self._kind}
        labelled = read_labelled(
            samples, settings.label_field, decision_field, self.outcome.skipped
        )
        self.classes = labelled.classes
        self._ids, self._paths = labelled.sample_ids, labelled.filepaths
        self._label, self._decided = labelled.label, labelled.decided

    def _find(self) -> str:
        dataset = root_dataset(self._samples)
        schema = dataset.get_field_schema(flat=True)
        if self._name in schema:
            field = schema[self._name]
            if isinstance(field, (fo.VectorField, fo.ArrayField, fo.ListField)):
                return "field"
            raise InputError(
                f"embeddings: field '{self._name}' is of type {type(field).__name__}; expected "
                "vectors"
            )
        if dataset.has_brain_run(self._name):
            return "brain run"
        if self._name in foz.list_zoo_models():
            return "zoo model"
        raise InputError(
            f"embeddings: '{self._name}' is neither a vector field of dataset '{dataset.name}', a "
            f"brain run of it ({', '.join(dataset.list_brain_runs()) or 'none'}), nor a model of "
            "FiftyOne's zoo"
        )

    def batches(self, report: Report) -> Generator[Batch]:
        """Read or compute the embeddings, then fit and classify fold by fold."""
        folder = Path(tempfile.mkdtemp(prefix="deconfuse-embeddings-"))
        try:
            reading = part_of(report, 0.0, READ_SHARE)
            vectors, problems = self._vectors(folder, reading)
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
        reduce = PrincipalComponents(vectors[np.sort(_some(usable, seed))], seed)
        with reproducible(seed):
            for k in range(self._folds):
                learned, asked = usable[fold != k], usable[fold == k]
                stage = part_of(report, k / self._folds, (k + 1) / self._folds)
                head = LinearHead(len(self.classes), device=self._device)
                head.fit(vectors[learned], self._label[learned], stage)
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
                    )

    def _vectors(
        self, folder: Path, report: Report
    ) -> tuple[npt.NDArray[np.float32], dict[int, str]]:
        if self._kind == "field":
            return self._from_field(folder, report)
        rows = self._from_brain_run() if self._kind == "brain run" else self._from_zoo(report)
        missing = f"embedding in '{self._name}' is missing"
        width = next((len(r) for r in rows if r is not None), 0)
        vectors = np.zeros((len(rows), width), np.float32)
        problems = {}
        for i, row in enumerate(rows):
            if row is None or len(row) != width:
                problems[i] = missing
            elif not np.isfinite(row).all():
                problems[i] = f"embedding in '{self._name}' holds NaN or infinite numbers"
            else:
                vectors[i] = row
        return vectors, problems

    def _from_field(
        self, folder: Path, report: Report
    ) -> tuple[npt.NDArray[np.float32], dict[int, str]]:
        """Read a field into a file, so that memory does not grow with the dataset."""
        position = {sample_id: i for i, sample_id in enumerate(self._ids)}
        vectors: npt.NDArray[np.float32] | None = None
        problems = dict.fromkeys(range(len(self._ids)), f"embedding in '{self._name}' is missing")
        done = 0
        for documents in read_documents(self._samples, [self._name], 1_000):
            found = [d for d in documents if str(d["_id"]) in position]
            stored = [value_at(d, self._name) for d in found]
            if vectors is None:
                width = common_length(stored)
                if width is None:
                    continue
                path = os.path.join(folder, "vectors")
                vectors = np.memmap(path, np.float32, "w+", shape=(len(self._ids), width))
            matrix, wrong = decode_rows(stored, vectors.shape[1])
            for document, row, problem in zip(found, matrix, wrong, strict=True):
                i = position[str(document["_id"])]
                if problem is None:
                    vectors[i] = row
                    del problems[i]
                else:
                    problems[i] = f"embedding in '{self._name}' {problem}"
            done += len(documents)
            report(done / max(len(self._samples), 1), f"Read {done:,} embeddings")
        if vectors is None:
            raise InputError(f"embeddings: no sample has a vector in field '{self._name}'")
        return vectors, problems

    def _from_brain_run(self) -> list[npt.NDArray[Any] | None]:
        results: Any = root_dataset(self._samples).load_brain_results(self._name)
        if getattr(results, "embeddings", None) is None:
            raise InputError(f"embeddings: brain run '{self._name}' holds no embeddings")
        found = dict(zip(map(str, results.sample_ids), results.embeddings, strict=True))
        return [found.get(sample_id) for sample_id in self._ids]

    def _from_zoo(self, report: Report) -> list[npt.NDArray[Any] | None]:
        report(0.0, f"Computing embeddings with {self._name}")
        try:
            model = foz.load_zoo_model(self._name)
        except Exception as error:  # download and dependency errors of many kinds
            raise InputError(
                f"embeddings: zoo model '{self._name}' cannot be loaded: {error}"
            ) from error
        if not model.has_embeddings:
            raise InputError(f"embeddings: zoo model '{self._name}' gives no embeddings")
        view = root_dataset(self._samples).select(self._ids, ordered=True)
        rows: list[npt.NDArray[Any] | None] = []
        for start in range(0, len(self._ids), 1_024):
            part: Any = view[start : start + 1_024].compute_embeddings(
                model, batch_size=32, skip_failures=True, progress=False
            )
            rows += [None if row is None else np.asarray(row).ravel() for row in part]
            report(len(rows) / len(self._ids), f"Embedded {len(rows):,} images")
        return rows


def _some(usable: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(seed).permutation(usable)[:20_000]
