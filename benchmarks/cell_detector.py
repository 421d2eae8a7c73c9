"""A small detector of cells, trained out of fold: heat maps of centres, with sizes beside them.

A network of three levels on pictures of 256 by 192 says at every fourth pixel whether a cell has
its centre there, where exactly and how large it is (CenterNet, Zhou et al. 2019). Nothing of it is
tuned to the errors that are looked for: it is the plainest detector that two CPU cores train in
minutes, and it sees the labels of other pictures only.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast
from zipfile import ZipFile

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from plugin.objects.boxes import Boxes, by_image, iou

WIDTH, HEIGHT, STRIDE = 256, 192, 4
FOLDS, EPOCHS, BATCH = 2, 8, 8
LEAST_CONFIDENCE = 0.02
MOST_A_PICTURE = 100


def block(before: int, after: int, stride: int = 1) -> nn.Sequential:
    """Two convolutions."""
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, 1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
        nn.Conv2d(after, after, 3, 1, 1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )


class Cells(nn.Module):
    """float (n, 3, HEIGHT, WIDTH) to (n, 5, HEIGHT / 4, WIDTH / 4): centre, shift and size."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 12, 5, 2, 2), nn.BatchNorm2d(12), nn.ReLU())
        self.down = nn.ModuleList([block(12, 24, 2), block(24, 32, 2), block(32, 48, 2)])
        self.up = nn.ModuleList([block(48 + 32, 32), block(32 + 24, 24)])
        self.head = nn.Conv2d(24, 5, 1)
        with torch.no_grad():
            cast(torch.Tensor, self.head.bias)[:1] = -3.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The maps."""
        levels = []
        x = self.stem(x)
        for down in self.down:
            x = down(x)
            levels.append(x)
        for up, beside in zip(self.up, levels[-2::-1], strict=True):
            wider = functional.interpolate(x, beside.shape[-2:], mode="nearest")
            x = up(torch.cat([wider, beside], 1))
        return self.head(x)


def pictures(archive: Path, files: list[str]) -> torch.Tensor:
    """uint8 (n, 3, HEIGHT, WIDTH)."""
    with ZipFile(archive) as opened:
        read = [Image.open(opened.open(name)).convert("RGB") for name in files]
        arrays = [np.asarray(image.resize((WIDTH, HEIGHT), Image.Resampling.BOX)) for image in read]
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous()


def targets(boxes: Boxes) -> tuple[torch.Tensor, torch.Tensor]:
    """Heat, shift and size at every fourth pixel, (n, 5, h, w); and where there is a centre."""
    h, w = HEIGHT // STRIDE, WIDTH // STRIDE
    maps, there = np.zeros((boxes.images, 5, h, w), np.float32), np.zeros((boxes.images, h, w))
    rows, columns = np.mgrid[:h, :w]
    for (x, y, width, height), image in zip(boxes.box.tolist(), boxes.image, strict=True):
        cx, cy = (x + width / 2) * w, (y + height / 2) * h
        column, row = min(int(cx), w - 1), min(int(cy), h - 1)
        spread = 0.1 * min(width * w, height * h) + 0.5
        heat = np.exp(-((columns - column) ** 2 + (rows - row) ** 2) / (2 * spread**2))
        maps[image, 0] = np.maximum(maps[image, 0], heat)
        maps[image, 1:, row, column] = [cx - column, cy - row, np.log(width), np.log(height)]
        there[image, row, column] = 1
    return torch.from_numpy(maps), torch.from_numpy(there).float()


def loss_of(said: torch.Tensor, wanted: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """CornerNet's focal loss of the centres, and the distance of shifts and sizes."""
    heat = said[:, 0].sigmoid().clamp(1e-4, 1 - 1e-4)
    centre = (wanted[:, 0] >= 1).float()
    hit = -((1 - heat) ** 2) * heat.log() * centre
    miss = -((1 - wanted[:, 0]) ** 4) * heat**2 * (1 - heat).log() * (1 - centre)
    off = ((said[:, 1:] - wanted[:, 1:]).abs().sum(1) * there).sum()
    return ((hit + miss).sum() + off) / there.sum().clamp(min=1)


def trained(images: torch.Tensor, boxes: Boxes, seed: int) -> Cells:
    """A detector, trained on some pictures, mirrored or not."""
    torch.manual_seed(seed)
    model = Cells()
    wanted, there = targets(boxes)
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=1e-4)
    steps = EPOCHS * -(-len(images) // BATCH)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    for _ in range(EPOCHS):
        for part in torch.randperm(len(images)).split(BATCH):
            x, y, mask = images[part].float() / 255 - 0.5, wanted[part], there[part]
            if torch.rand(()) < 0.5:
                x, y, mask = x.flip(3), y.flip(3).clone(), mask.flip(2)
                y[:, 1] = 1 - y[:, 1]
            if torch.rand(()) < 0.5:
                x, y, mask = x.flip(2), y.flip(2).clone(), mask.flip(1)
                y[:, 2] = 1 - y[:, 2]
            optimiser.zero_grad()
            loss_of(model(x), y, mask).backward()
            optimiser.step()
            plan.step()
    return model.eval()


def detected(model: Cells, image: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Boxes and confidences of one picture, the overlapping ones of a surer one left out."""
    with torch.inference_mode():
        said = model(image[None].float() / 255 - 0.5)[0]
    heat = said[0].sigmoid()
    peak = (functional.max_pool2d(heat[None], 3, 1, 1)[0] == heat) & (heat > LEAST_CONFIDENCE)
    row, column = (a.numpy() for a in peak.nonzero(as_tuple=True))
    at = said[:, row, column].numpy()
    width, height = np.exp(np.clip(at[3:5], -5, 0))
    x = (column + at[1]) * STRIDE / WIDTH - width / 2
    y = (row + at[2]) * STRIDE / HEIGHT - height / 2
    low, high = np.clip([x, y], 0, 1), np.clip([x + width, y + height], 0, 1)
    box, sure = np.concatenate([low, high - low]).T, heat[row, column].numpy()
    order = np.argsort(-sure, kind="stable")
    kept: list[int] = []
    for i in order:
        if (box[i, 2:] > 0.01).all() and len(kept) < MOST_A_PICTURE:
            near = iou(np.tile(box[i], (len(kept), 1)), box[kept]) if kept else np.zeros(0)
            if not (near > 0.6).any():
                kept.append(i)
    return box[kept], sure[kept]


def out_of_fold(images: torch.Tensor, labels: Boxes) -> tuple[Boxes, np.ndarray, float]:
    """Detections on every picture by a detector that has not seen it; and the CPU seconds."""
    began = time.process_time()
    box, sure, image = [], [], []
    fold = np.random.default_rng(0).permutation(len(images)) % FOLDS
    for k in range(FOLDS):
        mine = np.flatnonzero(fold != k)
        number = np.full(len(images), -1)
        number[mine] = np.arange(len(mine))
        use = number[labels.image] >= 0
        some = by_image(labels.box[use], labels.label[use], number[labels.image[use]], len(mine))
        model = trained(images[mine], some, k)
        for i in np.flatnonzero(fold == k):
            boxes, confidence = detected(model, images[i])
            box.append(boxes)
            sure.append(confidence)
            image.append(np.full(len(boxes), i))
    owner = np.concatenate(image)
    order = np.argsort(owner, kind="stable")
    label = np.zeros(len(owner), np.int32)
    found = by_image(np.concatenate(box), label, owner, len(images))
    return found, np.concatenate(sure)[order], time.process_time() - began
