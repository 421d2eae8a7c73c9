"""Predictions that the dataset already holds, in one or several ``Classification`` fields."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..abandonable import abandonable
from ..documents import value_at
from ..errors import InputError
from ..progress import Report, part_of
from ..scoring.batches import Batch, Outcome
from ..scoring.probabilities import LogProbabilities, align, complete, from_confidences
from ..scoring.weighing import Weighing, weigh
from ..store.raw_documents import draw_documents, labels_of, read_documents
from ..store.samples import Collection
from ..vectors.stored import decode_rows
from .field_description import PredictionField, describe_field
from .labelled import check_classes, label_problem

NUMBERS_A_BATCH = 8_000_000
LARGEST_BATCH = 5_000
WEIGHED_BY = 1_000, 10_000
NUMBERS_WEIGHED = 1_000_000
WEIGHING_SHARE = 0.2


@dataclass(frozen=True)
class Sampled:
    """Some samples and what each model says of them.

    Attributes:
        drawn: how many samples were looked at
        label: int64 (n,), class index of each that has a label
        models: log-probabilities, one array (n, C) a field
        usable: bool (n,) a field, whether it says something of the sample
    """

    drawn: int
    label: npt.NDArray[np.int64]
    models: list[LogProbabilities]
    usable: list[npt.NDArray[np.bool_]]


class PredictionSource:
    """Classifies by reading prediction fields; several make an ensemble.

    Args:
        samples: the dataset or a view of it
        label_field: the field that is being cleaned
        prediction_fields: fields of type ``Classification``
        decision_field: the run's field of decisions

    Raises:
        InputError: if a field tells no class list or no kind of scores, or its classes have
            nothing in common with the labels
    """

    def __init__(
        self,
        samples: Collection,
        label_field: str,
        prediction_fields: Sequence[str],
        decision_field: str,
    ):
        self._samples = samples
        self._label_field = label_field
        self._decision_field = decision_field
        labels = labels_of(samples, label_field)
        check_classes(samples, label_field, tuple(labels))
        self.fields = [
            describe_field(samples, name, label_field, labels) for name in prediction_fields
        ]
        known = {name for f in self.fields for name in f.classes}
        for f in self.fields:
            _check_overlap(f, labels, label_field)
        self.classes = tuple(sorted(known | set(labels)))
        self.outcome = Outcome()
        able = {name for f in self.fields for name in f.known}
        self.outcome.unknown = frozenset(set(labels) - able)
        self.outcome.predicted = frozenset(name for f in self.fields for name in f.predicted)
        self.outcome.assumed = [f"'{f.name}': {f.said}" for f in self.fields]
        self.able = [np.array([name in f.known for name in self.classes]) for f in self.fields]

    def batches(self, report: Report) -> Generator[Batch]:
        """Read every sample once; memory does not grow with their number."""
        weighing = self._weighed(part_of(report, 0.0, WEIGHING_SHARE))
        report = part_of(report, 0.0 if weighing is None else WEIGHING_SHARE, 1.0)
        index = {name: i for i, name in enumerate(self.classes)}
        per_row = len(self.classes) * len(self.fields)
        chunk = int(np.clip(NUMBERS_A_BATCH // max(per_row, 1) // 8, 64, LARGEST_BATCH))
        total, done = len(self._samples), 0
        for documents in read_documents(self._samples, self._projection(), chunk):
            done += len(documents)
            batch = self._batch(documents, index, weighing)
            if batch is not None:
                yield batch
            report(done / max(total, 1), f"Scored {done:,} of {total:,} samples")

    def _projection(self) -> list[str]:
        names = [f"{self._label_field}.label", self._decision_field, "filepath"]
        for f in self.fields:
            parts = ("logits",) if f.has_logits else ("label", "confidence")
            names += [f"{f.name}.{part}" for part in parts]
        return names

    def _weighed(self, report: Report) -> Weighing | None:
        """How much each of several fields counts, by some of the samples."""
        if len(self.fields) == 1:
            return None
        numbers = len(self.classes) * len(self.fields)
        most = int(np.clip(NUMBERS_WEIGHED // numbers, *WEIGHED_BY))
        names = [f.name for f in self.fields]

        def work(_: Report) -> Weighing:
            drawn = self.sample(most)
            known = np.logical_or.reduce(self.able)[drawn.label]
            whole = np.logical_and.reduce([*drawn.usable, known])
            models = complete([m[whole] for m in drawn.models], self.able)
            return weigh(models, drawn.label[whole], names)

        weighing = abandonable(work, report, "Weighing the predictions", 0.0)
        shares = [[n, round(float(w), 3)] for n, w in zip(names, weighing.weights, strict=True)]
        self.outcome.notes["ensemble_weights"] = shares
        self.outcome.weighed, self.outcome.doubts = list(weighing.said), list(weighing.doubts)
        return weighing

    def _batch(
        self,
        documents: list[dict[str, Any]],
        index: dict[str, int],
        weighing: Weighing | None,
    ) -> Batch | None:
        usable = [d for d in documents if self._has_label(d)]
        models, found = self._read(usable)
        problems = [next(filter(None, of_one), None) for of_one in zip(*found, strict=True)]
        keep = np.array([p is None for p in problems], bool)
        for document, problem in zip(usable, problems, strict=True):
            if problem is not None:
                self.outcome.skipped.add(document["_id"], document.get("filepath"), problem)
        kept = [d for d, k in zip(usable, keep, strict=True) if k]
        if not kept:
            return None
        label = [index[value_at(d, self._label_field)["label"]] for d in kept]
        models = complete([m[keep] for m in models], self.able)
        if weighing is not None:
            models = weighing(models)
        return Batch(
            sample_ids=[str(d["_id"]) for d in kept],
            label=np.array(label, np.int64),
            models=models,
            features=None,
            decided=np.array([bool(d.get(self._decision_field)) for d in kept], bool),
        )

    def _read(
        self, documents: list[dict[str, Any]]
    ) -> tuple[list[LogProbabilities], list[list[str | None]]]:
        """What each model says of some samples over all classes, and why it says nothing."""
        models, problems = [], []
        for f in self.fields:
            log_p, found = _read_field(f, documents)
            models.append(align(log_p, f.classes, self.classes))
            problems.append(found)
        return models, problems

    def sample(self, most: int) -> Sampled:
        """Some labelled samples, drawn at random where there are more."""
        names = [name for name in self._projection() if name != self._decision_field]
        having = [f.name for f in self.fields]
        drawn = draw_documents(self._samples, names, most, having)
        usable = [d for d in drawn if label_problem(d, self._label_field) is None]
        index = {name: i for i, name in enumerate(self.classes)}
        # A label that was written since the classes were listed is left out.
        usable = [d for d in usable if value_at(d, self._label_field)["label"] in index]
        models, problems = self._read(usable)
        labels = [index[value_at(d, self._label_field)["label"]] for d in usable]
        return Sampled(
            drawn=len(drawn),
            label=np.array(labels, np.int64),
            models=models,
            usable=[np.array([p is None for p in found], bool) for found in problems],
        )

    def _has_label(self, document: dict[str, Any]) -> bool:
        problem = label_problem(document, self._label_field)
        if problem is not None:
            self.outcome.skipped.add(document["_id"], document.get("filepath"), problem)
        return problem is None


def _check_overlap(field: PredictionField, labels: Sequence[str], label_field: str) -> None:
    if not set(labels) & set(field.classes):
        raise InputError(
            f"prediction_fields: '{field.name}' and '{label_field}' have no class in common "
            f"(predictions: {_some(field.classes)}; labels: {_some(labels)})"
        )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(n[:40]) for n in names[:5])
    return f"{shown}, … ({len(names)} in all)" if len(names) > 5 else shown


def _read_field(
    field: PredictionField, documents: list[dict[str, Any]]
) -> tuple[LogProbabilities, list[str | None]]:
    stored = [d.get(field.name) for d in documents]
    if field.has_logits:
        return _read_logits(field, stored)
    return _read_confidences(field, [prediction or {} for prediction in stored])


def _read_logits(
    field: PredictionField, stored: list[dict[str, Any] | None]
) -> tuple[LogProbabilities, list[str | None]]:
    values = [None if p is None else p.get("logits") for p in stored]
    matrix, found = decode_rows(values, len(field.classes))
    problems = [None if p is None else f"logits in '{field.name}' {p}" for p in found]
    for i, prediction in enumerate(stored):
        if prediction is None:
            problems[i] = f"no prediction in '{field.name}'"
    fits = field.kind.fits(matrix)
    for i in np.flatnonzero(~fits).tolist():
        problems[i] = problems[i] or f"logits in '{field.name}' are {field.kind.problem}"
    return field.kind.log_probabilities(matrix), problems


def _read_confidences(
    field: PredictionField, stored: list[dict[str, Any]]
) -> tuple[LogProbabilities, list[str | None]]:
    index = {name: i for i, name in enumerate(field.classes)}
    at: npt.NDArray[np.int64] = np.zeros(len(stored), np.int64)
    sure = np.ones(len(stored))
    problems: list[str | None] = [None] * len(stored)
    for i, prediction in enumerate(stored):
        label, confidence = prediction.get("label"), prediction.get("confidence")
        if not label:
            problems[i] = f"no prediction in '{field.name}'"
        elif not isinstance(confidence, (int, float)) or not 0 <= confidence <= 1:
            problems[i] = f"no confidence between 0 and 1 in '{field.name}'"
        else:
            at[i], sure[i] = index[label], confidence
    return from_confidences(at, sure, len(field.classes), field.least_rest), problems
