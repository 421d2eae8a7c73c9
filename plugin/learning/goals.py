"""What a classifier is trained to say of an image: one class, or a set of tags."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F

from ..arrays import BoolArray, Float64Array, Int64Array
from ..progress import Report
from ..tensors import tensor_of
from .fitted_head import fit_last_layer

MADE_UP = 0.5
"""Images that are made up with and without each tag, so that none is certain beforehand."""


class Goal(Protocol):
    """The labels of n images, and what makes a classifier say them."""

    def begin(self, chosen: Int64Array) -> None:
        """Note which images teach."""
        ...

    def of(self, part: Int64Array) -> torch.Tensor:
        """The labels of some images."""
        ...

    def loss(self, logits: torch.Tensor, label: torch.Tensor, smoothing: float) -> torch.Tensor:
        """Mean loss of a batch."""
        ...

    def hits(self, logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """How many images' labels are predicted, in part where they are several."""
        ...

    def p_label(self, logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """How likely each image's label is, of several tags as a mean: (b,)."""
        ...

    def said(self, logits: torch.Tensor) -> Float64Array:
        """What is kept of it: log-probabilities of classes, or log-odds of tags: (b, C)."""
        ...

    def fit_last(
        self, layer: nn.Linear, rows: npt.NDArray[np.float32], some: Int64Array, report: Report
    ) -> None:
        """Set the last layer to what fits its inputs for some images."""
        ...


class OneClass:
    """Each image has one class: a softmax.

    Args:
        label: int64 (n,), class indices
    """

    def __init__(self, label: Int64Array):
        self._label = tensor_of(label)

    def begin(self, chosen: Int64Array) -> None:
        """Nothing depends on it."""

    def of(self, part: Int64Array) -> torch.Tensor:
        """Class indices: int64 (b,)."""
        return self._label[tensor_of(part)]

    def loss(self, logits: torch.Tensor, label: torch.Tensor, smoothing: float) -> torch.Tensor:
        """Cross-entropy."""
        return F.cross_entropy(logits, label, label_smoothing=smoothing)

    def hits(self, logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """How many classes are predicted."""
        return (logits.argmax(1) == label).sum()

    def p_label(self, logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """The probability of each image's class: (b,)."""
        return logits.softmax(dim=1).gather(1, label[:, None])[:, 0]

    def said(self, logits: torch.Tensor) -> Float64Array:
        """Log-probabilities."""
        return F.log_softmax(logits.cpu().double(), dim=1).numpy()

    def fit_last(
        self, layer: nn.Linear, rows: npt.NDArray[np.float32], some: Int64Array, report: Report
    ) -> None:
        """A logistic regression of all classes."""
        fit_last_layer(layer, rows, self.of(some).numpy(), report)


class ManyTags:
    """Each image has any number of tags: a sigmoid each, and the sum of their cross-entropies.

    What a network says is added to how frequent each tag is among the images that teach, so that
    it begins with that, and rare tags do not have to be unlearnt first.

    Args:
        tag: bool (n, C), whether each image is labelled with each tag
    """

    def __init__(self, tag: BoolArray):
        self._tag = tensor_of(np.asarray(tag, np.uint8))
        self._prior = torch.zeros(tag.shape[1])
        self._tags_an_image = 1.0

    def begin(self, chosen: Int64Array) -> None:
        """Learn how frequent each tag is."""
        there = self.of(chosen)
        count = there.sum(dim=0) + MADE_UP
        self._prior = torch.log(count / (len(chosen) - there.sum(dim=0) + MADE_UP))
        self._tags_an_image = max(1.0, float(there.sum()) / max(1, len(chosen)))

    def of(self, part: Int64Array) -> torch.Tensor:
        """Whether each tag is there: float32 (b, C)."""
        return self._tag[tensor_of(part)].float()

    def loss(self, logits: torch.Tensor, label: torch.Tensor, smoothing: float) -> torch.Tensor:
        """Binary cross-entropies by tag; nothing is smoothed, which would make each tag likely."""
        loss = F.binary_cross_entropy_with_logits(self._odds(logits), label, reduction="sum")
        return loss / (len(label) * self._tags_an_image)

    def hits(self, logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """The share of each image's tags, those predicted and those labelled, that are both."""
        predicted, there = self._odds(logits) > 0, label > 0
        both, any_ = (predicted & there).sum(dim=1), (predicted | there).sum(dim=1)
        return torch.where(any_ > 0, both / any_.clamp(min=1), 1.0).sum()

    def p_label(self, logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """The geometric mean of the probabilities that each tag is as labelled: (b,)."""
        odds = self._odds(logits)
        return F.logsigmoid(torch.where(label > 0, odds, -odds)).mean(dim=1).exp()

    def said(self, logits: torch.Tensor) -> Float64Array:
        """Log-odds."""
        return self._odds(logits).cpu().double().numpy()

    def fit_last(
        self, layer: nn.Linear, rows: npt.NDArray[np.float32], some: Int64Array, report: Report
    ) -> None:
        """A logistic regression of each tag."""
        from .sigmoid_heads import SigmoidHead

        fit_last_layer(layer, rows, self.of(some).numpy(), report, SigmoidHead)
        if layer.bias is not None:
            with torch.no_grad():
                layer.bias.sub_(self._prior.to(layer.bias.device))

    def _odds(self, logits: torch.Tensor) -> torch.Tensor:
        return logits + self._prior.to(logits.device)


def goal_of(label: Int64Array | BoolArray) -> Goal:
    """What labels ask for: class indices (n,), or which tags there are, (n, C)."""
    return ManyTags(label.astype(bool)) if label.ndim == 2 else OneClass(label.astype(np.int64))
