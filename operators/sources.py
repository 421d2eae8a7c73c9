"""Where predictions come from, as the form of ``find_label_errors`` has it: one entry a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fiftyone.operators import types

from ..plugin.vectors.stored_vectors import vectors_of
from .asked import Asked, networks, vote_fields_of
from .forms import missing, suggest
from .prediction_preview import show_preview
from .source_options import OPTIONS, annotator_attribute, vote_fields


def nothing(asked: Asked) -> None:
    """A source that needs nothing else."""


def chosen_for_me(asked: Asked) -> None:
    """Say which predictions would be taken, where there are any."""
    found = asked.scored()
    if found:
        names = " and ".join(f"'{name}'" for name in found)
        text = f"Takes the predictions in {names} where they hold scores for the labels of nearly "
        asked.inputs.view("chosen", types.Notice(label=text + "all samples."))


def prediction_fields(asked: Asked) -> None:
    """Ask for fields of predictions, and show what is understood of them."""
    if not asked.others:
        missing(
            asked.inputs,
            "This dataset has no other field of classifications. 'Label errors: import "
            "predictions' fills one from a file.",
        )
        return
    scored = asked.scored()
    names = sorted(asked.others, key=lambda name: name not in scored)
    default = next((found for found in (names, scored) if len(found) == 1), [])
    choices = [types.Choice(name, label=name) for name in names]
    asked.inputs.list(
        "prediction_fields",
        types.String(),
        default=default,
        label="Prediction fields",
        description="With logits, or with a label and a confidence; then what is left of the "
        "probability is taken to be spread evenly over the other classes",
        view=types.AutocompleteView(choices=choices),
    )
    given = asked.ctx.params.get("prediction_fields")
    given = default if given is None else given  # an empty list is one that was emptied
    fields = [given] if isinstance(given, str) else list(given)
    if fields:
        show_preview(asked.inputs, asked.samples, asked.label_field, fields)
    else:
        missing(asked.inputs, "Choose one field of predictions, or several for an ensemble.")


def embeddings(asked: Asked) -> None:
    """Ask for vectors: of the dataset, or of a pretrained network."""
    there = vectors_of(asked.ctx.dataset)
    default = there[0] if there else None
    suggest(
        asked.inputs,
        "embeddings",
        [*there, *networks()],
        default=default,
        label="Embeddings",
        description="A vector field, the key of a brain run that holds embeddings, or a pretrained "
        "network: efficientnet_lite0, or one of torchvision or of FiftyOne's zoo, which is "
        "downloaded where it is not there yet",
    )
    if not (asked.ctx.params.get("embeddings") or default):
        missing(asked.inputs, "Choose where the embeddings come from.")


def votes_alone(asked: Asked) -> None:
    """Ask for the fields of votes."""
    if not vote_fields_of(asked.ctx.dataset, asked.label_field):
        missing(asked.inputs, "This dataset has no other field of classifications.")
        return
    vote_fields(asked)
    annotator_attribute(asked)
    if not asked.ctx.params.get("vote_fields"):
        missing(asked.inputs, "Choose the fields with people's votes.")


@dataclass(frozen=True)
class Source:
    """A source of predictions.

    Attributes:
        label, description: how it is offered
        ask: asks for what it needs, if anything
        options: what else can be changed about it; see ``OPTIONS``
        first: options that ``ask`` asks for, which are options of other sources
    """

    label: str
    description: str
    ask: Callable[[Asked], None] = nothing
    options: tuple[str, ...] = ()
    first: tuple[str, ...] = ()


TRAINING = (
    *("model", "weights", "warm_start", "epochs", "batch_size", "folds", "fold_groups"),
    *("average_epochs", "image_size", "seed", "device", "workers"),
)
SOURCES: dict[str, Source] = {
    "auto": Source(
        "Choose for me",
        "Predictions that are there, else a pretrained network for photographs, else a small "
        "network that is trained; says what and why",
        chosen_for_me,
        ("seed", "device", "workers"),
    ),
    "train": Source(
        "Train a classifier now",
        "A small network is trained on the labels and classifies every sample; needs nothing else",
        options=TRAINING,
    ),
    "features": Source(
        "A pretrained network with cheap heads",
        "For photographs: features of a pretrained network, computed once, and cross-validated "
        "classifiers on them; 3,000 images a minute on two cores",
        options=(
            *("network", "weights", "folds", "fold_groups", "image_size", "seed", "device"),
            "workers",
        ),
    ),
    "predictions": Source(
        "Predictions in fields",
        "Scores what one or several models already said; the fastest, several make an ensemble",
        prediction_fields,
        ("class_scores",),
    ),
    "votes": Source(
        "People's votes alone",
        "No model: several people's labels of the same images, each believed as far as they agree "
        "with the others",
        votes_alone,
        ("seed",),
        ("vote_fields", "annotator_attribute", "journal_votes"),
    ),
    "embeddings": Source(
        "Embeddings with cheap heads",
        "Cross-validated classifiers on vectors of each sample; quick and strong",
        embeddings,
        ("folds", "fold_groups", "seed", "device", "workers"),
    ),
}
"""All sources by name. One that is added here is offered, asked for and documented by its words."""


def offered(asked: Asked) -> dict[str, tuple[str, str]]:
    """Each source with its word and its sentence; predictions first where there are scores."""
    found = {name: (source.label, source.description) for name, source in SOURCES.items()}
    scored = asked.scored()
    if not scored:
        return found
    label, description = found["predictions"]
    names = ", ".join(f"'{name}'" for name in scored)
    there = f"{description}. Scores of classes are in {names}"
    return {"auto": found["auto"], "predictions": (label, there)} | {
        name: words for name, words in found.items() if name not in ("auto", "predictions")
    }


COMMON = ("vote_fields", "annotator_attribute", "journal_votes", "duplicates", "splits", "cleanlab")
"""Options of every source."""

MAIN = ("prediction_fields", "embeddings")
"""What sources ask for first; each other option is behind the switch."""


def chosen_options(source: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """What of a filled form counts: without what its source has no use for, or was hidden.

    A form keeps what was typed into fields that it no longer shows.
    """
    asked = SOURCES.get(source)
    own, first = (asked.options, asked.first) if asked else ((), ())
    shown = {*own, *COMMON} if params.get("show_advanced") is True else set()
    shown |= {*first}
    hidden = set(OPTIONS) - shown
    return {name: value for name, value in params.items() if name not in hidden}
