"""Where predictions come from, as the form of ``find_label_errors`` has it: one entry a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import fiftyone as fo
from fiftyone.operators import types

from ..plugin.classify.auto import fields_with_scores
from ..plugin.classify.settings import COPIES
from ..plugin.store.own_fields import DESCRIPTIONS
from ..plugin.store.runs import Run
from .forms import choose_device, choose_workers, missing, suggest, switch
from .prediction_preview import show_preview


@dataclass(frozen=True)
class Asked:
    """What the form knows when it asks for more: its context, and what was chosen so far.

    Attributes:
        ctx: the form's context
        inputs: the form
        samples: the samples that are scored
        label_field: the labels that may be wrong
        others: the other fields of classifications
        run: the run whose next iteration it will be, None for a new one
        on_objects: whether the labels are objects
    """

    ctx: Any
    inputs: types.Object
    samples: Any
    label_field: str
    others: list[str] = field(default_factory=list)
    run: Run | None = None
    on_objects: bool = False

    def scored(self) -> list[str]:
        """Those of the other fields that hold scores of classes."""
        return fields_with_scores(self.ctx.dataset, self.others)


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
    _vote_fields(asked)
    annotator_attribute(asked)
    if not asked.ctx.params.get("vote_fields"):
        missing(asked.inputs, "Choose the fields with people's votes.")


def vectors_of(dataset: Any) -> list[str]:
    """The fields of vectors, and the brain runs that hold embeddings."""
    fields = [
        name
        for name, kind in dataset.get_field_schema().items()
        if isinstance(kind, (fo.VectorField, fo.ArrayField))
    ]
    return [*fields, *dataset.list_brain_runs(type="similarity")]


def networks() -> list[str]:
    """The pretrained networks: ours, torchvision's, and those of FiftyOne's zoo."""
    from ..plugin.vectors.named_networks import known_networks, zoo_networks  # imports torch

    return [*known_networks(), *zoo_networks()]


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
        ("folds", "fold_groups", "seed", "device"),
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


def _whole(name: str, label: str, description: str, default: int | None = None) -> Any:
    def ask(asked: Asked) -> None:
        asked.inputs.int(name, label=label, description=description, default=default)

    return ask


def _model(asked: Asked) -> None:
    from ..plugin.learning.classifiers import known_models

    suggest(
        asked.inputs,
        "model",
        known_models(),
        default=None,
        label="Model",
        description="Empty: simple_cnn, the paper's, for grey images, fast_resnet for colour. "
        "efficientnet_lite0 and torchvision's are fine-tuned from pretrained weights, out of fold",
    )


def _network(asked: Asked) -> None:
    suggest(
        asked.inputs,
        "network",
        networks(),
        label="Network",
        description="Empty: efficientnet_lite0, which is installed with the plugin; or a "
        "classification model of torchvision, such as resnet50, or of FiftyOne's zoo, such as "
        "clip-vit-base32-torch, whose weights are downloaded once",
    )


def _weights(asked: Asked) -> None:
    other = ""
    if asked.ctx.params.get("source") == "train":
        other = "none, to train from scratch; "
    asked.inputs.str(
        "weights",
        label="Weights",
        description=f"Empty for official ones, where there are any; {other}the name of others of "
        "torchvision, such as IMAGENET1K_V1; or the path of a checkpoint",
    )


def _warm_start(asked: Asked) -> None:
    params = asked.ctx.params
    if asked.run is None or params.get("weights") or (params.get("folds") or 1) != 1:
        return
    made = asked.run.iterations()
    if not made or made[-1].settings.get("source") != "train":
        return
    if "weights" not in made[-1].document["columns"]:
        return
    switch(
        asked.inputs,
        "warm_start",
        "Go on from the last iteration",
        "Start from the weights of the run's last iteration; half as many epochs do",
    )


def _fold_groups(asked: Asked) -> None:
    asked.inputs.str(
        "fold_groups",
        default=COPIES,
        label="Keep in one fold",
        description="copies: exact copies and near-duplicates; none; or a field, such as the "
        "patient or the video, whose equal values stay together as well",
    )


def _class_scores(asked: Asked) -> None:
    if not asked.on_objects:
        return
    asked.inputs.str(
        "class_scores",
        label="Class scores",
        description="The attribute of each detection with logits or other scores of every class. "
        "Empty: looked for in logits, class_scores, probabilities and the like",
    )


def _device(asked: Asked) -> None:
    choose_device(asked.inputs)


def _workers(asked: Asked) -> None:
    choose_workers(asked.inputs)


def _duplicates(asked: Asked) -> None:
    switch(
        asked.inputs,
        "duplicates",
        "Find near-duplicates",
        "Look for images that are nearly the same when the scores are done",
        on=True,
    )


def splits_input(inputs: types.Object) -> None:
    """Ask how the splits are named."""
    inputs.str(
        "splits",
        label="Splits",
        description="For leaks across splits: the name of a field whose values are the splits, or "
        "tags between commas. Empty: as before, else names such as train, val2017, dev, holdout "
        "or fold1 in tags or in a field split, subset or partition",
    )


def _splits(asked: Asked) -> None:
    if asked.ctx.params.get("duplicates") is not False:
        splits_input(asked.inputs)


def _cleanlab(asked: Asked) -> None:
    switch(
        asked.inputs,
        "cleanlab",
        "cleanlab beside it",
        "Add cleanlab's label quality and filter; the package cleanlab must be installed",
    )


def _vote_fields(asked: Asked) -> None:
    names = vote_fields_of(asked.ctx.dataset, asked.label_field)
    if not names:
        return
    asked.inputs.list(
        "vote_fields",
        types.String(),
        label="Votes",
        description="Fields with what several people said of the same images; they and the model "
        "are taken together, and each person is believed as far as they have earned it",
        view=types.AutocompleteView(choices=[types.Choice(name, label=name) for name in names]),
    )


def vote_fields_of(dataset: Any, label_field: str) -> list[str]:
    """The fields of a dataset that may hold people's votes on a field's classes."""
    kinds = (fo.Classification, fo.Classifications)
    return [
        name
        for name, kind in dataset.get_field_schema().items()
        if getattr(kind, "document_type", None) in kinds
        and name != label_field
        and kind.description not in DESCRIPTIONS.values()
    ]


def annotator_attribute(asked: Asked) -> None:
    """Ask how votes name who gave them, where there are some."""
    if asked.ctx.params.get("vote_fields"):
        asked.inputs.str(
            "annotator_attribute",
            default="annotator",
            label="Who voted",
            description="The attribute of a vote that names the person; without one, its field",
        )


def _journal_votes(asked: Asked) -> None:
    if asked.run is not None and asked.run.iterations():
        switch(
            asked.inputs,
            "journal_votes",
            "Decisions as votes",
            "What people decided in this run, and said as a second opinion, counts as their votes",
        )


OPTIONS: Mapping[str, Callable[[Asked], None]] = {
    "model": _model,
    "network": _network,
    "weights": _weights,
    "warm_start": _warm_start,
    "epochs": _whole(
        "epochs",
        "Epochs",
        "Passes over the training images, at most. Empty: by the model, more where there are few "
        "images",
    ),
    "batch_size": _whole(
        "batch_size", "Batch size", "Images a training step. Empty: by model and number of images"
    ),
    "folds": _whole(
        "folds",
        "Folds",
        "1 trains on all samples and classifies them, as the paper does; k classifies each sample "
        "by a model that has not seen it. Empty: 1 for small networks, 3 for pretrained ones, 5 "
        "for features and embeddings",
    ),
    "fold_groups": _fold_groups,
    "average_epochs": _whole(
        "average_epochs",
        "Average epochs",
        "Average the probabilities of this many last epochs",
    ),
    "image_size": _whole(
        "image_size", "Image size", "Side in pixels that images are brought to. Empty: chosen"
    ),
    "seed": _whole("seed", "Seed", "The same seed on the same CPU gives the same scores", 51),
    "class_scores": _class_scores,
    "device": _device,
    "workers": _workers,
    "vote_fields": _vote_fields,
    "annotator_attribute": annotator_attribute,
    "journal_votes": _journal_votes,
    "duplicates": _duplicates,
    "splits": _splits,
    "cleanlab": _cleanlab,
}
"""How each option is asked for."""


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
