"""Saliency maps against a gradient known in closed form."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from plugin.errors import Cancelled
from plugin.images import saliency
from plugin.images.saliency import saliency_maps, saliency_of_files


def test_a_linear_model_shows_its_weights():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 6 * 6, 4)).eval()
    images = np.random.default_rng(0).integers(0, 256, (70, 3, 6, 6), dtype=np.uint8)
    classes = np.arange(70) % 4
    maps = saliency_maps(model, images, classes, [0.5] * 3, [0.2] * 3, 6)
    linear = model[1]
    assert isinstance(linear, nn.Linear)
    weight = linear.weight.detach().numpy().reshape(4, 3, 6, 6)
    want = np.abs(weight).max(axis=1)
    want = want / want.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(maps, want[classes], rtol=1e-5)


def test_no_gradient_gives_zeros():
    linear = nn.Linear(4, 2)
    nn.init.zeros_(linear.weight)
    model = nn.Sequential(nn.Flatten(), linear)
    maps = saliency_maps(model, np.zeros((1, 1, 2, 2), np.uint8), np.array([0]), [0.0], [1.0], 2)
    assert not maps.any()


def test_files_are_read_in_parts_and_what_cannot_be_read_is_zero(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 3)).eval().requires_grad_(False)
    paths = []
    for i in range(40):
        paths.append(str(tmp_path / f"{i}.png"))
        pixels = np.random.default_rng(i).integers(0, 255, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(paths[-1])
    (tmp_path / "3.png").write_text("no picture")
    classes, asked = np.arange(40) % 3, []
    maps = saliency_of_files(
        model,
        paths,
        classes,
        [0.5] * 3,
        [0.2] * 3,
        8,
        size=8,
        channels=3,
        again=lambda: asked.append(1),
    )
    images = np.zeros((40, 3, 8, 8), np.uint8)
    expected = saliency_maps(model, images, classes, [0.5] * 3, [0.2] * 3, 8)  # it is linear
    expected[3] = 0
    np.testing.assert_allclose(maps, expected, rtol=1e-5)


def test_saliency_of_files_ends_where_nobody_waits(tmp_path, monkeypatch):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 3)).eval()
    monkeypatch.setattr(saliency, "POLL_SECONDS", 0.0)

    def again():
        raise Cancelled

    paths, classes = [str(tmp_path / "a.png")] * 500, np.zeros(500, int)
    with pytest.raises(Cancelled):
        saliency_of_files(
            model, paths, classes, [0.5] * 3, [0.2] * 3, 8, size=8, channels=3, again=again
        )
