"""``find_label_errors`` on boxes that several people drew."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import numpy as np
import pytest

from plugin.objects.boxes import by_image
from plugin.objects.vote_groups import grouped
from tests.made_once import made_once
from tests.operators.test_find_object_errors import CLASSES, box_of
from tests.traces import database_of

pytestmark = pytest.mark.slow

FIND = "find_label_errors"
IMAGES = 80
PEOPLE = {"ann": 0.95, "ben": 0.9, "cid": 0.6}
"""Annotators with the share of objects whose class they get right."""


def drawn_by(
    person: str, truth: list[tuple[str, list[float]]], g: np.random.Generator
) -> list[Any]:
    """What somebody draws: some classes wrong, some objects missed, some where nothing is."""
    found = []
    for label, box in truth:
        if g.random() < 0.06:
            continue
        said = label if g.random() < PEOPLE[person] else CLASSES[g.integers(3)]
        off = (np.array(box) + g.normal(0, 0.008, 4)).tolist()
        found.append(fo.Detection(label=said, bounding_box=off))
    if g.random() < 0.1:
        found.append(fo.Detection(label="bee", bounding_box=[*(g.random(2) * 0.3), 0.1, 0.1]))
    return found


@made_once
def made(name: str) -> tuple[Any, dict[str, set[str]], list[list[tuple[str, list[float]]]]]:
    """Images that three people drew on and whose labels have errors: label ids by kind."""
    g = np.random.default_rng(1)
    planted: dict[str, set[str]] = {kind: set() for kind in ("class", "spurious")}
    planted["missing"] = set()
    samples, truths = [], []
    for i in range(IMAGES):
        cells = np.flatnonzero(g.random(9) < 0.5).tolist()
        truth = [(CLASSES[g.integers(3)], box_of(cell, g)) for cell in cells]
        labels = []
        for label, box in truth:
            kind = g.choice(["", "class", "missing"], p=[0.9, 0.05, 0.05])
            if kind == "missing":
                planted["missing"].add(f"{i}:{box[0]:.3f}")
                continue
            said = CLASSES[(CLASSES.index(label) + 1) % 3] if kind else label
            labels.append(fo.Detection(label=said, bounding_box=box))
            if kind:
                planted["class"].add(labels[-1].id)
        free = [cell for cell in range(9) if cell not in cells]
        if i % 8 == 3 and free:
            labels.append(fo.Detection(label="ant", bounding_box=box_of(free[0], g)))
            planted["spurious"].add(labels[-1].id)
        sample = fo.Sample(filepath=f"/none/{i}.png")
        sample["gt"] = fo.Detections(detections=labels)
        every = []
        for person in PEOPLE:
            boxes = drawn_by(person, truth, g)
            sample[person] = fo.Detections(detections=boxes)
            for one in boxes:
                copy = fo.Detection(label=one.label, bounding_box=one.bounding_box)
                copy["annotator"] = person
                every.append(copy)
        sample["everybody"] = fo.Detections(detections=every)
        samples.append(sample)
        truths.append(truth)
    dataset = fo.Dataset(name)
    dataset.add_samples(samples, progress=False)
    return dataset, planted, truths


@pytest.fixture
def drawn(dataset_name: str) -> Any:
    return made(dataset_name)


def find(operator: Any, dataset: Any, **options: Any) -> dict[str, Any]:
    return operator(FIND)(dataset, "gt", **{"vote_fields": list(PEOPLE), **options})


def _fits(one: Any, label: str, box: list[float]) -> bool:
    return one.label == label and bool(np.abs(np.array(one.bounding_box) - box).max() < 0.05)


def test_wrong_spurious_and_missing_labels_are_found(drawn: Any, operator: Any) -> None:
    dataset, planted, truths = drawn
    result = find(operator, dataset)
    assert (result["source"], result["samples"]) == ("votes", IMAGES)
    assert set(result["suspects"]) == {"class", "spurious", "missing"}
    dataset.reload()
    labels = {d.id: d for s in dataset for d in s.gt.detections}
    assert result["objects"] == len(labels)
    for kind in ("class", "spurious"):
        suspects = {i for i, d in labels.items() if d.deconfuse_suspicion > 0}
        mine = {i for i in suspects if labels[i].deconfuse_kind == kind}
        assert len(planted[kind] & mine) >= 0.85 * len(planted[kind]) > 0, kind
        assert len(mine & planted[kind]) >= 0.7 * len(mine), kind
    missing = [
        (i, d) for i, s in enumerate(dataset) for d in s.deconfuse_missing.detections
        if d.deconfuse_suspicion > 0
    ]  # fmt: skip
    assert abs(len(missing) - len(planted["missing"])) <= 0.3 * len(planted["missing"])
    agreeing = [d for d in labels.values() if d.deconfuse_prediction == d.label]
    assert len(agreeing) > 0.8 * len(labels)
    assert np.mean([d.deconfuse_iou for d in agreeing]) > 0.85

    people = {one["name"]: one for one in result["annotators"]}
    assert set(people) == {*PEOPLE, "gt (the label)"}
    assert people["ann"]["accuracy"] > people["ben"]["accuracy"] > people["cid"]["accuracy"]
    assert all(one["iou"] > 0.8 for name, one in people.items() if name in PEOPLE)
    # The consensus is nearer to the truth than anybody's boxes are.
    right = {"consensus": 0, **dict.fromkeys(PEOPLE, 0)}
    for sample, truth in zip(dataset, truths, strict=True):
        for name in right:
            field = "deconfuse_consensus" if name == "consensus" else name
            said = {
                (d.label, *np.round(np.array(d.bounding_box[:2]), 1))
                for d in sample[field].detections
            }
            right[name] += sum((c, *np.round(b[:2], 1)) in said for c, b in truth)
    assert right["consensus"] > max(right[name] for name in PEOPLE)
    assert all(0 <= d.confidence <= 1 for s in dataset for d in s.deconfuse_consensus.detections)
    operator("delete_run")(dataset, "deconfuse")
    assert not dataset.has_field("deconfuse_consensus")


def test_one_field_whose_boxes_name_their_annotators(drawn: Any, operator: Any) -> None:
    dataset, _, _ = drawn
    several = find(operator, dataset)
    one = find(operator, dataset, vote_fields=["everybody"], run_key="listed")
    assert {p["name"] for p in one["annotators"]} == {*PEOPLE, "gt (the label)"}
    for kind, count in several["suspects"].items():
        assert abs(one["suspects"][kind] - count) <= 2, kind
    # An attribute that no box has would make one annotator of everybody.
    with pytest.raises(Exception, match=r"'anotator', .* Did you mean 'annotator'"):
        find(operator, dataset, vote_fields=["everybody"], annotator_attribute="anotator")


def test_what_one_person_alone_calls_by_a_class_of_no_label_is_said(
    drawn: Any, operator: Any
) -> None:
    dataset, _, _ = drawn
    person = next(iter(PEOPLE))
    for sample in dataset.limit(4):
        sample[person].detections.append(
            fo.Detection(label="dragonfly", bounding_box=[0.93, 0.93, 0.05, 0.05])
        )
        sample.save()
    (said,) = find(operator, dataset)["warnings"]
    assert "4 boxes of votes are of classes that no label has ('dragonfly'). 4 of them" in said


def test_an_empty_list_is_a_vote_and_no_list_is_none(drawn: Any, operator: Any) -> None:
    dataset, _, _ = drawn
    ids = dataset.values("id")
    for person in PEOPLE:
        dataset.select(ids[:5]).set_field(person, None).save()
        for sample in dataset.select(ids[5:10]):
            sample[person] = fo.Detections()
            sample.save()
    dataset.select(ids[10:]).set_field("cid", None).save()
    result = find(operator, dataset)
    assert result["skipped"] == {"no votes": 5}
    assert result["samples"] == IMAGES - 5
    dataset.reload()
    assert all(s.deconfuse_suspicion is None for s in dataset.select(ids[:5]))
    # Three people looked at these and drew nothing: what is labelled there is spurious.
    spurious = [d for s in dataset.select(ids[5:10]) for d in s.gt.detections]
    assert all(d.deconfuse_kind == "spurious" and d.deconfuse_suspicion > 0 for d in spurious)
    assert all(s.deconfuse_consensus.detections == [] for s in dataset.select(ids[5:10]))


def test_labels_that_are_what_the_votes_say_are_no_opinion(drawn: Any, operator: Any) -> None:
    dataset, _, _ = drawn
    first = find(operator, dataset)
    assert first["label_counts"]
    dataset.reload()
    copies = [
        fo.Detections(
            detections=[
                fo.Detection(label=d.label, bounding_box=d.bounding_box) for d in s.ann.detections
            ]
        )
        for s in dataset
    ]
    dataset.set_values("merged", copies)
    found = operator(FIND)(dataset, "merged", run_key="merged", vote_fields=["ann"])
    assert not found["label_counts"]
    assert [one["name"] for one in found["annotators"]] == ["ann"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vote_fields": ["gt"]}, "'gt' is the label field"),
        (
            {"vote_fields": ["filepath"]},
            "'filepath' .* is of type StringField; expected a Detections",
        ),
        ({"vote_fields": ["nobody"]}, "'nobody' .* does not exist"),
        ({"source": "features"}, "votes go with source 'votes' or 'predictions'"),
        ({"vote_fields": [], "source": "votes"}, "name at least one field of votes"),
    ],
)
def test_bad_input_changes_nothing(
    drawn: Any, operator: Any, options: dict[str, Any], message: str
) -> None:
    dataset, _, _ = drawn
    before = database_of(dataset)
    with pytest.raises(ValueError, match=message):
        find(operator, dataset, **options)
    assert database_of(dataset) == before


def test_boxes_are_grouped_one_of_each_annotator_and_by_class_where_both_fit() -> None:
    box = np.array([[0.1, 0.1, 0.4, 0.4], [0.12, 0.1, 0.4, 0.4]], np.float32)
    labels = by_image(box, np.array([0, 1]), np.zeros(2, np.int64), 2)
    # The classes say which of two boxes on one place is meant; a third there is new.
    apart = np.array([[0.7, 0.7, 0.2, 0.2]] * 2, np.float32)
    boxes = np.concatenate([box[::-1], box[:1], apart])
    drawn = by_image(boxes, np.array([0, 1, 1, 2, 0]), np.array([0, 0, 0, 1, 1]), 2)
    who = np.array([0, 0, 0, 0, 1])
    looked = np.array([[True, False], [True, True]])
    found = grouped(labels, drawn, who, looked, 3)
    assert found.image.tolist() == [0, 0, 0, 1]
    three = (found.group.tolist(), found.annotator.tolist(), found.label.tolist())
    votes = sorted(zip(*three, strict=True))
    assert [v for v in votes if v[0] < 2] == [(0, 0, 0), (1, 0, 1)]
    assert [v for v in votes if v[0] >= 2] == [(2, 0, 1), (3, 0, 2), (3, 1, 0)]
    agreed, overlap = found.agreed_boxes()
    np.testing.assert_allclose(agreed[3], [0.7, 0.7, 0.2, 0.2], atol=1e-6)
    assert np.isfinite(overlap).all()


def test_votes_beside_detections_find_more_than_either(operator: Any, dataset_name: str) -> None:
    dataset, planted, truths = made(dataset_name)
    g = np.random.default_rng(3)
    said = []
    for truth in truths:
        seen_there: list[Any] = []
        for label, box in truth:
            sure = g.beta(4, 2)
            seen = label if g.random() < 0.5 + 0.5 * sure else CLASSES[g.integers(3)]
            off = (np.array(box) + g.normal(0, 0.01, 4)).tolist()
            if g.random() < 0.9:
                seen_there.append(fo.Detection(label=seen, bounding_box=off, confidence=sure))
        said.append(fo.Detections(detections=seen_there))
    dataset.set_values("model", said)
    runs = {
        "votes": {},
        "model": {"vote_fields": [], "prediction_fields": ["model"]},
        "both": {"prediction_fields": ["model"]},
    }
    found: dict[str, float] = {}
    result: dict[str, Any] = {}
    for key, options in runs.items():
        result = find(operator, dataset, run_key=key, **options)
        assert result["source"] == ("votes" if key == "votes" else "predictions")
        dataset.reload()
        labels = [d for s in dataset for d in s.gt.detections]
        order = sorted(labels, key=lambda d: -d[f"{key}_suspicion"])
        wrong = planted["class"] | planted["spurious"]
        found[key] = sum(d.id in wrong for d in order[: len(wrong)]) / len(wrong)
    assert found["both"] >= max(found["votes"], found["model"])
    assert found["both"] > found["model"]
    assert set(result["suspects"]) == {"class", "spurious", "placement", "missing"}
    assert {one["name"] for one in result["annotators"]} == set(PEOPLE)
    assert dataset.has_field("both_consensus")
    assert not dataset.has_field("model_consensus")
    # The next round without votes takes the consensus off.
    find(operator, dataset, run_key="both", vote_fields=[], prediction_fields=["model"])
    dataset.reload()
    assert dataset.values("both_consensus") == [None] * IMAGES


def test_a_detector_that_knows_more_classes_changes_nobodys_vote(drawn: Any, operator: Any) -> None:
    """Its classes come first or between the others by name, and shift their numbers."""
    dataset, _, truths = drawn
    for sample, truth in zip(dataset, truths, strict=True):
        seen = [fo.Detection(label=c, bounding_box=b, confidence=0.9) for c, b in truth]
        seen.append(fo.Detection(label="aardvark", bounding_box=[0.9, 0.9, 0.05, 0.05]))
        seen[-1].confidence = 0.2
        sample["detector"] = fo.Detections(detections=seen)
        sample.save()
    options = {"source": "predictions", "prediction_fields": ["detector"]}
    shifted = find(operator, dataset, **options)
    assert shifted["warnings"] == []
    for sample in dataset:
        sample.detector.detections = sample.detector.detections[:-1]
        sample.save()
    plain = find(operator, dataset, run_key="plain", **options)
    for one, other in zip(shifted["annotators"], plain["annotators"], strict=True):
        assert one["accuracy"] == pytest.approx(other["accuracy"], abs=0.02)
        for found in (one, other):
            found["confusions"] = [(c["class"], c["vote"]) for c in found["confusions"][:1]]
        assert one["confusions"] == other["confusions"]


def test_an_empty_list_of_a_field_of_several_people_is_nobodys_look(
    drawn: Any, operator: Any
) -> None:
    dataset, _, _ = drawn
    for sample in dataset.limit(5):
        sample["everybody"] = fo.Detections()
        sample.save()
    result = find(operator, dataset, vote_fields=["everybody"])
    assert {one["name"] for one in result["annotators"]} == {*PEOPLE, "gt (the label)"}
    assert result["skipped"] == {"no votes": 5}
    # Where all boxes of a field are one person's, so are its empty lists.
    for sample in dataset:
        mine = [d for d in sample.everybody.detections if d.annotator == "ann"]
        sample["everybody"] = fo.Detections(detections=mine)
        sample.save()
    result = find(operator, dataset, vote_fields=["everybody"], run_key="alone")
    assert {one["name"] for one in result["annotators"]} == {"ann", "gt (the label)"}
    assert result["skipped"] == {}


def test_votes_with_confidences_are_said_to_be_a_models(drawn: Any, operator: Any) -> None:
    dataset, _, _ = drawn
    for sample in dataset:
        for one in sample.ann.detections:
            one.confidence = 0.8
        sample.save()
    (said,) = find(operator, dataset)["warnings"]
    assert "the labels of 'ann' bear confidences" in said
