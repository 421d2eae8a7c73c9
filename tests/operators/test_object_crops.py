"""Wrong classes of objects without a detector: vectors and crops judge them, out of fold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.operators.test_find_object_errors import labels_of, score_of, stored

pytestmark = pytest.mark.slow

COLOURS = {"ant": (200, 40, 40), "bee": (40, 190, 60), "cat": (50, 60, 210)}
NAMES = tuple(COLOURS)


def made(name: str, images: int, folder: Path | None = None) -> tuple[Any, set[str]]:
    """Images of squares, each with a vector; and the ids of labels with a wrong class."""
    g = np.random.default_rng(5)
    samples, wrong = [], set()
    for i in range(images):
        labels = []
        picture = Image.new("RGB", (96, 96), (220, 220, 220))
        for cell in range(4):
            true = NAMES[g.integers(3)]
            x, y = (cell % 2) * 48 + 6, (cell // 2) * 48 + 6
            ImageDraw.Draw(picture).rectangle((x, y, x + 36, y + 36), COLOURS[true])
            box = [x / 96, y / 96, 36 / 96, 36 / 96]
            label = fo.Detection(label=true, bounding_box=box)
            label["vector"] = np.eye(3)[NAMES.index(true)] * 3 + g.normal(0, 0.5, 3)
            if cell == 0 and i % 6 == 1:
                label.label = NAMES[(NAMES.index(true) + 1) % 3]
                wrong.add(label.id)
            labels.append(label)
        path = f"/none/{i}.png" if folder is None else str(folder / f"{i}.png")
        if folder is not None:
            picture.save(path)
        samples.append(fo.Sample(filepath=path, gt=fo.Detections(detections=labels)))
    dataset = fo.Dataset(name)
    dataset.add_samples(samples, progress=False)
    return dataset, wrong


def check(dataset: Any, wrong: set[str], result: dict[str, Any]) -> None:
    labels = labels_of(dataset)
    assert result["suspects"].keys() == {"class"}, "nothing is said of what was not looked for"
    assert result["candidates"] == 0
    assert result["objects"] == len(labels)
    order = sorted(labels.values(), key=lambda d: -d.deconfuse_suspicion)
    assert {d.id for d in order[: len(wrong)]} == wrong
    assert {d.deconfuse_kind for d in order} == {"class"}
    assert all(d.deconfuse_prediction in NAMES for d in order)
    assert "Only wrong classes are looked for" in result["chosen"]


@pytest.mark.parametrize("name", ["vector", "gt.vector", "gt.detections.vector"])
def test_vectors_of_the_labels_tell_wrong_classes(
    dataset_name: str, operator: Any, name: str
) -> None:
    dataset, wrong = made(dataset_name, 30)
    result = operator("find_label_errors")(dataset, "gt", source="embeddings", embeddings=name)
    check(dataset, wrong, result)
    assert result["source"] == "embeddings"


def test_a_brain_run_with_patches_tells_wrong_classes(dataset_name: str, operator: Any) -> None:
    dataset, wrong = made(dataset_name, 30)
    vectors = {s.id: np.array([d.vector for d in s.gt.detections]) for s in dataset}
    fob.compute_similarity(dataset, patches_field="gt", embeddings=vectors, brain_key="patches")
    find = operator("find_label_errors")
    check(dataset, wrong, find(dataset, "gt", embeddings="patches"))
    whole = np.random.default_rng(0).random((30, 3))
    fob.compute_similarity(dataset, embeddings=whole, brain_key="whole")
    with pytest.raises(ValueError, match="'whole' is of images, and not of the objects of 'gt'"):
        find(dataset, "gt", embeddings="whole")


def test_crops_are_looked_at_where_no_detector_was(
    dataset_name: str, operator: Any, tmp_path: Path
) -> None:
    dataset, wrong = made(dataset_name, 18, tmp_path)
    broken = dataset.last()
    Path(broken.filepath).write_bytes(b"")
    odd = fo.Detection(label="ant", bounding_box=[0.2, 0.2, 0.01, 0.0])
    tiny = fo.Detection(label="bee", bounding_box=[0.99, 0.99, 0.01, 0.01])
    whole = fo.Detection(label="cat", bounding_box=[-0.1, -0.1, 1.2, 1.2])
    sample = dataset.first()
    sample.gt.detections += [odd, tiny, whole]
    sample.save()
    result = operator("find_label_errors")(dataset, "gt", image_size=32)
    assert "No field of detections with confidences goes with 'gt'" in result["chosen"]
    assert result["source"] == "features"
    assert result["left_out"] == {"a box without width or height in 'gt'": 1, "file is empty": 4}
    labels = labels_of(dataset)
    assert labels[tiny.id].deconfuse_suspicion is not None
    assert labels[whole.id].deconfuse_suspicion is not None
    assert score_of(labels[odd.id]) is None
    judged = [d for d in labels.values() if score_of(d) is not None and d.id != tiny.id]
    order = sorted(judged, key=lambda d: -d.deconfuse_suspicion)
    first = {d.id for d in order[: len(wrong) + 1]}
    assert len(first & wrong) >= len(wrong) - 1


def test_detections_with_confidences_are_taken_unasked(dataset_name: str, operator: Any) -> None:
    dataset, _ = made(dataset_name, 30)
    dataset.clone_sample_field("gt", "model")
    dataset.clone_sample_field("gt", "unsure")
    for sample in dataset:
        for d in sample.model.detections:
            d.confidence = 0.8
        sample.save()
    result = operator("find_label_errors")(dataset, "gt")
    assert (result["source"], result["chosen"]) == (
        "predictions",
        "Compared the labels with the detections in 'model'.",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "train", "epochs": 3}, "epochs: on objects, classifiers are trained on feat"),
        ({"warm_start": True}, "warm_start: on objects, no network is kept"),
        ({"folds": 1, "source": "train"}, "folds: heads fit their own training objects"),
        ({"source": "embeddings", "embeddings": "nowhere"}, "'nowhere' is neither an attribute"),
        ({"source": "features", "prediction_fields": ["gt2"]}, "belongs to source 'predictions'"),
        ({"embeddings": "vector", "network": "resnet50"}, "belong to several sources"),
        ({"embeddings": "text"}, "no object has a vector in 'text'"),
    ],
)
def test_bad_options_change_nothing(
    dataset_name: str, operator: Any, options: dict[str, Any], message: str
) -> None:
    dataset, _ = made(dataset_name, 6)
    dataset.set_values("gt.detections.text", [["no"] * 4] * 6, dynamic=True)
    before = stored(dataset)
    with pytest.raises(ValueError, match=message):
        operator("find_label_errors")(dataset, "gt", **options)
    assert stored(dataset) == before
    assert dataset.list_runs() == []
