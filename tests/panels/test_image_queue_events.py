"""The queue that goes image by image: its order, what is on each, what is passed over or undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plugin.objects.by_image import image_table
from plugin.objects.iteration import object_iteration
from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from scripts.demo_objects import FIELD, PREDICTIONS, objects_dataset
from tests.panels.test_object_events import CONTRACT, EVENTS

pytestmark = pytest.mark.slow

ALL = {"cell": None, "skip": [], "limit": 200}


@pytest.fixture(scope="module")
def canvases(tmp_path_factory: Any, operator: Any) -> Iterator[Any]:
    """A dataset of canvases, and the iteration on their boxes."""
    folder = tmp_path_factory.mktemp("canvases")
    dataset = objects_dataset("test-image-queue", folder, images=40, persistent=False)
    find = operator("find_label_errors")
    find(dataset, FIELD, source="predictions", prediction_fields=[PREDICTIONS])
    yield dataset, object_iteration(load_run(dataset, "deconfuse"))
    dataset.delete()


@pytest.fixture
def ask(canvases: Any, operator: Any, context: Any) -> Any:
    dataset, _ = canvases

    def answer(name: str, view: Any = None, **request: Any) -> Any:
        asked = {"run": "deconfuse", "iteration": 1, **request}
        ctx = context(dataset, "label_errors", view=view, __method__=name, request=asked)
        reply = operator("label_errors").execute(ctx)
        assert "error" not in reply, reply
        return reply

    return answer


def by_hand(iteration: Any, rows: Any) -> list[str]:
    """The images of some rows, by the highest suspicion of any of them, worked out slowly."""
    sample, suspicion = unpack_ids(iteration.column("sample_id")), iteration.column("suspicion")
    return list(dict.fromkeys(sample[r] for r in sorted(rows, key=lambda r: -suspicion[r])))


def test_images_come_by_their_most_suspicious_object_with_all_their_suspects(
    ask: Any, canvases: Any
) -> None:
    _, iteration = canvases
    suspects = np.flatnonzero(iteration.suspect_rows)
    sample, suspicion = unpack_ids(iteration.column("sample_id")), iteration.column("suspicion")
    reply = ask("image_queue", **ALL)
    assert set(reply) == set(EVENTS["image_queue"][1].__required_keys__)
    expected = by_hand(iteration, suspects)
    assert [sample[row] for row in reply["rows"]] == expected
    assert (reply["left"], reply["outside"], reply["deleted"]) == (len(expected), 0, 0)
    for image, row in zip(reply["images"], reply["rows"], strict=True):
        assert set(image) == set(CONTRACT.ImageSuspects.__required_keys__)
        assert image["row"] == row == image["rows"][0]
        mine = [r for r in suspects.tolist() if sample[r] == sample[row]]
        assert image["rows"] == sorted(mine, key=lambda r: (-suspicion[r], r))
        assert image["decided"] == [""] * len(mine)
    assert any(len(image["rows"]) > 1 for image in reply["images"])


def test_a_picture_comes_once_for_all_objects_of_an_image(ask: Any) -> None:
    images = ask("image_queue", **ALL)["images"]
    rows = next(image["rows"] for image in images if len(image["rows"]) > 1)
    shared = ask("objects", rows=rows, size=64, shared=True)["objects"]
    each = ask("objects", rows=rows, size=64)["objects"]
    assert [bool(one["image"]) for one in shared] == [True] + [False] * (len(rows) - 1)
    assert all(one["image"] == shared[0]["image"] for one in each)
    assert all(one["width"] == 320 for one in shared)


def test_what_is_decided_stays_on_its_image_until_one_goes_on(ask: Any) -> None:
    images = ask("image_queue", **ALL)["images"]
    first = next(image for image in images if len(image["rows"]) > 1)
    row, rows = first["row"], first["rows"]
    ask("resolve_objects", action="confirm", rows=rows[1:])
    reply = ask("image_queue", **ALL, front=row)
    assert reply["rows"][0] == row
    assert reply["images"][0]["rows"] == rows
    assert reply["images"][0]["decided"] == ["", *["confirmed"] * (len(rows) - 1)]
    ask("resolve_objects", action="confirm", rows=rows[:1])
    done = ask("image_queue", **ALL, front=row)
    assert done["rows"][0] == row
    assert done["images"][0]["decided"] == ["confirmed"] * len(rows)
    assert done["left"] == len(images)
    gone = ask("image_queue", **ALL)
    assert row not in gone["rows"]
    assert gone["left"] == len(images) - 1
    ask("undo", decision=None)
    back = ask("image_queue", **ALL, bring=rows[0])
    assert back["images"][0]["decided"] == ["", *["confirmed"] * (len(rows) - 1)]
    ask("undo", decision=None)
    assert ask("image_queue", **ALL)["rows"] == [image["row"] for image in images]


def test_an_image_that_was_passed_over_waits_until_it_is_brought_back(ask: Any) -> None:
    rows = ask("image_queue", **ALL)["rows"]
    first, second = rows[:2]
    asked = {"cell": None, "limit": 200, "skip": [first]}
    reply = ask("image_queue", **asked, front=first)
    assert (reply["rows"][0], reply["skipped"]) == (second, [first])
    assert reply["left"] == len(rows) - 1
    assert reply["images"][-1]["row"] == first
    brought = ask("image_queue", **asked, bring=first)
    assert (brought["rows"][0], brought["skipped"]) == (first, [])


def test_a_cell_and_a_ranking_are_gone_through_by_image(ask: Any, canvases: Any) -> None:
    _, iteration = canvases
    cells = iteration.cells
    wrong = np.flatnonzero(cells.label != cells.prediction)
    at = int(wrong[np.argmax(cells.count[wrong])])
    label, seen = int(cells.label[at]), int(cells.prediction[at])
    where = iteration.cell_slice(label, seen)
    inside = range(where.start, where.stop)
    sample = unpack_ids(iteration.column("sample_id"))
    reply = ask("image_queue", cell=[label, seen], skip=[], limit=200)
    assert [sample[row] for row in reply["rows"]] == by_hand(iteration, inside)
    ranked = {"by": "suspicion", "above": None, "label": label}
    reply = ask("image_queue", **ALL, **ranked)
    of_label = np.flatnonzero(iteration.column("label") == label).tolist()
    assert [sample[row] for row in reply["rows"]] == by_hand(iteration, of_label)
    assert set(of_label) <= {row for image in reply["images"] for row in image["rows"]}


def test_the_view_narrows_images_and_what_is_deleted_is_left_out(ask: Any, canvases: Any) -> None:
    dataset, iteration = canvases
    sample = unpack_ids(iteration.column("sample_id"))
    every = ask("image_queue", **ALL)
    view = dataset.skip(20)
    ids = set(view.values("id"))
    reply = ask("image_queue", view=view, **ALL)
    assert [sample[row] for row in reply["rows"]] == [
        sample[row] for row in every["rows"] if sample[row] in ids
    ]
    assert reply["outside"] == every["left"] - reply["left"] > 0
    outside = next(row for row in every["rows"] if sample[row] not in ids)
    assert ask("image_queue", view=view, **ALL, bring=outside)["rows"] == reply["rows"]


def test_the_table_of_images_is_that_of_a_slow_loop() -> None:
    random = np.random.default_rng(7)
    ids = random.integers(0, 30, 200).astype("S12")
    suspicion = random.normal(size=200).astype(np.float32)
    table = image_table(ids, suspicion)
    for image, name in enumerate(np.unique(ids)):
        mine = sorted(np.flatnonzero(ids == name), key=lambda r: -suspicion[r])
        assert table.rows(image).tolist() == mine
        assert table.head[image] == mine[0]
    rows = random.permutation(200)[:50]
    assert ids[table.head[table.in_order(rows)]].tolist() == list(dict.fromkeys(ids[rows]))
