"""A dataset of boxes for the demo: scikit-learn's digits on canvases, with errors of four kinds.

The detector is simulated: what it says of each digit is drawn at random, better where a digit is
large. So nothing has to be trained, and nothing is said of how well any detector does.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from scripts.last_time import new_dataset

FIELD, PREDICTIONS = "ground_truth", "detector"
WIDTH, HEIGHT = 320, 240
KINDS = ("class", "spurious", "placement", "missing")
SHARE = 0.05
"""Of the labels: how many are made wrong in each way."""

Box = tuple[float, float, float, float]


def objects_dataset(
    name: str, folder: Path, images: int = 240, seed: int = 51, persistent: bool = True
) -> Any:
    """A dataset of canvases with digits; ``planted`` of a label says what was done to it.

    Args:
        name: of the dataset
        folder: where the images are written
        images: how many
        seed: of all that is drawn at random
        persistent: whether it outlives the process
    """
    import fiftyone as fo

    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    samples = []
    for number in range(images):
        canvas, found = _canvas(random)
        path = folder / f"{number:04d}.png"
        Image.fromarray(canvas).save(path)
        labels, planted = _labels(random, found)
        sample = fo.Sample(filepath=str(path), planted=dict(planted))
        sample[FIELD] = fo.Detections(detections=labels)
        sample[PREDICTIONS] = fo.Detections(detections=_predictions(random, found))
        samples.append(sample)
    dataset = new_dataset(name, persistent=persistent)
    dataset.add_samples(samples, progress=False)
    return dataset


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Their pixels (n, 64) and what they are (n,), read once: that takes as long as a canvas."""
    pixels, targets = load_digits(return_X_y=True)
    return np.asarray(pixels), np.asarray(targets)


def _canvas(random: np.random.Generator) -> tuple[np.ndarray, list[tuple[int, Box]]]:
    """Digits of several sizes on a grey picture, and where they are."""
    pixels, targets = digits()
    canvas = random.normal(48, 7, (HEIGHT, WIDTH))
    found: list[tuple[int, Box]] = []
    for _ in range(40):
        if len(found) == 7:
            break
        side = int(np.exp(random.uniform(np.log(22), np.log(86))))
        left, top = int(random.integers(WIDTH - side)), int(random.integers(HEIGHT - side))
        box = (left / WIDTH, top / HEIGHT, side * 0.8 / WIDTH, side / HEIGHT)
        if any(overlap(box, other) > 0.04 for _, other in found):
            continue
        at = int(random.integers(len(targets)))
        small = Image.fromarray((np.reshape(pixels[at], (8, 8)) * 15.9).astype(np.uint8))
        drawn = np.asarray(small.resize((round(side * 0.8), side), Image.Resampling.BICUBIC))
        part = canvas[top : top + side, left : left + drawn.shape[1]]
        np.maximum(part, drawn * random.uniform(0.75, 1.0), out=part)
        found.append((int(targets[at]), box))
    return np.clip(canvas, 0, 255).astype(np.uint8), found


def _labels(
    random: np.random.Generator, found: list[tuple[int, Box]]
) -> tuple[list[Any], Counter[str]]:
    """Labels of what is there, some of them wrong, and how many of each kind."""
    import fiftyone as fo

    labels, planted = [], Counter[str]()
    for digit, box in found:
        done = random.choice(["", *KINDS], p=[1 - 4 * SHARE, *[SHARE] * 4])
        planted.update([done] if done else [])
        if done == "missing":
            continue
        name = (digit + int(random.integers(1, 10))) % 10 if done == "class" else digit
        moved = _shifted(random, box) if done == "placement" else box
        made = done if done in ("class", "placement") else ""
        labels.append(
            fo.Detection(label=str(name), bounding_box=list(moved), planted=made, truth=str(digit))
        )
        if done == "spurious":
            spawned = _empty_place(random, found)
            if spawned is not None:
                other = str(int(random.integers(10)))
                labels.append(fo.Detection(label=other, bounding_box=spawned, planted=done))
    return labels, planted


def _predictions(random: np.random.Generator, found: list[tuple[int, Box]]) -> list[Any]:
    """What a simulated detector says, from a confidence of .02 on."""
    import fiftyone as fo

    said = []
    for digit, (left, top, width, height) in found:
        large = min(1.0, height * HEIGHT / 60)
        if random.random() > 0.985 + 0.012 * large:
            continue
        off = random.normal(0, 0.04, 4) * [width, height, width, height]
        box = [left + off[0], top + off[1], width + off[2], height + off[3]]
        right = random.random() < 0.95 + 0.04 * large
        name = digit if right else (digit + int(random.integers(1, 10))) % 10
        sure = random.beta(9, 1.6) if right else random.beta(3, 3)
        said.append(fo.Detection(label=str(name), bounding_box=_inside(box), confidence=sure))
    for _ in range(random.poisson(1.2)):
        place = _empty_place(random, found)
        if place is not None:
            label = str(int(random.integers(10)))
            sure = 0.02 + 0.4 * random.beta(1, 5)
            said.append(fo.Detection(label=label, bounding_box=place, confidence=sure))
    return said


def _shifted(random: np.random.Generator, box: Box) -> list[float]:
    """A box that overlaps another by an IoU of .3 to .65."""
    left, top, width, height = box
    for _ in range(50):
        off = random.uniform(-0.45, 0.45, 4) * [width, height, width, height]
        moved = _inside([left + off[0], top + off[1], width + off[2], height + off[3]])
        if 0.3 <= overlap(box, moved) <= 0.65:
            return moved
    return _inside([left + width * 0.3, top, width, height])


def _empty_place(random: np.random.Generator, found: list[tuple[int, Box]]) -> list[float] | None:
    for _ in range(40):
        width, height = random.uniform(0.08, 0.2), random.uniform(0.1, 0.26)
        box = [random.uniform(0, 1 - width), random.uniform(0, 1 - height), width, height]
        if all(overlap(box, other) < 0.05 for _, other in found):
            return [float(value) for value in box]
    return None


def _inside(box: list[float]) -> list[float]:
    left, top = max(0.0, box[0]), max(0.0, box[1])
    right, bottom = min(1.0, box[0] + box[2]), min(1.0, box[1] + box[3])
    return [float(left), float(top), float(right - left), float(bottom - top)]


def overlap(one: Any, other: Any) -> float:
    """The IoU of two boxes."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(0.0, wide) * max(0.0, high)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)
