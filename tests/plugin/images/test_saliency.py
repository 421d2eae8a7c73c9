"""Saliency maps against a gradient known in closed form."""

import numpy as np
import torch
from torch import nn

from plugin.images.saliency import saliency_maps


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
