"""Networks of FiftyOne's zoo: its real loader, on weights that lie where a download puts them."""

from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.zoo as foz
import numpy as np
import pytest
import torch
from fiftyone.zoo.models import RemoteZooModel
from PIL import Image
from torchvision.models import ResNet18_Weights, resnet18

from plugin.errors import InputError
from plugin.learning.networks import load_network
from plugin.progress import silent
from plugin.vectors.named_networks import brings_code, named_network, zoo_networks
from plugin.vectors.network_features import network_features

pytestmark = pytest.mark.slow

NAME = "resnet18-imagenet-torch"


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Random weights of a resnet18, for the zoo and for torchvision."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(fo.config, "model_zoo_dir", str(tmp_path / "zoo"))
    torch.manual_seed(0)
    state = resnet18().state_dict()
    hub = tmp_path / "torch" / "hub" / "checkpoints" / Path(ResNet18_Weights.DEFAULT.url).name
    for path in (tmp_path / "zoo" / "resnet18-5c106cde.pth", hub):
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, path)
    return hub


def test_a_zoo_model_gives_what_the_same_network_gives(weights: Path, tmp_path: Path) -> None:
    zoo, ours = named_network(NAME, size=64), load_network("resnet18", size=64)
    assert zoo.opaque
    assert (zoo.size, zoo.width) == (64, 512)
    paths = []
    for i in range(3):
        pixels = np.random.default_rng(i).integers(0, 255, (224, 224, 3), dtype=np.uint8)
        paths.append(str(tmp_path / f"{i}.png"))
        Image.fromarray(pixels).save(paths[-1])
    zoo, ours = named_network(NAME), load_network("resnet18")
    found = {}
    for network in (zoo, ours):
        folder = tmp_path / network.key
        folder.mkdir()
        features, wrong = network_features(
            [*paths, "/gone.png"], network, torch.device("cpu"), folder, silent
        )
        assert wrong == {3: "file is missing"}
        found[network.opaque] = features
    np.testing.assert_allclose(found[True], found[False], rtol=0.02, atol=0.02)
    assert found[True][:3].any(axis=1).all()


def test_what_cannot_be_loaded_is_said(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert NAME in zoo_networks()
    with pytest.raises(InputError, match="brings its own"):
        named_network(NAME, weights="DEFAULT")

    def refused(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(foz, "load_zoo_model", refused)
    with pytest.raises(InputError, match=r"cannot be loaded: no route to host. Its weights are"):
        named_network("clip-vit-base32-torch")
    with pytest.raises(InputError, match="or a model of FiftyOne's zoo"):
        named_network("clip")


def test_damaged_weights_of_torchvision_are_named(weights: Path) -> None:
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"cannot be read .*Delete '.*resnet18.*\.pth'"):
        named_network("resnet18")


def test_a_model_that_gives_no_embeddings_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain:
        has_embeddings = False

    monkeypatch.setattr(foz, "load_zoo_model", lambda name: Plain())
    with pytest.raises(InputError, match="gives no embeddings"):
        named_network("yolov8n-coco-torch")


def test_models_with_code_from_elsewhere_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {name for name in zoo_networks() if brings_code(name)} == {
        name for name in zoo_networks() if name.startswith(("dinov2", "twelvelabs"))
    }
    assert not brings_code("efficientnet_lite0")
    assert not brings_code("https://example.org/model")
    remote = RemoteZooModel("resnet18-imagenet-torch")
    monkeypatch.setattr(foz, "get_zoo_model", lambda name: remote)
    assert brings_code(NAME), "of a source that somebody registered"
