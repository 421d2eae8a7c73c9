"""Deep and transparent pictures, and what is no file at all, from the job to the panel."""

from __future__ import annotations

import base64
import io
import os
import socket
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image

from tests.planted_copies import Pictures, noise

NO_FILES = {
    "path is a pipe, not a file": 1,
    "path is a device, not a file": 1,
    "path is a socket, not a file": 1,
    "path is a folder": 1,
}


@pytest.fixture
def pictures(dataset_name: str, tmp_path: Path) -> Pictures:
    return Pictures(dataset_name, tmp_path, n=12)


def deep(level: float, seed: int) -> Image.Image:
    """A thermal picture, 29,000 to 31,000, brighter or darker as a whole."""
    grain = np.random.default_rng(seed).integers(0, 100, (24, 24))
    return Image.fromarray((29_000 + level * 1_900 + grain).astype(np.uint16))


def add_no_files(pictures: Pictures) -> list[str]:
    """A pipe, a device, a socket and a folder where pictures should be."""
    folder = pictures.folder
    os.mkfifo(folder / "pipe.png")
    (folder / "device.png").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "socket.png"))
    (folder / "folder.png").mkdir()
    samples = [
        fo.Sample(filepath=str(folder / f"{name}.png"), ground_truth=fo.Classification(label="cat"))
        for name in ("pipe", "device", "socket", "folder")
    ]
    pictures.dataset.add_samples(samples, progress=False)
    return [str(sample.id) for sample in samples]


def ask(operator: Any, context: Any, dataset: Any, name: str, **request: Any) -> Any:
    request = {"run": "deconfuse", "iteration": 1, **request}
    ctx = context(dataset, "label_errors", __method__=name, request=request)
    reply = operator("label_errors").execute(ctx)
    assert "error" not in reply
    return reply


def shown(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("L"))


def test_training_and_panel_show_deep_pictures_by_one_window(
    dataset_name: str, tmp_path: Path, operator: Any, context: Any
) -> None:
    levels = [i / 11 for i in range(12)]
    samples = []
    for i, level in enumerate(levels):
        deep(level, i).save(tmp_path / f"{i}.png")
        label = fo.Classification(label="hot" if level > 0.5 else "cold")
        samples.append(fo.Sample(filepath=str(tmp_path / f"{i}.png"), ground_truth=label))
    dataset = fo.Dataset(dataset_name)
    dataset.add_samples(samples, progress=False)
    result = operator("find_label_errors")(
        dataset, "ground_truth", epochs=1, device="cpu", source="train"
    )
    assert result["duplicates"]["exact_copies"] == 0
    run = operator("list_runs")(dataset)["runs"][0]
    low, high = run["iterations"][0]["settings"]["windows"]["I;16"]
    assert 29_000 <= low < 29_050
    assert 30_900 < high <= 31_000
    rows = list(range(12))
    pages = [
        ask(operator, context, dataset, "samples", rows=rows, size=64)["samples"],
    ]
    brightness = {s["id"]: shown(s["image"]).mean() for page in pages for s in page}
    seen = [brightness[str(sample.id)] for sample in samples]
    assert seen == sorted(seen), "a darker picture stays darker"
    assert seen[0] < 20
    assert seen[-1] > 235


def test_only_what_is_equal_in_full_is_an_exact_copy(pictures: Pictures, operator: Any) -> None:
    original = deep(0.5, 0)
    one_value = np.array(original)
    one_value[0, 0] += 1
    wide = np.zeros((24, 24), np.uint16)
    wide[:, 12:] = 60_000
    kept = pictures.add(original, "cat", "train", "deep.png")
    same = pictures.add(original, "cat", "train", "deep.tif")
    pictures.add(Image.fromarray(one_value), "cat", "train", "other.png")
    pictures.add(Image.fromarray(wide), "cat", "train", "wide.png")
    drawn = noise(100).convert("RGBA")
    pictures.add(drawn, "cat", "train", "opaque.png")
    drawn.putalpha(254)
    pictures.add(drawn, "cat", "train", "nearly.png")
    pictures.classify()
    result = operator("find_duplicates")(pictures.dataset)
    assert result["exact_copies"] == 1
    assert result["skipped"] == {}
    assert same in pictures.dataset[kept].deconfuse_duplicates
    again = operator("find_duplicates")(pictures.dataset)
    assert (again["exact_copies"], again["new"]) == (1, 0)
    pictures.add(original, "cat", "train", "later.bmp.tif")
    pictures.classify()
    later = operator("find_duplicates")(pictures.dataset)
    assert (later["exact_copies"], later["new"]) == (2, 1)


@pytest.mark.parametrize("source", ["train", "predictions"])
def test_what_is_no_file_is_skipped_before_it_is_opened(
    source: str, pictures: Pictures, operator: Any, context: Any
) -> None:
    """Opening a pipe would wait for a writer for ever, and a device never ends."""
    ids = add_no_files(pictures)
    options: dict[str, Any] = {"epochs": 1, "device": "cpu", "source": source}
    if source == "predictions":
        logits = [[2.0, 0.0]] * len(pictures.dataset)
        predictions = [fo.Classification(label="cat", logits=np.array(z)) for z in logits]
        pictures.dataset.set_values("model", predictions)
        pictures.dataset.classes["model"] = ["cat", "dog"]
        options["prediction_fields"] = ["model"]
    result = operator("find_label_errors")(pictures.dataset, "ground_truth", **options)
    skipped = result["skipped"] if source == "train" else result["duplicates"]["skipped"]
    assert {why: skipped.get(why) for why in NO_FILES} == NO_FILES
    if source == "predictions":
        rows = list(range(16))
        found = ask(operator, context, pictures.dataset, "samples", rows=rows, size=64)["samples"]
        problems = {s["problem"] for s in found if s["id"] in ids}
        assert problems == set(NO_FILES)
        sheet = ask(operator, context, pictures.dataset, "thumbnails", rows=rows, edge=64)
        assert sorted(sheet["widths"])[:5] == [0, 0, 0, 0, 24]
        for features in ("pixels", "embedding"):
            ask(operator, context, pictures.dataset, "layout", rows=rows, features=features)
