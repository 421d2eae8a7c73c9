"""The panel's events on two labels of one object, on a real dataset with boxes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from bson import ObjectId

from plugin.objects.exchange import import_decisions
from plugin.objects.iteration import object_iteration
from plugin.store.runs import load_run
from scripts.demo_objects import FIELD, PREDICTIONS, objects_dataset
from scripts.panel_events import SOURCE, load
from tests.doubled_labels import doubled as doubled_labels

pytestmark = pytest.mark.slow

CONTRACT = load(SOURCE)
EVENTS = CONTRACT.EVENTS
PAGE = {"offset": 0, "limit": 40, "kind": None, "threshold": None, "scope": None, "edge": 64}


@pytest.fixture(scope="module")
def doubled(tmp_path_factory: Any, operator: Any) -> Iterator[Any]:
    """40 canvases, four objects of which have two labels, and a run on them."""
    folder = tmp_path_factory.mktemp("doubled")
    dataset = objects_dataset("test-doubles", folder, images=40, persistent=False)
    ids = doubled_labels(dataset, FIELD, same=2, other=2)
    operator("find_label_errors")(
        dataset, FIELD, source="predictions", prediction_fields=[PREDICTIONS]
    )
    yield dataset, object_iteration(load_run(dataset, "deconfuse")), ids
    dataset.delete()


@pytest.fixture
def ask(doubled: Any, asking: Any) -> Any:
    dataset, _, _ = doubled

    return asking(dataset)


def labels_of(dataset: Any) -> dict[str, Any]:
    dataset.reload()
    return {d.id: (d.label, d.bounding_box) for s in dataset for d in s[FIELD].detections}


def of_group(reply: Any, group: Any) -> dict[str, Any]:
    """The rows, classes and boxes of a group as the panel shows them."""
    at = [reply["samples"]["row"].index(row) for row in group["rows"]]
    samples = reply["samples"]
    return {
        "rows": group["rows"],
        "labels": [samples["current_label"][i] for i in at],
        "boxes": [samples["boxes"][i] for i in at],
    }


def test_labels_on_one_object_are_groups(doubled: Any, ask: Any) -> None:
    dataset, iteration, ids = doubled
    reply = ask("duplicates", **PAGE)
    assert set(reply) == set(EVENTS["duplicates"][1].__required_keys__)
    assert (reply["totals"]["groups"], reply["totals"]["conflicts"]) == (4, 2)
    assert [group["conflict"] for group in reply["groups"]] == [True, True, False, False]
    assert set(reply["samples"]["id"]) == ids["same"] | ids["other"]
    now = labels_of(dataset)
    for group in reply["groups"]:
        assert group["ses"] == pytest.approx(0.95, abs=1e-3)
        assert group["rows"][0] == group["proposal"]
        suspicion = iteration.column("suspicion")[group["rows"]]
        assert suspicion[0] == suspicion.min()
        shown = of_group(reply, group)
        found = [
            now[i]
            for i in np.array(reply["samples"]["id"])[
                [reply["samples"]["row"].index(r) for r in group["rows"]]
            ].tolist()
        ]
        assert shown["labels"] == [label for label, _ in found]
        assert [list(box) for box in shown["boxes"]] == [pytest.approx(box) for _, box in found]
    assert reply["sheet"]["rows"] == [r for g in reply["groups"] for r in g["rows"]]
    assert all(width > 0 for width in reply["sheet"]["widths"])
    assert len(ask("duplicates", **{**PAGE, "kind": "conflict"})["groups"]) == 2
    cells = ask("overview", order="count", labels=[], with_classes=False)["cells"]
    assert any(cells["duplicates"])


def test_one_is_kept_the_other_removed_and_comes_back(doubled: Any, ask: Any) -> None:
    dataset, _, _ = doubled
    before, reply = labels_of(dataset), ask("duplicates", **PAGE)
    group = reply["groups"][0]
    kept, gone = group["rows"]
    done = ask("resolve_group", action="keep_one", keep=kept, **of_group(reply, group))
    assert set(done) == set(EVENTS["resolve_group"][1].__required_keys__)
    assert (done["applied"], done["conflicts"], done["what"]["rows"]) == (1, [], [gone])
    ids = dict(zip(reply["samples"]["row"], reply["samples"]["id"], strict=True))
    assert before.keys() - labels_of(dataset).keys() == {ids[gone]}
    assert [g["id"] for g in ask("duplicates", **PAGE)["groups"]] == [
        g["id"] for g in reply["groups"][1:]
    ]
    assert ask("undo", decision=None)["applied"] == 1
    assert labels_of(dataset) == before
    assert ask("duplicates", **PAGE)["groups"] == reply["groups"]


def test_labels_that_are_kept_on_purpose_never_come_again(
    doubled: Any, ask: Any, operator: Any, tmp_path: Any
) -> None:
    dataset, iteration, _ = doubled
    before, reply = labels_of(dataset), ask("duplicates", **PAGE)
    group = reply["groups"][-1]
    confirmed = ask("resolve_objects", action="confirm", rows=[group["rows"][0]])
    done = ask("resolve_group", action="keep_all", **of_group(reply, group))
    assert (done["applied"], done["conflicts"], done["action"]) == (2, [], "keep_all")
    again = ask("duplicates", **PAGE)
    assert (len(again["groups"]), again["totals"]["settled"]) == (3, 1)
    assert labels_of(dataset) == before
    # Each stays as open, or as decided, as it was.
    kinds = ask("objects", rows=group["rows"], size=64)["objects"]
    assert len(kinds) == 2
    assert ask("overview", order="count", labels=[], with_classes=False)["progress"]["open"] == (
        iteration.samples - 1
    )
    assert ask("recent")["decisions"][0]["action"] == "keep_all"
    path = tmp_path / "decisions.csv"
    operator("export_decisions")(dataset, path=str(path))
    assert "keep_all" in path.read_text()
    assert ask("undo", decision=done["decision"])["applied"] == 2
    assert ask("duplicates", **PAGE)["groups"] == reply["groups"]
    made = done["decision"]
    path.write_text(path.read_text().replace(made, str(ObjectId())))  # of somebody else
    report = import_decisions(load_run(dataset, "deconfuse"), path)
    assert (report.decisions, report.applied) == (1, 2)
    assert len(ask("duplicates", **PAGE)["groups"]) == 3
    for _ in range(8):
        if not ask("recent")["decisions"]:
            break
        assert ask("undo", decision=None)["applied"]
    assert len(ask("duplicates", **PAGE)["groups"]) == 4
    assert confirmed["applied"] == 1


def test_what_changed_meanwhile_is_left_alone(doubled: Any, ask: Any) -> None:
    dataset, _, _ = doubled
    reply = ask("duplicates", **PAGE)
    group = reply["groups"][0]
    shown = of_group(reply, group)
    ids = dict(zip(reply["samples"]["row"], reply["samples"]["id"], strict=True))
    image = reply["samples"]["objects"]["sample"][reply["samples"]["row"].index(group["rows"][0])]

    def edit(row: int, box: list[float]) -> list[float]:
        sample = dataset[image]
        label = next(d for d in sample[FIELD].detections if d.id == ids[row])
        was, label.bounding_box = list(label.bounding_box), box
        sample.save()
        return was

    kept, gone = group["rows"]
    was = edit(kept, [0.0, 0.0, 0.2, 0.2])
    error = ask("resolve_group", action="keep_one", keep=kept, **shown)["error"]
    assert "has another outline by now" in error["message"]
    assert len(ask("duplicates", **PAGE)["groups"]) == 3  # they lie apart
    edit(kept, was)
    was = edit(gone, [0.0, 0.0, 0.2, 0.2])
    done = ask("resolve_group", action="keep_one", keep=kept, **shown)
    assert (done["applied"], [c["reason"] for c in done["conflicts"]]) == (0, ["moved"])
    edit(gone, was)
    assert ask("duplicates", **PAGE)["groups"] == reply["groups"]


def test_what_cannot_be_decided_is_refused_and_changes_nothing(doubled: Any, ask: Any) -> None:
    dataset, _, _ = doubled
    reply = ask("duplicates", **PAGE)
    one, other = reply["groups"][:2]
    shown, before = of_group(reply, one), labels_of(dataset)
    both = {name: shown[name] + of_group(reply, other)[name] for name in shown}
    image = reply["samples"]["objects"]["sample"][reply["samples"]["row"].index(one["rows"][0])]
    for told, request in {
        "not in FiftyOne's current view": {"action": "keep_all", "view": dataset.exclude(image)},
        "labels of one image": {"action": "keep_all", **both},
        "needs a keep": {"action": "keep_one"},
        "takes no keep": {"action": "keep_all", "keep": one["rows"][0]},
        "keep must be one of the group's labels": {
            "action": "keep_one",
            "keep": other["rows"][0],
        },
        "action must be one of": {"action": "remove"},
        "labels must be a list": {"action": "keep_all", "labels": []},
        "boxes must be a list": {"action": "keep_all", "boxes": None},
    }.items():
        error = ask("resolve_group", **{**shown, **request}).get("error")
        assert error is not None, told
        assert error["kind"] == "input"
        assert told in error["message"]
    assert labels_of(dataset) == before
