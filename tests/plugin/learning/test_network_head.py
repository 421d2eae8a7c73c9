"""A linear layer on a pretrained network: nearest to what heads said, kept, read back."""

from pathlib import Path

import numpy as np
import pytest
import torch

from plugin.errors import InputError
from plugin.images.saliency import saliency_maps
from plugin.learning import network_head, networks
from plugin.learning.checkpoints import to_bytes
from plugin.learning.classifiers import Architecture, build
from plugin.learning.network_head import (
    head_to_bytes,
    is_head,
    linear_stand_in,
    read_classifier,
)
from plugin.learning.networks import load_network
from plugin.learning.warm_start import WarmStart


def test_it_is_ridge_regression_on_standardised_features(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 6)).astype(np.float32) * [1, 2, 3, 0.1, 5, 0] + 7
    x = x.astype(np.float32)
    said = np.log(rng.dirichlet([1, 2, 3], size=400))
    centred = np.maximum(said, network_head.FLOOR)
    centred = centred - centred.mean(axis=1, keepdims=True)
    monkeypatch.setattr(network_head, "BLOCK_NUMBERS", 500)  # several blocks
    layer = linear_stand_in(x, said)
    scaled = StandardScaler().fit_transform(x.astype(np.float64))
    ridge = Ridge(alpha=40).fit(scaled, centred)
    found = x @ layer.weight.T + layer.bias
    np.testing.assert_allclose(found, ridge.predict(scaled), atol=1e-4)


def test_it_predicts_what_several_heads_said_together() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(900, 20)).astype(np.float32)
    weights = rng.normal(size=(3, 20, 4))
    logits = np.mean(x @ weights, axis=0)  # heads of three folds, averaged
    said = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    layer = linear_stand_in(x, said)
    same = (x @ layer.weight.T + layer.bias).argmax(1) == said.argmax(1)
    assert same.mean() > 0.97


def test_a_head_is_read_back_with_its_network() -> None:
    network = load_network(size=64)
    rng = np.random.default_rng(0)
    layer = network_head.LinearLayer(
        rng.normal(size=(3, network.width)).astype(np.float32), np.array([1, 2, 3], np.float32)
    )
    data = head_to_bytes(network, None, layer)
    assert is_head(data)
    assert len(data) < 40_000, "the network's own weights are not kept"
    trained = read_classifier(data)
    assert trained.architecture == Architecture("efficientnet_lite0", 3, 3, 64)
    images = rng.integers(0, 255, (2, 3, 64, 64), dtype=np.uint8)
    x = (torch.from_numpy(images) / 255 - network.mean[0]) / network.std[0]
    with torch.inference_mode():
        features = network.module(x).numpy()
        found = trained.model(x).numpy()
    np.testing.assert_allclose(found, features @ layer.weight.T + layer.bias, rtol=1e-3, atol=1e-3)
    maps = saliency_maps(trained.model, images, np.array([0, 2]), trained.mean, trained.std, 24)
    assert maps.shape == (2, 24, 24)
    assert (maps.max(axis=(1, 2)) == 1).all()
    step = torch.zeros_like(x[:1])
    step[0, 0, 30, 30] = 1e-2
    with torch.inference_mode():  # the gradient is that of the class's value
        up, down = trained.model(x[:1] + step)[0, 0], trained.model(x[:1] - step)[0, 0]
    (gradient,) = torch.autograd.grad(trained.model(y := x[:1].clone().requires_grad_())[0, 0], y)
    assert gradient[0, 0, 30, 30].item() == pytest.approx((up - down).item() / 2e-2, rel=0.1)


def test_a_trained_classifier_is_read_as_before() -> None:
    shape = Architecture("simple_cnn", 4, 1, 16)
    data = to_bytes(build(shape), shape, [0.5], [0.25])
    assert not is_head(data)
    assert read_classifier(data).architecture == shape


def test_other_weights_by_now_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = load_network(size=64)
    layer = network_head.LinearLayer(np.zeros((2, 1280), np.float32), np.zeros(2, np.float32))
    data = head_to_bytes(network, None, layer)
    monkeypatch.setattr(networks, "PREPARED_AS", "otherwise")
    with pytest.raises(InputError, match="are no longer those that this iteration was made with"):
        read_classifier(data)
    gone = head_to_bytes(network, str(tmp_path / "gone.pt"), layer)
    with pytest.raises(InputError, match="there is no file"):
        read_classifier(gone)


def test_it_is_nothing_to_go_on_from() -> None:
    layer = network_head.LinearLayer(np.zeros((2, 1280), np.float32), np.zeros(2, np.float32))
    data = head_to_bytes(load_network(size=64), None, layer)
    with pytest.raises(InputError, match="warm_start: the run's last iteration trained no network"):
        WarmStart.from_kept(data, ["a", "b"])
