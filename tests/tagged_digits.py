"""Pictures of several handwritten digits, tagged with those on them; and planted errors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.made_once import made_once

PLACES = 4
CLASSES = tuple("0123456789")


@dataclass(frozen=True)
class Planted:
    """What was done to the tags.

    Attributes:
        truth: bool (n, 10), which digits are on each picture
        tag: bool (n, 10), which it is labelled with
    """

    truth: np.ndarray
    tag: np.ndarray

    @property
    def missing(self) -> set[tuple[int, int]]:
        """Picture and digit of each tag that was left out."""
        return pairs(self.truth & ~self.tag)

    @property
    def spurious(self) -> set[tuple[int, int]]:
        """Picture and digit of each tag that was put where it does not belong."""
        return pairs(~self.truth & self.tag)


def pairs(table: np.ndarray) -> set[tuple[int, int]]:
    """Row and column of what is true."""
    return {(int(i), int(c)) for i, c in np.argwhere(table)}


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Which of scikit-learn's digits are on each picture, -1 for none, and which classes those are.

    Returns:
        int (n, 4), bool (n, 10)
    """
    from sklearn.datasets import load_digits

    g = np.random.default_rng(seed)
    digits = np.asarray(load_digits(return_X_y=True)[1])
    chosen = np.where(g.random((n, PLACES)) < 0.6, g.integers(0, len(digits), (n, PLACES)), -1)
    truth = np.zeros((n, len(CLASSES)), bool)
    rows, places = np.nonzero(chosen >= 0)
    truth[rows, digits[chosen[rows, places]]] = True
    return chosen, truth


def planted(truth: np.ndarray, share: float = 0.05, seed: int = 1) -> Planted:
    """A share of the tags left out, and as many put elsewhere."""
    g = np.random.default_rng(seed)
    tag = truth.copy()
    there, absent = np.argwhere(truth), np.argwhere(~truth)
    count = round(share * len(there))
    for i, c in there[g.permutation(len(there))[:count]]:
        tag[i, c] = False
    for i, c in absent[g.permutation(len(absent))[:count]]:
        tag[i, c] = True
    return Planted(truth, tag)


def scored(truth: np.ndarray, seed: int = 2, strength: float = 4.0) -> np.ndarray:
    """Log-odds of a model that sees most digits: float (n, 10)."""
    g = np.random.default_rng(seed)
    return strength * (truth - 0.5) * 2 - 1 + g.normal(0, 2, truth.shape)


def pictures_of(chosen: np.ndarray) -> list[np.ndarray]:
    """The pictures: uint8 (16, 16) each."""
    from sklearn.datasets import load_digits

    images = np.reshape(load_digits(return_X_y=True)[0], (-1, 8, 8)) * 15.9375
    made = []
    for digits in chosen:
        canvas = np.zeros((16, 16), np.uint8)
        for place, digit in enumerate(digits):
            if digit >= 0:
                y, x = divmod(place, 2)
                canvas[8 * y : 8 * y + 8, 8 * x : 8 * x + 8] = images[digit]
        made.append(canvas)
    return made


def write_pictures(folder: Path, chosen: np.ndarray) -> list[str]:
    """Write the pictures as PNG; their paths."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for i, canvas in enumerate(pictures_of(chosen)):
        paths.append(str(folder / f"{i:04d}.png"))
        Image.fromarray(canvas).save(paths[-1])
    return paths


def brightness(canvas: np.ndarray) -> np.ndarray:
    """A picture as a vector: how bright each two by two pixels are."""
    pixels = np.asarray(canvas, np.float32) / 255
    return pixels.reshape(8, 2, 8, 2).mean(axis=(1, 3)).ravel()


def tagged(row: np.ndarray) -> Any:
    """The ``Classifications`` of a picture."""
    import fiftyone as fo

    return fo.Classifications(
        classifications=[fo.Classification(label=CLASSES[c]) for c in np.flatnonzero(row)]
    )


def listed(row: np.ndarray, least: float = 0.05) -> Any:
    """What a model says that lists tags with a confidence, down to one."""
    import fiftyone as fo

    p = 1 / (1 + np.exp(-row))
    return fo.Classifications(
        classifications=[
            fo.Classification(label=CLASSES[c], confidence=float(p[c]))
            for c in np.flatnonzero(p >= least)
        ]
    )


def tagged_dataset(name: str, folder: Path, n: int = 120) -> tuple[Any, Planted]:
    """Pictures with tags in ``gt``, and predictions: ``model`` lists, ``scores`` is a vector.

    ``pixels`` is an embedding.
    """
    dataset, found = _without_pictures(name, n)
    dataset.set_values("filepath", write_pictures(folder, drawn(n)[0]))
    return dataset, found


@made_once
def _without_pictures(name: str, n: int) -> tuple[Any, Planted]:
    import fiftyone as fo

    chosen, truth = drawn(n)
    found = planted(truth)
    odds = scored(truth)
    dataset = fo.Dataset(name)
    samples = []
    for i, picture in enumerate(pictures_of(chosen)):
        sample = fo.Sample(filepath=f"/none/{i:04d}.png")
        sample["gt"], sample["model"] = tagged(found.tag[i]), listed(odds[i])
        sample["pixels"] = brightness(picture)
        sample["scores"] = (1 / (1 + np.exp(-odds[i]))).astype(np.float32)
        samples.append(sample)
    dataset.add_samples(samples, progress=False)
    dataset.classes = {"scores": list(CLASSES)}
    dataset.save()
    return dataset, found
