"""MNIST and CIFAR-10 as files with labels, from the folder that ``DECONFUSE_DATA`` names.

The folder holds ``mnist.zip`` and ``cifar10.zip`` (images in ``train/`` and ``test/``), and
``mnist_labels.csv`` and ``cifar10_labels.csv``. Images are unpacked once into the folder that
``DECONFUSE_UNPACKED`` names, by default one in the system's temporary folder.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class ImageSet:
    """A data set on disk.

    Attributes:
        paths: the image files, in the order of the label file
        splits: ``train`` or ``test`` of each
        labels: for each column of the label file, the label of each image
    """

    paths: list[str]
    splits: np.ndarray
    labels: dict[str, np.ndarray]


def data_folder(argument: str | None = None) -> Path:
    """The folder of the real data; ends the program with a message where there is none."""
    name = argument or os.environ.get("DECONFUSE_DATA")
    if not name or not Path(name).is_dir():
        sys.exit("This benchmark needs real data: set DECONFUSE_DATA to its folder. Left out.")
    return Path(name)


def load(name: str, folder: Path) -> ImageSet:
    """Unpack and read ``mnist``, ``cifar10`` or ``clothing``; without splits all is ``train``."""
    root = Path(
        os.environ.get("DECONFUSE_UNPACKED", Path(tempfile.gettempdir()) / "deconfuse-data")
    )
    target = root / name
    if not (target / "complete").exists():
        with zipfile.ZipFile(folder / f"{name}.zip") as archive:
            archive.extractall(target)
        (target / "complete").touch()
    with (folder / f"{name}_labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    columns = [c for c in rows[0] if c not in ("file", "split")]
    return ImageSet(
        paths=[str(target / row["file"]) for row in rows],
        splits=np.array([row.get("split", "train") for row in rows]),
        labels={c: np.array([row[c] for row in rows]) for c in columns},
    )


def corrupted_mnist(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """The labels of the paper's study: five class confusions and five single wrong labels."""
    generator = np.random.default_rng(seed)
    wrong = labels.copy()
    for actual, said, count in (
        ("9", "6", 1400),
        ("1", "4", 700),
        ("3", "1", 700),
        ("8", "2", 350),
        ("7", "3", 175),
    ):
        chosen = generator.choice(np.flatnonzero(labels == actual), count, replace=False)
        wrong[chosen] = said
    for actual in ("0", "2", "4", "5", "6"):
        at = generator.choice(np.flatnonzero((labels == actual) & (wrong == labels)))
        wrong[at] = str((int(actual) + 5) % 10)
    return wrong
