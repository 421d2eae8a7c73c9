"""The classifiers: the paper's small network, torchvision's models, and their checkpoints."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torchvision import models as zoo

from ..errors import InputError, content
from .choices import CHECKPOINTS

SIMPLE = "simple_cnn"
SMALL = 32
LARGEST_SIMPLE = 64
IMAGENET_SIZE = 224
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# What wrappers put before a parameter's name: data parallel, Lightning, a compiled model
_WRAPPERS = ("module.", "model.", "_orig_mod.")


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
    return [SIMPLE, *zoo.list_models(module=zoo)]


def default_size(name: str, side: int) -> int:
    """The image side that a model is given where the user names none.

    Args:
        name: the model
        side: median side of the dataset's images in pixels
    """
    if name == SIMPLE:
        return max(8, min(side, LARGEST_SIMPLE) // 4 * 4)
    weights: Any = zoo.get_model_weights(name)
    crop = getattr(weights.DEFAULT.transforms(), "crop_size", [IMAGENET_SIZE])
    return int(crop[0])


def build(architecture: Architecture) -> nn.Module:
    """An untrained classifier that maps float (n, channels, size, size) to logits (n, classes).

    Raises:
        InputError: if the model is unknown or cannot take images of this size
    """
    if architecture.name == SIMPLE:
        model: nn.Module = _simple_cnn(architecture)
    elif architecture.name in known_models():
        model = _zoo_model(architecture)
    else:
        some = ", ".join(known_models()[:8])
        raise InputError(
            f"model: unknown model '{architecture.name}'; expected {SIMPLE} or a classification "
            f"model of torchvision ({some}, …)"
        )
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


def head_of(model: nn.Module, classes: int) -> nn.Module:
    """The last layer that gives one value a class; its input is the embedding."""
    for module in reversed(list(model.modules())):
        if isinstance(module, nn.Linear) and module.out_features == classes:
            return module
        if isinstance(module, nn.Conv2d) and module.out_channels == classes:
            return module
    raise ValueError("the model has no layer of one output a class")


def load_weights(model: nn.Module, architecture: Architecture, weights: str) -> None:
    """Load official torchvision weights by name, or a local checkpoint by path.

    Checkpoints are read without executing code. The layer that gives the classes may differ
    in shape (another number of classes) and then keeps its initial values; nothing else may.

    Raises:
        InputError: if there is no such weights name or file, or it is of another model
    """
    path = Path(weights).expanduser()
    if path.suffix in CHECKPOINTS or path.exists():
        state = read_checkpoint(path)
    else:
        state = official_weights(architecture.name, weights)
    target = model.model if isinstance(model, _Zoo) else model
    _load_matching(target, state, head_of(model, architecture.classes), weights)


def official_weights(name: str, weights: str) -> Mapping[str, torch.Tensor]:
    """The weights of a torchvision model by their name, from torchvision's cache or by download.

    Raises:
        InputError: if there are none of that name, or they cannot be downloaded
    """
    if name == SIMPLE:
        raise InputError(f"weights: {SIMPLE} has no official weights; expected a checkpoint's path")
    known = zoo.get_model_weights(name)
    label = weights.split(".")[-1]
    if label not in known.__members__:
        raise InputError(
            f"weights: '{weights}' is neither a file nor weights of '{name}' "
            f"({', '.join(known.__members__)})"
        )
    try:
        return known[label].get_state_dict(progress=False, check_hash=True)
    except OSError as error:
        raise InputError(
            f"weights: '{weights}' of '{name}' could not be downloaded ({error}). Give the path of "
            "a checkpoint instead."
        ) from error


def read_checkpoint(path: Path) -> Mapping[str, torch.Tensor]:
    """The tensors of a checkpoint, read without executing code; wrappers' names taken off.

    Raises:
        InputError: if there is no such file, or it holds no state dict
    """
    if not path.is_file():
        raise InputError(f"weights: there is no file '{path}'")
    try:
        read = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged or unsafe file
        raise InputError(
            f"weights: '{path}' cannot be loaded as a checkpoint of tensors "
            f"({type(error).__name__}: {content(str(error).partition(chr(10))[0][:160])})"
        ) from error
    for key in ("state_dict", "model", "weights"):
        if isinstance(read, Mapping) and isinstance(read.get(key), Mapping):
            read = read[key]
    if not isinstance(read, Mapping) or not read:
        raise InputError(f"weights: '{path}' holds no state dict")
    tensors = {str(k): v for k, v in read.items() if isinstance(v, torch.Tensor)}
    return {_bare(name): value for name, value in tensors.items()}


def _bare(name: str) -> str:
    while name.startswith(_WRAPPERS):
        name = name.partition(".")[2]
    return name


def _load_matching(
    target: nn.Module, state: Mapping[str, torch.Tensor], head: nn.Module, weights: str
) -> None:
    own = target.state_dict()
    head_name = next(name for name, module in target.named_modules() if module is head)
    may_differ = {f"{head_name}.weight", f"{head_name}.bias"}
    fitting = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape}
    wrong = [
        f"{k} {tuple(v.shape)} instead of {tuple(own[k].shape)}"
        for k, v in state.items()
        if k in own and k not in fitting and k not in may_differ
    ]
    # Checkpoints older than the counter of batches lack it; it plays no part in classifying.
    optional = may_differ | {k for k in own if k.endswith(".num_batches_tracked")}
    missing = [k for k in own if k not in state and k not in optional]
    if wrong or missing:
        detail = (
            content(wrong[0])
            if wrong
            else f"{len(missing)} parameters missing, such as '{missing[0]}'"
        )
        raise InputError(
            f"weights: '{weights}' is a checkpoint of another model or shape: {detail}"
        )
    target.load_state_dict(fitting, strict=False)


def to_bytes(
    model: nn.Module, architecture: Architecture, mean: list[float], std: list[float]
) -> bytes:
    """A trained classifier as bytes that ``from_bytes`` reads without executing code."""
    state = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()}
    buffer = io.BytesIO()
    content = {"architecture": asdict(architecture), "mean": mean, "std": std, "state": state}
    torch.save(content, buffer)
    return buffer.getvalue()


@dataclass(frozen=True)
class Trained:
    """A classifier that was kept, ready to use.

    Attributes:
        model: in evaluation mode, on the CPU; takes images normalised with ``mean`` and ``std``
        architecture: how it was built
        mean, std: of each channel, for pixels in [0, 1]
    """

    model: nn.Module
    architecture: Architecture
    mean: list[float]
    std: list[float]


def from_bytes(data: bytes) -> Trained:
    """Read what ``to_bytes`` wrote."""
    content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    architecture = Architecture(**content["architecture"])
    model = build(architecture)
    model.load_state_dict(content["state"])
    # The layout it was trained in, so that it classifies to the last bit as it did.
    model = model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return Trained(model.eval(), architecture, content["mean"], content["std"])
