"""Decisions on objects: each act on each kind of item, conflicts, and undo to the byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bson import ObjectId

from plugin.decisions import journal, steps
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.objects.resolve import resolve
from plugin.objects.state import items_state
from plugin.store.runs import Run
from plugin.store.samples import samples_of
from tests.plugin.objects_decided import (
    all_raw,
    ids_at,
    label_of,
    labels_at,
    make_iteration,
    make_objects,
    missing_at,
    missing_ids_at,
    reset,
    sample_at,
)

pytestmark = pytest.mark.slow

BOX = [0.3, 0.2, 0.25, 0.125]


@pytest.fixture(scope="module")
def kept() -> Iterator[tuple[Run, dict[str, bytes]]]:
    made = make_objects()
    yield made, all_raw(made, whole=True)
    made.dataset.delete()


@pytest.fixture
def run(kept: tuple[Run, dict[str, bytes]]) -> Iterator[Run]:
    reset(*kept)
    yield kept[0]
    steps.reached = lambda step: None


ACTS: dict[str, dict[str, Any]] = {
    "relabel": {"label": "wasp"},
    "confirm": {},
    "remove": {},
    "tag": {"tag": "doubtful"},
    "move": {"box": BOX},
}
KINDS = {
    "relabel": "relabeled",
    "confirm": "confirmed",
    "remove": "removed",
    "tag": "tagged",
    "move": "moved",
}


@pytest.mark.parametrize("action", ACTS)
def test_each_act_on_several_objects_of_one_image_and_its_undo(run: Run, action: str) -> None:
    before, chosen = all_raw(run), [ids_at(run, 1)[i] for i in (0, 2, 3)]
    others = {i: label_of(run, i) for i in ids_at(run, 1) if i not in chosen}
    stamp = sample_at(run, 1)["last_modified_at"]
    made = resolve(run, action, chosen, **ACTS[action])
    assert (made.applied, made.conflict_count, made.action) == (3, 0, action)
    assert sample_at(run, 1)["last_modified_at"] > stamp
    after = {str(d["_id"]): d for d in labels_at(run, 1)}
    assert {i: after[i] for i in others} == others
    if action == "remove":
        assert after.keys() == others.keys()
    else:
        for i in chosen:
            assert after[i]["deconfuse_decision"] == KINDS[action]
            assert after[i]["annotator"].startswith("no. 1.")
            assert action != "relabel" or after[i]["label"] == "wasp"
            assert action != "move" or after[i]["bounding_box"] == BOX
            assert after[i]["tags"] == (["seen", "doubtful"] if action == "tag" else ["seen"])
    assert all_raw(run).keys() == before.keys()
    state = items_state(run)
    assert {i: s.kind for i, s in state.standing.items()} == dict.fromkeys(chosen, KINDS[action])
    assert {s.decision for s in state.standing.values()} == {made.decision}
    back = undo(run)
    assert (back.applied, back.undoes) == (3, made.decision)
    assert all_raw(run) == before
    assert not items_state(run).standing
    again = undo(run, back.decision)
    assert again.applied == 3
    assert {str(d["_id"]): d for d in labels_at(run, 1)} == after
    undo(run)
    assert all_raw(run) == before


@pytest.mark.parametrize("action", ["add", "confirm"])
def test_missing_objects_are_added_or_dismissed(run: Run, action: str) -> None:
    before, chosen = all_raw(run), missing_ids_at(run, 2)
    candidates = {str(d["_id"]): d for d in missing_at(run, 2)}
    made = resolve(run, action, chosen)
    assert made.applied == 2
    assert missing_ids_at(run, 2) == []
    for i in chosen if action == "add" else ():
        label = label_of(run, i)
        assert label["label"] == candidates[i]["label"]
        assert label["bounding_box"] == candidates[i]["bounding_box"]
        assert label["deconfuse_decision"] == "added"
        assert label["deconfuse_suspicion"] is None, "the candidate's was that a label is missing"
    assert len(ids_at(run, 2)) == (7 if action == "add" else 5)
    assert run.dataset.last() is not None  # FiftyOne reads it
    undo(run)
    assert all_raw(run) == before


def test_one_missing_object_of_two_comes_back_to_its_place(run: Run) -> None:
    before, chosen = all_raw(run), missing_ids_at(run, 0)
    first = resolve(run, "confirm", chosen[:1])
    resolve(run, "add", chosen[1:], label="wasp", box=BOX)
    assert label_of(run, chosen[1])["label"] == "wasp"
    assert label_of(run, chosen[1])["bounding_box"] == BOX
    undo(run, first.decision)
    assert missing_ids_at(run, 0) == chosen[:1]
    undo(run)
    assert all_raw(run) == before


def test_an_added_object_is_a_label_like_others(run: Run) -> None:
    before, (item, _) = all_raw(run), missing_ids_at(run, 3)
    resolve(run, "add", [item])
    resolve(run, "relabel", [item], label="bee", expected_label="ant")
    resolve(run, "remove", [item])
    for _ in range(3):
        undo(run)
    assert all_raw(run) == before


@pytest.mark.parametrize("action", ["add", "confirm"])
def test_an_object_that_was_added_and_removed_can_be_decided_anew(run: Run, action: str) -> None:
    before, item = all_raw(run), missing_ids_at(run, 1)[0]
    assert resolve(run, "add", [item], label="wasp").applied == 1
    assert resolve(run, "move", [item], box=BOX).applied == 1
    assert resolve(run, "remove", [item]).applied == 1
    removed = all_raw(run)
    made = resolve(run, action, [item])
    assert (made.applied, made.conflicts) == (1, ())
    assert (item in ids_at(run, 1)) == (action == "add")
    undo(run)
    assert all_raw(run) == removed
    for _ in range(3):
        undo(run)
    assert all_raw(run) == before


def test_removed_labels_come_back_to_their_places_in_any_order(run: Run) -> None:
    before, ids = all_raw(run), ids_at(run, 0)
    made = [resolve(run, "remove", [ids[i]]) for i in (1, 0, 3)]
    extra = resolve(run, "add", missing_ids_at(run, 0)[:1])
    for decision in (made[0], made[2], extra, made[1]):
        undo(run, decision.decision)
    assert all_raw(run) == before


def test_a_label_moves_to_what_the_detectors_see(run: Run) -> None:
    item = ids_at(run, 0)[0]
    box = label_of(run, item)["bounding_box"]
    resolve(run, "move", [item])
    assert label_of(run, item)["bounding_box"] == pytest.approx([v + 0.01 for v in box], abs=1e-6)


def test_a_box_may_leave_its_image_by_rounding(run: Run) -> None:
    item, box = ids_at(run, 0)[0], [-0.001, 0.334, 1.0000001, 0.667]
    resolve(run, "move", [item], box=box)
    assert label_of(run, item)["bounding_box"] == box


def test_the_sample_follows(run: Run) -> None:
    def numbers() -> tuple[Any, ...]:
        sample = sample_at(run, 0)
        return sample["deconfuse_errors"], sample["deconfuse_suspicion"]

    def expected() -> tuple[Any, ...]:
        labels = [d for d in labels_at(run, 0) if d.get("deconfuse_decision") is None]
        scores = [d["deconfuse_suspicion"] for d in labels + missing_at(run, 0)]
        return sum(v > 0 for v in scores), max(scores, default=None)

    assert numbers() == expected()
    for item in [*ids_at(run, 0), *missing_ids_at(run, 0)]:
        resolve(run, "confirm", [item])
        assert numbers() == expected()
    assert numbers() == (0, None)
    counts = items_state(run).counts()
    assert (counts["reviewed"], counts["open"]) == (7, 21)
    assert sum(counts["suspects"].values()) == sum(run.dataset.values("deconfuse_errors"))


# --- conflicts ------------------------------------------------------------------------------------


def set_label(run: Run, item: str, **values: Any) -> None:
    """Change a label as somebody would who leaves ``last_modified_at`` as it is."""
    changes = {f"gt.detections.$.{name}": value for name, value in values.items()}
    query = {"gt.detections._id": ObjectId(item)}
    assert samples_of(run.dataset).update_one(query, {"$set": changes}).modified_count == 1


def drop_label(run: Run, item: str) -> None:
    query = {"gt.detections._id": ObjectId(item)}
    samples_of(run.dataset).update_one(query, {"$pull": {"gt.detections": {"_id": ObjectId(item)}}})


CHANGES: dict[str, Callable[[Run, str], None]] = {
    "relabeled": lambda run, item: set_label(run, item, label="fly"),
    "moved": lambda run, item: set_label(run, item, bounding_box=[0.5, 0.5, 0.1, 0.1]),
    "deleted": drop_label,
}


@pytest.mark.parametrize("reason", CHANGES)
@pytest.mark.parametrize("action", ACTS)
@pytest.mark.parametrize("moment", ["before", "objects"])
def test_what_changed_meanwhile_is_left_alone_and_named(
    run: Run, action: str, reason: str, moment: str
) -> None:
    """Before the decision, and between its last look and its write."""
    changed, fine, *_ = ids_at(run, 0)
    box = label_of(run, changed)["bounding_box"]

    def change(step: str = "objects") -> None:
        if step == "objects":
            steps.reached = lambda step: None
            CHANGES[reason](run, changed)

    if moment == "before":
        change()
    else:
        steps.reached = change
    made = resolve(run, action, [changed, fine], **ACTS[action])
    assert (made.applied, made.conflict_count) == (1, 1)
    conflict = made.conflicts[0]
    assert (conflict["label_id"], conflict["reason"]) == (changed, reason)
    assert (conflict["expected"], conflict["expected_box"]) == ("ant", box)
    assert conflict["found"] == {"relabeled": "fly", "moved": "ant", "deleted": None}[reason]
    if reason == "moved":
        assert conflict["found_box"] == [0.5, 0.5, 0.1, 0.1]
    if reason != "deleted":
        assert label_of(run, changed).get("deconfuse_decision") is None
        assert label_of(run, changed)["tags"] == ["seen"]
    assert items_state(run).standing.keys() == {fine}


def test_what_the_author_saw_can_be_said(run: Run) -> None:
    item, other, third, *_ = ids_at(run, 0)
    box = label_of(run, item)["bounding_box"]
    set_label(run, item, label="fly")
    assert resolve(run, "confirm", [item]).conflicts[0]["reason"] == "relabeled"
    assert resolve(run, "confirm", [item], expected_label="fly").applied == 1
    boxes = {item: box, other: [0, 0, 1, 1]}
    labels = {item: "fly", other: "bee"}
    made = resolve(run, "tag", [item, other], tag="x", expected_label=labels, expected_box=boxes)
    assert (made.applied, made.conflicts[0]["reason"]) == (1, "moved")
    close = [v + 1e-9 for v in label_of(run, third)["bounding_box"]]
    assert resolve(run, "confirm", [third], expected_box=close).applied == 1


def test_samples_and_labels_that_are_gone(run: Run) -> None:
    (item, *_), missing = ids_at(run, 0), missing_ids_at(run, 1)[0]
    run.dataset.delete_samples([str(sample_at(run, 0)["_id"])])
    unknown = str(ObjectId())
    made = resolve(run, "confirm", [item, unknown, missing])
    assert made.applied == 1
    assert {c["label_id"]: c["reason"] for c in made.conflicts} == {
        item: "deleted",
        unknown: "deleted",
    }


def test_acts_that_an_item_does_not_have(run: Run) -> None:
    (label, *_), (missing, _) = ids_at(run, 0), missing_ids_at(run, 0)
    for action in ("relabel", "remove", "tag", "move"):
        made = resolve(run, action, [missing], **ACTS[action])
        assert (made.decision, made.conflicts[0]["reason"]) == (None, "no_label")
    assert resolve(run, "add", [label]).conflicts[0]["reason"] == "exists"


@pytest.mark.parametrize("reason", CHANGES)
@pytest.mark.parametrize("action", [a for a in ACTS if a != "remove"])
def test_undo_leaves_alone_what_changed_since(run: Run, action: str, reason: str) -> None:
    changed, fine, *_ = ids_at(run, 0)
    was = label_of(run, fine)
    resolve(run, action, [changed, fine], **ACTS[action])
    CHANGES[reason](run, changed)
    after = [d for d in labels_at(run, 0) if str(d["_id"]) == changed]
    made = undo(run)
    assert (made.applied, made.conflict_count) == (1, 1)
    assert (made.conflicts[0]["label_id"], made.conflicts[0]["reason"]) == (changed, reason)
    assert label_of(run, fine) == was
    assert [d for d in labels_at(run, 0) if str(d["_id"]) == changed] == after


def test_a_removal_is_not_undone_over_a_label_that_took_its_id(run: Run) -> None:
    item = ids_at(run, 0)[0]
    label = label_of(run, item)
    resolve(run, "remove", [item])
    query = {"_id": sample_at(run, 0)["_id"]}
    samples_of(run.dataset).update_one(query, {"$push": {"gt.detections": label}})
    made = undo(run)
    assert (made.decision, made.conflicts[0]["reason"]) == (None, "exists")
    assert len(ids_at(run, 0)) == 5


def test_a_label_that_got_another_attribute_comes_back_with_it(run: Run) -> None:
    """What a removal keeps is the label as it was when it was taken out."""
    item = ids_at(run, 0)[0]

    def change(step: str) -> None:
        if step == "committed":
            set_label(run, item, annotator="somebody else")

    steps.reached = change
    resolve(run, "remove", [item])
    steps.reached = lambda step: None
    undo(run)
    assert label_of(run, item)["annotator"] == "somebody else"
    assert ids_at(run, 0)[0] == item


def test_a_label_with_a_mask_is_not_moved(run: Run) -> None:
    item = ids_at(run, 0)[0]
    set_label(run, item, mask=b"123")
    assert resolve(run, "move", [item]).conflicts[0]["reason"] == "mask"


def test_labels_that_no_iteration_knows_are_decided_too(run: Run) -> None:
    label = {**label_of(run, ids_at(run, 0)[0]), "_id": ObjectId(), "deconfuse_suspicion": None}
    query = {"_id": sample_at(run, 0)["_id"]}
    samples_of(run.dataset).update_one(query, {"$push": {"gt.detections": label}})
    before, item = all_raw(run), str(label["_id"])
    assert resolve(run, "relabel", [item], label="fly").applied == 1
    assert resolve(run, "remove", [item]).applied == 1
    undo(run)
    undo(run)
    assert all_raw(run) == before


def test_what_was_decided_before_an_iteration_without_it_is_not_overwritten() -> None:
    """Its last decision says what its author saw, where the iteration does not know it."""
    run = make_objects()
    samples = samples_of(run.dataset)
    item = ids_at(run, 1)[2]
    resolve(run, "relabel", [item], label="wasp")
    whole = label_of(run, item)
    there = {"_id": sample_at(run, 1)["_id"]}
    samples.update_one(there, {"$pull": {"gt.detections": {"_id": ObjectId(item)}}})
    make_iteration(run, missing=0)
    samples.update_one(there, {"$push": {"gt.detections": {**whole, "label": "hornet"}}})
    made = resolve(run, "relabel", [item], label="bee")
    assert (made.applied, [c["reason"] for c in made.conflicts]) == (0, ["relabeled"])
    assert label_of(run, item)["label"] == "hornet"
    samples.update_one(
        {**there, "gt.detections._id": ObjectId(item)}, {"$set": {"gt.detections.$.label": "wasp"}}
    )
    assert resolve(run, "relabel", [item], label="bee").applied == 1
    run.dataset.delete()


def test_an_id_of_several_labels_is_refused(run: Run) -> None:
    label = {**label_of(run, ids_at(run, 0)[0]), "_id": ObjectId()}
    samples_of(run.dataset).update_many({}, {"$push": {"gt.detections": label}})
    with pytest.raises(InputError, match="is the id of labels of samples"):
        resolve(run, "confirm", [str(label["_id"])])


def test_many_objects_over_several_chunks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SAMPLES_PER_CHUNK", 3)
    before = all_raw(run)
    every = [i for at in range(4) for i in ids_at(run, at)]
    made = resolve(run, "remove", every)
    assert (made.applied, ids_at(run, 0)) == (20, [])
    assert undo(run).applied == 20
    assert all_raw(run) == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"action": "paint"}, "action must be one of relabel, confirm, remove, tag, add, move"),
        ({"action": "relabel"}, "action 'relabel' needs a label"),
        ({"action": "confirm", "label": "ant"}, "label goes with action 'relabel' or 'add'"),
        ({"action": "confirm", "box": BOX}, "box goes with action 'move' or 'add'"),
        ({"action": "move", "box": [0, 0, 1]}, "box must be"),
        ({"action": "move", "box": [0, 0, float("nan"), 1]}, "box must be"),
        ({"action": "move", "box": [0, 0, 0, 1]}, "box is a box without width or height"),
        ({"action": "move", "box": [2, 0, 1, 1]}, "box is a box outside of its image"),
        (
            {"action": "move", "box": [0.5, 0.5, 0.9, 0.9]},
            "box leaves its image: .* spans 0.5 to 1.4",
        ),
        ({"action": "add", "box": [-0.02, 0, 0.5, 0.5]}, "box leaves its image"),
        (
            {"action": "move", "box": [0, 0.5, 0.5, 0.51]},
            "box leaves its image: .* 0.5 to 1.01 down",
        ),
        ({"action": "tag", "tag": ""}, "tag must not be empty"),
        ({"action": "add", "label": ""}, "label must not be empty"),
        ({"action": "confirm", "label_ids": []}, "label_ids is empty"),
        ({"action": "confirm", "label_ids": ["no"]}, "label_ids must hold label ids"),
        ({"action": "confirm", "label_ids": "no"}, "label_ids must be a list"),
        ({"action": "confirm", "expected_box": [0, 1]}, "expected_box must be"),
        ({"action": "confirm", "expected_box": {}}, "expected_box says nothing of label"),
        ({"action": "confirm", "expected_label": {}}, "expected_label says nothing of label"),
    ],
)
def test_bad_input_changes_nothing(run: Run, given: dict[str, Any], message: str) -> None:
    before = all_raw(run, whole=True)
    with pytest.raises(InputError, match=message):
        resolve(run, **{"label_ids": ids_at(run, 0)[:1], **given})
    assert all_raw(run, whole=True) == before


def test_undo_in_an_order_that_makes_sense(run: Run) -> None:
    before, (one, two, *_) = all_raw(run), ids_at(run, 0)
    first = resolve(run, "confirm", [one, two])
    second = resolve(run, "relabel", [one], label="fly")
    with pytest.raises(InputError, match=f"on 1 of its objects, {second.decision}"):
        undo(run, first.decision)
    undo(run, second.decision)
    with pytest.raises(InputError, match="already undone"):
        undo(run, second.decision)
    undo(run, first.decision)
    assert all_raw(run) == before


def test_a_decision_asked_for_twice_at_once_counts_once(run: Run) -> None:
    item = ids_at(run, 0)[0]
    box = label_of(run, item)["bounding_box"]
    seen = resolve(run, "confirm", [item], author="a").seq
    assert seen is not None
    resolve(run, "move", [item], box=BOX, author="a", seen=seen)
    made = resolve(run, "move", [item], box=BOX, author="a", seen=seen, expected_box=BOX)
    assert (made.applied, made.conflicts[0]["reason"]) == (0, "already")
    made = resolve(run, "move", [item], box=box, author="a", seen=seen)
    assert made.applied == 1
