"""Which source judges objects where nobody names one, and which options each has."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from ..classify.auto import Choice
from ..classify.settings import AUTO, Settings
from ..documents import value_at
from ..errors import InputError
from ..store.declared import declared_fields, is_detections
from ..store.own_fields import own_fields
from ..store.raw_documents import draw_documents
from ..store.sample_collection import root_dataset
from ..store.samples import Collection, Dataset

OF_TRAINING = ("model", "epochs", "batch_size", "average_epochs")
IMAGES_LOOKED_AT = 300
LEAST_COVERED = 0.95


def check_options(settings: Settings) -> None:
    """Raise InputError for options that objects do not have, or that belong to another source."""
    for name in ("vote_fields", "journal_votes"):
        if getattr(settings, name) and settings.source not in (AUTO, "votes", "predictions"):
            raise InputError(
                f"{name}: on objects, votes go with source 'votes' or 'predictions', not with "
                f"'{settings.source}', which says nothing of missing and spurious labels"
            )
    if settings.cleanlab:
        raise InputError("cleanlab: it is not asked about objects")
    for name in OF_TRAINING:
        if getattr(settings, name) is not None:
            raise InputError(
                f"{name}: on objects, classifiers are trained on features of their crops; no "
                "network is trained on the crops themselves yet"
            )
    if settings.warm_start:
        raise InputError("warm_start: on objects, no network is kept to go on from")
    if settings.folds == 1:
        raise InputError("folds: heads fit their own training objects, so at least 2 are needed")
    if settings.source not in (AUTO, "predictions"):
        for name in ("prediction_fields", "class_scores", "classes"):
            if getattr(settings, name):
                raise InputError(f"{name}: it belongs to source 'predictions'")


def choose_object_source(samples: Collection, settings: Settings) -> Choice:
    """The settings with a source: fields of detections where there are any, else crops.

    Args:
        samples: the dataset or a view of it
        settings: a source that is not ``auto`` is left as it is

    Raises:
        InputError: if the options given ask for several sources
    """
    if settings.source != AUTO:
        return Choice(settings)
    asked = {
        "predictions": bool(settings.prediction_fields),
        "votes": bool(settings.vote_fields) and not settings.prediction_fields,
        "embeddings": settings.embeddings is not None,
        "features": settings.network is not None or settings.weights is not None,
    }
    names = [name for name, wanted in asked.items() if wanted]
    if settings.journal_votes and names not in ([], ["predictions"], ["votes"]):
        raise InputError(
            f"journal_votes: it does not go with {names[0]}, which says nothing of missing and "
            "spurious labels"
        )
    if len(names) > 1:
        raise InputError(
            f"source: the options given belong to several sources ({', '.join(names)}); name one"
        )
    if names:
        return Choice(replace(settings, source=names[0]))
    found = fields_of_detections(samples, settings.label_field)
    if found:
        fields = ", ".join(f"'{name}'" for name in found)
        said = f"Compared the labels with the detections in {fields}."
        return Choice(replace(settings, source="predictions", prediction_fields=found), said)
    said = f"No field of detections with confidences goes with '{settings.label_field}'."
    if settings.journal_votes:
        return Choice(replace(settings, source="votes"), said)
    return Choice(replace(settings, source="features"), said)


def detections_fields(dataset: Dataset) -> list[str]:
    """The ``Detections`` fields of a dataset that no run writes."""
    declared, own = declared_fields(dataset), own_fields(dataset)
    return [name for name in declared if is_detections(declared[name]) and name not in own]


def fields_of_detections(samples: Collection, label_field: str) -> tuple[str, ...]:
    """The fields that hold a detector's output on nearly all labelled images.

    Nearly all of their detections have a confidence, and they share a class with the labels.

    Args:
        samples: the dataset or a view of it
        label_field: the labels
    """
    dataset = root_dataset(samples)
    others = [name for name in detections_fields(dataset) if name != label_field]
    if not others:
        return ()
    names = (label_field, *others)
    parts = [f"{n}.detections.{p}" for n in names for p in ("label", "confidence")]
    drawn = draw_documents(samples, parts, IMAGES_LOOKED_AT, [f"{label_field}.detections"])
    labelled = [d for d in drawn if _objects(d, label_field) is not None]
    labels = {o.get("label") for d in labelled for o in _objects(d, label_field) or []}
    found: list[str] = []
    for name in others:
        lists = [o for d in labelled if (o := _objects(d, name)) is not None]
        said: Counter[bool] = Counter(o.get("confidence") is not None for of in lists for o in of)
        classes = {o.get("label") for of in lists for o in of}
        covers = len(lists) >= LEAST_COVERED * len(labelled)
        sure = said[True] >= LEAST_COVERED * max(said.total(), 1)
        if covers and sure and said[True] and classes & labels:
            found.append(name)
    return tuple(found)


def _objects(document: dict[str, Any], field: str) -> list[dict[str, Any]] | None:
    found = value_at(document, f"{field}.detections")
    return found if isinstance(found, list) else None
