"""The classifiers by name: the paper's small network, others that stand here, torchvision's."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import torch
from torch import nn
from torchvision import models as zoo

from ..errors import InputError
from .efficientnet_lite import PACKAGED, PACKAGED_SIZE, EfficientNetLite0Classifier
from .fast_resnet import FAST, FastResNet

SIMPLE = "simple_cnn"
SMALL = 32
LARGEST_SIMPLE = 64
IMAGENET_SIZE = 224
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Architecture:
    """Everything that is needed to build a classifier again.

    Attributes:
        name: ``simple_cnn`` or the name of a torchvision classification model
        classes: number of classes
        channels: channels of the decoded images, 1 or 3
        size: side of the decoded images in pixels
    """

    name: str
    classes: int
    channels: int
    size: int


def known_models() -> list[str]:
    """The names that ``model`` may have."""
    return [SIMPLE, FAST, PACKAGED, *zoo.list_models(module=zoo)]


def has_official_weights(name: str) -> bool:
    """Whether there are pretrained weights of a known model that somebody publishes."""
    return name not in (SIMPLE, FAST)


def default_size(name: str, side: int) -> int:
    """The image side that a model is given where the user names none.

    Args:
        name: the model
        side: median side of the dataset's images in pixels
    """
    if name in (SIMPLE, FAST):
        return max(8, min(side, LARGEST_SIMPLE) // 4 * 4)
    if name == PACKAGED:
        return PACKAGED_SIZE
    weights: Any = zoo.get_model_weights(name)
    crop = getattr(weights.DEFAULT.transforms(), "crop_size", [IMAGENET_SIZE])
    return int(crop[0])


def check_model(name: str) -> None:
    """Raise InputError, with all names, unless there is a model of this name."""
    names = known_models()
    if name not in names:
        near = get_close_matches(name, names, n=3)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        own, others = ", ".join(names[:3]), ", ".join(names[3:])
        raise InputError(
            f"model: unknown model '{name}'; expected {own} or a classification model of "
            f"torchvision.{meant} All of these: {others}"
        )


def build(architecture: Architecture) -> nn.Module:
    """An untrained classifier that maps float (n, channels, size, size) to logits (n, classes).

    Raises:
        InputError: if the model is unknown or cannot take images of this size
    """
    check_model(architecture.name)
    if architecture.name == SIMPLE:
        model: nn.Module = _simple_cnn(architecture)
    elif architecture.name == FAST:
        model = FastResNet(architecture.classes, architecture.channels)
    elif architecture.name == PACKAGED:
        model = EfficientNetLite0Classifier(architecture.classes)
    else:
        model = _zoo_model(architecture)
    _check_forward(model, architecture)
    return model


def _simple_cnn(architecture: Architecture) -> nn.Sequential:
    """The paper's networks (section 5.1), chosen by kind and size of the images."""
    digits = architecture.channels == 1 and architecture.size <= SMALL
    body = _digits_body() if digits else _colour_body(architecture.channels)
    grid = architecture.size // 4 if digits or architecture.size <= SMALL else 8
    width = 64 * grid * grid
    if architecture.size > SMALL:
        body["fit"] = nn.AdaptiveAvgPool2d(8)
    body["flatten"] = nn.Flatten()
    if digits:
        body |= {"dense": nn.Linear(width, 128), "relu": nn.ReLU(), "dropout": nn.Dropout(0.5)}
        body["head"] = nn.Linear(128, architecture.classes)
    else:
        body |= {"dense1": nn.Linear(width, 512), "relu1": nn.ReLU(), "dropout1": nn.Dropout(0.5)}
        body |= {"dense2": nn.Linear(512, 128), "relu2": nn.ReLU(), "dropout2": nn.Dropout(0.5)}
        body["head"] = nn.Linear(128, architecture.classes)
    return nn.Sequential(body)


def _digits_body() -> OrderedDict[str, nn.Module]:
    return OrderedDict(
        conv1=nn.Conv2d(1, 32, 3, padding=1),
        relu1c=nn.ReLU(),
        pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(32, 64, 3, padding=1),
        relu2c=nn.ReLU(),
        pool2=nn.MaxPool2d(2),
    )


def _colour_body(channels: int) -> OrderedDict[str, nn.Module]:
    body: OrderedDict[str, nn.Module] = OrderedDict()
    for block, (inputs, outputs) in enumerate([(channels, 32), (32, 64)], 1):
        body |= {
            f"conv{block}a": nn.Conv2d(inputs, outputs, 3, padding=1),
            f"relu{block}a": nn.ReLU(),
            f"conv{block}b": nn.Conv2d(outputs, outputs, 3, padding=1),
            f"relu{block}b": nn.ReLU(),
            f"pool{block}": nn.MaxPool2d(2),
            f"drop{block}": nn.Dropout(0.25),
        }
    return body


class _Zoo(nn.Module):
    """A torchvision model: grey images are repeated to RGB."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.model(images.expand(-1, 3, -1, -1))


def _zoo_model(architecture: Architecture) -> nn.Module:
    options: dict[str, Any] = {"weights": None, "num_classes": architecture.classes}
    if architecture.name in ("googlenet", "inception_v3"):
        # Auxiliary heads would be left out of the outputs; official weights expect the transform.
        options |= {"init_weights": True, "aux_logits": False, "transform_input": True}
    if architecture.name.startswith("vit_"):
        options["image_size"] = architecture.size
    try:
        return _Zoo(zoo.get_model(architecture.name, **options))
    except AssertionError as error:
        raise _unfit(architecture, error) from error


def _check_forward(model: nn.Module, architecture: Architecture) -> None:
    images = torch.zeros(2, architecture.channels, architecture.size, architecture.size)
    model.eval()
    try:
        with torch.no_grad():
            model(images)
    except (RuntimeError, ValueError, AssertionError) as error:
        raise _unfit(architecture, error) from error
    model.train()


def _unfit(architecture: Architecture, error: Exception) -> InputError:
    side = architecture.size
    return InputError(
        f"image_size: model '{architecture.name}' cannot take images of {side}×{side} pixels "
        f"({str(error)[:200]})"
    )


def bare(model: nn.Module) -> nn.Module:
    """The network as its checkpoints know it."""
    return model.model if isinstance(model, _Zoo) else model


def head_of(model: nn.Module, classes: int) -> nn.Module:
    """The last layer that gives one value a class; its input is the embedding."""
    for module in reversed(list(model.modules())):
        if isinstance(module, nn.Linear) and module.out_features == classes:
            return module
        if isinstance(module, nn.Conv2d) and module.out_channels == classes:
            return module
    raise ValueError("the model has no layer of one output a class")
