"""Going on from a classifier that was kept: what is taken over, what is refused."""

import pytest
import torch

from plugin.classify.settings import Settings
from plugin.errors import InputError
from plugin.learning.checkpoints import to_bytes
from plugin.learning.classifiers import Architecture, build
from plugin.learning.warm_start import WarmStart

SHAPE = Architecture("simple_cnn", 3, 1, 28)


def kept(shape: Architecture = SHAPE) -> tuple[WarmStart, torch.nn.Module]:
    model = build(shape)
    classes = [f"class {i}" for i in range(shape.classes)]
    return WarmStart.from_kept(to_bytes(model, shape, [0.5], [0.25]), classes), model.eval()


def logits(model: torch.nn.Module) -> torch.Tensor:
    images = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        return model.eval()(images)


def test_classes_are_matched_by_name_and_new_ones_start_fresh() -> None:
    start, before = kept()
    shape = Architecture("simple_cnn", 4, 1, 28)
    model = build(shape)
    start.into(model, shape, ["class 2", "new", "class 0", "class 1"])
    torch.testing.assert_close(logits(model)[:, [2, 3, 0]], logits(before), atol=1e-5, rtol=1e-4)


def test_classes_that_are_gone_are_left_out() -> None:
    start, before = kept()
    shape = Architecture("simple_cnn", 2, 1, 28)
    model = build(shape)
    start.into(model, shape, ["class 2", "class 1"])
    torch.testing.assert_close(logits(model), logits(before)[:, [2, 1]], atol=1e-5, rtol=1e-4)


def test_a_zoo_model_goes_on_too() -> None:
    shape = Architecture("squeezenet1_1", 3, 1, 64)
    start, before = kept(shape)
    model = build(shape)
    start.into(model, shape, start.classes)
    images = torch.rand(2, 1, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(model.eval()(images), before(images), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (Architecture("simple_cnn", 3, 3, 28), "channels 1, this one would have 3"),
        (Architecture("simple_cnn", 3, 1, 32), "image_size 28, this one would have 32"),
        (Architecture("resnet18", 3, 1, 28), "model 'simple_cnn', this one would have 'resnet18'"),
    ],
)
def test_another_architecture_is_refused(other: Architecture, message: str) -> None:
    start, _ = kept()
    with pytest.raises(InputError, match=f"warm_start: .*{message}"):
        start.check(other)


def test_an_iteration_without_a_classifier_is_refused() -> None:
    with pytest.raises(InputError, match="kept no classifier"):
        WarmStart.from_kept(None, ["a"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "embeddings", "embeddings": "e"}, "only source 'train'"),
        ({"weights": "DEFAULT"}, "either weights or warm_start"),
        ({"folds": 5}, "no longer be out of fold"),
    ],
)
def test_what_does_not_go_with_it_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Settings.from_mapping({"label_field": "y", "warm_start": True, **options})
