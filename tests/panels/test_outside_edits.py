"""What others do to labels of a run on objects: told at the top, and done for the queues."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

from plugin.objects.iteration import object_iteration
from plugin.objects.state import items_state
from plugin.store.iterations import pack_ids, unpack_ids
from plugin.store.runs import load_run
from scripts.demo_objects import FIELD, PREDICTIONS, objects_dataset
from tests.panels.test_object_events import EVENTS

pytestmark = pytest.mark.slow

ALL = {"cell": None, "skip": [], "limit": 200}
NONE = {"added": 0, "deleted": 0, "relabelled": 0, "labels_added": 0, "labels_deleted": 0}


@pytest.fixture(scope="module")
def canvases(tmp_path_factory: Any, operator: Any) -> Iterator[Any]:
    """A dataset of canvases, and the iteration on their boxes."""
    folder = tmp_path_factory.mktemp("canvases")
    dataset = objects_dataset("test-outside-edits", folder, images=60, persistent=False)
    find = operator("find_label_errors")
    find(dataset, FIELD, source="predictions", prediction_fields=[PREDICTIONS])
    yield dataset, object_iteration(load_run(dataset, "deconfuse"))
    dataset.delete()


@pytest.fixture
def ask(canvases: Any, operator: Any, context: Any) -> Any:
    dataset, _ = canvases

    def answer(name: str, **request: Any) -> Any:
        asked = {"run": "deconfuse", "iteration": 1, **request}
        ctx = context(dataset, "label_errors", __method__=name, request=asked)
        reply = operator("label_errors").execute(ctx)
        assert "error" not in reply, reply
        return reply

    return answer


def relabelled(sample: Any, label: Any, seen: Any) -> None:
    label.label = "another"


def moved(sample: Any, label: Any, seen: Any) -> None:
    label.bounding_box = [0.4, 0.4, 0.2, 0.2]


def deleted(sample: Any, label: Any, seen: Any) -> None:
    sample[FIELD].detections = [d for d in sample[FIELD].detections if d.id != label.id]


def drawn(sample: Any, label: Any, seen: Any) -> None:
    sample[FIELD].detections = [
        *sample[FIELD].detections,
        fo.Detection(label="another", bounding_box=list(seen)),
    ]


def touched(sample: Any, label: Any, seen: Any) -> None:
    label.tags = ["seen"]


CASES: dict[str, tuple[str, Callable[[Any, Any, Any], None], dict[str, int]]] = {
    "another class": ("class", relabelled, {"relabelled": 1}),
    "another box": ("placement", moved, {"relabelled": 1}),
    "deleted": ("spurious", deleted, {"labels_deleted": 1}),
    "drawn where it was missing": ("missing", drawn, {"labels_added": 1}),
    "only tagged": ("class", touched, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_an_edit_past_the_panel_is_told_and_done(ask: Any, canvases: Any, case: str) -> None:
    dataset, iteration = canvases
    kind, edit, told = CASES[case]
    before = ask("queue", **ALL)
    code = iteration.kinds.index(kind)
    row = next(r for r in before["rows"] if iteration.column("kind")[r] == code)
    about = ask("objects", rows=[row], size=64)["objects"][0]
    sample = dataset[about["sample"]]
    kept = [d.copy() for d in sample[FIELD].detections]
    for copy, own in zip(kept, sample[FIELD].detections, strict=True):
        copy.id = own.id
    assert ask("outdated") == NONE
    label = next((d for d in sample[FIELD].detections if d.id == about["id"]), None)
    edit(sample, label, about["seen"])
    sample.save()
    assert set(NONE) == set(EVENTS["outdated"][1].__required_keys__)
    assert ask("outdated") == {**NONE, **told}
    after, images = ask("queue", **ALL), ask("image_queue", **ALL, front=row)
    done = bool(told)
    assert (row not in after["rows"]) == done
    assert after["deleted"] == int(done)
    assert after["left"] == before["left"] - int(done)
    state = {
        r: what
        for image in images["images"]
        for r, what in zip(image["rows"], image["decided"], strict=True)
    }
    assert state[row] == ("elsewhere" if done else "")
    assert set(state.values()) <= {"", "elsewhere"}

    sample[FIELD].detections = kept
    sample.save()
    assert ask("outdated") == NONE
    assert ask("queue", **ALL)["rows"] == before["rows"]


def test_what_the_panel_does_is_no_edit_of_others(ask: Any, canvases: Any) -> None:
    _, iteration = canvases
    rows = ask("queue", **ALL)["rows"]
    kinds = iteration.column("kind")[rows]
    for name, action in (("missing", "add"), ("spurious", "remove"), ("placement", "move")):
        row = rows[int(np.flatnonzero(kinds == iteration.kinds.index(name))[0])]
        assert ask("resolve_objects", action=action, rows=[row])["applied"] == 1
    assert ask("outdated") == NONE
    assert ask("queue", **ALL)["deleted"] == 0
    for _ in range(3):
        ask("undo", decision=None)
    assert ask("outdated") == NONE
    assert ask("queue", **ALL)["rows"] == rows


def test_images_that_come_and_go_are_told(ask: Any, canvases: Any, tmp_path: Any) -> None:
    dataset, iteration = canvases
    gone = unpack_ids(iteration.column("sample_id")[:1])[0]
    path = dataset[gone].filepath
    asked = {"order": "count", "labels": [], "with_classes": False}
    before = ask("overview", **asked)["progress"]
    dataset.delete_samples([gone])
    lost = int((iteration.column("sample_id") == pack_ids([gone])[0]).sum())
    now = ask("overview", **asked)["progress"]
    for name in ("samples", "open"):
        assert now[name] == before[name] - lost
    assert now["decisions"] == before["decisions"]
    state = items_state(load_run(dataset, "deconfuse"))
    assert state.counts()["open"] == now["open"]
    dataset.add_sample(fo.Sample(filepath=path))
    assert ask("outdated") == {**NONE, "added": 1, "deleted": 1}
    shown = ask("suspects", cells=[*range(len(iteration.cells))])["row"]
    assert shown
    assert gone not in unpack_ids(iteration.column("sample_id")[np.sort(shown)])
