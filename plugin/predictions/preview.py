"""A look at fields of predictions before they are scored: classes, disagreement, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..classify.from_fields import PredictionSource
from ..errors import InputError
from ..scoring.agreement import beside_chance
from ..scoring.probabilities import LogProbabilities, complete
from ..store.label_field import check_classification, check_labels
from ..store.raw_documents import labels_of
from ..store.sample_collection import check_images
from ..store.samples import Collection
from .calibration import calibration

MOST_SAMPLES = 4_000
NAMES_LISTED = 50


def preview_predictions(
    samples: Collection,
    label_field: str,
    prediction_fields: Sequence[str],
    most: int = MOST_SAMPLES,
) -> dict[str, Any]:
    """What is understood of fields of predictions; reads some samples and changes nothing.

    Args:
        samples: the dataset or a view of it
        label_field: the labels
        prediction_fields: fields of type ``Classification``, one a model
        most: how many samples are looked at

    Returns:
        ``samples`` that were looked at ``of`` all, how many classes the ``labels`` have, the
        ``models`` side by side, and ``together`` (None for one model): each with ``disagreement``,
        ``confidence``, ``calibration_error``, ``bins`` and ``warning`` (empty, or what is probably
        wrong); a model also with ``read_as``, how its scores and their classes are understood

    Raises:
        InputError: if a field cannot be understood, or nothing in it can be used
    """
    if not prediction_fields:
        raise InputError("prediction_fields: name at least one field of predictions")
    check_images(samples)
    check_labels(samples._root_dataset, label_field)
    check_classification(samples._root_dataset, label_field, "label_field")
    for name in prediction_fields:
        check_classification(samples._root_dataset, name, "prediction_fields")
    source = PredictionSource(samples, label_field, prediction_fields, "")
    drawn = source.sample(most)
    labels = set(labels_of(samples, label_field))
    models = []
    for field, log_p, usable in zip(source.fields, drawn.models, drawn.usable, strict=True):
        if not usable.any():
            raise InputError(
                f"prediction_fields: none of {len(usable)} samples that were looked at has a "
                f"usable prediction in '{field.name}'"
            )
        known = set(field.known)
        models.append(
            {
                "field": field.name,
                "classes": len(field.classes),
                "has_logits": field.has_logits,
                "read_as": field.said,
                "only_predicted": sorted(known - labels)[:NAMES_LISTED],
                "never_predicted": sorted(labels - known)[:NAMES_LISTED],
                "usable": int(usable.sum()),
                "skipped": int((~usable).sum()),
                **_judged(log_p[usable], drawn.label[usable], f"'{field.name}'"),
            }
        )
    together = None
    both = np.logical_and.reduce(drawn.usable)
    if len(models) > 1 and both.any():
        whole = complete([log_p[both] for log_p in drawn.models], source.able)
        average = np.log(np.mean([np.exp(log_p) for log_p in whole], axis=0))
        together = _judged(average, drawn.label[both], "The average of all models")
    return {
        "samples": drawn.drawn,
        "of": len(samples),
        "labels": len(labels),
        "models": models,
        "together": together,
    }


def _judged(log_p: LogProbabilities, label: Any, name: str) -> dict[str, Any]:
    """How predictions stand to the labels."""
    sure = np.exp(log_p.max(axis=1)).clip(0, 1)
    said = log_p.argmax(axis=1)
    agrees = said == label
    classes = log_p.shape[1]
    counts = [np.bincount(of, minlength=classes) for of in (label, said)]
    found = calibration(sure, agrees)
    return {
        "disagreement": float(1 - agrees.mean()),
        "confidence": float(sure.mean()),
        "calibration_error": found.error,
        "warning": beside_chance(name, int(agrees.sum()), *counts),
        "bins": [
            {
                "samples": int(count),
                "confidence": None if count == 0 else float(mean),
                "agreement": None if count == 0 else float(share),
            }
            for count, mean, share in zip(
                found.samples, found.confidence, found.agreement, strict=True
            )
        ],
    }
