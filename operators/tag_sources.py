"""Where the form of ``find_label_errors`` takes judgements of tags from: one entry a source."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
from fiftyone.operators import types

from .asked import Asked
from .forms import missing
from .sources import SOURCES, TRAINING, Source, embeddings, nothing


def _predictions(asked: Asked) -> None:
    """Ask for fields of predictions: lists of tags, or vectors of class scores."""
    names = [*asked.others, *vectors_with_classes(asked.ctx.dataset)]
    if not names:
        text = "This dataset has no other field of Classifications, and no vectors of class scores "
        missing(asked.inputs, f"{text}whose classes dataset.classes names.")
        return
    default = names if len(names) == 1 else []
    asked.inputs.list(
        "prediction_fields",
        types.String(),
        default=default,
        label="Prediction fields",
        description="Classifications with confidences, or vectors of class scores, whose classes "
        "dataset.classes names in their order; several make an ensemble",
        view=types.AutocompleteView(choices=[types.Choice(n, label=n) for n in names]),
    )
    given = asked.ctx.params.get("prediction_fields")
    if not (default if given is None else given):
        missing(asked.inputs, "Choose one field of predictions, or several for an ensemble.")


def vectors_with_classes(dataset: Any) -> list[str]:
    """The fields of vectors that a list of classes goes with."""
    return [
        name
        for name, field in dataset.get_field_schema().items()
        if isinstance(field, (fo.VectorField, fo.ArrayField)) and dataset.classes.get(name)
    ]


VOTES = ("journal_votes",)

TAG_SOURCES: dict[str, Source] = {
    "auto": Source(
        "Choose for me",
        "A pretrained network with cheap classifiers of each tag for photographs, else a small "
        "network that is trained; says what and why",
        nothing,
        ("seed", "device", "workers", *VOTES),
    ),
    "predictions": Source(
        "Predictions in fields",
        "Scores what one or several models already said of each tag; the fastest, several make an "
        "ensemble",
        _predictions,
        VOTES,
    ),
    "train": Source(
        "Train a network now",
        "A small network is trained on the tags, out of fold, one sigmoid a tag; needs no more",
        options=(*(n for n in TRAINING if n not in ("warm_start", "workers")), *VOTES),
    ),
    "features": Source(
        "A pretrained network with cheap heads",
        "Features of a pretrained network, computed once, and cross-validated classifiers of each "
        "tag on them",
        options=(*SOURCES["features"].options, *VOTES),
    ),
    "embeddings": Source(
        "Embeddings with cheap heads",
        "Cross-validated classifiers of each tag on vectors of each sample",
        embeddings,
        (*SOURCES["embeddings"].options, *VOTES),
    ),
}
"""All sources by name."""
