"""``find_duplicates`` through FiftyOne: from Python, from the App, delegated, on bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from PIL import Image

from plugin.keeping.duplicates import load_duplicates
from plugin.keeping.runs import load_run
from tests.panels.made_runs import write_iteration
from tests.traces import database_of, temporary

URI = "@deconfuse/label-errors/find_duplicates"
CLASSES = ["cat", "dog"]


def noise(seed: int, side: int = 24) -> Image.Image:
    """A picture like no other."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)


class Pictures:
    """A dataset of noise in which copies are planted, and a run on it.

    Rows 0 to 39 are unlike each other; ``plant`` adds a copy of one of them.
    """

    def __init__(self, name: str, folder: Path, n: int = 40):
        self.folder = folder
        self.dataset = fo.Dataset(name)
        self.dataset.add_sample_field(
            "ground_truth", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification
        )
        for i in range(n):
            self.add(noise(i), CLASSES[i % 2], "train", f"{i}.png")

    def add(self, image: Image.Image, label: str, split: str, name: str) -> str:
        path = self.folder / name
        image.save(path)
        sample = fo.Sample(
            filepath=str(path),
            tags=[split] if split else [],
            ground_truth=fo.Classification(label=label),
        )
        self.dataset.add_sample(sample)
        return str(sample.id)

    def near(self, seed: int, label: str, split: str, name: str) -> str:
        """Add a slightly changed copy."""
        pixels = np.asarray(noise(seed)).astype(int)
        changed = np.clip(
            pixels + np.random.default_rng(seed).integers(-6, 7, pixels.shape), 0, 255
        )
        return self.add(Image.fromarray(changed.astype(np.uint8)), label, split, name)

    def classify(self, predictions: dict[str, str] | None = None, **options: Any) -> Any:
        """Write an iteration: what is predicted is the label, or as given by sample id."""
        given = predictions or {}
        ids, labels = self.dataset.values(["id", "ground_truth.label"])
        p = np.full((len(ids), 2), 0.1)
        for row, (sample, label) in enumerate(zip(ids, labels, strict=True)):
            p[row, CLASSES.index(given.get(sample, label))] = 0.9
        return write_iteration(self.dataset, p, CLASSES, **options)

    def id_of(self, i: int) -> str:
        return self.dataset.values("id")[i]


@pytest.fixture
def pictures(dataset_name: str, tmp_path: Path) -> Pictures:
    return Pictures(dataset_name, tmp_path)


def test_pairs_conflicts_and_leaks_are_found(pictures: Pictures, operator: Any) -> None:
    exact = pictures.add(noise(0), "cat", "train", "exact.png")
    leak = pictures.near(1, "dog", "test", "leak.png")
    conflict = pictures.near(2, "dog", "train", "conflict.png")
    pictures.classify({conflict: "cat"})
    result = operator("find_duplicates")(pictures.dataset)
    assert {k: result[k] for k in ("pairs", "groups", "samples", "leaks", "conflicts")} == {
        "pairs": 3,
        "groups": 3,
        "samples": 6,
        "leaks": 1,
        "conflicts": 1,
    }
    assert (result["exact_copies"], result["compared"], result["new"]) == (1, 43, 43)
    assert (result["scope"], result["skipped"]) == ("same_prediction", {})
    assert 0.75 <= result["lowest"] <= result["threshold"] <= 0.98
    found = pictures.dataset
    assert found[exact].deconfuse_duplicates == [pictures.id_of(0)]
    assert found[exact].deconfuse_ses == 1.0
    assert found[pictures.id_of(1)].deconfuse_duplicates == [leak]
    assert 0.9 < found[leak].deconfuse_ses < 1.0
    assert found[pictures.id_of(5)].deconfuse_duplicates is None
    group = next(g for g in found.app_config.sidebar_groups if "deconfuse" in g.name)
    assert {"deconfuse_ses", "deconfuse_duplicates"} <= set(group.paths)
