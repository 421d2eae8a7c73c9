"""Training a classifier on possibly wrong labels, and classifying images with it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..abandonable import abandonable
from ..arrays import BoolArray, Int64Array
from ..percent import percent
from ..progress import Report, part_of, silent
from ..scoring.probabilities import LogProbabilities
from .checkpoints import load_weights
from .classifiers import Architecture, build, head_of
from .early_stopping import BestEpoch, State, state_of
from .fast_resnet import PATCH_PIXELS, FastResNet
from .fitted_head import HEAD_ROWS, is_last
from .goals import goal_of
from .pictures import Pictures, some_of
from .recipe import Recipe, optimiser_of

CLASSIFY_PIXELS = 512 * 64 * 64
"""Of the images that are classified at once; it bounds the memory."""
CLASSIFYING_COST = 0.35
"""Of classifying an image, where to train with it once costs 1: there is no way back."""
SLOW_STEP_SECONDS = 1.0

Said = tuple[Int64Array, list[LogProbabilities], npt.NDArray[np.float32]]


def classified_at_once(architecture: Architecture) -> int:
    """How many images are classified at once: on it, too, the last bits depend."""
    return max(4, min(512, CLASSIFY_PIXELS // architecture.size**2))


class Trainer:
    """Trains one classifier and classifies with it.

    Args:
        architecture: what to build
        pictures: all images
        label: int64 (n,), class index of each image; or bool (n, C), which tags each has
        recipe: how to train

    Attributes:
        model: as it is after training
        kept_epoch: the epoch that was kept, 0 for before the first; None before training
        likelihood: mean log-probability that it gives the labels held out; None where there are
            none
    """

    def __init__(
        self,
        architecture: Architecture,
        pictures: Pictures,
        label: Int64Array | BoolArray,
        recipe: Recipe,
    ):
        self._pictures = pictures
        self._goal = goal_of(label)
        self._recipe = recipe
        self._architecture = architecture
        self._device = recipe.device
        self._on_gpu = recipe.device.type == "cuda"
        self._generator = torch.Generator().manual_seed(recipe.seed)
        self._chance = torch.Generator().manual_seed(recipe.seed)
        self._at_once = classified_at_once(architecture)
        self.model = build(architecture)
        if recipe.weights is not None:
            load_weights(self.model, architecture, recipe.weights)
        if recipe.start is not None:
            recipe.start.into(self.model, architecture, recipe.classes)
        self.model.to(device=self._device, memory_format=pictures.layout)  # pyright: ignore
        self._states: list[State] = []
        self.kept_epoch: int | None = None
        self.likelihood: float | None = None

    def train(
        self, chosen: Int64Array, report: Report, name: str = "", held: Int64Array | None = None
    ) -> None:
        """Train on the chosen images.

        Args:
            chosen: int64 (m,), the training images
            report: told of epoch, loss and agreement with the labels
            name: of this training, where there are several
            held: int64 (h,), other images; the epoch under which their labels are most likely is
                kept. None keeps the last one
        """
        recipe = self._recipe
        begun = self._begin(chosen, report, name)
        best = BestEpoch(recipe.average_epochs, recipe.patience)
        if held is not None and begun:
            best.saw(0, self.model, self._p_label(held))
        optimiser, schedule = optimiser_of(
            self.model, recipe, recipe.epochs * -(-len(chosen) // recipe.batch_size)
        )
        asked = 0.0 if held is None else CLASSIFYING_COST * len(held)
        share = len(chosen) / (len(chosen) + asked)
        for epoch in range(1, recipe.epochs + 1):
            stage = part_of(report, (epoch - 1) / recipe.epochs, epoch / recipe.epochs)
            title = f"{name}Epoch {epoch}/{recipe.epochs}, "
            said = self._epoch(chosen, optimiser, schedule, part_of(stage, 0.0, share), title)
            if held is None:
                self.kept_epoch = epoch
                if epoch > recipe.epochs - recipe.average_epochs:
                    self._states.append(state_of(self.model))
                continue
            if not best.saw(
                epoch, self.model, self._p_label(held, part_of(stage, share, 1.0), said)
            ):
                break
        if held is not None:
            self._states, self.kept_epoch = best.states, best.epoch
            self.likelihood = best.likelihood
            self.model.load_state_dict(self._states[-1])

    def _begin(self, chosen: Int64Array, report: Report, name: str) -> bool:
        """What is done before the first epoch; whether the model can classify by then."""
        recipe, model = self._recipe, self.model
        self._goal.begin(chosen)
        if isinstance(model, FastResNet) and recipe.weights is None and recipe.start is None:
            some = some_of(chosen, self._architecture.size, PATCH_PIXELS)
            model.learn_patches(self._pictures.load(some))
        if not recipe.style.fitted_head:
            return recipe.start is not None
        return self._fit_head(chosen, part_of(report, 0.0, 0.0), name)

    def _fit_head(self, chosen: Int64Array, report: Report, name: str) -> bool:
        """Begin with a head that fits, where there is one; whether there is."""
        head = head_of(self.model, self._architecture.classes)
        if not is_last(self.model, head, self._pictures.load(chosen[:2])):
            return False
        generator = np.random.default_rng(self._recipe.seed)
        some = np.sort(generator.permutation(chosen)[:HEAD_ROWS])
        rows = []
        for start in range(0, len(some), self._at_once):
            report(0.0, f"{name}Features of {start:,} of {len(some):,} images")
            rows.append(self._once(self._pictures.load(some[start : start + self._at_once]))[1])
        embeddings = torch.cat(rows).cpu().numpy()
        assert isinstance(head, nn.Linear)
        self._goal.fit_last(head, embeddings, some, report)
        return True

    def _epoch(
        self,
        chosen: Int64Array,
        optimiser: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        report: Report,
        title: str,
    ) -> str:
        size = self._recipe.batch_size
        self._prepare_to_train()
        order = chosen[torch.randperm(len(chosen), generator=self._generator).numpy()]
        loss_sum = torch.zeros((), device=self._device)
        right = torch.zeros((), device=self._device)
        seen, step, told = 0, 0, time.monotonic()
        for part, images in self._pictures.batches(order, size):
            if len(part) == 1 and seen:  # batch normalisation needs two
                continue
            label = self._goal.of(part).to(self._device)
            loss, hits = self._step(images, label, optimiser)
            schedule.step()
            loss_sum, right, seen = loss_sum + loss, right + hits, seen + len(label)
            step += 1
            if step % 10 == 0 or time.monotonic() - told > SLOW_STEP_SECONDS:
                told = time.monotonic()
                report(seen / len(order), _describe(title, loss_sum / seen, right / seen))
        said = _describe(title, loss_sum / seen, right / seen)
        report(1.0, said)
        return said

    def _prepare_to_train(self) -> None:
        self.model.train()
        if self._recipe.style.frozen_statistics:
            for module in self.model.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        if self._on_gpu and torch.cuda.is_bf16_supported():
            return torch.autocast("cuda", dtype=torch.bfloat16)
        return contextlib.nullcontext()

    def _step(
        self, images: torch.Tensor, label: torch.Tensor, optimiser: torch.optim.Optimizer
    ) -> tuple[torch.Tensor, torch.Tensor]:
        style = self._recipe.style
        images = style.augmentation(images, self._chance)
        with self._precision():
            logits = self.model(images.contiguous(memory_format=self._pictures.layout))
            loss = self._goal.loss(logits.float(), label, style.smoothing)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        return loss.detach() * len(label), self._goal.hits(logits.detach().float(), label)

    def _p_label(self, held: Int64Array, report: Report = silent, said: str = "") -> torch.Tensor:
        """What the model gives the labels of images, one after the other, on the CPU.

        Most reports that get through come from here: they say what the epoch said.
        """
        parts = []
        for start in range(0, len(held), self._at_once):
            part = held[start : start + self._at_once]
            logits, _ = self._forward(self._pictures.load(part))
            label = self._goal.of(part).to(self._device)
            parts.append(self._goal.p_label(logits, label).cpu())
            report((start + len(part)) / len(held), said)
        return torch.cat(parts)

    def classify(self, chosen: Int64Array, report: Report) -> Iterator[Said]:
        """Classify images with each kept state of the model.

        Args:
            chosen: int64 (m,), the images
            report: told of progress

        Yields:
            the images of a batch, their log-probabilities, of tags their log-odds, by each state
            (float64 (b, C)), and
            their embeddings by the last one (float32 (b, d)): the input of the last layer
        """
        done = 0
        for start in range(0, len(chosen), self._at_once):
            part = chosen[start : start + self._at_once]
            log_p, embedding = abandonable(
                lambda _, part=part: self._said(part), report, "Classifying", done / len(chosen)
            )
            done += len(part)
            yield part, log_p, embedding
            report(done / len(chosen), f"Classified {done:,} of {len(chosen):,} images")

    def _said(self, part: Int64Array) -> tuple[list[LogProbabilities], npt.NDArray[np.float32]]:
        images = self._pictures.load(part)
        log_p = []
        embedding = np.empty((len(part), 0), np.float32)
        for state in self._states:
            if len(self._states) > 1:
                self.model.load_state_dict(state)
            logits, embedding = self._forward(images)
            log_p.append(self._goal.said(logits))
        return log_p, embedding

    def embed(self, part: Int64Array) -> npt.NDArray[np.float32]:
        """The embeddings of images by the model as it is: float32 (len(part), d)."""
        return self._forward(self._pictures.load(part))[1]

    def _forward(self, images: torch.Tensor) -> tuple[torch.Tensor, npt.NDArray[np.float32]]:
        logits, embedding = self._once(images)
        if self._recipe.style.mirrored:
            other = self._once(images.flip(3).contiguous(memory_format=self._pictures.layout))
            logits, embedding = (logits + other[0]) / 2, (embedding + other[1]) / 2
        return logits, embedding.cpu().numpy()

    @torch.inference_mode()
    def _once(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, and the input of the last layer: float (n, C) and (n, d)."""
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
        return logits, embedding.flatten(1)


def _describe(title: str, loss: torch.Tensor, agreement: torch.Tensor) -> str:
    return f"{title}loss {float(loss):.3f}, agreement {percent(float(agreement), 1)}"
