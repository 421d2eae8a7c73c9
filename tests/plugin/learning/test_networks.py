"""Pretrained networks: the packaged weights, torchvision's, and what is refused."""

import io
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision import models as zoo

from plugin.errors import InputError
from plugin.learning import networks, official_weights
from plugin.learning.efficientnet_lite import EfficientNetLite0
from plugin.learning.networks import load_network


def picture(side: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(seed))


def test_the_packaged_network_is_the_published_one_folded() -> None:
    network = load_network()
    assert (network.name, network.size, network.width) == ("efficientnet_lite0", 160, 1280)
    plain = EfficientNetLite0()
    state = official_weights.packaged_state()
    plain.load_state_dict({k: v for k, v in state.items() if not k.startswith("_fc.")})
    for side in (160, 101):  # odd sides are padded on one side more than on the other
        with torch.inference_mode():
            expected, found = plain.eval()(picture(side)), network.module(picture(side))
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_padding_is_that_of_tensorflow() -> None:
    """Of four pixels, a kernel of three with stride two sees 0-2 and 2-3 with one more zero."""
    from plugin.learning.efficientnet_lite import _Same

    same = _Same(1, 1, 3, 2)
    nn.init.ones_(same.weight)
    row = torch.tensor([1.0, 2, 4, 8]).expand(1, 1, 4, 4) / 4
    found = same(row)[0, 0]
    assert found.shape == (2, 2)
    assert found[0].tolist() == pytest.approx([3 * 7 / 4, 3 * 12 / 4])


def test_weights_of_another_content_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(official_weights, "PACKAGED_DIGEST", "0" * 64)
    with pytest.raises(InputError, match="is not the file of weights that is known"):
        load_network()
    monkeypatch.setattr(official_weights, "PACKAGE", "no-such-package-anywhere")
    with pytest.raises(InputError, match="are not installed"):
        load_network()


def test_a_checkpoint_of_torchvision_gives_the_input_of_its_last_layer(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = zoo.resnet18(weights=None, num_classes=7)
    file = tmp_path / "own.pt"
    torch.save({"state_dict": {f"module.{k}": v for k, v in model.state_dict().items()}}, file)
    network = load_network("resnet18", str(file), 64)
    assert (network.size, network.width, len(network.mean)) == (64, 512, 3)
    with torch.inference_mode():
        model.eval()
        torch.testing.assert_close(model.fc(network.module(picture(64))), model(picture(64)))
    model.fc = nn.Linear(512, 3)
    again = load_network("resnet18", str(file), 64)
    assert again.key == network.key
    assert load_network("resnet18", str(file), 96).key != network.key
    with pytest.raises(InputError, match="is a checkpoint of another model than resnet34"):
        load_network("resnet34", str(file))
    with pytest.raises(InputError, match="is a checkpoint of another network than efficientnet"):
        load_network("efficientnet_lite0", str(file))


@pytest.mark.parametrize("name", ["squeezenet1_1", "googlenet", "mobilenet_v3_small"])
def test_other_architectures_give_features(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def random_state(name: str, label: str) -> dict[str, torch.Tensor]:
        del label
        options = networks._AUXILIARY.get(name, {})
        return zoo.get_model(name, weights=None, **options).state_dict()

    monkeypatch.setattr(networks, "official_weights", random_state)
    network = load_network(name)
    with torch.inference_mode():
        assert network.module(picture(network.size)).shape == (2, network.width)
    assert network.width in (512, 1024)


def test_names_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="network: unknown network 'resnet19'"):
        load_network("resnet19")
    with pytest.raises(InputError, match="there is no file"):
        load_network("resnet18", "nowhere.pt")

    def refused(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refused)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refused)
    with pytest.raises(InputError, match=r"could not be downloaded \(no route to host\)"):
        load_network("resnet18")


def test_pickled_code_is_never_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (pytest.fail, ("code of a checkpoint was run",))

    buffer = io.BytesIO()
    torch.save({"_fc.weight": Evil()}, buffer)
    (tmp_path / "evil.pt").write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match="cannot be loaded as a checkpoint of tensors"):
        load_network("efficientnet_lite0", str(tmp_path / "evil.pt"))
