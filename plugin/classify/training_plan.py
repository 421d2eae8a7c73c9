"""What is trained, and how: decided from the settings and the images before any is decoded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch

from ..errors import InputError
from ..images.decode import ImageKind
from ..learning.checkpoints import load_weights
from ..learning.classifiers import (
    SIMPLE,
    Architecture,
    build,
    check_model,
    default_size,
    has_official_weights,
)
from ..learning.device import reproducible
from ..learning.fast_resnet import FAST
from ..learning.official_weights import DEFAULT, normalisation_of
from ..learning.pictures import Normalisation
from ..learning.recipe import Recipe, usual_style
from ..learning.warm_start import WarmStart
from .settings import UNTRAINED, Settings

FOLDS = 3
"""Of what is not the paper's: each costs a training, and two thirds of the samples teach enough."""
PATIENCE = 2
"""Epochs of fine-tuning. Training from scratch goes on: its rate falls, and the best come last."""
DEFAULT_EPOCHS = {"digits": 6, "colour": 10, FAST: 10, "tuned": 6, "other": 10}
MOST_DEFAULT_EPOCHS = 30
DEFAULT_STEPS = 400
FEW = 10_000
DEFAULT_BATCH = {FAST: 128, "other": 128}
DEFAULT_BATCH_OF_FEW = {FAST: 64, "other": 32}
TUNING_BATCH = 32
"""Of large pictures: it bounds the memory."""
BATCH_ON_GPU = 512
"""Of small pictures, where there are many: fewer would leave a GPU idle."""
DEFAULT_AVERAGE = 1


@dataclass(frozen=True)
class Plan:
    """What is trained, and how.

    Attributes:
        architecture: the classifier
        recipe: how it is trained
        folds: 1 trains on all samples and classifies them; k classifies out of fold
        normalisation: what its weights expect, None for that of the images
        said: what a person should know of it, in sentences
    """

    architecture: Architecture
    recipe: Recipe
    folds: int
    normalisation: Normalisation | None = None
    said: list[str] = field(default_factory=list)


def make_plan(
    settings: Settings,
    kind: ImageKind,
    classes: tuple[str, ...],
    samples: int,
    device: torch.device,
    start: WarmStart | None,
) -> Plan:
    """Decide, and find out whether model, size and weights go together.

    Args:
        settings: what was asked for
        kind: of the images
        classes: names of the classes
        samples: labelled ones
        device: where to train
        start: the classifier to go on from, if any

    Raises:
        InputError: if they do not, or there is no such model
    """
    name = settings.model or _usual_model(settings, kind, start)
    check_model(name)
    size = settings.image_size or default_size(name, kind.side)
    architecture = Architecture(name, len(classes), kind.channels, size)
    if start is not None:
        start.check(architecture)
    folds = settings.folds or (1 if name == SIMPLE or start is not None else FOLDS)
    if folds > samples:
        raise InputError(f"folds: {folds} folds need as many labelled samples; there are {samples}")
    weights, said = _weights(architecture, settings, start)
    recipe = _recipe(architecture, settings, samples, device, weights, start)
    recipe = replace(recipe, classes=classes)
    if folds > 1 and name != SIMPLE:
        patience = recipe.epochs if weights is None else PATIENCE
        recipe = replace(recipe, patience=patience)
    if folds == 1 and name != SIMPLE:
        said.append(
            "With folds=1 the network classified the samples that it was trained on: wrong labels "
            "that it learnt by heart are not found."
        )
    return Plan(architecture, recipe, folds, _normalisation(architecture, weights, start), said)


def _usual_model(settings: Settings, kind: ImageKind, start: WarmStart | None) -> str:
    """The paper's for grey images, and where a checkpoint is named alone; else the stronger one."""
    if start is not None:
        return start.trained.architecture.name
    return SIMPLE if kind.channels == 1 or settings.weights is not None else FAST


def _weights(
    architecture: Architecture, settings: Settings, start: WarmStart | None
) -> tuple[str | None, list[str]]:
    """Which weights to begin with, and what there is to say of them."""
    name, asked = architecture.name, settings.weights
    with reproducible(settings.seed):
        model = build(architecture)
        if asked not in (None, UNTRAINED):
            load_weights(model, architecture, asked)
            return asked, []
        if asked == UNTRAINED or start is not None or not has_official_weights(name):
            return None, []
        try:
            load_weights(model, architecture, DEFAULT)
        except InputError as error:
            return None, [
                f"{name} was trained from scratch, since its pretrained weights, which find more, "
                f"could not be had ({error})."
            ]
    return DEFAULT, [f"{name} was fine-tuned from its pretrained weights."]


def _recipe(
    architecture: Architecture,
    settings: Settings,
    samples: int,
    device: torch.device,
    weights: str | None,
    start: WarmStart | None,
) -> Recipe:
    name = architecture.name
    if name == SIMPLE:
        kind = "digits" if architecture.channels == 1 else "colour"
    else:
        kind = name if name == FAST else "tuned" if weights is not None else "other"
    batch_size = settings.batch_size or _usual_batch(kind, samples, device)
    enough = min(-(-DEFAULT_STEPS * batch_size // samples), MOST_DEFAULT_EPOCHS)
    usual = max(DEFAULT_EPOCHS[kind], 0 if kind == "tuned" else enough)
    epochs = settings.epochs or (usual if start is None else -(-usual // 2))
    return Recipe(
        epochs=epochs,
        batch_size=batch_size,
        average_epochs=min(settings.average_epochs or DEFAULT_AVERAGE, epochs),
        device=device,
        seed=settings.seed,
        weights=weights,
        start=start,
        style=usual_style(name, weights=weights is not None, start=start is not None),
    )


def _usual_batch(kind: str, samples: int, device: torch.device) -> int:
    if kind == "tuned":
        return TUNING_BATCH
    name = kind if kind == FAST else "other"
    if samples < FEW:
        return DEFAULT_BATCH_OF_FEW[name]
    return BATCH_ON_GPU if name == FAST and device.type == "cuda" else DEFAULT_BATCH[name]


def _normalisation(
    architecture: Architecture, weights: str | None, start: WarmStart | None
) -> Normalisation | None:
    if start is not None:
        return Normalisation(start.trained.mean, start.trained.std)
    if weights is None or not has_official_weights(architecture.name):
        return None
    mean, std = normalisation_of(architecture.name, weights)
    return Normalisation(mean[: architecture.channels], std[: architecture.channels])
