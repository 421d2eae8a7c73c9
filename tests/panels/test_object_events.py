"""The panel's events on a run on objects, of a real dataset with boxes."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image

from plugin.objects.iteration import object_iteration
from plugin.objects.shown import WORTH_A_LOOK
from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from scripts.demo_objects import FIELD, PREDICTIONS, objects_dataset
from scripts.panel_events import SOURCE, load

pytestmark = pytest.mark.slow

CONTRACT = load(SOURCE)
EVENTS, INFO = CONTRACT.EVENTS, set(CONTRACT.ObjectInfo.__required_keys__)
DIGITS = [str(digit) for digit in range(10)]
NOTHING = len(DIGITS)


@pytest.fixture(scope="module")
def run_on_objects(tmp_path_factory: Any, operator: Any) -> Iterator[Any]:
    """A dataset of 60 canvases, and the iteration on their boxes."""
    folder = tmp_path_factory.mktemp("canvases")
    dataset = objects_dataset("test-object-events", folder, images=60, persistent=False)
    find = operator("find_label_errors")
    find(dataset, FIELD, source="predictions", prediction_fields=[PREDICTIONS])
    yield dataset, object_iteration(load_run(dataset, "deconfuse"))
    dataset.delete()


@pytest.fixture
def ask(run_on_objects: Any, asking: Any) -> Any:
    dataset, iteration = run_on_objects

    return asking(dataset), dataset, iteration


def test_the_run_is_listed_without_a_problem(ask: Any) -> None:
    answer, _, iteration = ask
    (run,) = answer("status")["runs"]
    assert run["problem"] is None
    (made,) = run["iterations"]
    assert made["objects"]
    assert made["samples"] == iteration.samples
    assert made["misclassified"] == int((iteration.column("suspicion") > WORTH_A_LOOK).sum())
    assert answer("pulse")["iteration"] == 1


def test_the_overview_counts_items_by_label_and_prediction(ask: Any) -> None:
    answer, _, iteration = ask
    reply = answer("overview", order="count", labels=[], with_classes=True)
    assert set(reply) == set(EVENTS["overview"][1].__required_keys__)
    assert reply["classes"] == DIGITS
    label, prediction = iteration.column("label"), iteration.column("prediction")
    suspicion = iteration.column("suspicion")
    expected = Counter(zip(label.tolist(), prediction.tolist(), strict=True))
    cells = reply["cells"]
    at = list(zip(cells["label"], cells["prediction"], strict=True))
    assert dict(zip(at, cells["open"], strict=True)) == dict(expected)
    assert NOTHING in cells["label"]
    assert NOTHING in cells["prediction"]
    for i, (a, b) in enumerate(at):
        inside = (label == a) & (prediction == b)
        assert cells["suspects"][i] == int((suspicion[inside] > WORTH_A_LOOK).sum())
    assert (
        reply["progress"]["wrong"]
        == reply["progress"]["open_wrong"]
        == (suspicion > WORTH_A_LOOK).sum()
    )
    rows = dict(zip(reply["rows"]["label"], reply["rows"]["wrong"], strict=True))
    assert rows[NOTHING] == int(((label == NOTHING) & (suspicion > WORTH_A_LOOK)).sum())
    assert 0 < reply["progress"]["expected_errors"] < len(label)


def test_the_bars_of_what_agrees_are_by_overlap(ask: Any) -> None:
    answer, _, iteration = ask
    cells = answer("overview", order="count", labels=[], with_classes=False)["cells"]
    pairs = list(zip(cells["label"], cells["prediction"], strict=True))
    at = next(i for i, (a, b) in enumerate(pairs) if a == b < NOTHING)
    rows = iteration.cell_slice(cells["label"][at], cells["prediction"][at])
    off = 1 - iteration.column("iou")[rows]
    expected = np.bincount(np.clip((off * 20).astype(int), 0, 19), minlength=20)
    assert cells["bars"][at * 20 : at * 20 + 20] == expected.tolist()


def largest(iteration: Any) -> tuple[int, int]:
    cells = iteration.cells
    return max(
        ((int(a), int(b)) for a, b in zip(cells.label, cells.prediction, strict=True) if a != b),
        key=lambda pair: np.diff(iteration.cells.start)[iteration.cells.index_of(*pair)],
    )


def test_a_cell_shows_its_items_as_crops(ask: Any) -> None:
    answer, dataset, iteration = ask
    label, prediction = largest(iteration)
    where = {"label": label, "prediction": prediction}
    reply = answer("cell", **where, offset=0, limit=9, iies=None, edge=64)
    assert set(reply) == set(EVENTS["cell"][1].__required_keys__)
    samples = reply["samples"]
    assert samples["suspicion"] == sorted(samples["suspicion"], reverse=True)
    assert set(samples["objects"]["sample"]) <= set(dataset.values("id"))
    sheet = reply["sheet"]
    picture = Image.open(io.BytesIO(base64.b64decode(sheet["image"].partition(",")[2])))
    assert picture.mode == "RGB"
    assert max(sheet["widths"]) == 64
    again = answer("thumbnails", rows=samples["row"], edge=64)
    assert again["image"] == sheet["image"]
    assert answer("suspects", cells=[0])["row"]


def test_objects_in_full(ask: Any) -> None:
    answer, dataset, iteration = ask
    kinds = iteration.column("kind")
    rows = [int(np.flatnonzero(kinds == kind)[0]) for kind in range(4) if (kinds == kind).any()]
    found = answer("objects", rows=rows, size=256)["objects"]
    assert [one["row"] for one in found] == rows
    for one in found:
        assert set(one) == INFO
        sample = dataset[one["sample"]]
        labels = {d.id: d for d in sample[FIELD].detections}
        if one["kind"] == "missing":
            assert one["box"] is None
            assert one["label"] == NOTHING
            assert one["current_box"] is None
            assert one["seen"] is not None
        else:
            assert one["box"] == pytest.approx(labels[one["id"]].bounding_box, abs=1e-5)
            assert one["current_label"] == labels[one["id"]].label
        assert {o["id"] for o in one["others"]} == set(labels) - {one["id"]}
        assert one["width"] == 320


def test_the_queue_goes_by_suspicion_whatever_the_kind(ask: Any) -> None:
    answer, _, iteration = ask
    suspicion = iteration.column("suspicion")
    reply = answer("queue", cell=None, skip=[], limit=200)
    assert reply["left"] == int((suspicion > WORTH_A_LOOK).sum())
    shown = suspicion[reply["rows"]]
    assert (np.diff(shown) <= 0).all()
    kinds = {iteration.kinds[k] for k in iteration.column("kind")[reply["rows"]]}
    assert kinds == {"class", "spurious", "placement", "missing"}
    asked = {"by": "suspicion", "above": None, "label": NOTHING, "offset": 0, "limit": 9}
    ranked = answer("ranking", **asked)
    assert set(ranked["labels"]) == {NOTHING}


def test_a_view_narrows_items_by_their_samples(ask: Any) -> None:
    answer, dataset, iteration = ask
    view = dataset.limit(10)
    inside = set(view.values("id"))
    counts = answer("in_view", view=view)["open"]
    owners = [i for i in answer_ids(iteration) if i in inside]
    assert sum(counts) == len(owners)
    reply = answer("queue", view=view, cell=None, skip=[], limit=200)
    assert reply["outside"] > 0


@pytest.mark.parametrize("of", ["label", "missing"])
def test_a_cell_is_shown_as_patches(
    run_on_objects: Any, operator: Any, context: Any, of: str
) -> None:
    dataset, iteration = run_on_objects
    cells = iteration.cells
    wanted = (cells.label == NOTHING) == (of == "missing")
    at = int(np.flatnonzero(wanted & (cells.label != cells.prediction))[0])
    label, prediction = int(cells.label[at]), int(cells.prediction[at])
    request = {"run": "deconfuse", "iteration": 1, "label": label, "prediction": prediction}
    ctx = context(dataset, "label_errors", __method__="show_in_grid", request=request)
    reply = operator("label_errors").execute(ctx)
    rows = iteration.cell_slice(label, prediction)
    assert reply == {"samples": rows.stop - rows.start}
    (asked,) = ctx.executor.to_json()["requests"]
    view = fo.DatasetView._build(dataset, asked["params"]["view"])
    assert view._is_patches
    at = answer_of(context, operator, dataset, view)
    assert at("in_view", {"run": "deconfuse", "iteration": 1})["open"] is not None
    found = at("objects", {"run": "deconfuse", "iteration": 1, "rows": [rows.start], "size": 64})
    assert found["objects"][0]["in_view"]
    assert view.values("id") == unpack_ids(iteration.column("item_id")[rows])


def answer_of(context: Any, operator: Any, dataset: Any, view: Any) -> Any:
    """Ask while the App shows a view."""

    def answer(name: str, request: dict[str, Any]) -> Any:
        ctx = context(dataset, "label_errors", view=view, __method__=name, request=request)
        return operator("label_errors").execute(ctx)

    return answer


def answer_ids(iteration: Any) -> list[str]:
    return unpack_ids(iteration.column("sample_id"))


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("map", {"colour": "label", "map": None}),
        ("audit_items", {"audit": None, "skip": [], "limit": 4, "size": 64}),
        ("pairs", {"label": 0, "prediction": 1, "limit": 4}),
        ("context", {"row": 0}),
        ("samples", {"rows": [0], "size": 64}),
        ("history", {}),
    ],
)
def test_what_is_not_for_objects_says_so(ask: Any, name: str, request_: Any) -> None:
    error = ask[0](name, **request_)["error"]
    assert error["kind"] == "input"
    assert "is on objects" in error["message"]


def test_objects_of_a_run_on_whole_samples_are_refused(
    dataset: Any, operator: Any, context: Any
) -> None:
    from tests.panels.made_runs import write_iteration

    new = dataset(n=6, labels=["cat", "dog"] * 3)
    write_iteration(new, np.full((6, 2), 0.5), ["cat", "dog"])
    asked = {"run": "deconfuse", "iteration": 1, "rows": [0], "size": 64}
    ctx = context(new, "label_errors", __method__="objects", request=asked)
    error = operator("label_errors").execute(ctx)["error"]
    assert "is on whole samples" in error["message"]


def labels_of(dataset: Any) -> dict[str, Any]:
    dataset.reload()
    return {d.id: d for s in dataset for d in s[FIELD].detections}


def first_of(answer: Any, iteration: Any, kind: str) -> dict[str, Any]:
    """The most suspicious open object of a kind, in full."""
    rows = answer("queue", cell=None, skip=[], limit=200)["rows"]
    code = iteration.kinds.index(kind)
    row = next(r for r in rows if iteration.column("kind")[r] == code)
    return answer("objects", rows=[row], size=64)["objects"][0]


ACTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "add": ("missing", "add", {"label": "7"}),
    "add with an outline": ("missing", "add", {"label": "7", "box": [0.1, 0.2, 0.3, 0.4]}),
    "nothing there": ("missing", "confirm", {}),
    "remove": ("spurious", "remove", {}),
    "confirm": ("spurious", "confirm", {}),
    "relabel": ("class", "relabel", {"label": "7"}),
    "move": ("placement", "move", {}),
    "move to an outline": ("placement", "move", {"box": [0.1, 0.2, 0.3, 0.4]}),
}


@pytest.mark.parametrize("case", ACTS)
def test_each_act_is_done_shown_and_undone(ask: Any, case: str) -> None:
    answer, dataset, iteration = ask
    kind, action, option = ACTS[case]
    one = first_of(answer, iteration, kind)
    before, counted = (
        labels_of(dataset),
        answer("overview", order="count", labels=[], with_classes=False),
    )
    expected = {}
    if one["current_box"]:
        expected = {"expected_label": one["current_label"], "expected_box": one["current_box"]}
    reply = answer("resolve_objects", action=action, rows=[one["row"]], **option, **expected)
    assert set(reply) == set(EVENTS["resolve_objects"][1].__required_keys__)
    assert (reply["applied"], reply["conflicts"]) == (1, [])
    assert reply["what"]["rows"] == [one["row"]]
    now = labels_of(dataset).get(one["id"])
    if action == "remove" or case == "nothing there":
        assert now is None
    else:
        assert now is not None
        box = option.get("box") or (one["seen"] if action in ("add", "move") else one["box"])
        assert now.bounding_box == pytest.approx(box, abs=1e-5)
        assert now.label == option.get("label", one["current_label"])
    shown = answer("overview", order="count", labels=[], with_classes=False)
    assert shown["progress"]["open"] == counted["progress"]["open"] - 1
    assert shown["progress"]["open_wrong"] == counted["progress"]["open_wrong"] - 1
    assert sum(shown["cells"]["bars"]) == shown["progress"]["open"]
    assert one["row"] not in answer("queue", cell=None, skip=[], limit=200)["rows"]
    last = answer("recent")
    assert last["decisions"][0]["action"] == action
    assert last["sheet"]["widths"][0] == 64
    assert answer("undo", decision=None)["applied"] == 1
    after = labels_of(dataset)
    assert {i: (d.label, d.bounding_box) for i, d in after.items()} == {
        i: (d.label, d.bounding_box) for i, d in before.items()
    }
    again = answer("overview", order="count", labels=[], with_classes=False)
    assert again["cells"] == counted["cells"]


def test_an_edit_between_seeing_and_deciding_is_a_conflict(ask: Any) -> None:
    answer, dataset, iteration = ask
    one = first_of(answer, iteration, "class")
    sample = dataset[one["sample"]]
    label = next(d for d in sample[FIELD].detections if d.id == one["id"])
    was, label.bounding_box = list(label.bounding_box), [0.4, 0.4, 0.2, 0.2]
    sample.save()
    seen = {"expected_label": one["current_label"], "expected_box": one["current_box"]}
    reply = answer("resolve_objects", action="confirm", rows=[one["row"]], **seen)
    assert reply["applied"] == 0
    assert [(c["id"], c["reason"]) for c in reply["conflicts"]] == [(one["id"], "moved")]
    fresh = answer("objects", rows=[one["row"]], size=64)["objects"][0]
    assert list(fresh["current_box"]) == [0.4, 0.4, 0.2, 0.2]
    label.bounding_box = was
    sample.save()


def test_what_cannot_be_decided_is_refused_and_changes_nothing(ask: Any) -> None:
    answer, dataset, iteration = ask
    one = first_of(answer, iteration, "class")
    view = dataset.exclude(one["sample"])
    for told, request in {
        "not in FiftyOne's current view": {"view": view, "action": "confirm", "rows": [one["row"]]},
        "rows must lie between": {"action": "confirm", "rows": [10**6]},
        "for one object": {"action": "confirm", "rows": [0, 1], "expected_label": "7"},
        "label": {"action": "relabel", "rows": [one["row"]]},
        "box": {"action": "move", "rows": [one["row"]], "box": [0.5, 0.5, 0.0, 0.1]},
    }.items():
        reply = answer("resolve_objects", **request)
        assert "error" in reply, (told, reply)
        error = reply["error"]
        assert error["kind"] == "input"
        assert told in error["message"]
    revision = answer("pulse")["revision"]
    assert answer("overview", order="count", labels=[], with_classes=False)["revision"] == revision
