"""Scores of every class on detections: what kind they are, and what each number stands for."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from scipy.special import expit, softmax

from plugin.objects.class_scores import ClassScores, class_scores_of
from plugin.objects.detections import CLASSES_A_BOX
from plugin.objects.reading import ObjectReader
from plugin.progress import silent

NAMES = ("ant", "bee", "cat", "dog")
LABELS = ("ant", "bee", "cat")
IMAGES, A_BOX = 12, 6


def logits(seed: int = 0, classes: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 3, (IMAGES * A_BOX, classes))


def made(name: str, rows: Any, sure: np.ndarray, labels: list[str], attribute: str) -> Any:
    dataset = fo.Dataset(name)
    samples = []
    for i in range(IMAGES):
        said = []
        for j in range(i * A_BOX, (i + 1) * A_BOX):
            d = fo.Detection(
                label=labels[j], bounding_box=[0.1 * (j % A_BOX), 0.1, 0.1, 0.1], confidence=sure[j]
            )
            if rows[j] is not None:
                d[attribute] = rows[j]
            said.append(d)
        truth = [
            fo.Detection(label=LABELS[(i + j) % 3], bounding_box=[0.1 * j, 0.1, 0.1, 0.1])
            for j in range(3)
        ]
        samples.append(
            fo.Sample(
                filepath=f"/none/{i}.png",
                gt=fo.Detections(detections=truth),
                model=fo.Detections(detections=said),
            )
        )
    dataset.add_samples(samples, progress=False)
    return dataset


def dense(scores: ClassScores, dataset: Any) -> np.ndarray:
    """The score of each class of each detection, as they are used."""
    reader = ObjectReader(dataset, "gt", ["model"], scores.attribute)
    (images,) = reader.batches(silent)
    said = images.detections
    found = np.zeros((len(said), len(reader.classes)))
    found[said.entry_box, said.entry_class] = said.entry_score
    return found


def of(dataset: Any, **options: Any) -> ClassScores | None:
    return class_scores_of(dataset, "model", "gt", LABELS, **options)


@pytest.mark.parametrize("how", ["softmax", "sigmoid", "probabilities", "sigmoids", "objectness"])
def test_scores_of_any_scale_share_out_the_confidence(dataset_name: str, how: str) -> None:
    raw = logits()
    p = expit(raw) if how in ("sigmoid", "sigmoids") else softmax(raw, axis=1)
    sure = p.max(axis=1) * (0.5 if how == "objectness" else 1)
    rows = raw if how in ("softmax", "sigmoid") else p
    labels = [NAMES[i] for i in p.argmax(axis=1)]
    dataset = made(dataset_name, rows, sure, labels, "class_scores")
    scores = of(dataset)
    assert scores is not None
    assert (scores.attribute, scores.names) == ("class_scores", NAMES)
    found = dense(scores, dataset)
    expected = p * (sure / p.max(axis=1))[:, None]
    expected[expected < 1e-3] = 0
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("first", [True, False])
def test_a_number_for_no_object_is_no_class(dataset_name: str, first: bool) -> None:
    raw = np.hstack([np.full((IMAGES * A_BOX, 1), -9.0), logits()])
    if not first:
        raw = np.roll(raw, -1, axis=1)
    p = softmax(raw, axis=1)
    sure = p.max(axis=1)
    labels = [NAMES[i - first] for i in p.argmax(axis=1)]
    dataset = made(dataset_name, raw, sure, labels, "logits")
    scores = of(dataset)
    assert scores is not None
    assert scores.names == ((None, *NAMES) if first else (*NAMES, None))
    dataset.classes["model"] = ["background", *NAMES] if first else [*NAMES, "__background__"]
    again = of(dataset)
    assert again is not None
    assert again.names == scores.names
    assert dense(scores, dataset).shape[1] == 4


def test_names_are_given_or_found(dataset_name: str) -> None:
    raw = logits()
    labels = [NAMES[i] for i in raw.argmax(axis=1)]
    dataset = made(dataset_name, raw, softmax(raw, axis=1).max(axis=1), labels, "mine")
    assert of(dataset) is None, "an attribute of an unusual name has to be named"
    scores = of(dataset, attribute="mine", classes=NAMES)
    assert scores is not None
    assert "as given" in scores.said
    for names, message in (
        (NAMES[:3], "classes: 3 names are given, but 'mine' of the detections in 'model' has le"),
        (NAMES[::-1], "classes: name 0 is 'dog', but where number 0 of 'mine' is the largest"),
        (("ant", "ant", "cat", "dog"), "the class 'ant' comes twice"),
    ):
        with pytest.raises(ValueError, match=message):
            of(dataset, attribute="mine", classes=names)
    with pytest.raises(ValueError, match="class_scores: the detections of 'model' hold no vectors"):
        of(dataset, attribute="other")


def test_names_that_nothing_tells_are_asked_for(dataset_name: str) -> None:
    raw = logits()
    labels = [("ant", "bee")[i % 2] for i in range(len(raw))]
    raw[:, 2:] -= 50
    raw[:, 0] = [9 if name == "ant" else 0 for name in labels]
    raw[:, 1] = [0 if name == "ant" else 9 for name in labels]
    dataset = made(dataset_name, raw, np.full(len(raw), 0.9), labels, "logits")
    with pytest.raises(ValueError, match=r"'logits' of length 4, .*dataset.classes\['model'\]"):
        of(dataset)
    dataset.classes["model"] = list(NAMES)
    scores = of(dataset)
    assert scores is not None
    assert scores.names == NAMES


def test_detections_without_scores_keep_label_and_confidence(dataset_name: str) -> None:
    raw = softmax(logits(), axis=1)
    labels = [NAMES[i] for i in raw.argmax(axis=1)]
    sure = raw.max(axis=1)
    rows: list[Any] = [r.tolist() for r in raw]
    rows[0], rows[1], rows[2] = None, [0.5, 0.5], [float("nan")] * 4
    dataset = made(dataset_name, rows, sure, labels, "probs")
    scores = of(dataset)
    assert scores is not None
    found = dense(scores, dataset)
    for i in range(3):
        expected = np.where(np.array(NAMES) == labels[i], sure[i], 0)
        assert found[i] == pytest.approx(expected, abs=1e-6)
    reader = ObjectReader(dataset, "gt", ["model"])
    list(reader.batches(silent))
    assert reader.assumed()[0].endswith("3 detections without them")


def test_many_classes_keep_the_likeliest_few(dataset_name: str) -> None:
    g = np.random.default_rng(1)
    p = softmax(g.normal(0, 2, (IMAGES * A_BOX, 30)), axis=1)
    names = [*NAMES, *(f"c{i:02d}" for i in range(26))]
    labels = [names[i] for i in p.argmax(axis=1)]
    dataset = made(dataset_name, p, p.max(axis=1), labels, "probs")
    dataset.classes["model"] = names
    scores = of(dataset)
    assert scores is not None
    found = dense(scores, dataset)
    assert ((found > 0).sum(axis=1) <= CLASSES_A_BOX).all()
    assert np.array(sorted(names))[found.argmax(axis=1)].tolist() == labels
