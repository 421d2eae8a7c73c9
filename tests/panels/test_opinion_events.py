"""Second opinions in the panel: blind, answered once, settled by decisions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plugin.decisions.resolve import resolve
from plugin.object_opinions.answers import open_object_opinion
from plugin.objects.iteration import object_iteration
from plugin.objects.resolve import resolve as resolve_objects
from plugin.opinions.answers import open_opinion
from scripts.panel_events import SOURCE, load
from tests.panels.made_runs import write_iteration
from tests.plugin.objects_decided import ids_at, labels_at, make_objects, missing_ids_at

EVENTS = load(SOURCE).EVENTS

CLASSES = [f"class {i:02d}" for i in range(40)]
N = 80
FIRST = "class 39"


@pytest.fixture
def ask(dataset: Any, operator: Any, context: Any) -> Any:
    """Ask the panel about a run of forty classes; ada gave six samples the same label."""
    new = dataset(n=N, labels=[CLASSES[i % 40] for i in range(N)], scale=2)
    p = np.random.default_rng(3).dirichlet(np.ones(40), size=N)
    run, _ = write_iteration(new, p, CLASSES)
    ids = new.values("id")
    resolve(run, "relabel", ids[:6], label=FIRST, author="ada")

    def answer(name: str, **request: Any) -> Any:
        request = {"run": "deconfuse", **request}
        ctx = context(new, "label_errors", __method__=name, request=request)
        reply = operator("label_errors").execute(ctx)
        json.dumps(reply, allow_nan=False)
        return reply

    return answer, new, run


def test_what_is_asked_is_blind(ask: Any, tmp_path: Path) -> None:
    answer, new, run = ask
    reply = answer("opinion_ask", iteration=1, to="bob", decisions_of="ada")
    info = reply["opinions"][0]
    assert (info["to"], info["size"], info["waiting"], info["kappa"]) == ("bob", 6, 6, None)
    assert dict(zip(reply["people"], reply["decided"], strict=True)) == {"ada": 6, "bob": 0}
    asked = {"opinion": info["id"], "skip": [], "limit": 64, "size": 64}
    items = answer("opinion_items", **asked)["items"]
    assert [item["place"] for item in items] == list(range(6))
    iteration = run.iteration()
    for item, kept in zip(items, open_opinion(run).items, strict=True):
        assert set(item) == {"place", "classes", "image", "width", "height", "problem"}
        assert item["classes"] == sorted(item["classes"])
        row = int(iteration.rows_of([str(kept.sample_id)])[0])
        probable = set(iteration.column("top_class", row, row + 1)[0].tolist())
        label = int(iteration.column("label", row, row + 1)[0])
        assert set(item["classes"]) == probable | {label, CLASSES.index(FIRST)}
    whole = [answer("opinion_original", opinion=info["id"], place=at) for at in range(6)]
    said = json.dumps([items, whole])
    assert all(item["image"] for item in items)
    for telling in (*CLASSES, *map(str, new.values("id")), str(Path(new.first().filepath).parent)):
        assert telling not in said
    skipped = answer("opinion_items", **{**asked, "skip": [0, 2]})
    assert [item["place"] for item in skipped["items"]] == [1, 3, 4, 5]
    assert skipped["skipped"] == [0, 2]
    # What was skipped and is answered, in another window perhaps, is skipped no more.
    answer("opinion_answer", opinion=info["id"], place=2, unclear=True)
    skipped = answer("opinion_items", **{**asked, "skip": [0, 2]})
    assert ([item["place"] for item in skipped["items"]], skipped["skipped"]) == ([1, 3, 4, 5], [0])
    assert (skipped["judged"], skipped["waiting"]) == (1, 5)


def test_answers_are_kept_taken_back_and_settled(ask: Any) -> None:
    answer, _, _ = ask
    opinion = answer("opinion_ask", iteration=1, to="bob", decisions_of="ada")["opinions"][0]["id"]
    key = {"opinion": opinion}
    for place, label in enumerate(["class 39", "class 01", "class 02", "class 39"]):
        done = answer("opinion_answer", **key, place=place, label=label)
        assert (done["decision"], done["waiting"]) == (None, 5 - place)
    assert "answered already" in str(answer("opinion_answer", **key, place=0, label="class 01"))
    assert answer("opinion_answer", **key, place=4, unclear=True)["waiting"] == 1
    assert "either a label" in str(answer("opinion_answer", **key, place=5))
    assert answer("opinion_take_back", **key, place=4)["done"]
    info = answer("opinions")["opinions"][0]
    assert (info["judged"], info["compared"], info["agreed"], info["to_settle"]) == (4, 4, 2, 2)
    page = {"offset": 0, "limit": 9, "size": 64}
    found = answer("disagreements", **key, **page)
    assert (found["total"], found["to_settle"]) == (2, 2)
    one = found["disagreements"][0]
    assert (one["first"], one["second"], one["now"]) == (FIRST, "class 01", FIRST)
    assert one["image"].startswith("data:image")
    given = {"iteration": 1, "place": one["place"], "expected": FIRST}
    done = answer("settle", **key, **given, label="class 01")
    assert (done["action"], done["applied"], done["what"]["label"]) == ("relabel", 1, "class 01")
    again = answer("settle", **key, **given, label="class 02")
    assert again["conflicts"][0]["reason"] == "relabeled"
    found = answer("disagreements", **key, **page)
    assert [d["settled"] for d in found["disagreements"]] == [False, True]
    answer("undo", decision=done["decision"])
    assert answer("disagreements", **key, **page)["to_settle"] == 2


def test_rows_and_cells_are_put_to_a_person(ask: Any) -> None:
    answer, _, run = ask
    cells = run.iteration().cells
    cell = [int(cells.label[3]), int(cells.prediction[3])]
    sizes = [
        answer("opinion_ask", iteration=1, to=to, **asked)["opinions"][0]["size"]
        for to, asked in (
            ("bob", {"rows": [1, 2, 3]}),
            ("eve", {"cell": cell}),
            ("bob", {"rows": list(range(9, 30)), "n": 4}),
        )
    ]
    assert sizes == [3, int(cells.count[3]), 4]
    for odd in ({}, {"rows": [1], "cell": cell}, {"rows": [-1]}, {"rows": [1], "n": 0}):
        assert answer("opinion_ask", iteration=1, to="carl", **odd)["error"]["kind"] == "input"


@pytest.fixture
def ask_objects(operator: Any, context: Any) -> Iterator[Any]:
    """Ask the panel about a run on objects; ada confirmed, removed, added and dismissed."""
    run = make_objects(images=2)
    labels, missing = ids_at(run, 0), missing_ids_at(run, 0)
    for action, ids in (
        ("confirm", labels[:2]),
        ("remove", labels[2:3]),
        ("add", missing[:1]),
        ("confirm", missing[1:]),
    ):
        resolve_objects(run, action, ids, author="ada")

    def answer(name: str, **request: Any) -> Any:
        ctx = context(
            run.dataset,
            "label_errors",
            __method__=name,
            request={"run": "deconfuse", "iteration": 1, **request},
        )
        reply = operator("label_errors").execute(ctx)
        json.dumps(reply, allow_nan=False)
        declared = EVENTS[name][1]
        assert "error" in reply or set(reply) == set(declared.__required_keys__), name
        return reply

    yield answer, run
    run.dataset.delete()


def test_outlines_are_blind_and_settled(ask_objects: Any) -> None:
    answer, run = ask_objects
    made = answer("opinion_ask", to="bob", decisions_of="ada")
    info = made["opinions"][0]
    assert (info["size"], dict(zip(made["people"], made["decided"], strict=True))["ada"]) == (5, 5)
    key = {"opinion": info["id"]}
    asked = {**key, "skip": [], "limit": 64, "size": 64}
    outlines = answer("opinion_outlines", **asked)["items"]
    items = open_object_opinion(run).items
    boxes = {str(d["_id"]): d["bounding_box"] for d in labels_at(run, 0)}
    for one, item in zip(outlines, items, strict=True):
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
        }, "nothing tells a label from what was removed or proposed"
        assert one["classes"] == [0, 1, 2]
        assert one["box"] == pytest.approx(item.box, abs=1e-4), "also of what has no label"
        others = {i: box for i, box in boxes.items() if i != str(item.item_id)}
        assert len(one["others"]) == len(others)
    said = json.dumps(outlines)
    for telling in ("ant", "ada", "confirmed", *boxes, *(str(i.item_id) for i in items)):
        assert telling not in said
    # Nothing, unclear, or a class: one of them.
    assert "either a label" in str(answer("opinion_answer", **key, place=0))
    assert "either a label" in str(
        answer("opinion_answer", **key, place=0, nothing=True, label="ant")
    )
    assert "must not be empty" in str(answer("opinion_answer", **key, place=0, label=""))
    for item in items:
        done = answer("opinion_answer", **key, place=item.place, nothing=True)
        assert not done["gone"]
    assert "answered already" in str(answer("opinion_answer", **key, place=0, unclear=True))
    page = {**key, "offset": 0, "limit": 9, "size": 64}
    found = answer("disagreements", **page)
    # What was removed and what was dismissed is nothing to both.
    assert (found["total"], found["to_settle"]) == (3, 3)
    one = found["disagreements"][0]
    assert (one["second"], one["now"]) == ("", one["first"])
    place = {"place": one["place"], "expected": one["now"]}
    done = answer("settle", **key, **place, label="")
    assert (done["action"], done["applied"]) == ("remove", 1)
    assert answer("settle", **key, **place, label="bee")["conflict_count"] == 1
    assert answer("disagreements", **page)["to_settle"] == 2
    answer("undo", decision=done["decision"])
    assert answer("disagreements", **page)["to_settle"] == 3
    cells = object_iteration(run).cells
    last = [int(cells.label[-1]), int(cells.prediction[-1])]
    for to, what in (("eve", {"rows": [0, 1]}), ("carl", {"cell": last})):
        assert answer("opinion_ask", to=to, **what)["opinions"][0]["to"] == to
