"""Training a classifier on possibly wrong labels, and classifying images with it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from ..abandonable import abandonable
from ..arrays import Int64Array
from ..errors import InputError
from ..images.decoded import Pixels
from ..progress import Report
from ..scoring.probabilities import LogProbabilities
from ..tensors import tensor_of
from .checkpoints import load_weights
from .choices import check_device
from .classifiers import Architecture, build, head_of
from .warm_start import WarmStart

LEARNING_RATE = 1e-3
FINE_TUNING_RATE = 1e-4
CLASSIFY_BATCH = 512
STATISTICS_IMAGES = 2_000
SLOW_STEP_SECONDS = 1.0


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: passes over the training images
        batch_size: images a step
        average_epochs: the state after each of this many last epochs is kept
        device: a torch device
        seed: of initial weights, dropout and order
        weights: as ``checkpoints.load_weights``, or None
        start: a classifier to go on from, or None
        classes: the names of the classes; needed with ``start``
    """

    epochs: int
    batch_size: int
    average_epochs: int
    device: torch.device
    seed: int
    weights: str | None = None
    start: WarmStart | None = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation of each channel, for pixels in [0, 1]."""

    mean: list[float]
    std: list[float]

    @classmethod
    def of(cls, pixels: Pixels, indices: Int64Array) -> Normalisation:
        """The statistics of at most 2,000 of the images."""
        step = max(1, len(indices) // STATISTICS_IMAGES)
        sample = pixels.load(indices[::step][:STATISTICS_IMAGES]).astype(np.float32) / 255
        spread = np.maximum(sample.std(axis=(0, 2, 3)), 1e-3)
        return cls(sample.mean(axis=(0, 2, 3)).tolist(), spread.tolist())


def choose_device(name: str) -> torch.device:
    """The torch device for ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises:
        InputError: if there is no such one, or it is not there
    """
    check_device(name)
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    if not available.get(name):
        raise InputError(f"device: '{name}' is not available on this machine; use 'auto' or 'cpu'")
    return torch.device(name)


@contextlib.contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Seed torch, and leave its random state and number of threads as they were.

    Half of the processors are used: on machines whose processors are two threads of one core, all
    of them are slower than half.
    """
    threads = torch.get_num_threads()
    devices = list(range(torch.cuda.device_count()))
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
        try:
            yield
        finally:
            torch.set_num_threads(threads)


class Trainer:
    """Trains one classifier and classifies with it.

    Args:
        architecture: what to build
        pixels: all images
        label: int64 (n,), class index of each image
        recipe: how to train
        normalisation: of the pixels
    """

    def __init__(
        self,
        architecture: Architecture,
        pixels: Pixels,
        label: Int64Array,
        recipe: Recipe,
        normalisation: Normalisation,
    ):
        self._pixels = pixels
        self._label = tensor_of(label)
        self._recipe = recipe
        self._architecture = architecture
        self._device = recipe.device
        self._on_gpu = recipe.device.type == "cuda"
        self._layout = torch.channels_last
        shape = (1, -1, 1, 1)
        self._shift = torch.tensor(normalisation.mean, device=self._device).view(shape)
        self._scale = torch.tensor(normalisation.std, device=self._device).view(shape)
        self._resident = self._move_to_gpu()
        self._generator = torch.Generator().manual_seed(recipe.seed)
        self.model = build(architecture)
        if recipe.weights is not None:
            load_weights(self.model, architecture, recipe.weights)
        if recipe.start is not None:
            recipe.start.into(self.model, architecture, recipe.classes)
        self.model.to(device=self._device, memory_format=self._layout)  # pyright: ignore
        self._states: list[dict[str, torch.Tensor]] = []

    def _move_to_gpu(self) -> torch.Tensor | None:
        kept = self._pixels.in_memory
        if not self._on_gpu or kept is None:
            return None
        free, _ = torch.cuda.mem_get_info(self._device)
        return tensor_of(kept).to(self._device) if kept.nbytes < free / 4 else None

    def train(self, chosen: Int64Array, report: Report, name: str = "") -> None:
        """Train on the chosen images.

        Args:
            chosen: int64 (m,), the training images
            report: told of epoch, loss and agreement with the labels
            name: of this training, where there are several
        """
        recipe = self._recipe
        fresh = recipe.weights is None and recipe.start is None
        rate = LEARNING_RATE if fresh else FINE_TUNING_RATE
        optimiser = torch.optim.Adam(self.model.parameters(), lr=rate, fused=self._on_gpu)
        steps = recipe.epochs * -(-len(chosen) // recipe.batch_size)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, max_lr=rate * 2, total_steps=max(steps, 2), pct_start=0.2
        )
        step, told = 0, time.monotonic()
        for epoch in range(1, recipe.epochs + 1):
            self.model.train()
            order = chosen[torch.randperm(len(chosen), generator=self._generator).numpy()]
            loss_sum = torch.zeros((), device=self._device)
            right = torch.zeros((), device=self._device)
            seen = 0
            for images, label in self._labelled(order, recipe.batch_size):
                if len(label) == 1 and seen:  # batch normalisation needs two
                    continue
                loss, hits = self._step(images, label, optimiser)
                schedule.step()
                loss_sum, right, seen = loss_sum + loss, right + hits, seen + len(label)
                step += 1
                if step % 10 == 0 or step == steps or time.monotonic() - told > SLOW_STEP_SECONDS:
                    told = time.monotonic()
                    text = _describe(name, epoch, recipe.epochs, loss_sum / seen, right / seen)
                    report(step / steps, text)
            if epoch > recipe.epochs - recipe.average_epochs:
                self._states.append(_copy(self.model.state_dict()))

    def _labelled(
        self, order: Int64Array, size: int
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        labels = self._label.to(self._device)
        if self._resident is not None:
            places = tensor_of(order).to(self._device)
            for start in range(0, len(order), size):
                at = places[start : start + size]
                yield self._prepare(self._resident[at]), labels[at]
            return
        start = 0
        for batch in self._pixels.batches(order, size):
            places = tensor_of(order[start : start + len(batch)]).to(self._device)
            start += len(batch)
            yield self._prepare(tensor_of(batch).to(self._device)), labels[places]

    def _prepare(self, images: torch.Tensor) -> torch.Tensor:
        pixels = images.to(torch.float32).div_(255).sub_(self._shift).div_(self._scale)
        return pixels.contiguous(memory_format=self._layout)

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        if self._on_gpu and torch.cuda.is_bf16_supported():
            return torch.autocast("cuda", dtype=torch.bfloat16)
        return contextlib.nullcontext()

    def _step(
        self, images: torch.Tensor, label: torch.Tensor, optimiser: torch.optim.Optimizer
    ) -> tuple[torch.Tensor, torch.Tensor]:
        with self._precision():
            logits = self.model(images)
            loss = F.cross_entropy(logits.float(), label)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        hits = (logits.detach().argmax(1) == label).sum()
        return loss.detach() * len(label), hits

    def classify(
        self, chosen: Int64Array, report: Report
    ) -> Iterator[tuple[Int64Array, list[LogProbabilities], npt.NDArray[np.float32]]]:
        """Classify images with each kept state of the model.

        Args:
            chosen: int64 (m,), the images
            report: told of progress

        Yields:
            the images of a batch, their log-probabilities by each state (float64 (b, C)), and
            their embeddings by the last one (float32 (b, d)): the input of the last layer
        """
        done = 0
        for start in range(0, len(chosen), CLASSIFY_BATCH):
            part = chosen[start : start + CLASSIFY_BATCH]
            log_p, embedding = abandonable(
                lambda _, part=part: self._said(part), report, "Classifying", done / len(chosen)
            )
            done += len(part)
            yield part, log_p, embedding
            report(done / len(chosen), f"Classified {done:,} of {len(chosen):,} images")

    def _said(self, part: Int64Array) -> tuple[list[LogProbabilities], npt.NDArray[np.float32]]:
        images = self._images(part)
        log_p = []
        embedding = np.empty((len(part), 0), np.float32)
        for state in self._states:
            if len(self._states) > 1:
                self.model.load_state_dict(state)
            logits, embedding = self._forward(images)
            log_p.append(F.log_softmax(logits.double(), dim=1).cpu().numpy())
        return log_p, embedding

    def _images(self, part: Int64Array) -> torch.Tensor:
        if self._resident is not None:
            return self._prepare(self._resident[tensor_of(part).to(self._device)])
        return self._prepare(tensor_of(self._pixels.load(part)).to(self._device))

    @torch.inference_mode()
    def _forward(self, images: torch.Tensor) -> tuple[torch.Tensor, npt.NDArray[np.float32]]:
        self.model.eval()
        caught: list[torch.Tensor] = []
        head = head_of(self.model, self._architecture.classes)
        hook = head.register_forward_pre_hook(lambda _, inputs: caught.append(inputs[0]))
        try:
            with self._precision():
                logits = self.model(images).float()
        finally:
            hook.remove()
        embedding = caught[-1].float()
        if embedding.ndim == 4:
            embedding = embedding.mean(dim=(2, 3))
        return logits, embedding.flatten(1).cpu().numpy()


def _copy(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in state.items()}


def _describe(
    name: str, epoch: int, epochs: int, loss: torch.Tensor, agreement: torch.Tensor
) -> str:
    return f"{name}Epoch {epoch}/{epochs}, loss {float(loss):.3f}, agreement {float(agreement):.1%}"
