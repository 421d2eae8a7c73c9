"""The contract of the panel, its shortcuts in the guide, and its events on a real dataset."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

from scripts.panel_events import SOURCE, TARGET, load, render
from tests.panels.made_runs import write_iteration

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
EVENTS = load(SOURCE).EVENTS
CLASSES = ["cat", "dog", "eel"]


def test_both_sides_have_the_same_contract() -> None:
    assert TARGET.read_text() == render(), "run scripts/panel_events.py"


def test_every_event_is_answered(operator: Any) -> None:
    module = __import__(type(operator("label_errors")).__module__, fromlist=["ANSWERS"])
    assert set(module.ANSWERS) == set(EVENTS)


def test_the_guide_names_every_shortcut() -> None:
    source = (ROOT / "panels/web/src/shortcuts.ts").read_text()
    listed = source[source.index("SHORTCUTS = {") : source.index("satisfies Record")]
    does = re.findall(r'does: "(.*?)"', listed)
    assert len(does) > 20
    guide = (ROOT / "docs/guide/panel.md").read_text()
    assert [text for text in does if text not in guide] == []


@pytest.fixture
def ask(dataset: Any, asking: Any) -> Any:
    """Ask the panel about a run of 30 samples, and get plain data back."""
    labels = [CLASSES[i % 3] for i in range(30)]
    new = dataset(n=30, labels=labels, scale=2)
    rng = np.random.default_rng(3)
    p = rng.dirichlet([1, 1, 1], size=30)
    write_iteration(new, p, CLASSES, rng.normal(size=(30, 4)))

    return asking(new), new, p


def keys_of(declared: Any) -> set[str]:
    return set(declared.__required_keys__)


def test_replies_are_as_declared(ask: Any, operator: Any) -> None:
    answer, new, _ = ask
    operator("find_duplicates")(new)
    requests: dict[str, dict[str, Any]] = {
        "status": {},
        "pulse": {},
        "overview": {"order": "count", "labels": [], "with_classes": True},
        "cells": {"labels": [0, 1]},
        "suspects": {"cells": [0, 1]},
        "in_view": {},
        "outdated": {},
        "cell": {"label": 0, "prediction": 1, "offset": 0, "limit": 10, "iies": None, "edge": 64},
        "thumbnails": {"rows": [0, 1], "edge": 64},
        "layout": {"rows": [0, 1, 2], "features": "embedding"},
        "pairs": {"label": 0, "prediction": 1, "limit": 4},
        "samples": {"rows": [0], "size": 64},
        "original": {"row": 0, "decoded": False},
        "context": {"row": 0},
        "queue": {"cell": None, "skip": [], "limit": 5},
        "show_in_grid": {"label": 0, "prediction": 1},
        "cancel": {},
        "dismiss": {"ended": "0" * 24},
        "history": {},
        "report": {},
        "importance": {},
        "annotators": {},
        "consensus": {"confidence": 0.9},
        "ranking": {"by": "confidence", "above": None, "label": None, "offset": 0, "limit": 9},
        "map": {"colour": "label", "map": None},
        "same": {"rows": [3, 1], "ids": []},
        "audit_draw": {"size": 9},
        "audit": {"audit": None},
        "audit_items": {"audit": None, "skip": [], "limit": 4, "size": 64},
        "audit_original": {"audit": None, "place": 0},
        "audit_verdict": {"audit": None, "place": 0, "unclear": True},
        "audit_close": {"audit": None},
        "set_target": {"share": 0.9, "confidence": 0.95},
        "duplicates": {"offset": 0, "limit": 9, "kind": None, "edge": 0},
        "difference": {"first": 0, "second": 1, "size": 64},
        "set_threshold": {"threshold": 0.99},
        "resolve_group": {"action": "keep_all", "rows": [0, 1], "labels": ["cat", "cat"]},
        "resolve": {"action": "confirm", "rows": [0]},
        "recent": {},
        "undo": {"decision": None},
    }
    about_objects = {"objects", "image_queue", "resolve_objects"}  # test_object_events.py
    about_objects |= {"audit_outlines", "audit_judge", "audit_look", "audit_take_back"}
    about_votes = {"annotator", "consensus_check", "consensus_accept"}  # test_annotator_events.py
    about_opinions = {name for name in EVENTS if "opinion" in name}  # test_opinion_events.py
    about_opinions |= {"disagreements", "settle"}
    checks = {"check_draw", "check_read"}
    assert set(requests) | checks | about_objects | about_votes | about_opinions == set(EVENTS)
    for name, request in requests.items():
        reply = answer(name, **request)
        assert "error" not in reply, (name, reply)
        assert set(reply) == keys_of(EVENTS[name][1]), name
    cell = {"label": 0, "prediction": 1, "rows": None, "becomes": "dog", "size": 2}
    check = answer("check_draw", **cell)
    assert set(check) == keys_of(EVENTS["check_draw"][1])
    bound = answer("check_read", check=check["check"], exceptions=[])
    assert set(bound) == keys_of(EVENTS["check_read"][1])


def test_decided_rows_leave_every_answer(ask: Any) -> None:
    answer, new, p = ask
    label = np.array([CLASSES.index(x) for x in new.values("ground_truth.label")])
    pair = max(
        ((a, b) for a in range(3) for b in range(3) if a != b),
        key=lambda ab: ((label == ab[0]) & (p.argmax(1) == ab[1])).sum(),
    )
    where = {"label": pair[0], "prediction": pair[1]}
    page = answer("cell", **where, offset=0, limit=99, iies=None, edge=0)
    suspicion = page["samples"]["suspicion"]
    assert suspicion == sorted(suspicion, reverse=True)
    row = page["samples"]["row"][0]
    before = answer("overview", order="count", labels=[], with_classes=False)
    done = answer("resolve", action="relabel", rows=[row], label=CLASSES[pair[1]])
    assert done["applied"] == 1
    after = answer("overview", order="count", labels=[], with_classes=False)
    assert after["progress"]["open"] == before["progress"]["open"] - 1
    assert after["progress"]["expected_errors"] < before["progress"]["expected_errors"]
    assert after["revision"] > before["revision"]
    assert (
        row not in answer("cell", **where, offset=0, limit=99, iies=None, edge=0)["samples"]["row"]
    )
    assert row not in answer("queue", cell=None, skip=[], limit=99)["rows"]
    answer("undo", decision=None)
    again = answer("overview", order="count", labels=[], with_classes=False)
    assert again["cells"] == before["cells"]


def test_what_the_view_leaves_out_is_never_acted_on(ask: Any) -> None:
    answer, new, _ = ask
    view = new.match_tags("test")
    inside = set(view.values("id"))
    rows = answer("samples", rows=list(range(30)), size=64)["samples"]
    outside = next(s["row"] for s in rows if s["id"] not in inside)
    reply = answer("resolve", view=view, action="confirm", rows=[outside])
    assert "not in FiftyOne's current view" in reply["error"]["message"]
    assert answer("pulse")["revision"] == 0
    assert sum(answer("in_view", view=view)["open"]) == len(inside)
    assert answer("in_view")["open"] is None


@pytest.mark.parametrize(
    ("name", "request_", "message"),
    [
        ("outdated", {"run": "nothing"}, "no Deconfuse run"),
        ("show_in_grid", {"label": 7, "prediction": 0}, "label must be a class index below 3"),
        ("samples", {"rows": [99], "size": 64}, "rows must lie between 0 and 29"),
        ("layout", {"rows": [0], "features": "sound"}, "features must be"),
        ("layout", {"rows": [0], "features": "saliency"}, "needs the classifier"),
        ("resolve", {"action": "explode", "rows": [0]}, "explode"),
    ],
)
def test_bad_requests_are_explained(ask: Any, name: str, request_: Any, message: str) -> None:
    reply = ask[0](name, **request_)
    assert reply["error"]["kind"] == "input"
    assert message in reply["error"]["message"]


def test_the_queue_skips_and_counts(ask: Any) -> None:
    answer, new, p = ask
    label = np.array([CLASSES.index(x) for x in new.values("ground_truth.label")])
    wrong = int((label != p.argmax(1)).sum())
    reply = answer("queue", cell=None, skip=[], limit=3)
    assert reply["left"] == wrong
    rest = answer("queue", cell=None, skip=reply["rows"], limit=99)
    assert rest["left"] == wrong - 3
    assert not set(rest["rows"]) & set(reply["rows"])


def test_changes_outside_are_noticed(ask: Any) -> None:
    answer, new, _ = ask
    import fiftyone as fo

    assert set(answer("outdated").values()) == {0}
    new.add_sample(fo.Sample(filepath="/none.png", ground_truth=fo.Classification(label="cat")))
    assert answer("outdated")["added"] == 1


def test_the_next_iteration_begins_with_what_the_last_was_given(
    dataset: Any, operator: Any, context: Any
) -> None:
    new = dataset(n=12, labels=["cat", "dog", "eel"] * 4, scale=2)
    logits = np.random.default_rng(0).normal(size=(12, 3))
    new.default_classes = CLASSES
    new.set_values(
        "model",
        [fo.Classification(label=CLASSES[int(row.argmax())], logits=row) for row in logits],
    )
    given = {"source": "predictions", "prediction_fields": ["model"], "seed": 0, "folds": 3}
    given |= {"duplicates": False}  # what is off stays off
    operator("find_label_errors")(new, label_field="ground_truth", **given)
    ctx = context(new, "label_errors", __method__="status", request={})
    again = json.loads(operator("label_errors").execute(ctx)["runs"][0]["again"])
    assert again == {**given, "show_advanced": True}


def test_cells_show_their_most_suspicious_open_samples(ask: Any) -> None:
    answer, new, _ = ask
    every = answer("overview", order="count", labels=[0, 1, 2], with_classes=False)["cells"]
    reply = answer("suspects", cells=every["cell"])
    shown: dict[int, list[int]] = {}
    ids: dict[int, str] = {}
    for cell, row in zip(reply["cell"], reply["row"], strict=True):
        shown.setdefault(cell, []).append(row)
    assert set(shown) == set(every["cell"])
    for at, cell in enumerate(every["cell"]):
        where = {"label": every["label"][at], "prediction": every["prediction"][at]}
        page = answer("cell", **where, offset=0, limit=99, iies=None, edge=0)["samples"]
        assert shown[cell] == page["row"][:3]
        ids |= dict(zip(page["row"], page["id"], strict=True))
    cell, (first, *rest) = next((cell, rows) for cell, rows in shown.items() if len(rows) == 3)
    answer("resolve", action="confirm", rows=[first])
    assert answer("suspects", cells=[cell])["row"][:2] == rest
    some = new.limit(10)
    filtered = answer("suspects", view=some, cells=every["cell"])["row"]
    assert filtered
    assert {ids[row] for row in filtered} <= set(some.values("id"))
    for bad in ([len(every["cell"]) + 9], [-1]):
        assert "cells must lie between" in answer("suspects", cells=bad)["error"]["message"]
    # A deleted sample has no picture: the next one takes its place, and it counts as open nowhere.
    before = answer("suspects", cells=[cell])["row"]
    at = every["cell"].index(cell)
    of_cell = {"label": every["label"][at], "prediction": every["prediction"][at]}
    counted = ("cell", {**of_cell, "offset": 0, "limit": 99, "iies": None, "edge": 32})
    ranked = ("ranking", {"by": "suspicion", "above": None, "label": None, "offset": 0, "limit": 9})
    was = [answer(name, **request) for name, request in (counted, ranked)]
    overview = {"order": "count", "labels": [0, 1, 2], "with_classes": False}
    progress = answer("overview", **overview)["progress"]
    new.delete_samples([ids[rest[0]]])
    now = [answer(name, **request) for name, request in (counted, ranked)]
    assert [reply["open"] for reply in now] == [reply["open"] - 1 for reply in was]
    assert now[0]["decided"] == was[0]["decided"] == 1
    assert rest[0] not in now[0]["samples"]["row"]
    left = answer("overview", **overview)["progress"]
    for name in ("samples", "open"):
        assert left[name] == progress[name] - 1
    assert left["decisions"] == progress["decisions"]
    widths = answer("thumbnails", rows=[rest[0], first], edge=64)["widths"]
    assert (widths[0], widths[1] >= 0) == (-1, True)
    after = answer("suspects", cells=[cell])["row"]
    assert rest[0] not in after
    assert after[: len(before) - 1] == [row for row in before if row != rest[0]]


def test_a_grid_gives_each_picture_a_place_of_its_own(ask: Any) -> None:
    answer, _, _ = ask
    rows = list(range(17))
    reply = answer("layout", rows=rows, features="embedding", aspect=2.0)
    places = set(zip(reply["x"], reply["y"], strict=True))
    assert len(places) == 17
    columns, lines = reply["columns"], reply["lines"]
    assert (columns, lines) == (6, 3)
    assert all(round(x * columns - 0.5, 2) % 1 == 0 for x, _ in places)
    free = answer("layout", rows=rows, features="embedding", aspect=None)
    assert (free["columns"], free["lines"]) == (0, 0)
    error = answer("layout", rows=rows, features="embedding", aspect=0.0)["error"]
    assert "aspect" in error["message"]
