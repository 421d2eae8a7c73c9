"""Which source finds most, where nobody names one: chosen by what the dataset holds, and said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import InputError
from ..images.decode import probe_images
from ..store.label_field import label_fields
from ..store.raw_documents import id_queries, labels_of, read_documents
from ..store.sample_collection import root_dataset
from ..store.samples import Collection, samples_of
from .field_description import describe_field
from .settings import AUTO, Settings

SMALL_SIDE = 64
"""Images up to this side are trained on, as the paper does; a pretrained network wants larger."""
LEAST_COVERED = 0.95
OF_TRAINING = ("epochs", "batch_size", "average_epochs")


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes:
        settings: with a source that is not ``auto``
        said: what is done and why, and what would be better, in a line; empty where it was asked
            for
    """

    settings: Settings
    said: str = ""


def choose_source(samples: Collection, settings: Settings) -> Choice:
    """The settings with a source.

    Fields of predictions that can be scored come first; then, for photographs, features of a
    pretrained network; small images are trained on. An option that only one source has asks for it.

    Args:
        samples: the dataset or a view of it
        settings: a source that is not ``auto`` is left as it is

    Raises:
        InputError: if the options given ask for several sources
    """
    if settings.source != AUTO:
        return Choice(settings)
    asked = asked_for(settings)
    if asked:
        return Choice(replace(settings, source=asked))
    found, passed_over = _prediction_fields(samples, settings.label_field)
    if found:
        names = ", ".join(f"'{name}'" for name in found)
        said = f"Scored the predictions in {names}, which hold scores for every label."
        chosen = replace(settings, source="predictions", prediction_fields=found)
        return Choice(chosen, " ".join([said, *passed_over]))
    chosen, said = by_images(samples, settings)
    return Choice(chosen, " ".join([said, *passed_over]))


def fields_with_scores(dataset: Any, names: Sequence[str]) -> list[str]:
    """Those of some ``Classification`` fields that hold logits; costs a small query each."""
    return [name for name in names if _has_logits(dataset, name)]


def asked_for(settings: Settings) -> str | None:
    """The source that an option asks for which no other has.

    Raises:
        InputError: if the options given ask for several sources
    """
    trained = settings.model is not None or settings.warm_start or settings.folds == 1
    trained = trained or any(getattr(settings, name) is not None for name in OF_TRAINING)
    asked = {
        "predictions": bool(settings.prediction_fields),
        "embeddings": settings.embeddings is not None,
        "features": settings.network is not None,
        # A checkpoint alone is one of the classifier that is trained.
        "train": trained or (settings.weights is not None and settings.network is None),
    }
    names = [name for name, wanted in asked.items() if wanted]
    if len(names) > 1:
        raise InputError(
            f"source: the options given belong to several sources ({', '.join(names)}); name one"
        )
    return names[0] if names else None


def _prediction_fields(samples: Collection, label_field: str) -> tuple[tuple[str, ...], list[str]]:
    """Fields with logits for all of the labels' classes; what was passed over, and why."""
    dataset = root_dataset(samples)
    found: list[str] = []
    said: list[str] = []
    labels = labels_of(samples, label_field)
    others = [name for name in label_fields(dataset) if name != label_field]
    for name in fields_with_scores(dataset, others):
        try:
            field = describe_field(samples, name, label_field, labels)
        except InputError as error:
            said.append(f"'{name}' was not used ({error}).")
            continue
        if field.has_logits and set(labels) <= field.known:
            why = _unfit(samples, name, label_field)
            if why is None:
                found.append(name)
            else:
                said.append(f"'{name}' was not used: {why}.")
    return tuple(found), said


def _has_logits(dataset: Any, name: str) -> bool:
    query = {f"{name}.logits": {"$ne": None}}
    return samples_of(dataset).find_one(query, {"_id": 1}) is not None


def _unfit(samples: Collection, name: str, label_field: str) -> str | None:
    """Why a field of predictions is not taken unasked, if there is a reason."""
    collection = samples_of(root_dataset(samples))
    labelled = predicted = equal = 0
    for query in id_queries(samples):
        with_label = {**query, f"{label_field}.label": {"$ne": None}}
        both = {**with_label, f"{name}.logits": {"$ne": None}}
        same = {"$expr": {"$eq": [f"${name}.label", f"${label_field}.label"]}}
        labelled += collection.count_documents(with_label)
        predicted += collection.count_documents(both)
        equal += collection.count_documents({**both, **same})
    if predicted < LEAST_COVERED * labelled:
        return f"only {predicted:,} of {labelled:,} labelled samples have a prediction there"
    if equal == predicted:
        return "it agrees with every label, as if it were made of the labels themselves"
    return None


def by_images(samples: Collection, settings: Settings) -> tuple[Settings, str]:
    """The settings with a source that goes by the images alone, and what was chosen and why."""
    paths = [d["filepath"] for part in read_documents(samples, ["filepath"]) for d in part]
    kind = probe_images(paths, settings.seed)
    training = replace(settings, source="train")
    if kind is None or kind.side <= SMALL_SIDE:
        side = "" if kind is None else f" (median side {kind.side} pixels)"
        return training, f"Small images{side}: trained a small network on them."
    from ..learning.networks import load_network  # takes seconds

    try:
        name = load_network().name
    except InputError as error:
        return training, (
            f"Trained a small network from scratch, since the weights of a pretrained one could "
            f"not be had, which finds more in photographs ({error})."
        )
    return replace(settings, source="features", network=name), (
        f"Photographs (median side {kind.side} pixels): cheap classifiers on features of the "
        f"pretrained network {name}, out of fold. A model that was trained for these classes would "
        "find more: import its predictions."
    )
