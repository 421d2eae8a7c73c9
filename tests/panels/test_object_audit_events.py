"""Audits of objects in the panel: blind, in the order of the draw, and what verdicts do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from plugin.audit.object_audits import open_object_audit
from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from scripts.demo_objects import FIELD, PREDICTIONS, objects_dataset
from scripts.panel_events import SOURCE, load

pytestmark = pytest.mark.slow

EVENTS = load(SOURCE).EVENTS
FREE = [0.01, 0.01, 0.05, 0.05]


@pytest.fixture(scope="module")
def found(tmp_path_factory: Any, operator: Any) -> Iterator[Any]:
    """A dataset of 30 canvases, and a run on their boxes."""
    folder = tmp_path_factory.mktemp("canvases")
    dataset = objects_dataset("test-object-audit-events", folder, images=30, persistent=False)
    find = operator("find_label_errors")
    find(dataset, FIELD, source="predictions", prediction_fields=[PREDICTIONS])
    yield dataset
    dataset.delete()


@pytest.fixture
def ask(found: Any, operator: Any, context: Any) -> Any:
    def answer(name: str, **request: Any) -> Any:
        asked = {"run": "deconfuse", "iteration": 1, **request}
        ctx = context(found, "label_errors", __method__=name, request=asked)
        reply = operator("label_errors").execute(ctx)
        json.dumps(reply, allow_nan=False)
        declared = EVENTS[name][1]
        assert "error" in reply or set(reply) == set(declared.__required_keys__), name
        return reply

    return answer


def labels_of(dataset: Any) -> dict[str, tuple[str, list[float]]]:
    dataset.reload()
    return {d.id: (d.label, d.bounding_box) for s in dataset for d in s[FIELD].detections}


def outlines(answer: Any, **request: Any) -> Any:
    asked = {"audit": None, "skip": [], "limit": 64, "size": 64, **request}
    return answer("audit_outlines", **asked)


def test_an_audit_of_objects_from_draw_to_estimate(ask: Any, found: Any) -> None:
    empty = ask("audit", audit=None)
    assert (empty["audit"], empty["objects"]) == (None, None)
    assert ask("audit_outlines", audit=None, skip=[], limit=4, size=64)["error"]["kind"] == "input"
    drawn = ask("audit_draw", size=30, images=6)
    assert drawn["audit"]["size"] == 36
    assert (drawn["objects"]["outlines"], drawn["objects"]["images"]) == (30, 6)
    assert drawn["objects"]["kinds"] == []
    first = outlines(ask)
    opened = open_object_audit(load_run(found, "deconfuse"))
    assert opened is not None
    ids = unpack_ids(opened.record.item_id)
    before = labels_of(found)
    candidates = [place for place, item in enumerate(ids) if item not in before]
    assert candidates, "else nothing is shown of them"
    sent = dict(enumerate(first["items"]))
    assert [one["place"] for one in first["items"]] == list(range(36))
    for place, one in sent.items():
        assert set(one) == {
            "place",
            "classes",
            "image",
            "width",
            "height",
            "problem",
            "whole",
            "box",
            "others",
        }, "nothing tells a label from a candidate"
        assert one["whole"] == (place >= 30)
        assert (one["box"] is None) == one["whole"]
        sample = found[opened.sample_at(place)]
        boxes = {d.id: d.bounding_box for d in sample[FIELD].detections}
        item = None if one["whole"] else ids[place]
        own = boxes.pop(item, None)
        assert len(one["others"]) == len(boxes)
        if own is not None:
            assert one["box"] == pytest.approx(own, abs=1e-4)
        assert all(round(v, 4) == v for v in one["box"] or ()), "written alike"
    assert ask("audit_original", audit=None, place=31)["image"].startswith("data:image/")

    label = next(place for place in range(30) if place not in candidates)
    name = before[ids[label]][0]
    other = "0" if name != "0" else "1"
    judged = ask("audit_judge", audit=None, place=label, label=other, box=FREE)
    assert (judged["gone"], judged["waiting"]) == (False, 35)
    after = labels_of(found)[ids[label]]
    assert (after[0], after[1]) == (other, pytest.approx(FREE))
    taken = ask("audit_take_back", audit=None, place=label)
    assert taken["waiting"] == 36
    assert labels_of(found) == before

    candidate = candidates[0]
    ask("audit_judge", audit=None, place=candidate, unclear=True)
    assert labels_of(found) == before, "there is no label that could be tagged"
    for place in range(30):
        if place != candidate:
            item = ids[place]
            ask(
                "audit_judge",
                audit=None,
                place=place,
                label=before[item][0] if item in before else None,
            )
    assert labels_of(found) == before, "all were right, and no candidate is an object"
    ask("audit_look", audit=None, place=30, labels=["3"], boxes=[FREE])
    (added,) = labels_of(found).keys() - before.keys()
    assert labels_of(found)[added][0] == "3"
    ask("audit_look", audit=None, place=31, labels=[], boxes=[], unclear=True)
    for place in range(32, 36):
        ask("audit_look", audit=None, place=place, labels=[], boxes=[])
    done = ask("audit", audit=None)
    assert done["audit"]["state"] == "done"
    assert done["audit"]["unclear"] == 2
    assert done["objects"]["found"] == 1
    kinds = {one["kind"]: one for one in done["objects"]["kinds"]}
    assert list(kinds) == ["class", "spurious", "placement", "candidate", "unproposed"]
    assert kinds["class"]["left"]["point"] == 0 < kinds["class"]["left"]["high"]
    assert kinds["unproposed"]["population"] == 30
    assert kinds["unproposed"]["at_draw"]["low"] >= 1
    assert kinds["candidate"]["population"] == done["objects"]["candidates"]
    assert done["estimate"]["left"]["point"] == 0
    assert ask("audit_take_back", audit=None, place=30)["waiting"] == 1
    assert labels_of(found) == before


def test_what_cannot_be_is_refused(ask: Any, found: Any) -> None:
    last = ask("audit", audit=None)["audit"]
    if last is None or last["state"] != "open":
        ask("audit_draw", size=10, images=2)
    before, n = labels_of(found), ask("audit", audit=None)["objects"]["outlines"]
    place = outlines(ask)["items"][-1]["place"]
    bad = [
        ("audit_judge", {"place": 999, "label": "3"}),
        ("audit_judge", {"place": 0, "label": "3", "unclear": True}),
        ("audit_judge", {"place": 0, "box": FREE}),
        ("audit_judge", {"place": n, "label": "3"}),
        ("audit_look", {"place": 0, "labels": [], "boxes": []}),
        ("audit_look", {"place": place, "labels": ["3"], "boxes": []}),
        ("audit_look", {"place": place, "labels": ["3"], "boxes": [FREE], "unclear": True}),
        ("audit_look", {"place": place, "labels": ["3"], "boxes": [[2.0, 2.0, 1.0, 1.0]]}),
        ("audit_take_back", {"place": place}),
    ]
    for name, request in bad:
        reply = ask(name, audit=None, **request)
        assert reply.get("error", {}).get("kind") == "input", (name, request)
    assert labels_of(found) == before


def test_the_report_is_handed_to_the_browser(ask: Any) -> None:
    reply = ask("report")
    assert reply["name"].endswith("-deconfuse.html")
    assert "on 30 images" in reply["html"]
