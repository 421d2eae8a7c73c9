"""Pictures in full resolution: the file itself, or what is made of it where browsers fail."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image

from tests.panels.made_runs import write_iteration

SIDE = 1_300


@pytest.fixture
def original(dataset_name: str, tmp_path: Path, operator: Any, context: Any) -> Any:
    """Ask for the picture of a file that was saved under a name."""
    rng = np.random.default_rng(0)
    deep = np.linspace(500, 900, SIDE * 40).reshape(40, SIDE).astype(np.uint16)
    rgb = rng.integers(0, 255, (40, SIDE, 3), np.uint8)
    clear = Image.fromarray(np.dstack([rgb, np.full((40, SIDE, 1), 90, np.uint8)]))
    pictures = {
        "photo.jpg": Image.fromarray(rgb),
        "plain.png": Image.fromarray(rgb),
        "scan.tif": Image.fromarray(rgb),
        "deep.png": Image.fromarray(deep),
        "clear.png": clear,
        "print.jpg": Image.fromarray(rgb).convert("CMYK"),
    }
    for name, picture in pictures.items():
        picture.save(tmp_path / name)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    names = [*pictures, "broken.png", "missing.png"]
    dataset = fo.Dataset(dataset_name)
    dataset.add_samples(
        [
            fo.Sample(
                filepath=str(tmp_path / name),
                ground_truth=fo.Classification(label="ab"[i % 2]),
            )
            for i, name in enumerate(names)
        ],
        progress=False,
    )
    _, iteration = write_iteration(dataset, np.full((len(names), 2), 0.5), ["a", "b"])
    rows = dict(zip(names, iteration.rows_of(dataset.values("id")).tolist(), strict=True))

    def ask(name: str, decoded: bool = False) -> Any:
        request = {"run": "deconfuse", "iteration": 1, "row": rows[name], "decoded": decoded}
        ctx = context(dataset, "label_errors", __method__="original", request=request)
        return operator("label_errors").execute(ctx)

    return ask


def test_the_file_or_a_picture_of_the_same_size(original: Any) -> None:
    for name in ("photo.jpg", "plain.png"):
        reply = original(name)
        assert Path(reply["filepath"]).name == name
        assert (reply["image"], reply["problem"]) == ("", "")
    for name in ("scan.tif", "deep.png", "clear.png", "print.jpg"):
        reply = original(name)
        assert (reply["filepath"], reply["problem"]) == ("", ""), name
        made = Image.open(io.BytesIO(base64.b64decode(reply["image"].split(",")[1])))
        assert made.size == (SIDE, 40), name
        if name == "deep.png":
            shades = np.asarray(made.convert("L"))
            assert shades.min() < 10
            assert shades.max() > 245
    assert original("photo.jpg", decoded=True)["image"].startswith("data:image/")
    for name in ("broken.png", "missing.png"):
        reply = original(name)
        assert reply["problem"]
        assert reply["filepath"] == reply["image"] == ""
