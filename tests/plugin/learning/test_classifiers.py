"""Classifiers: how they are built, and which weights they take and refuse."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torchvision import models as zoo

from plugin.errors import InputError
from plugin.learning.checkpoints import from_bytes, load_weights, to_bytes
from plugin.learning.classifiers import (
    Architecture,
    build,
    default_size,
    head_of,
    known_models,
)
from plugin.learning.networks import load_network

pytestmark = pytest.mark.slow

SMALL = "squeezenet1_1"


def forward(model: nn.Module, shape: Architecture, n: int = 3) -> torch.Tensor:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        images = torch.rand(n, shape.channels, shape.size, shape.size)
    with torch.inference_mode():
        return model.eval()(images)


def layers(model: nn.Module, kind: type[nn.Module]) -> int:
    return sum(isinstance(module, kind) for module in model.modules())


# --- simple_cnn -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [8, 20, 28, 30, 32])
def test_small_grey_digits_get_the_papers_first_network(size: int) -> None:
    """Two convolutions and pools, one dense layer, dropout, and the classes (section 5.1)."""
    shape = Architecture("simple_cnn", 10, channels=1, size=size)
    model = build(shape)
    assert (layers(model, nn.Conv2d), layers(model, nn.MaxPool2d)) == (2, 2)
    assert (layers(model, nn.Linear), layers(model, nn.Dropout)) == (2, 1)
    assert forward(model, shape).shape == (3, 10)


@pytest.mark.parametrize(("channels", "size"), [(3, 8), (3, 32), (3, 64), (3, 50), (1, 48)])
def test_colour_images_get_the_papers_second_network(channels: int, size: int) -> None:
    """Two blocks of two convolutions and a pool."""
    shape = Architecture("simple_cnn", 4, channels, size)
    model = build(shape)
    assert (layers(model, nn.Conv2d), layers(model, nn.MaxPool2d)) == (4, 2)
    assert forward(model, shape).shape == (3, 4)


@pytest.mark.parametrize(("side", "size"), [(1, 8), (8, 8), (28, 28), (30, 28), (500, 64)])
def test_simple_cnn_keeps_small_images_as_they_are(side: int, size: int) -> None:
    assert default_size("simple_cnn", side) == size


# --- torchvision ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("resnet18", 32),
        ("mobilenet_v3_small", 32),
        ("squeezenet1_0", 40),
        ("vit_b_16", 32),
        ("googlenet", 64),
        ("inception_v3", 75),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_torchvision_models_train_and_classify(name: str, size: int, channels: int) -> None:
    shape = Architecture(name, 5, channels, size)
    with torch.random.fork_rng():
        model = build(shape)
        assert model.training
        logits = model(torch.rand(2, channels, size, size))
    assert logits.shape == (2, 5)
    logits.sum().backward()
    caught: list[Any] = []
    head_of(model, 5).register_forward_pre_hook(lambda _, inputs: caught.append(inputs[0]))
    assert forward(model, shape).shape == (3, 5)
    assert caught[0].shape[0] == 3


def test_every_classification_model_of_torchvision_is_known_and_can_be_built() -> None:
    """On torch's meta device, which holds shapes only; a regnet computes its widths when built."""
    names = known_models()
    assert set(names) == {
        "simple_cnn",
        "fast_resnet",
        "efficientnet_lite0",
        *zoo.list_models(module=zoo),
    }
    smallest = Architecture("regnet_y_400mf", 7, channels=1, size=32)
    assert head_of(build(smallest), 7) is not None
    for name in (name for name in names if not name.startswith("regnet")):
        shape = Architecture(name, 7, channels=1, size=default_size(name, 32))
        with torch.device("meta"):
            model = build(shape)
            assert model(torch.zeros(2, 1, shape.size, shape.size)).shape == (2, 7), name
            assert head_of(model, 7) is not None, name


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(InputError, match=r"unknown model 'resnet19'; .* mean resnet18 .* vit_b_16"):
        build(Architecture("resnet19", 5, 3, 32))


def test_a_size_that_a_model_cannot_take_is_refused() -> None:
    with pytest.raises(InputError, match="image_size: model 'alexnet' cannot take images of 16×16"):
        build(Architecture("alexnet", 5, 3, 16))
    with pytest.raises(InputError, match=r"image_size: model 'vit_b_16' cannot .* 40×40"):
        build(Architecture("vit_b_16", 5, 3, 40))


def test_the_size_of_a_torchvision_model_is_that_of_its_weights() -> None:
    assert default_size("resnet18", 32) == 224
    assert default_size("inception_v3", 32) == 299


# --- weights --------------------------------------------------------------------------------------


def small(classes: int = 5) -> tuple[Architecture, nn.Module]:
    shape = Architecture(SMALL, classes, 3, 32)
    return shape, build(shape)


def bare(model: nn.Module) -> nn.Module:
    return model.model  # pyright: ignore[reportReturnType]


@pytest.fixture(scope="module")
def trained() -> dict[str, torch.Tensor]:
    """The weights of a model of 1,000 classes, as torchvision would offer them."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return zoo.get_model(SMALL, weights=None).state_dict()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of torch's hub; what lies in its checkpoints is not downloaded."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def assert_body_is(model: nn.Module, state: dict[str, torch.Tensor], head: str) -> None:
    own = bare(model).state_dict()
    assert own.keys() == state.keys()
    for name, value in own.items():
        if not name.startswith(head):
            assert torch.equal(value, state[name]), name


def test_official_weights_are_loaded_by_name(hub: Path, trained: dict[str, torch.Tensor]) -> None:
    weights: Any = zoo.get_model_weights(SMALL).DEFAULT
    torch.save(trained, hub / Path(weights.url).name)
    for name in ("DEFAULT", "IMAGENET1K_V1", "SqueezeNet1_1_Weights.IMAGENET1K_V1"):
        shape, model = small()
        load_weights(model, shape, name)
        assert_body_is(model, trained, "classifier.1.")


@pytest.mark.parametrize(("name", "size"), [("googlenet", 64), ("inception_v3", 75)])
def test_official_weights_with_auxiliary_heads_fit_another_number_of_classes(
    name: str, size: int, hub: Path
) -> None:
    official = zoo.get_model(name, weights=None, init_weights=False, aux_logits=True)
    weights: Any = zoo.get_model_weights(name).DEFAULT
    torch.save(official.state_dict(), hub / Path(weights.url).name)
    shape = Architecture(name, 5, 3, size)
    model = build(shape)
    load_weights(model, shape, "DEFAULT")
    state = official.state_dict()
    own = bare(model).state_dict()
    assert all(torch.equal(v, state[k]) for k, v in own.items() if not k.startswith("fc."))
    assert bare(model).transform_input, "its weights expect it"


def test_weights_that_cannot_be_downloaded_say_so(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: Any, **__: Any) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    shape, model = small()
    with pytest.raises(InputError, match="'DEFAULT' of 'squeezenet1_1' could not be downloaded"):
        load_weights(model, shape, "DEFAULT")


@pytest.mark.parametrize("wrapped", [None, "state_dict", "model", "weights"])
@pytest.mark.parametrize("prefix", ["", "module.", "model.", "_orig_mod.", "_orig_mod.module."])
def test_checkpoints_of_many_makers_are_loaded(
    wrapped: str | None, prefix: str, tmp_path: Path, trained: dict[str, torch.Tensor]
) -> None:
    state: dict[str, Any] = {prefix + name: value for name, value in trained.items()}
    path = tmp_path / "checkpoint.pth"
    torch.save({wrapped: state, "epoch": 3} if wrapped else state, path)
    shape, model = small(1_000)
    load_weights(model, shape, str(path))
    assert_body_is(model, trained, "nothing")


def test_another_number_of_classes_loads_all_but_the_head(
    tmp_path: Path, trained: dict[str, torch.Tensor]
) -> None:
    torch.save(trained, tmp_path / "a.pth")
    shape, model = small(5)
    before = head_of(model, 5).weight.clone()  # pyright: ignore[reportCallIssue]
    load_weights(model, shape, str(tmp_path / "a.pth"))
    assert_body_is(model, trained, "classifier.1.")
    assert torch.equal(head_of(model, 5).weight, before)  # pyright: ignore[reportArgumentType]


def untouched(model: nn.Module, before: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def refused(path: str | Path, message: str) -> None:
    shape, model = small()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    with pytest.raises(InputError, match=message):
        load_weights(model, shape, str(path))
    assert untouched(model, before)


def test_a_checkpoint_of_another_model_or_shape_is_refused(
    tmp_path: Path, trained: dict[str, torch.Tensor]
) -> None:
    path = tmp_path / "other.pth"
    torch.save(zoo.get_model("resnet18", weights=None).state_dict(), path)
    refused(path, "'.*other.pth' is a checkpoint of another model or shape: .* missing")
    wider = {**trained, "features.0.weight": torch.zeros(64, 4, 3, 3)}
    torch.save(wider, path)
    refused(path, r"features.0.weight \(64, 4, 3, 3\) instead of \(64, 3, 3, 3\)")
    some = dict(list(trained.items())[:40])
    torch.save(some, path)
    refused(path, "parameters missing")


def test_simple_cnn_takes_its_own_checkpoint_and_has_no_official_weights(tmp_path: Path) -> None:
    shape = Architecture("simple_cnn", 3, 1, 28)
    state = build(shape).state_dict()
    torch.save(state, tmp_path / "own.pt")
    model = build(shape)
    load_weights(model, shape, str(tmp_path / "own.pt"))
    assert untouched(model, state)
    with pytest.raises(InputError, match="simple_cnn has no official weights; expected a check"):
        load_weights(model, shape, "DEFAULT")
    with pytest.raises(InputError, match=r"dense.weight \(128, 3136\) instead of \(128, 4096\)"):
        other = Architecture("simple_cnn", 3, 1, 32)
        load_weights(build(other), other, str(tmp_path / "own.pt"))


def test_the_packaged_network_takes_its_weights_and_a_head_of_any_classes() -> None:
    shape = Architecture("efficientnet_lite0", 3, 1, 32)
    model = build(shape)
    load_weights(model, shape, "DEFAULT")
    network = load_network("efficientnet_lite0", size=32)
    caught: list[torch.Tensor] = []
    hook = head_of(model, 3).register_forward_pre_hook(lambda _, inputs: caught.append(inputs[0]))
    assert forward(model, shape).shape == (3, 3)
    hook.remove()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        images = torch.rand(3, 1, 32, 32)
    with torch.inference_mode():
        features = network.module(images.expand(-1, 3, -1, -1))
    torch.testing.assert_close(caught[0], features, atol=1e-4, rtol=1e-3)
    with pytest.raises(InputError, match="'IMAGENET1K_V1' is neither a file nor 'DEFAULT' of"):
        load_weights(model, shape, "IMAGENET1K_V1")


class Malice:
    def __reduce__(self) -> Any:
        return (os.mkdir, (self.folder,))

    def __init__(self, folder: str):
        self.folder = folder


def test_a_checkpoint_that_runs_code_is_refused(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    torch.save({"state_dict": Malice(str(victim))}, tmp_path / "evil.pth")
    refused(tmp_path / "evil.pth", "cannot be loaded as a checkpoint of tensors")
    (tmp_path / "evil.ckpt").write_bytes(pickle.dumps(Malice(str(victim))))
    refused(tmp_path / "evil.ckpt", "cannot be loaded as a checkpoint of tensors")
    assert not victim.exists()


@pytest.mark.parametrize("content", [[1, 2], {}, {"epoch": 3}, torch.zeros(3)])
def test_a_file_without_a_state_dict_is_refused(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "odd.pth")
    refused(tmp_path / "odd.pth", r"weights: '.*odd.pth' ")


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    refused(tmp_path / "nothing.pth", "weights: there is no file '.*nothing.pth'")
    refused(tmp_path, "weights: there is no file")
    (tmp_path / "text.pth").write_text("hello")
    refused(tmp_path / "text.pth", "cannot be loaded as a checkpoint")
    (tmp_path / "empty.pth").touch()
    refused(tmp_path / "empty.pth", "cannot be loaded as a checkpoint")
    refused("IMAGENET22K", "'IMAGENET22K' is neither a file nor weights of 'squeezenet1_1'")


# --- kept classifiers -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["simple_cnn", "fast_resnet", "efficientnet_lite0", SMALL])
def test_a_kept_classifier_classifies_as_before(name: str) -> None:
    shape = Architecture(name, 4, 3, 32)
    model = build(shape).to(memory_format=torch.channels_last)  # pyright: ignore
    data = to_bytes(model, shape, [0.5] * 3, [0.2] * 3)
    kept = from_bytes(data)
    assert (kept.architecture, kept.mean, kept.std) == (shape, [0.5] * 3, [0.2] * 3)
    assert not kept.model.training
    assert torch.equal(forward(kept.model, shape), forward(model, shape))


def test_a_kept_classifier_that_was_tampered_with_is_not_run(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    with pytest.raises(pickle.UnpicklingError):
        from_bytes(pickle.dumps(Malice(str(victim))))
    assert not victim.exists()
