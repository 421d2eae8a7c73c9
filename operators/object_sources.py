"""Where the form of ``find_label_errors`` takes judgements of objects from: one entry a source."""

from __future__ import annotations

from fiftyone.operators import types

from ..plugin.objects.auto import fields_of_detections
from .asked import Asked, networks
from .forms import missing, suggest
from .source_options import annotator_attribute, journal_votes
from .sources import Source

HEADS = ("network", "weights", "folds", "image_size", "seed", "device", "workers")


def _chosen_for_me(asked: Asked) -> None:
    """Say what would be done."""
    found = fields_of_detections(asked.samples, asked.label_field)
    names = " and ".join(f"'{name}'" for name in found)
    text = f"Compares the labels with the detections in {names}."
    if not found:
        text = (
            "No field of detections with confidences goes with these labels: looks at crops of the "
            "objects, which show wrong classes only."
        )
    asked.inputs.view("chosen", types.Notice(label=text))


def _detections(asked: Asked) -> None:
    """Ask for fields of detections, those that look like a detector's first."""
    if not asked.others:
        missing(
            asked.inputs,
            "This dataset has no other field of detections that could be a detector's. Without "
            "one, wrong classes can be found with the source features.",
        )
        return
    likely = fields_of_detections(asked.samples, asked.label_field)
    names = sorted(asked.others, key=lambda name: name not in likely)
    default = next((list(found) for found in (likely, names) if len(found) == 1), [])
    asked.inputs.list(
        "prediction_fields",
        types.String(),
        default=default,
        label="Prediction fields",
        description="Each holds the detections of a detector that has not seen these labels, down "
        "to a low confidence; several make an ensemble",
        view=types.AutocompleteView(choices=[types.Choice(n, label=n) for n in names]),
    )
    given = asked.ctx.params.get("prediction_fields")
    if not (default if given is None else given):
        missing(asked.inputs, "Choose one field of detections, or several for an ensemble.")


def _detections_and_votes(asked: Asked) -> None:
    """Ask for fields of detections, and of what people drew beside them."""
    _detections(asked)
    _vote_fields(asked)
    journal_votes(asked)


def _votes_alone(asked: Asked) -> None:
    """Ask for fields of what people drew."""
    _vote_fields(asked)
    annotator_attribute(asked)
    journal_votes(asked)
    params = asked.ctx.params
    if not params.get("vote_fields") and not params.get("journal_votes"):
        missing(
            asked.inputs,
            "Choose the fields with what people drew."
            if asked.others
            else "This dataset has no other field of detections.",
        )


def _vote_fields(asked: Asked) -> None:
    if not asked.others:
        return
    asked.inputs.list(
        "vote_fields",
        types.String(),
        label="Votes",
        description="Fields with what several people drew on the same images; each is believed as "
        "far as they have earned it",
        view=types.AutocompleteView(choices=[types.Choice(n, label=n) for n in asked.others]),
    )


def _vectors(asked: Asked) -> None:
    """Ask for vectors of the objects: brain runs with their patches, or a network."""
    dataset, field = asked.ctx.dataset, asked.label_field
    runs = [
        key
        for key in dataset.list_brain_runs(type="similarity")
        if getattr(dataset.get_brain_info(key).config, "patches_field", None) == field
    ]
    default = runs[0] if runs else None
    suggest(
        asked.inputs,
        "embeddings",
        [*runs, *networks()],
        default=default,
        label="Embeddings",
        description="An attribute of the labels that holds a vector, the key of a brain run with "
        "their patches, or a pretrained network",
    )
    if not (asked.ctx.params.get("embeddings") or default):
        missing(asked.inputs, "Choose where the embeddings come from.")


OBJECT_SOURCES: dict[str, Source] = {
    "auto": Source(
        "Choose for me",
        "Detections that are there, else crops of the objects; says what and why",
        _chosen_for_me,
        ("seed", "device", "workers"),
    ),
    "predictions": Source(
        "Detections in fields",
        "Missing, spurious, badly placed labels and wrong classes, by what detectors see",
        _detections_and_votes,
        ("class_scores", "annotator_attribute", "seed"),
    ),
    "votes": Source(
        "People's boxes alone",
        "Missing and spurious labels and wrong classes, by what several people drew",
        _votes_alone,
        ("seed",),
    ),
    "features": Source(
        "Crops and a pretrained network",
        "Wrong classes only: cross-validated classifiers on features of each object's crop",
        options=HEADS,
    ),
    "embeddings": Source(
        "Embeddings of the objects",
        "Wrong classes only: cross-validated classifiers on a vector of each object",
        _vectors,
        ("folds", "seed", "device"),
    ),
}
"""As ``SOURCES``, for fields of ``Detections``. What is not named here, objects do not have."""
