"""The panel's events on a run on tags, of a real dataset with several tags an image."""

from __future__ import annotations

import base64
import io
import json
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
from scripts.panel_events import SOURCE, load
from tests.tagged_digits import CLASSES, Planted, tagged_dataset

pytestmark = pytest.mark.slow

CONTRACT = load(SOURCE)
EVENTS, INFO = CONTRACT.EVENTS, set(CONTRACT.ObjectInfo.__required_keys__)
NOTHING = len(CLASSES)


@pytest.fixture(scope="module")
def run_on_tags(tmp_path_factory: Any, operator: Any) -> Iterator[tuple[Any, Any, Planted]]:
    """120 pictures of digits with tags, the iteration on them, and what was planted."""
    folder = tmp_path_factory.mktemp("tagged")
    dataset, found = tagged_dataset("test-tag-events", folder)
    find = operator("find_label_errors")
    find(dataset, "gt", source="predictions", prediction_fields=["scores"])
    yield dataset, object_iteration(load_run(dataset, "deconfuse")), found
    dataset.delete()


@pytest.fixture
def ask(run_on_tags: Any, operator: Any, context: Any) -> Any:
    dataset, iteration, _ = run_on_tags

    def answer(name: str, view: Any = None, **request: Any) -> Any:
        asked = {"run": "deconfuse", "iteration": 1, **request}
        ctx = context(dataset, "label_errors", view=view, __method__=name, request=asked)
        reply = operator("label_errors").execute(ctx)
        json.dumps(reply, allow_nan=False)
        return reply

    return answer, dataset, iteration


def overview(answer: Any) -> Any:
    return answer("overview", order="count", labels=[], with_classes=False)


def tags_of(dataset: Any) -> dict[str, list[tuple[str, str]]]:
    """The tags of each image, in their order, as the database has them."""
    dataset.reload()
    ids, names = dataset.values(["gt.classifications.id", "gt.classifications.label"])
    both = [list(zip(i or [], n or [], strict=True)) for i, n in zip(ids, names, strict=True)]
    return dict(zip(dataset.values("id"), both, strict=True))


def first_of(answer: Any, iteration: Any, kind: str) -> dict[str, Any]:
    """The most suspicious open tag of a kind, in full."""
    rows = answer("queue", cell=None, skip=[], limit=200)["rows"]
    code = iteration.kinds.index(kind)
    row = next(r for r in rows if iteration.column("kind")[r] == code)
    return answer("objects", rows=[row], size=64)["objects"][0]


def test_the_run_is_listed_without_a_problem(ask: Any) -> None:
    answer, _, iteration = ask
    (run,) = answer("status")["runs"]
    assert run["problem"] is None
    (made,) = run["iterations"]
    assert (made["objects"], made["tags"]) == (True, True)
    assert made["samples"] == iteration.samples
    assert answer("pulse")["iteration"] == 1
    assert set(answer("outdated").values()) == {0}


def test_missing_tags_are_a_row_and_spurious_ones_a_column(ask: Any) -> None:
    answer, _, iteration = ask
    reply = answer("overview", order="count", labels=[], with_classes=True)
    assert reply["classes"] == list(CLASSES)
    cells = reply["cells"]
    at = list(zip(cells["label"], cells["prediction"], strict=True))
    suspicion, kind = iteration.column("suspicion"), iteration.column("kind")
    worth = suspicion > WORTH_A_LOOK
    for name, chosen in (
        ("missing", [a == NOTHING and b != NOTHING for a, b in at]),
        ("spurious", [a != NOTHING and b == NOTHING for a, b in at]),
    ):
        counted = sum(n for n, there in zip(cells["suspects"], chosen, strict=True) if there)
        assert counted == int((worth & (kind == iteration.kinds.index(name))).sum()) > 0
    others = [(a, b) for a, b in at if a != b and NOTHING not in (a, b)]
    assert others == []  # one tag is never taken for another
    assert 0 < reply["progress"]["expected_errors"] < iteration.samples


def test_a_tag_is_shown_by_its_whole_image(ask: Any) -> None:
    answer, dataset, iteration = ask
    cells = iteration.cells
    at = int(np.flatnonzero((cells.label == NOTHING) & (cells.prediction != NOTHING))[0])
    where = {"label": NOTHING, "prediction": int(cells.prediction[at])}
    reply = answer("cell", **where, offset=0, limit=4, iies=None, edge=16)
    sheet, row = reply["sheet"], reply["samples"]["row"][0]
    picture = Image.open(io.BytesIO(base64.b64decode(sheet["image"].partition(",")[2])))
    whole = Image.open(dataset[reply["samples"]["objects"]["sample"][0]].filepath)
    drawn = np.asarray(picture.convert("L").crop((0, 0, 16, 16)), float)
    assert np.abs(drawn - np.asarray(whole.convert("L"), float)).mean() < 8  # JPEG or WebP
    one = answer("objects", rows=[row], size=64)["objects"][0]
    assert set(one) == INFO
    assert (one["box"], one["seen"], one["current_box"]) == (None, None, None)
    assert {p["label"] for p in one["probabilities"]} == {where["prediction"], NOTHING}
    there = tags_of(dataset)[one["sample"]]
    assert [(o["id"], o["label"]) for o in one["others"]] == there


def test_the_queue_and_the_ranking_hold_both_kinds(ask: Any) -> None:
    answer, _, iteration = ask
    suspicion = iteration.column("suspicion")
    reply = answer("queue", cell=None, skip=[], limit=200)
    assert reply["left"] == int((suspicion > WORTH_A_LOOK).sum())
    assert (np.diff(suspicion[reply["rows"]]) <= 0).all()
    kinds = {iteration.kinds[k] for k in iteration.column("kind")[reply["rows"]]}
    assert kinds == {"missing", "spurious"}
    where = iteration.cell_slice(NOTHING, NOTHING)
    nothing = answer("queue", cell=[NOTHING, NOTHING], skip=[], limit=200)
    assert nothing["left"] == where.stop - where.start > 0
    asked = {"by": "suspicion", "above": None, "label": NOTHING, "offset": 0, "limit": 9}
    assert set(answer("ranking", **asked)["labels"]) == {NOTHING}


ACTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "add": ("missing", "add", {}),
    "add another": ("missing", "add", {"label": "elephant"}),
    "not there": ("missing", "confirm", {}),
    "remove": ("spurious", "remove", {}),
    "confirm": ("spurious", "confirm", {}),
    "another tag": ("spurious", "relabel", {"label": "elephant"}),
}


@pytest.mark.parametrize("case", ACTS)
def test_each_act_is_done_shown_and_undone(ask: Any, case: str) -> None:
    answer, dataset, iteration = ask
    kind, action, option = ACTS[case]
    one = first_of(answer, iteration, kind)
    before, counted = tags_of(dataset), overview(answer)
    expected = {"expected_label": one["current_label"]} if one["current_label"] else {}
    reply = answer("resolve_objects", action=action, rows=[one["row"]], **option, **expected)
    assert set(reply) == set(EVENTS["resolve_objects"][1].__required_keys__)
    assert (reply["applied"], reply["conflicts"]) == (1, [])
    assert reply["what"]["rows"] == [one["row"]]
    own, tag = tags_of(dataset)[one["sample"]], (one["id"], "")
    named = {CLASSES[p["label"]] for p in one["probabilities"] if p["label"] != NOTHING}
    if case in ("add", "add another"):
        tag = (one["id"], option.get("label") or named.pop())
        assert own == [*before[one["sample"]], tag]
    elif case == "remove":
        assert one["id"] not in [i for i, _ in own]
        assert len(own) == len(before[one["sample"]]) - 1
    elif case == "another tag":
        assert (one["id"], "elephant") in own
    else:
        assert own == before[one["sample"]]
    shown = overview(answer)["progress"]
    assert shown["open"] == counted["progress"]["open"] - 1
    assert shown["open_wrong"] == counted["progress"]["open_wrong"] - 1
    assert one["row"] not in answer("queue", cell=None, skip=[], limit=200)["rows"]
    last = answer("recent")
    assert last["decisions"][0]["action"] == action
    assert last["sheet"]["widths"][0] > 0
    assert answer("undo", decision=None)["applied"] == 1
    assert tags_of(dataset) == before
    assert overview(answer)["cells"] == counted["cells"]


def test_a_tag_that_somebody_took_off_meanwhile_is_a_conflict(ask: Any) -> None:
    answer, dataset, iteration = ask
    one = first_of(answer, iteration, "spurious")
    sample = dataset[one["sample"]]
    tag = next(c for c in sample.gt.classifications if c.id == one["id"])
    was, tag.label = tag.label, "elephant"
    sample.save()
    seen = {"expected_label": one["current_label"]}
    reply = answer("resolve_objects", action="remove", rows=[one["row"]], **seen)
    assert reply["applied"] == 0
    assert [(c["id"], c["reason"]) for c in reply["conflicts"]] == [(one["id"], "relabeled")]
    tag.label = was
    sample.save()


def test_what_cannot_be_decided_is_refused_and_changes_nothing(ask: Any) -> None:
    answer, dataset, iteration = ask
    one, before = first_of(answer, iteration, "spurious"), tags_of(dataset)
    for told, request in {
        "not in FiftyOne's current view": {
            "view": dataset.exclude(one["sample"]),
            "action": "confirm",
        },
        "tags have no boxes that could be moved": {"action": "move"},
        "box: tags have no boxes": {
            "action": "add",
            "label": "1",
            "box": [0.1, 0.1, 0.1, 0.1],
        },
    }.items():
        error = answer("resolve_objects", rows=[one["row"]], **request)["error"]
        assert error["kind"] == "input"
        assert told in error["message"]
    assert tags_of(dataset) == before


@pytest.mark.parametrize("of", ["label", "missing"])
def test_a_cell_is_shown_as_images_with_the_tags_in_question(
    run_on_tags: Any, operator: Any, context: Any, of: str
) -> None:
    dataset, iteration, _ = run_on_tags
    cells = iteration.cells
    wanted = (cells.label == NOTHING) == (of == "missing")
    at = int(np.flatnonzero(wanted & (cells.label != cells.prediction))[0])
    label, prediction = int(cells.label[at]), int(cells.prediction[at])
    request = {"run": "deconfuse", "iteration": 1, "label": label, "prediction": prediction}
    ctx = context(dataset, "label_errors", __method__="show_in_grid", request=request)
    rows = iteration.cell_slice(label, prediction)
    assert operator("label_errors").execute(ctx) == {"samples": rows.stop - rows.start}
    (asked,) = ctx.executor.to_json()["requests"]
    view = fo.DatasetView._build(dataset, asked["params"]["view"])
    assert view.values("id") == unpack_ids(iteration.column("sample_id")[rows])
    field = "gt" if of == "label" else "deconfuse_missing"
    shown = view.values(f"{field}.classifications.id", unwind=True)
    assert shown == unpack_ids(iteration.column("item_id")[rows])


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("duplicates", {"offset": 0, "limit": 9, "kind": None, "edge": 0}),
        ("map", {"colour": "label", "map": None}),
        ("pairs", {"label": 0, "prediction": 1, "limit": 4}),
        ("context", {"row": 0}),
        ("samples", {"rows": [0], "size": 64}),
    ],
)
def test_what_is_not_for_tags_says_so(ask: Any, name: str, request_: Any) -> None:
    error = ask[0](name, **request_)["error"]
    assert error["kind"] == "input"
    assert "is on tags" in error["message"]
