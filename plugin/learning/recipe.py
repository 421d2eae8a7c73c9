"""How a classifier is trained: what is usual for each kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from .augmentation import NO_CHANGE, PHOTOGRAPH, SMALL_IMAGE, Augmentation
from .classifiers import SIMPLE
from .fast_resnet import FAST
from .warm_start import WarmStart

WARMING_SHARE = 0.2
LAST_RATE = 0.05
"""Of the highest rate, at the end of training by gradient descent with momentum."""
RATE_OF_ROWS = 0.1 / 64
"""The highest rate for each row of a batch, up to ``MOST_RATE``."""
MOST_RATE = 0.4


@dataclass(frozen=True)
class Style:
    """What is usual for a kind of classifier.

    Attributes:
        optimiser: ``adam``, with a cosine, or ``sgd``, with momentum and a triangle
        rate: the highest learning rate of Adam is twice this
        augmentation: of the training images
        smoothing: share of each label that is spread over all classes
        mirrored: images are classified together with their mirror images
        fitted_head: begin with the linear head that fits the untouched network's features
        frozen_statistics: batch normalisation goes on with what it learnt before
    """

    optimiser: Literal["adam", "sgd"] = "adam"
    rate: float = 1e-3
    augmentation: Augmentation = NO_CHANGE
    smoothing: float = 0.0
    mirrored: bool = False
    fitted_head: bool = False
    frozen_statistics: bool = False


PAPER = Style()
"""The paper's way."""


def usual_style(model: str, *, weights: bool, start: bool) -> Style:
    """The style of a model.

    Args:
        model: its name
        weights: whether it begins with weights of a checkpoint or official ones
        start: whether it goes on from a run's last iteration
    """
    rate = 1e-4 if weights or start else 1e-3
    if model == SIMPLE:
        return Style(rate=rate)
    if model == FAST:
        kind: Literal["adam", "sgd"] = "adam" if weights or start else "sgd"
        return Style(kind, rate, SMALL_IMAGE, smoothing=0.1, mirrored=True)
    return Style(
        rate=rate,
        augmentation=PHOTOGRAPH,
        smoothing=0.1,
        mirrored=True,
        fitted_head=weights,
        frozen_statistics=weights or start,
    )


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: passes over the training images, at most
        batch_size: images a step
        average_epochs: the state after each of this many last epochs is kept
        device: a torch device
        seed: of initial weights, dropout, order and augmentation
        weights: as ``checkpoints.load_weights``, or None
        start: a classifier to go on from, or None
        classes: the names of the classes; needed with ``start``
        style: what is usual for the model
        patience: training ends after so many epochs without a better one, by the samples that are
            held out; None keeps the last epoch, whatever they say
    """

    epochs: int
    batch_size: int
    average_epochs: int
    device: torch.device
    seed: int
    weights: str | None = None
    start: WarmStart | None = None
    classes: tuple[str, ...] = ()
    style: Style = PAPER
    patience: int | None = None


def optimiser_of(
    model: nn.Module, recipe: Recipe, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """The optimiser of what can be trained, and the schedule of its learning rate."""
    style, parameters = recipe.style, trainable(model)
    fused = recipe.device.type == "cuda"
    if style.optimiser == "sgd":
        rate = min(RATE_OF_ROWS * recipe.batch_size, MOST_RATE)
        sgd = torch.optim.SGD(
            parameters, rate, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=fused
        )
        return sgd, torch.optim.lr_scheduler.LambdaLR(sgd, lambda step: _triangle(step / steps))
    adam = torch.optim.Adam(parameters, lr=style.rate, fused=fused)
    cosine = torch.optim.lr_scheduler.OneCycleLR(
        adam, max_lr=style.rate * 2, total_steps=max(steps, 2), pct_start=WARMING_SHARE
    )
    return adam, cosine


def trainable(model: nn.Module) -> list[nn.Parameter]:
    """The parameters that are not fixed."""
    parameters: Iterable[nn.Parameter] = model.parameters()
    return [p for p in parameters if p.requires_grad]


def _triangle(done: float) -> float:
    if done < WARMING_SHARE:
        return 0.2 + 0.8 * done / WARMING_SHARE
    return 1 - (1 - LAST_RATE) * (done - WARMING_SHARE) / (1 - WARMING_SHARE)
