"""Datasets of pictures that are unlike each other, in which copies are planted, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
from PIL import Image

from tests.panels.made_runs import write_iteration

CLASSES = ["cat", "dog"]


def noise(seed: int, side: int = 24) -> Image.Image:
    """A picture like no other."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)


def changed(image: Image.Image, seed: int = 0) -> Image.Image:
    """The picture with a little noise on it: SSIM about 0.97."""
    pixels = np.asarray(image).astype(int)
    grain = np.random.default_rng(seed).integers(-6, 7, pixels.shape)
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


class Pictures:
    """A dataset of ``n`` pictures, cats and dogs by turns, all of them in the split ``train``."""

    def __init__(self, name: str, folder: Path, n: int = 40):
        self.folder = folder
        self.dataset = fo.Dataset(name)
        self.dataset.add_sample_field(
            "ground_truth", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification
        )
        made = [self._made(noise(i), CLASSES[i % 2], "train", f"{i}.png") for i in range(n)]
        self.dataset.add_samples(made, progress=False)
        self.ids: list[str] = [str(sample.id) for sample in made]

    def add(self, image: Image.Image, label: str, split: str, name: str) -> str:
        """Add a picture; its id."""
        sample = self._made(image, label, split, name)
        self.dataset.add_sample(sample)
        return str(sample.id)

    def _made(self, image: Image.Image, label: str, split: str, name: str) -> Any:
        path = self.folder / name
        image.save(path)
        return fo.Sample(
            filepath=str(path),
            tags=[split] if split else [],
            ground_truth=fo.Classification(label=label),
        )

    def near(self, seed: int, label: str, split: str, name: str) -> str:
        """Add a slightly changed copy of picture ``seed``; its id."""
        return self.add(changed(noise(seed), seed), label, split, name)

    def classify(self, predictions: dict[str, str] | None = None) -> Any:
        """Write the next iteration: what is predicted is the label, or as given by sample id."""
        given = predictions or {}
        ids, labels = self.dataset.values(["id", "ground_truth.label"])
        p = np.full((len(ids), 2), 0.1)
        for row, (sample, label) in enumerate(zip(ids, labels, strict=True)):
            p[row, CLASSES.index(str(given.get(sample, label)))] = 0.9
        return write_iteration(self.dataset, p, CLASSES)
