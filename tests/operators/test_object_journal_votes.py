"""``journal_votes`` on objects: decisions and second opinions move scores as votes do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

from plugin.objects.boxes import iou
from plugin.objects.fields import NOTHING
from plugin.objects.iteration import object_iteration
from plugin.store.runs import load_run
from plugin.votes.kept import Given, rows_given
from tests.operators.test_object_votes import made

pytestmark = pytest.mark.slow

TWO = {"vote_fields": ["ann", "ben"]}


@pytest.fixture
def drawn(dataset_name: str) -> Iterator[Any]:
    dataset, planted, _ = made(dataset_name)
    yield dataset, planted
    dataset.delete()


@pytest.fixture
def find(operator: Any, drawn: Any) -> Any:
    return lambda **given: operator("find_label_errors")(drawn[0], "gt", **{**TWO, **given})


def suspicions(dataset: Any) -> dict[str, float]:
    dataset.reload()
    every = [d for s in dataset for d in (*s.gt.detections, *s.deconfuse_missing.detections)]
    return {d.id: d.deconfuse_suspicion for d in every}


def said_by(dataset: Any, person: str) -> dict[str, str]:
    """What somebody's field says of each label: the class of the box on it, or nothing."""
    found: dict[str, str] = {}
    for sample in dataset:
        boxes = np.array([d.bounding_box for d in sample[person].detections]).reshape(-1, 4)
        for label in sample.gt.detections:
            own = np.repeat([label.bounding_box], len(boxes), axis=0).reshape(-1, 4)
            shared = iou(own, boxes)
            near = len(boxes) > 0 and shared.max() >= 0.5
            found[label.id] = sample[person].detections[shared.argmax()].label if near else NOTHING
    return found


def answered(operator: Any, dataset: Any, who: str, answers: dict[str, str | None]) -> None:
    second = operator("request_second_opinion")
    second(dataset, to=who, label_ids=list(answers))
    second(dataset, answers=answers)


def test_answers_weigh_as_the_same_votes_in_a_field_do(
    drawn: Any, find: Any, operator: Any
) -> None:
    dataset, _ = drawn
    find(vote_fields=["ann", "ben", "cid"])
    field = suspicions(dataset)
    operator("delete_run")(dataset, "deconfuse")
    find()
    without = suspicions(dataset)
    labels = [d.id for s in dataset for d in s.gt.detections]
    answered(operator, dataset, "cid", dict(said_by(dataset, "cid")))
    result = find(journal_votes=True)
    journal = suspicions(dataset)
    people = {one["name"]: one["votes"] for one in result["annotators"]}
    assert people["cid"] >= len(labels) * 0.95
    moved = np.array([abs(without[i] - field[i]) for i in labels])
    apart = np.array([abs(journal[i] - field[i]) for i in labels])
    assert moved.mean() > 0.5, "else nothing is shown"
    assert apart.mean() < 0.25 * moved.mean()


def test_each_kind_of_verdict_moves_the_score_of_its_object(
    drawn: Any, find: Any, operator: Any
) -> None:
    dataset, planted = drawn
    find()
    first = suspicions(dataset)
    now = {d.id: d.label for s in dataset for d in s.gt.detections}
    missing = [d for s in dataset for d in s.deconfuse_missing.detections]
    sure = [i for i in now if i not in planted["class"] | planted["spurious"]]
    ann, ben = said_by(dataset, "ann"), said_by(dataset, "ben")
    # What one person sees otherwise than the label, so that another's word weighs.
    apart = [i for i in sure if ann[i] == now[i] != ben[i]]
    wrong = next(i for i in apart if ben[i] != NOTHING)
    nothing = next(i for i in apart if ben[i] == NOTHING)
    there, absent = sorted(missing, key=lambda d: -d.deconfuse_suspicion)[:2]
    other = ben[wrong]
    # Dan is known by fifty answers that are as the labels.
    agreed = [i for i in sure if ann[i] == now[i] == ben[i]]
    answers: dict[str, str | None] = {i: now[i] for i in agreed[:50]}
    answers |= {wrong: other, nothing: NOTHING, there.id: there.label, absent.id: NOTHING}
    answered(operator, dataset, "dan", answers)
    result = find(journal_votes=True)
    after = suspicions(dataset)
    dan = next(one for one in result["annotators"] if one["name"] == "dan")
    assert dan["votes"] == len(answers)
    assert after[wrong] > first[wrong] + 0.5
    assert after[nothing] > first[nothing] + 0.5
    assert after[there.id] > first[there.id], "the candidate keeps its id"
    assert after.get(absent.id, -np.inf) < first[absent.id]
    assert after[agreed[10]] < first[agreed[10]]
    run = load_run(dataset, "deconfuse")
    iteration = object_iteration(run)
    rows = iteration.rows_of([wrong, nothing, there.id])
    assert rows_given(run, iteration, Given("dan"))[rows].all(), "votes are kept of each"
    kinds = {d.id: d.deconfuse_kind for s in dataset for d in s.gt.detections}
    assert kinds[nothing] == "spurious"


def test_decisions_are_votes_and_the_label_counts_as_it_was(
    drawn: Any, find: Any, operator: Any
) -> None:
    dataset, planted = drawn
    resolve, undo = operator("resolve"), operator("undo")
    with pytest.raises(Exception, match="journal_votes: run 'deconfuse' has no decisions yet"):
        find(journal_votes=True)
    find()
    with pytest.raises(Exception, match="journal_votes: on objects, votes go with source"):
        find(vote_fields=[], journal_votes=True, source="features")
    with pytest.raises(Exception, match="journal_votes: 0 votes on objects in the journal"):
        find(vote_fields=[], journal_votes=True, source="votes")
    labels = [d.id for s in dataset for d in s.gt.detections]
    wrong = sorted(planted["class"])
    resolve(dataset, "confirm", label_ids=[i for i in labels if i not in wrong][:40], author="ada")
    resolve(dataset, "relabel", label_ids=wrong, label="bee", author="ada")
    candidates = [d.id for s in dataset for d in s.deconfuse_missing.detections]
    resolve(dataset, "add", label_ids=candidates[:2], author="ada")
    resolve(dataset, "confirm", label_ids=candidates[2:4], author="ada")
    resolve(dataset, "remove", label_ids=labels[-1:], author="eve")
    resolve(dataset, "confirm", label_ids=labels[:3], author="eve")
    undo(dataset)
    people = {one["name"]: one["votes"] for one in find(journal_votes=True)["annotators"]}
    assert people["ada"] == 40 + len(wrong) + 4
    assert people["eve"] == 1, "what two people drew is there, and she says that nothing is"
    # By the journal alone: what was relabelled is not an opinion for its new class.
    alone = find(vote_fields=[], journal_votes=True, source="votes")
    assert {one["name"] for one in alone["annotators"]} == {"ada", "gt (the label)"}
    label = next(one for one in alone["annotators"] if one["name"] != "ada")
    assert label["accuracy"] < 1
    assert label["confusions"][0]["class"] in ("bee", NOTHING)


def test_beside_a_detector(drawn: Any, find: Any, operator: Any) -> None:
    dataset, _ = drawn
    for sample in dataset:
        sample["seen"] = fo.Detections(
            detections=[
                fo.Detection(label=d.label, bounding_box=d.bounding_box, confidence=0.7)
                for d in sample.ann.detections
            ]
        )
        sample.save()
    options: dict[str, Any] = {"vote_fields": [], "prediction_fields": ["seen"]}
    find(**options)
    first = suspicions(dataset)
    now = {d.id: d.label for s in dataset for d in s.gt.detections}
    ids = list(now)
    answers: dict[str, str | None] = {i: now[i] for i in ids[:40]}
    answers[ids[40]] = NOTHING
    answered(operator, dataset, "dan", answers)
    result = find(**options, journal_votes=True)
    assert result["source"] == "predictions"
    assert [one["name"] for one in result["annotators"]] == ["dan"]
    after = suspicions(dataset)
    assert after[ids[40]] > first[ids[40]] + 0.5
