"""Decisions on objects exported from one dataset and made again on another copy of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId

from plugin.decisions.exchange import export_decisions
from plugin.decisions.exchange import import_decisions as import_on_samples
from plugin.decisions.trail_reading import read_rows
from plugin.decisions.undo import undo
from plugin.errors import Cancelled, InputError
from plugin.object_opinions.answers import ObjectOpinion, settle_object
from plugin.object_opinions.request import request_object_opinion
from plugin.objects.exchange import import_decisions
from plugin.objects.resolve import resolve
from plugin.objects.state import items_state
from plugin.opinions.answers import answer
from plugin.opinions.store import NO_CLASS
from plugin.store.runs import Run, create_run
from plugin.store.samples import samples_of
from tests.plugin.decided import make_run
from tests.plugin.objects_decided import (
    ids_at,
    label_of,
    labels_at,
    make_iteration,
    make_objects,
    missing_at,
    missing_ids_at,
    sample_at,
)
from tests.plugin.previewed import previewed

pytestmark = pytest.mark.slow

import_ = previewed(import_decisions)
BOX = [0.25, 0.125, 0.5, 0.375]


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    made = [make_objects()]
    yield made
    for run in made:
        run.dataset.delete()


def clone(run: Run) -> Run:
    """The dataset with the same ids of samples and labels, and another iteration."""
    copy = run.dataset.clone()
    copy.delete_run("deconfuse")
    other = create_run(copy, "deconfuse", "gt")
    make_iteration(other, missing=1, seed=7)
    return other


def made_anew(run: Run, root: str, *, off: float = 0.01) -> Run:
    """The same images in another folder, labelled in the same way but for a little."""
    dataset: Any = fo.Dataset()
    for sample in run.dataset:
        new: Any = fo.Sample(filepath=f"{root}/{Path(sample.filepath).name}")
        new["gt"] = fo.Detections(
            detections=[
                fo.Detection(label=d.label, bounding_box=[v + off for v in d.bounding_box])
                for d in sample["gt"].detections
            ]
        )
        dataset.add_sample(new)
    other = create_run(dataset, "deconfuse", "gt")
    make_iteration(other, missing=1, seed=7)
    return other


def decide(run: Run) -> dict[str, Any]:
    one, two, three, four, five = ids_at(run, 0)
    added, dismissed = missing_ids_at(run, 0)
    resolve(run, "relabel", [one, ids_at(run, 1)[0]], label="=wasp", author="ann", note="seen")
    resolve(run, "confirm", [two, dismissed])
    resolve(run, "remove", [three, *ids_at(run, 2)[:2]])
    resolve(run, "move", [four], box=BOX)
    resolve(run, "tag", [five], tag="unclear")
    resolve(run, "add", [added])
    resolve(run, "relabel", [added], label="fly")
    gone = resolve(run, "remove", ids_at(run, 3)[:2])
    undo(run)
    resolve(run, "confirm", [one])
    undo(run, undo(run).decision)
    assert gone.applied == 2
    return {"added": added, "dismissed": dismissed}


def seen(run: Run) -> list[list[tuple[Any, ...]]]:
    """Class, box and decision of each label in its place, without its id."""
    return [
        [
            (d["label"], d["bounding_box"], d["tags"][-1:], d.get("deconfuse_decision"))
            for d in labels_at(run, at)
        ]
        for at in range(4)
    ]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_clone_gets_the_same_labels(runs: list[Run], tmp_path: Path, form: str) -> None:
    run = runs[0]
    other = clone(run)
    runs.append(other)
    start = seen(other)
    named = decide(run)
    file = tmp_path / f"decisions.{form}"
    exported = export_decisions(run, file, form)
    assert exported["decisions"] == 12
    made = import_(other, file)
    assert (made.decisions, made.unmatched, made.conflict_count, made.refused) == (12, 0, 0, [])
    assert seen(other) == seen(run)
    assert ids_at(other, 0) == ids_at(run, 0)
    standing = {i: s.kind for i, s in items_state(other).standing.items()}
    assert standing == {i: s.kind for i, s in items_state(run).standing.items()}
    assert standing[named["dismissed"]] == "confirmed"
    again = import_(other, file)
    assert (again.decisions, again.already_here) == (0, 12)
    with pytest.raises(InputError, match="no decision"):
        while True:
            undo(other)
    assert seen(other) == start


def test_a_copy_made_after_the_decisions_takes_relabels_along(
    runs: list[Run], tmp_path: Path
) -> None:
    run = runs[0]
    resolve(run, "relabel", ids_at(run, 0)[:2], label="fly")
    resolve(run, "confirm", ids_at(run, 1)[:1])
    other = clone(run)
    runs.append(other)
    export_decisions(run, tmp_path / "d.csv")
    made = import_(other, tmp_path / "d.csv")
    assert (made.decisions, made.applied, made.conflict_count) == (2, 3, 0)
    assert seen(other) == seen(run)


def test_what_was_moved_first_is_decided_on_again(runs: list[Run], tmp_path: Path) -> None:
    run = runs[0]
    other = clone(run)
    runs.append(other)
    one, two = ids_at(run, 0)[:2]
    resolve(run, "move", [one, two], box=BOX)
    resolve(run, "relabel", [one], label="fly")
    resolve(run, "move", [one], box=[0.5, 0.5, 0.25, 0.25])
    resolve(run, "remove", [two])
    export_decisions(run, tmp_path / "d.csv")
    made = import_(other, tmp_path / "d.csv")
    assert (made.decisions, made.applied, made.conflict_count) == (4, 5, 0)
    assert seen(other) == seen(run)


def test_labels_are_found_by_their_boxes_in_a_dataset_made_anew(
    runs: list[Run], tmp_path: Path
) -> None:
    run = runs[0]
    other = made_anew(run, "/elsewhere")
    runs.append(other)
    start = seen(other)
    root = f"/nowhere/{run.dataset.name}"
    decide(run)
    file = tmp_path / "decisions.csv"
    export_decisions(run, file)
    made = import_(other, file, old_root=root, new_root="/elsewhere")
    assert (made.decisions, made.unmatched, made.conflict_count, made.refused) == (12, 0, 0, [])
    for mine, theirs in zip(seen(run), seen(other), strict=True):
        assert [(label, kind) for label, _, _, kind in mine] == [
            (label, kind) for label, _, _, kind in theirs
        ]
    with pytest.raises(InputError, match="no decision"):
        while True:
            undo(other)
    assert seen(other) == start


def decide_in_turn(run: Run) -> None:
    """Many decisions on the same few objects, each on what the one before it left."""
    one, two, *_ = ids_at(run, 0)
    added, dismissed = missing_ids_at(run, 0)
    resolve(run, "confirm", [one, two])
    resolve(run, "move", [one], box=BOX)
    resolve(run, "relabel", [one], label="wasp")
    resolve(run, "move", [one], box=[0.5, 0.5, 0.25, 0.25])
    undo(run)
    resolve(run, "tag", [one, two], tag="unclear")
    resolve(run, "confirm", [one])
    resolve(run, "add", [added])
    resolve(run, "relabel", [added], label="fly")
    resolve(run, "move", [added], box=BOX)
    resolve(run, "confirm", [dismissed])
    undo(run)
    resolve(run, "add", [dismissed], box=BOX, label="bee")
    resolve(run, "confirm", [dismissed, added])
    resolve(run, "remove", [two])
    undo(run)


@pytest.mark.parametrize("stop", [None, 1, 5, 11])
def test_later_decisions_follow_a_label_found_by_its_box(
    runs: list[Run], tmp_path: Path, stop: int | None
) -> None:
    run = runs[0]
    other = made_anew(run, "/elsewhere")
    make_iteration(other, missing=2)  # the missing objects of the other run
    path = "deconfuse_missing.detections.$[].bounding_box.0"
    samples_of(other.dataset).update_many({}, {"$inc": {path: 0.01}})
    runs.append(other)
    root = f"/nowhere/{run.dataset.name}"
    decide_in_turn(run)
    file = tmp_path / "decisions.csv"
    assert export_decisions(run, file)["decisions"] == 16

    def until(progress: float | None, label: str) -> None:
        if stop is not None and progress is not None and progress >= stop / 16:
            raise Cancelled

    made = 0
    if stop is not None:
        with pytest.raises(Cancelled, match=f"{stop} of 16 were made"):
            import_decisions(other, file, old_root=root, new_root="/elsewhere", report=until)
        made = stop
    rest = import_(other, file, old_root=root, new_root="/elsewhere")
    assert (rest.conflicts, rest.refused, rest.unmatched) == ([], [], 0)
    assert (rest.decisions, rest.already_here) == (16 - made, made)
    assert seen(other)[0][0] == seen(run)[0][0]
    assert seen(other)[0][-2:] == seen(run)[0][-2:], "those that were added"
    assert import_(other, file, old_root=root, new_root="/elsewhere").already_here == 16


def test_what_settled_a_removal_is_settled_there(runs: list[Run], tmp_path: Path) -> None:
    run, (back, off) = runs[0], ids_at(runs[0], 0)[:2]
    runs.append(clone(run))
    held = label_of(run, back)
    resolve(run, "remove", [back, off], author="ann")
    asked = request_object_opinion(run, "bob", label_ids=[back, off]).asked
    opinion = ObjectOpinion(run, asked)
    for item in opinion.items:
        answer(opinion, item.place, "bee")
    opinion = ObjectOpinion(run, asked)
    for item in opinion.items:
        right = "bee" if str(item.unit_id) == back else NO_CLASS
        assert settle_object(opinion, item.place, right, author="carl").applied == 1
    export_decisions(run, tmp_path / "d.csv")
    there = import_(runs[1], tmp_path / "d.csv")
    assert there.conflicts == []
    for one in runs:
        found = label_of(one, back)
        assert (found["label"], found["annotator"]) == ("bee", held["annotator"])
        assert off not in ids_at(one, 0)
    assert {i: s.kind for i, s in items_state(runs[1]).standing.items()} == {
        back: "added",
        off: "removed",
    }


def test_what_is_not_here_or_another_is_left_alone(runs: list[Run], tmp_path: Path) -> None:
    run = runs[0]
    other = clone(run)
    runs.append(other)
    one, two, three, *_ = ids_at(run, 0)
    resolve(run, "confirm", [one, two, three])
    collection = samples_of(other.dataset)
    at = {"_id": sample_at(other, 0)["_id"]}
    collection.update_one(at, {"$set": {"gt.detections.0.label": "fly"}})
    collection.update_one(at, {"$set": {"gt.detections.1.bounding_box": [0, 0, 0.1, 0.1]}})
    collection.update_one(at, {"$pull": {"gt.detections": {"_id": ObjectId(three)}}})
    export_decisions(run, tmp_path / "d.json", "json")
    made = import_(other, tmp_path / "d.json")
    assert made.applied == 0
    assert {c["label_id"]: c["reason"] for c in made.conflicts} == {
        one: "relabeled",
        two: "moved",
        three: "deleted",
    }


def test_the_file_says_what_objects_are(runs: list[Run], tmp_path: Path) -> None:
    run = runs[0]
    decide(run)
    export_decisions(run, tmp_path / "d.csv")
    rows = list(read_rows(tmp_path / "d.csv"))
    moved = next(row for row in rows if row["action"] == "move")
    assert json.loads(moved["box_after"]) == BOX
    assert len(json.loads(moved["box_before"])) == 4
    added = next(row for row in rows if row["action"] == "add")
    assert added["label_id"] is not None
    assert (added["label_before"], added["proposed"]) == (None, added["label_after"])


def edited(path: Path, **values: Any) -> Path:
    told = json.loads(path.read_text())
    told["rows"][0] |= values
    path.write_text(json.dumps(told))
    return path


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"box_before": "[1, 2]"}, "row 1: box_before must be four finite numbers as JSON"),
        ({"box_before": "x"}, "row 1: box_before must be four finite numbers as JSON"),
        ({"box_after": None}, "row 1: box_after is empty, and the action is move"),
        ({"label_id": "7"}, "row 1: label_id must be an id"),
        ({"label_id": None}, "row 1: action must be one of"),
        ({"label_after": "bee"}, "row 1: label_after must be the label before"),
        ({"action": "keep"}, "row 1: action must be one of"),
    ],
)
def test_a_file_with_a_fault_changes_nothing(
    runs: list[Run], tmp_path: Path, values: dict[str, Any], message: str
) -> None:
    run = runs[0]
    item = ids_at(run, 0)[0]
    resolve(run, "move", [item], box=BOX)
    export_decisions(run, tmp_path / "d.json", "json")
    undo(run)
    with pytest.raises(InputError, match=message):
        import_decisions(run, edited(tmp_path / "d.json", **values))
    assert label_of(run, item).get("deconfuse_decision") is None


def test_files_on_samples_and_on_objects_are_told_apart(runs: list[Run], tmp_path: Path) -> None:
    run = runs[0]
    resolve(run, "confirm", ids_at(run, 0)[:1])
    export_decisions(run, tmp_path / "d.json", "json")
    whole = make_run(3)
    runs.append(whole)
    with pytest.raises(InputError, match="the file holds decisions on objects"):
        import_on_samples(whole, tmp_path / "d.json")
    assert missing_at(run, 0)
