"""Second opinions in the panel: blind, answered once, settled by decisions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plugin.decisions.resolve import resolve
from plugin.opinions.answers import open_opinion
from tests.panels.made_runs import write_iteration

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
