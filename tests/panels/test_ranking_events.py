"""The panel's ranking and the queue that follows it, on a real dataset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plugin.layout.store import keep_map
from plugin.store.scores import write_rank
from tests.panels.made_runs import write_iteration

CLASSES = ["cat", "dog", "eel"]
N = 60
CONFIDENCE = {"by": "confidence", "above": None, "label": None}


@pytest.fixture
def ask(dataset: Any, asking: Any) -> Any:
    """Ask the panel about a run of 60 samples, and get plain data back."""
    new = dataset(n=N, labels=[CLASSES[i % 3] for i in range(N)])
    run, iteration = write_iteration(
        new, np.random.default_rng(3).dirichlet([1, 1, 1], size=N), CLASSES
    )

    return asking(new), new, run, iteration


def test_disagreements_by_confidence_page_by_page(ask: Any) -> None:
    answer, new, _, _ = ask
    whole = answer("ranking", **CONFIDENCE, offset=0, limit=99)
    assert whole["values"] == sorted(whole["values"], reverse=True)
    assert all(a != b for a, b in zip(whole["labels"], whole["predictions"], strict=True))
    by_id = dict(zip(*new.values(["id", "ground_truth.label"]), strict=True))
    assert [CLASSES[i] for i in whole["labels"]] == [by_id[i] for i in whole["ids"]]
    assert whole["total"] == whole["open"] == len(whole["rows"]) == sum(whole["bars"])
    second = answer("ranking", **CONFIDENCE, offset=5, limit=5)
    assert second["rows"] == whole["rows"][5:10]
    assert second["total"] == whole["total"]
    high = answer("ranking", **(CONFIDENCE | {"above": whole["values"][7]}), offset=0, limit=99)
    assert high["total"] in (7, 8)  # the value sent is rounded
    assert high["open"] == whole["open"]


def test_the_queue_goes_through_the_same_order(ask: Any) -> None:
    answer, _, run, iteration = ask
    for request in (
        CONFIDENCE,
        {"by": "confidence", "above": 0.6, "label": 1},
        {"by": "suspicion", "above": None, "label": 2},
    ):
        shown = answer("ranking", **request, offset=0, limit=99)
        line = answer("queue", cell=None, skip=[], limit=99, **request)
        assert line["rows"] == shown["rows"]
        assert line["left"] == shown["total"] > 0
    first = line["rows"][0]
    answer("resolve", action="confirm", rows=[first])
    assert answer("queue", cell=None, skip=[], limit=99, **request)["rows"] == line["rows"][1:]
    assert answer("ranking", **request, offset=0, limit=99)["rows"] == line["rows"][1:]
    missing = {"by": "importance", "above": None, "label": None}
    assert answer("queue", cell=None, skip=[], limit=9, **missing)["rows"] == []
    write_rank(run, iteration, "importance", np.arange(N, 0, -1.0))
    assert (
        answer("queue", cell=None, skip=[], limit=3, **missing)["rows"]
        == sorted({0, 1, 2, 3} - {first})[:3]
    )


def test_a_score_that_nobody_computed_names_its_operator(ask: Any) -> None:
    answer = ask[0]
    for by, operator in (("importance", "rank_by_importance"), ("disagreement", "map_dataset")):
        reply = answer("ranking", by=by, above=None, label=None, offset=0, limit=9)
        assert "error" not in reply
        assert not reply["available"][by]
        assert reply["available"]["suspicion"]
        assert reply["operator"] == operator
        assert reply["rows"] == []


def test_what_the_view_leaves_out_is_not_shown(ask: Any) -> None:
    answer, new, _, _ = ask
    view = new.match_tags("test")
    whole = answer("ranking", **CONFIDENCE, offset=0, limit=99)
    part = answer("ranking", view=view, **CONFIDENCE, offset=0, limit=99)
    inside = set(view.values("id"))
    assert part["ids"] == [i for i in whole["ids"] if i in inside]
    assert part["total"] + part["outside"] == whole["total"]
    assert whole["outside"] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"by": "beauty"}, "by must be one of"),
        ({"by": None}, "by must be one of"),
        ({"above": "high"}, "above must be a finite number"),
        ({"label": 3}, "label must be a class index below 3"),
    ],
)
def test_bad_requests_are_explained(ask: Any, change: Any, message: str) -> None:
    reply = ask[0]("ranking", **(CONFIDENCE | change), offset=0, limit=9)
    assert reply["error"]["kind"] == "input"
    assert message in reply["error"]["message"]


def test_the_pulse_tells_what_was_worked_out_anew(ask: Any) -> None:
    answer, _, run, iteration = ask
    seen = [answer("pulse")["worked_out"]]
    for work in (
        lambda: write_rank(run, iteration, "importance", np.zeros(N)),
        lambda: write_rank(run, iteration, "importance", np.ones(N)),
        lambda: keep_map(run, iteration, np.zeros((N, 2)), np.zeros(N, np.float32)),
        lambda: keep_map(run, iteration, np.ones((N, 2)), np.zeros(N, np.float32)),
    ):
        work()
        seen.append(answer("pulse")["worked_out"])
    assert len({str(one) for one in seen}) == len(seen)
    answer("resolve", action="confirm", rows=[0])
    assert answer("pulse")["worked_out"] == seen[-1]
    (info,) = answer("status")["runs"]
    assert info["worked_out"] == seen[-1]
