"""The panel's events about near-duplicates, on real images, contexts and database."""

from __future__ import annotations

import base64
import io
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plugin.duplicates.store import load_duplicates
from scripts.panel_events import SOURCE, load
from tests.planted_copies import Pictures, changed, noise
from tests.plugin.decided import all_raw

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
EVENTS = load(SOURCE).EVENTS


class Screen:
    """Asks the panel about a run with a leak, a conflict and a pair that is merely alike."""

    def __init__(self, pictures: Pictures, operator: Any, context: Any):
        self.pictures, self.dataset = pictures, pictures.dataset
        self._operator, self._context = operator, context
        self.alike = [pictures.ids[0], pictures.add(noise(0), "cat", "train", "alike.png")]
        self.leak = [pictures.ids[1], pictures.near(1, "dog", "test", "leak.png")]
        self.conflict = [pictures.ids[2], pictures.near(2, "dog", "train", "conflict.png")]
        self.run, self.iteration = pictures.classify({self.conflict[1]: "cat"})

    def find(self, **options: Any) -> Any:
        return self._operator("find_duplicates")(self.dataset, **options)

    def ask(self, name: str, view: Any = None, **request: Any) -> Any:
        request = {"run": "deconfuse", "iteration": 1, **request}
        ctx = self._context(
            self.dataset, "label_errors", view=view, __method__=name, request=request
        )
        reply = self._operator("label_errors").execute(ctx)
        json.dumps(reply, allow_nan=False)
        if "error" not in reply:
            declared = EVENTS[name][1]
            assert set(reply) == declared.__required_keys__ | declared.__optional_keys__
        return reply

    def groups(self, **request: Any) -> Any:
        page = {"offset": 0, "limit": 20, "kind": None, "edge": 0}
        return self.ask("duplicates", **{**page, **request})

    def rows(self, ids: list[str]) -> list[int]:
        return self.iteration.rows_of(ids).tolist()

    def decide(self, action: str, ids: list[str], **more: Any) -> Any:
        found = self.groups()["samples"]
        shown = dict(zip(found["row"], found["current_label"], strict=True))
        rows = self.rows(ids)
        return self.ask(
            "resolve_group",
            action=action,
            rows=rows,
            labels=[shown.get(row, "") for row in rows],
            **more,
        )

    def listed(self, **request: Any) -> list[set[str]]:
        """The groups' sample ids, in their order."""
        reply = self.groups(**request)
        ids = dict(zip(reply["samples"]["row"], reply["samples"]["id"], strict=True))
        return [{ids[row] for row in group["rows"]} for group in reply["groups"]]


@pytest.fixture
def screen(dataset_name: str, tmp_path: Path, operator: Any, context: Any) -> Screen:
    return Screen(Pictures(dataset_name, tmp_path), operator, context)


def test_a_decision_concerns_all_of_a_group_that_is_too_large_to_be_shown(screen: Screen) -> None:
    scene = noise(3)
    for i in range(130):
        screen.pictures.add(changed(scene, i), "dog", "train", f"frame{i}.png")
    screen.pictures.classify({screen.conflict[1]: "cat"})
    screen.iteration = screen.run.iteration()
    screen.find()
    group = max(screen.groups(iteration=2)["groups"], key=lambda g: g["members"])
    assert (group["members"], len(group["rows"]), len(group["rest"])) == (131, 100, 31)
    assert not set(group["rows"]) & set(group["rest"])
    rows = [*group["rows"], *group["rest"]]
    assert group["rest_labels"] == ["dog"] * 31
    assert group["rest_outside"] == 0
    inside = screen.dataset.match_tags("train").limit(20)
    outside = max(screen.groups(iteration=2, view=inside)["groups"], key=lambda g: g["members"])
    assert outside["rest_outside"] > 0
    options = {"iteration": 2, "labels": ["dog"] * len(rows), "keep": None, "label": None}
    done = screen.ask("resolve_group", action="keep_all", rows=rows, **options)
    assert "error" not in done
    assert all(g["members"] < 100 for g in screen.groups(iteration=2)["groups"])


def test_leaks_come_first_then_conflicts_then_likeness(screen: Screen) -> None:
    before = screen.groups()
    assert (before["computed"], before["groups"], before["added"]) == (False, [], 43)
    screen.find()
    reply = screen.groups(edge=48)
    assert screen.listed() == [set(screen.leak), set(screen.conflict), set(screen.alike)]
    leak, conflict, alike = reply["groups"]
    assert [(g["leak"], g["conflict"], g["exact"]) for g in reply["groups"]] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert reply["totals"] == {
        "groups": 3,
        "pairs": 3,
        "samples": 6,
        "leaks": 1,
        "conflicts": 1,
        "alike": 1,
        "settled": 0,
    }
    kept = reply["samples"]
    of = {row: i for i, row in enumerate(kept["row"])}
    assert kept["current_label"][of[conflict["proposal"]]] == "cat"  # as the classifier says
    assert conflict["reason"] == "its label is the prediction"
    assert conflict["rows"][0] == conflict["proposal"]
    assert {kept["split"][of[row]] for row in leak["rows"]} == {"train", "test"}
    assert set(kept["width"]) == {24}
    assert alike["ses"] == alike["lowest_ses"] == 1.0
    assert alike["pair_ses"] == [1.0]
    assert sorted([alike["first"][0], alike["second"][0]]) == sorted(screen.rows(screen.alike))
    assert reply["sheet"]["rows"] == kept["row"]
    assert reply["added"] == 0
    steps = reply["steps"]
    assert steps["pairs"][0] >= 3
    assert steps["pairs"][-1] == 1  # the exact copy
    assert steps["threshold"][-1] == 1.0


def test_pages_and_kinds(screen: Screen) -> None:
    screen.find()
    page = screen.ask("duplicates", offset=1, limit=1, kind=None, edge=0)
    assert (page["matching"], len(page["groups"])) == (3, 1)
    assert page["groups"][0]["conflict"]
    for kind, ids in (("leak", screen.leak), ("conflict", screen.conflict)):
        found = screen.ask("duplicates", offset=0, limit=9, kind=kind, edge=0)
        assert found["matching"] == 1
        assert set(found["samples"]["id"]) == set(ids)
    reply = screen.ask("duplicates", offset=0, limit=9, kind="loud", edge=0)
    assert "kind must be one of" in reply["error"]["message"]


def test_another_threshold_needs_no_second_search(screen: Screen) -> None:
    screen.find()
    kept = load_duplicates(screen.run)
    assert kept is not None
    assert screen.listed(threshold=1.0) == [set(screen.alike)]
    assert len(screen.listed()) == 3, "looking is not setting"
    reply = screen.ask("set_threshold", threshold=1.0)
    assert (reply["threshold"], reply["pairs"]) == (1.0, 1)
    assert screen.listed() == [set(screen.alike)]
    deadline = time.monotonic() + 20
    while not load_duplicates(screen.run).document["fields_written"]:  # type: ignore[union-attr]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    after = load_duplicates(screen.run)
    assert after is not None
    assert after.id == kept.id
    screen.dataset.reload()
    leak = screen.dataset[screen.leak[0]]
    assert leak.deconfuse_duplicates is None
    assert leak.deconfuse_ses > 0.9
    assert screen.dataset[screen.alike[0]].deconfuse_duplicates == screen.alike[1:]
    for bad in (kept.floor - 0.01, 1.1):
        reply = screen.ask("set_threshold", threshold=bad)
        assert "threshold: expected a number from" in reply["error"]["message"]
    for bad in ("high", None, True):
        reply = screen.ask("set_threshold", threshold=bad)
        assert "threshold must be a finite number" in reply["error"]["message"]


def test_a_change_of_scope_needs_no_second_search(screen: Screen) -> None:
    other = screen.pictures.near(4, "dog", "train", "told-apart.png")
    screen.pictures.classify({screen.conflict[1]: "cat"})
    screen.find()
    assert len(screen.groups(iteration=2)["groups"]) == 3
    wide = screen.groups(iteration=2, scope="all")
    assert (len(wide["groups"]), wide["scope"]) == (4, "all")
    assert other in wide["samples"]["id"]
    assert screen.ask("set_threshold", threshold=0.9, scope="all")["scope"] == "all"
    assert len(screen.groups(iteration=2)["groups"]) == 4


@pytest.mark.parametrize("name", ["deconfuse_ses", "deconfuse_duplicates"])
def test_a_threshold_is_refused_where_a_field_that_shows_it_is_read_only(
    screen: Screen, name: str
) -> None:
    screen.find()
    field = screen.dataset.get_field(name)
    field.read_only = True
    field.save()
    before = load_duplicates(screen.run)
    reply = screen.ask("set_threshold", threshold=1.0, scope="all")
    assert f"Field '{name}'" in reply["error"]["message"]
    assert "is read-only" in reply["error"]["message"]
    after = load_duplicates(screen.run)
    assert before is not None
    assert after is not None
    assert after.document == before.document
    assert len(screen.listed()) == 3


def test_each_threshold_and_scope_has_its_own_groups(screen: Screen) -> None:
    """Asked by turns, with nothing changed between: groups are kept for a while."""
    screen.pictures.near(4, "dog", "train", "told-apart.png")
    screen.pictures.classify({screen.conflict[1]: "cat"})
    screen.find()
    asked = [(0.9, "same_prediction"), (1.0, "same_prediction"), (0.9, "all"), (1.0, "all")]
    for threshold, scope in [*asked, *asked[::-1]]:
        reply = screen.groups(iteration=2, threshold=threshold, scope=scope)
        expected = 1 if threshold == 1.0 else 3 if scope == "same_prediction" else 4
        assert len(reply["groups"]) == reply["totals"]["groups"] == expected
        assert (reply["threshold"], reply["scope"]) == (threshold, scope)


def test_the_pulse_tells_another_threshold_scope_and_search(screen: Screen) -> None:
    def seen() -> Any:
        return screen.ask("pulse")["worked_out"]["duplicates"]

    told = [seen()]
    screen.find()
    told.append(seen())
    for threshold, scope in ((0.95, "same_prediction"), (0.95, "all"), (1.0, "all")):
        screen.ask("set_threshold", threshold=threshold, scope=scope)
        told.append(seen())
        screen.ask("set_threshold", threshold=threshold, scope=scope)
        assert seen() == told[-1]
    screen.find()
    told.append(seen())
    assert len(set(told)) == len(told)


ACTIONS = [
    ("keep_one", {"keep": 0}, "remove"),
    ("keep_all", {}, "keep_all"),
    ("relabel_alike", {"label": "dog"}, "relabel"),
    ("remove", {}, "remove"),
]


@pytest.mark.parametrize(("action", "more", "journalled"), ACTIONS)
@pytest.mark.parametrize("which", ["conflict", "leak", "alike"])
def test_each_action_leaves_the_list_and_undo_brings_all_back(
    screen: Screen, action: str, more: dict[str, Any], journalled: str, which: str
) -> None:
    screen.find()
    ids = getattr(screen, which)
    if "keep" in more:
        more = {"keep": screen.rows(ids)[more["keep"]]}
    before, shown = all_raw(screen.run), screen.groups()
    done = screen.decide(action, ids, **more)
    assert (done["action"], done["conflict_count"]) == (journalled, 0)
    stays = action == "relabel_alike" and which == "leak"
    assert (set(ids) in screen.listed()) == stays
    left = set(screen.dataset.values("id"))
    gone = {"keep_one": ids[1:], "remove": ids}.get(action, [])
    assert set(ids) - left == set(gone)
    if action == "relabel_alike":
        assert {screen.dataset[i].ground_truth.label for i in ids} == {"dog"}
        assert not any(g["conflict"] and g["id"] in ids for g in screen.groups()["groups"])
    if action == "keep_all":
        assert screen.groups()["totals"]["settled"] == 1
        assert {screen.dataset[i].deconfuse_decision for i in ids} == {None}
    undone = screen.ask("undo", decision=done["decision"])
    assert undone["applied"] == done["applied"]
    assert all_raw(screen.run) == before
    again = screen.groups()
    for name in ("groups", "totals", "samples"):
        assert again[name] == shown[name], name


def test_keeping_all_leaves_samples_open_and_can_be_redone(screen: Screen) -> None:
    screen.find()
    counts = screen.ask("overview", order="count", labels=[], with_classes=False)["progress"]
    done = screen.decide("keep_all", screen.leak)
    after = screen.ask("overview", order="count", labels=[], with_classes=False)["progress"]
    assert after == counts
    undone = screen.ask("undo", decision=done["decision"])
    assert set(screen.leak) in screen.listed()
    screen.ask("undo", decision=undone["decision"])
    assert set(screen.leak) not in screen.listed()


def test_a_dismissed_group_does_not_hide_a_new_copy(screen: Screen) -> None:
    screen.find()
    screen.decide("keep_all", screen.alike)
    third = screen.pictures.add(noise(0), "cat", "test", "third.png")
    _, screen.iteration = screen.pictures.classify({screen.conflict[1]: "cat"})
    screen.find()
    reply = screen.ask("duplicates", iteration=2, offset=0, limit=9, kind="leak", edge=0)
    assert any(third in reply["samples"]["id"] for _ in reply["groups"])


def test_somebody_elses_changes_are_not_overwritten(screen: Screen) -> None:
    screen.find()
    keep = screen.rows(screen.conflict)[0]
    shown = {"rows": screen.rows(screen.conflict), "labels": ["cat", "dog"]}
    other = screen.dataset[screen.conflict[1]]
    other.ground_truth.label = "cat"
    other.save()
    done = screen.ask("resolve_group", action="keep_one", keep=keep, **shown)
    assert (done["applied"], done["conflict_count"]) == (0, 1)
    assert done["conflicts"][0]["reason"] == "relabeled"
    screen.dataset.delete_samples([screen.conflict[0]])
    shown["labels"] = ["cat", "cat"]
    refused = screen.ask("resolve_group", action="keep_one", keep=keep, **shown)
    assert "is no longer there. Nothing was removed" in refused["error"]["message"]
    assert screen.conflict[1] in screen.dataset.values("id")


def test_the_one_to_keep_must_be_as_it_was_seen(screen: Screen) -> None:
    screen.find()
    kept = screen.dataset[screen.leak[0]]
    kept.ground_truth.label = "cat"
    kept.save()
    rows = screen.rows(screen.leak)
    refused = screen.ask(
        "resolve_group", action="keep_one", rows=rows, labels=["dog", "dog"], keep=rows[0]
    )
    assert "was labelled 'dog' and is 'cat' by now" in refused["error"]["message"]
    assert len(screen.dataset) == 43


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"action": "explode", "rows": [0, 1], "labels": ["", ""]}, "action must be one of"),
        ({"action": "keep_one", "rows": [0, 1], "labels": ["", ""]}, "needs a keep"),
        ({"action": "keep_all", "rows": [0, 1], "labels": ["", ""], "keep": 1}, "takes no keep"),
        ({"action": "relabel_alike", "rows": [0, 1], "labels": ["", ""]}, "needs a label"),
        ({"action": "keep_all", "rows": [0], "labels": [""]}, "at least 2 samples"),
        ({"action": "keep_all", "rows": [0, 1], "labels": [""]}, "labels must be a list"),
        ({"action": "keep_one", "rows": [0, 1], "labels": ["", ""], "keep": 3}, "keep must be one"),
        ({"action": "keep_all", "rows": [0, 999], "labels": ["", ""]}, "rows must lie between"),
        ({"action": "remove", "rows": [], "labels": []}, "sample_ids is empty"),
    ],
)
def test_what_cannot_be_decided(screen: Screen, request_: Any, message: str) -> None:
    screen.find()
    reply = screen.ask("resolve_group", **request_)
    assert message in reply["error"]["message"]
    assert screen.ask("pulse")["revision"] == 0


def test_what_the_view_leaves_out_is_never_acted_on(screen: Screen) -> None:
    screen.find()
    view = screen.dataset.match_tags("train")
    reply = screen.ask(
        "resolve_group",
        view=view,
        action="keep_all",
        rows=screen.rows(screen.leak),
        labels=["dog", "dog"],
    )
    assert "not in FiftyOne's current view" in reply["error"]["message"]
    shown = screen.ask("duplicates", view=view, offset=0, limit=9, kind="leak", edge=0)
    assert sorted(shown["samples"]["in_view"]) == [False, True]


def test_the_icon_follows_decisions(screen: Screen) -> None:
    def icons() -> set[tuple[int, int]]:
        cells = screen.ask("overview", order="count", labels=[0, 1], with_classes=False)["cells"]
        every = zip(cells["label"], cells["prediction"], cells["duplicates"], strict=True)
        return {(label, prediction) for label, prediction, shown in every if shown}

    assert icons() == set()
    screen.find()
    assert icons() == {(0, 0), (1, 0), (1, 1)}
    row = screen.rows([screen.conflict[1]])[0]
    done = screen.ask("resolve", action="confirm", rows=[row])
    assert icons() == {(0, 0), (1, 1)}, "a decided sample is no open duplicate"
    screen.ask("undo", decision=done["decision"])
    assert icons() == {(0, 0), (1, 0), (1, 1)}
    screen.decide("keep_all", screen.leak)
    assert icons() == {(0, 0), (1, 0)}, "kept on purpose"
    screen.decide("keep_one", screen.conflict, keep=screen.rows(screen.conflict)[0])
    assert icons() == {(0, 0)}
    screen.ask("set_threshold", threshold=1.0)
    assert icons() == {(0, 0)}


def test_pairs_of_a_cell_are_those_that_were_found(screen: Screen) -> None:
    near = screen.ask("pairs", label=0, prediction=0, limit=50)
    assert (near["source"], near["least"]) == ("nearest", 0.8)
    assert near["first"] == [], "unlike ones are not listed, however near they are"
    screen.find(scope="all")
    reply = screen.ask("pairs", label=1, prediction=0, limit=5)
    assert reply["source"] == "duplicates"
    assert {*reply["first"], *reply["second"]} == set(screen.rows(screen.conflict))
    first = screen.ask("pairs", label=0, prediction=0, limit=5)
    assert first["ses"][0] == 1.0
    assert first["ses"] == sorted(first["ses"], reverse=True)
    screen.ask("set_threshold", threshold=1.0)
    unlike = screen.ask("pairs", label=1, prediction=0, limit=5)
    assert (unlike["first"], unlike["least"]) == ([], 1.0)
    assert screen.ask("pairs", label=0, prediction=0, limit=5)["ses"] == [1.0]


def test_the_difference_is_the_images_difference(screen: Screen) -> None:
    screen.find()
    one, two = (np.asarray(Image.open(screen.dataset[i].filepath)) for i in screen.leak)
    rows = screen.rows(screen.leak)
    reply = screen.ask("difference", first=rows[0], second=rows[1], size=256)
    apart = np.abs(one.astype(int) - two.astype(int))
    assert reply["largest"] == apart.max()
    assert (reply["width"], reply["height"], reply["problem"]) == (24, 24, "")
    shown = _picture(reply["difference"])
    np.testing.assert_array_equal(shown, np.rint(apart * 255 / apart.max()))
    np.testing.assert_array_equal(_picture(reply["first"]), one)
    group = next(g for g in screen.groups()["groups"] if g["leak"])
    assert reply["ses"] == pytest.approx(group["ses"], abs=1e-4)
    same = screen.rows(screen.alike)
    assert screen.ask("difference", first=same[0], second=same[1], size=64)["largest"] == 0
    Path(screen.dataset[screen.leak[1]].filepath).unlink()
    gone = screen.ask("difference", first=rows[0], second=rows[1], size=256)
    assert gone["problem"] == "file is missing"


def _picture(url: str) -> Any:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))))


def test_samples_deleted_past_the_journal_leave_the_groups(screen: Screen) -> None:
    copies = [screen.pictures.add(noise(7), "dog", "train", f"copy{i}.png") for i in range(2)]
    screen.pictures.classify({screen.conflict[1]: "cat"})
    screen.find()
    screen.dataset.delete_samples([screen.leak[0], screen.pictures.ids[7]])
    found = screen.listed(iteration=2)
    assert found[0] == set(screen.conflict)
    assert sorted(map(sorted, found[1:])) == sorted(map(sorted, [copies, screen.alike]))
