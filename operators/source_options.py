"""What else can be changed about a source of predictions: how a form asks for each option."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fiftyone.operators import types

from ..plugin.classify.settings import COPIES
from ..plugin.store.label_field import is_on_sets
from .asked import Asked, networks, vote_fields_of
from .forms import choose_device, choose_workers, suggest, switch


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
    choose_workers(asked.ctx, asked.inputs)


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


def vote_fields(asked: Asked) -> None:
    """Ask for the fields of votes, where there are some."""
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


def annotator_attribute(asked: Asked) -> None:
    """Ask how votes name who gave them, where there are some."""
    if asked.ctx.params.get("vote_fields"):
        asked.inputs.str(
            "annotator_attribute",
            default="annotator",
            label="Who voted",
            description="The attribute of a vote that names the person; without one, its field",
        )


def journal_votes(asked: Asked) -> None:
    """Ask whether decisions are votes, where some could have been made."""
    run = asked.run
    if run is not None and (run.iterations() or is_on_sets(run)):
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
    "vote_fields": vote_fields,
    "annotator_attribute": annotator_attribute,
    "journal_votes": journal_votes,
    "duplicates": _duplicates,
    "splits": _splits,
    "cleanlab": _cleanlab,
}
"""How each option is asked for."""
