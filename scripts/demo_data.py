"""Datasets for the demo: scikit-learn's digits with planted label errors, or a folder of images."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from scripts.image_folder import read_folder
from scripts.last_time import new_dataset

FIELD = "ground_truth"
SIZE = 28

# The proportions of the paper's corrupted MNIST: what it is, what it is called, share of all.
CONFUSIONS = ((9, 6, 0.02), (1, 4, 0.01), (3, 1, 0.01), (8, 2, 0.005), (7, 3, 0.0025))
SINGLES = 5
COPIES = 5


@dataclass(frozen=True)
class Digit:
    """One digit of the demo: its file, what it shows and what its label says."""

    path: Path
    truth: int
    label: int


def digits(folder: Path, seed: int = 51) -> list[Digit]:
    """Write the 1,797 digits and five copies as 28×28 PNG, some with a wrong label."""
    pixels, targets = load_digits(return_X_y=True)
    images, truth = np.reshape(pixels, (-1, 8, 8)), np.asarray(targets, dtype=int)
    labels = plant(truth, np.random.default_rng(seed))
    copied = np.random.default_rng(seed + 1).choice(len(truth), COPIES, replace=False)
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number, i in enumerate([*range(len(truth)), *copied]):
        path = folder / f"{number:04d}.png"
        small = Image.fromarray((images[i] * 15.9375).astype(np.uint8))
        small.resize((SIZE, SIZE), Image.Resampling.BICUBIC).save(path)
        made.append(Digit(path, int(truth[i]), int(labels[i])))
    return made


def plant(truth: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Labels with the confusions of CONFUSIONS and some single errors; shapes (n,) and (n,)."""
    labels = truth.copy()
    for shown, called, share in CONFUSIONS:
        count = round(share * len(truth))
        labels[random.choice(np.flatnonzero(truth == shown), count, replace=False)] = called
    untouched = np.flatnonzero(labels == truth)
    for i in random.choice(untouched, SINGLES, replace=False):
        labels[i] = (truth[i] + random.integers(1, 10)) % 10
    return labels


def digits_dataset(name: str, folder: Path) -> Any:
    """A persistent dataset of the digits; ``true_label`` holds what each one shows."""
    import fiftyone as fo

    samples = [
        fo.Sample(
            filepath=str(image.path),
            tags=["test" if number % 5 == 4 else "train"],
            **{FIELD: fo.Classification(label=str(image.label)), "true_label": str(image.truth)},
        )
        for number, image in enumerate(digits(folder))
    ]
    return persistent(name, samples)


def folder_dataset(name: str, folder: Path, say: Callable[[str], None] = print) -> Any:
    """A persistent dataset of ``folder/<class>/*`` or ``folder/<split>/<class>/*``.

    Args:
        name: of the dataset
        folder: what is read; see ``read_folder``
        say: told what was left out, and how folders within folders were read

    Raises:
        SystemExit: if the folder is missing or does not hold two classes
    """
    import fiftyone as fo

    found = read_folder(folder)
    for note in found.notes():
        say(note)
    samples = [
        fo.Sample(
            filepath=str(image.path),
            tags=[image.split] if image.split else [],
            **{FIELD: fo.Classification(label=image.label)},
        )
        for image in found.images
    ]
    return persistent(name, samples)


def name_for(folder: Path) -> str:
    """The name of a folder's dataset, another one for each folder.

    FiftyOne has one dataset a slug, and its slugs have no letters but Latin ones.
    """
    import fiftyone as fo
    from fiftyone.core.utils import to_slug

    plain = f"demo-{folder.name}"
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:6]
    there = fo.list_datasets()
    if plain in there:
        sample = fo.load_dataset(plain).first() if len(fo.load_dataset(plain)) else None
        same = sample is None or Path(sample.filepath).is_relative_to(folder)
        return plain if same else f"{plain}-{digest}"
    return f"{plain}-{digest}" if to_slug(plain) in map(to_slug, there) else plain


def persistent(name: str, samples: Sequence[Any]) -> Any:
    """A new persistent dataset with these samples."""
    dataset = new_dataset(name)
    dataset.add_samples(samples, progress=len(samples) > 10_000)
    return dataset
