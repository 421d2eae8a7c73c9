"""``estimate_remaining`` as scripts, the App's form and the panel use it."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plugin.decisions.journal import applied_headers
from plugin.store.runs import Run
from tests.panels.made_runs import write_iteration
from tests.plugin.decided import labels_of

pytestmark = pytest.mark.slow

CLASSES = ["cat", "dog", "eel"]
N = 400


@pytest.fixture
def run(dataset: Callable[..., Any]) -> Run:
    """A run of 400 samples with real pictures."""
    labels = [CLASSES[i % 3] for i in range(N)]
    p = np.random.default_rng(3).dirichlet([1, 1, 1], size=N)
    made, _ = write_iteration(dataset(n=N, labels=labels), p, CLASSES)
    return made


def truth_of(run: Run) -> dict[str, str]:
    rng = np.random.default_rng(1)
    return {
        i: CLASSES[(CLASSES.index(str(label)) + int(rng.random() < 0.15)) % 3]
        for i, label in labels_of(run).items()
    }


def errors(run: Run, truth: dict[str, str]) -> int:
    return sum(label != truth[i] for i, label in labels_of(run).items())


def test_a_script_draws_judges_and_reads(run: Run, operator: Callable[[str], Any]) -> None:
    estimate, truth = operator("estimate_remaining"), truth_of(run)
    before = errors(run, truth)
    drawn = estimate(run.dataset, audit_size=120, seed=7, author="ann")
    json.dumps(drawn)
    assert (drawn["state"], drawn["size"], len(drawn["waiting"])) == ("open", 120, 120)
    assert drawn["estimate"] is None
    assert estimate(run.dataset)["audit"] == drawn["audit"]
    done = estimate(run.dataset, verdicts={i: truth[i] for i in drawn["waiting"]})
    json.dumps(done)
    assert (done["state"], done["judged"], done["waiting"]) == ("done", 120, [])
    known = done["estimate"]
    assert known["at_draw"]["low"] <= before <= known["at_draw"]["high"]
    assert known["left"]["low"] <= errors(run, truth) <= known["left"]["high"]
    assert done["wrong"] == before - errors(run, truth)
    assert done["target"]["most_left"] >= errors(run, truth)
    assert {part["label"] for part in known["parts"]} == set(CLASSES)
    assert estimate(run.dataset)["audit"] == drawn["audit"]
    again = estimate(run.dataset, audit_size=50, new=True)
    assert (again["number"], again["population"]) == (2, N - 120)
    closed = estimate(run.dataset, close=True, share=0.8, confidence=0.9)
    assert closed["state"] == "closed"
    assert (closed["target"]["share"], closed["target"]["confidence"]) == (0.8, 0.9)


def test_verdicts_can_come_from_resolve_and_are_exported(
    run: Run, operator: Callable[[str], Any], tmp_path: Path
) -> None:
    drawn = operator("estimate_remaining")(run.dataset, audit_size=30)
    first = drawn["waiting"]
    made = operator("resolve")(run.dataset, "confirm", first, audit=drawn["audit"])
    assert made["basis"] == {"kind": "audit", "audit": drawn["audit"], "number": 1}
    assert operator("estimate_remaining")(run.dataset)["right"] == 30
    file = tmp_path / "t.csv"
    operator("export_decisions")(run.dataset, file)
    rows = list(csv.DictReader(file.open(encoding="utf-8-sig")))
    assert {json.loads(row["basis"])["audit"] for row in rows} == {drawn["audit"]}
    operator("undo")(run.dataset)
    # The file as an earlier version wrote it, and as it is.
    old = tmp_path / "old.csv"
    with old.open("w", newline="") as target:
        writer = csv.DictWriter(target, [n for n in rows[0] if n != "basis"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**row, "decision": "0" * 24} for row in rows)
    assert operator("import_decisions")(run.dataset, old)["applied"] == 30
    operator("undo")(run.dataset)
    for row in rows:
        row["decision"] = "1" * 24
    with file.open("w", newline="") as target:
        writer = csv.DictWriter(target, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert operator("import_decisions")(run.dataset, file)["applied"] == 30
    assert applied_headers(run)[-1]["basis"]["audit"] == drawn["audit"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"audit_size": 0}, "audit_size must be"),
        ({"audit_size": "many"}, "audit_size must be"),
        ({"verdicts": {"x": "cat"}}, "has no open audit"),
        ({"close": True}, "has no open audit"),
        ({"share": 1.2}, "share must be a number between 0 and 1"),
        ({"confidence": 0}, "confidence must be a number between 0 and 1"),
        ({"run_key": "other"}, "no Deconfuse run with run_key 'other'"),
    ],
)
def test_bad_input_changes_nothing(
    run: Run, operator: Callable[[str], Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        operator("estimate_remaining")(run.dataset, **options)
    assert operator("estimate_remaining")(run.dataset, audit_size=5)["number"] == 1
    with pytest.raises(ValueError, match="still waits for 5 verdicts"):
        operator("estimate_remaining")(run.dataset, new=True)
    with pytest.raises(ValueError, match="before a new one"):
        operator("estimate_remaining")(run.dataset, new=True, verdicts={"x": "cat"})
    with pytest.raises(ValueError, match="has no audit"):
        operator("resolve")(run.dataset, "confirm", [run.dataset.first().id], audit="x")
    assert applied_headers(run) == []


def test_the_app_s_form_and_answer(
    run: Run, operator: Callable[[str], Any], context: Callable[..., Any]
) -> None:
    def asked(**params: Any) -> set[str]:
        ctx = context(run.dataset, "estimate_remaining", **params)
        form = operator("estimate_remaining").resolve_input(ctx).to_json()
        for prop in form["type"]["properties"].values():
            assert prop["view"].get("label")
        return set(form["type"]["properties"])

    assert asked() == {"audit_size"}
    ctx = context(run.dataset, "estimate_remaining", run_key="deconfuse", audit_size=40)
    drawn = operator("estimate_remaining").execute(ctx)
    assert len(drawn["waiting"]) == 40
    said = ctx.executor.to_json()["requests"][0]["params"]["message"]
    assert said == "Audit 1: 40 samples wait for a verdict"
    assert asked() == {"waiting", "close"}
    operator("resolve")(run.dataset, "confirm", drawn["waiting"])
    assert asked() == {"new"}
    assert asked(new=True) == {"new", "audit_size"}
    ctx = context(run.dataset, "estimate_remaining", run_key="deconfuse")
    operator("estimate_remaining").execute(ctx)
    said = ctx.executor.to_json()["requests"][0]["params"]["message"]
    assert said.startswith("About 0 errors are left (0 to ")


@pytest.fixture
def ask(run: Run, operator: Any, context: Any) -> Callable[..., Any]:
    def answer(name: str, **request: Any) -> Any:
        request = {"run": "deconfuse", "iteration": 1, **request}
        ctx = context(run.dataset, "label_errors", __method__=name, request=request)
        reply = operator("label_errors").execute(ctx)
        json.dumps(reply, allow_nan=False)
        return reply

    return answer


def test_the_panel_audits_blind(run: Run, ask: Callable[..., Any]) -> None:
    truth = truth_of(run)
    nothing = ask("audit", audit=None)
    assert nothing["audit"] is None
    assert nothing["target"]["most_left"] == N
    drawn = ask("audit_draw", size=40)["audit"]
    page = ask("audit_items", audit=None, skip=[0], limit=5, size=64)
    assert [item["place"] for item in page["items"]] == [1, 2, 3, 4, 5]
    for item in page["items"]:
        assert set(item) == {"place", "classes", "image", "width", "height", "problem"}
        assert item["classes"] == [0, 1, 2]
        assert item["image"].startswith("data:image/")
    ids = labels_of(run)
    from plugin.audit.audits import open_audit
    from plugin.store.iterations import unpack_ids

    opened = open_audit(run)
    assert opened is not None
    places = unpack_ids(opened.record.sample_id)
    reply: dict[str, Any] = {}
    for place, sample_id in enumerate(places):
        reply = ask("audit_verdict", audit=drawn["id"], place=place, label=truth[sample_id])
        assert reply["waiting"] == 39 - place
        assert not reply["gone"]
    done = ask("audit", audit=None)
    assert done["audit"]["state"] == "done"
    assert done["audit"]["wrong"] == sum(ids[i] != truth[i] for i in places)
    assert done["estimate"]["left"]["low"] <= errors(run, truth)
    assert errors(run, truth) <= done["estimate"]["left"]["high"]
    assert ask("set_target", share=0.5, confidence=0.9)["target"]["share"] == 0.5
    undone = ask("undo", decision=reply["decision"])
    assert undone["applied"] == 1
    assert ask("audit", audit=None)["audit"]["waiting"] == 1
    assert ask("audit_close", audit=None)["audit"]["state"] == "closed"


def test_the_panel_refuses_bad_verdicts(run: Run, ask: Callable[..., Any]) -> None:
    for name in ("audit_items", "audit_verdict", "audit_close"):
        wanted = {"skip": [], "limit": 5, "size": 64, "place": 0, "label": "cat"}
        assert "no audit yet" in ask(name, audit=None, **wanted)["error"]["message"]
    ask("audit_draw", size=10)
    for verdict in ({}, {"label": "cat", "unclear": True}, {"unclear": False}):
        error = ask("audit_verdict", audit=None, place=0, **verdict)["error"]
        assert error["kind"] == "input"
    assert (
        "place must lie"
        in ask("audit_verdict", audit=None, place=10, label="cat")["error"]["message"]
    )
    assert ask("audit_draw", size=10)["error"]["kind"] == "input"
    assert ask("audit", audit=None)["audit"]["waiting"] == 10


def test_the_panel_checks_a_cell_before_it_is_relabelled(run: Run, ask: Callable[..., Any]) -> None:
    where = {"label": 0, "prediction": 1}
    cell = ask("cell", **where, offset=0, limit=500, iies=None, edge=0)["samples"]["row"]
    check = ask("check_draw", **where, rows=None, becomes="dog", size=10)
    assert check["population"] == len(cell)
    assert set(check["rows"]) <= set(cell)
    unread = ask("resolve", action="relabel", rows=cell, label="dog", check=check["check"])
    assert "not read yet" in unread["error"]["message"]
    bound = ask("check_read", check=check["check"], exceptions=check["rows"][:1])
    assert (bound["checked"], bound["exceptions"]) == (10, 1)
    assert 0 < bound["most_wrong"] <= bound["unchecked"] == len(cell) - 10
    rest = [row for row in cell if row != check["rows"][0]]
    made = ask("resolve", action="relabel", rows=rest, label="dog", check=check["check"])
    assert made["applied"] == len(rest)
    kept = applied_headers(run)[-1]["basis"]
    assert (kept["kind"], kept["most_wrong"]) == ("check", bound["most_wrong"])
    few = ask("check_draw", **where, rows=[], becomes="dog", size=10)
    assert few["population"] == 1
