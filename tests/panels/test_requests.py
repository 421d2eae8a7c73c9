"""Requests that no browser of ours sends: refused in words, with nothing changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NotRequired, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.panel_events import SOURCE, load
from tests.odd_values import ODD
from tests.panels.made_runs import write_iteration
from tests.traces import database_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
EVENTS = load(SOURCE).EVENTS
CLASSES = ["cat", "dog", "eel"]
KEY = {"run": "deconfuse", "iteration": 1, "annotator": None, "said": None, "meant": None}
WHOLE: dict[str, dict[str, Any]] = {
    "status": {},
    "pulse": {},
    "overview": {"order": "count", "labels": [], "with_classes": True},
    "cells": {"labels": [0]},
    "suspects": {"cells": [0]},
    "context": {"row": 0},
    "original": {"row": 0, "decoded": False},
    "objects": {"rows": [0], "size": 64, "shared": True},
    "image_queue": {
        "cell": [0, 1],
        "skip": [],
        "limit": 5,
        "front": 0,
        "bring": 0,
        "by": "suspicion",
        "above": 0.0,
        "label": 0,
    },
    "in_view": {},
    "outdated": {},
    "cell": {"label": 0, "prediction": 1, "offset": 0, "limit": 9, "iies": [0.0, 1.0], "edge": 0},
    "thumbnails": {"rows": [0], "edge": 64},
    "layout": {"rows": [], "features": "embedding", "aspect": 1.5},
    "pairs": {"label": 0, "prediction": 1, "limit": 4},
    "samples": {"rows": [0], "size": 64},
    "recent": {},
    "queue": {
        "cell": [0, 1],
        "skip": [],
        "limit": 5,
        "front": 0,
        "by": "suspicion",
        "above": 0.0,
        "label": 0,
    },
    "show_in_grid": {"label": 0, "prediction": 1},
    "cancel": {},
    "dismiss": {"ended": "0123456789abcdef01234567"},
    "history": {},
    "report": {},
    "importance": {},
    "annotators": {},
    "annotator": {"of": "ada"},
    "opinions": {},
    "consensus": {"confidence": 0.9},
    "consensus_check": {"confidence": 0.9, "size": 2},
    "consensus_accept": {"check": "0" * 24},
    "opinion_ask": {"to": "bob", "rows": [0], "cell": None, "decisions_of": None, "n": 1},
    "opinion_items": {"opinion": "0" * 24, "skip": [], "limit": 4, "size": 64},
    "opinion_outlines": {"opinion": "0" * 24, "skip": [], "limit": 4, "size": 64},
    "opinion_original": {"opinion": "0" * 24, "place": 0},
    "opinion_answer": {
        "opinion": "0" * 24,
        "place": 0,
        "label": "cat",
        "nothing": False,
        "unclear": False,
    },
    "opinion_take_back": {"opinion": "0" * 24, "place": 0},
    "disagreements": {"opinion": "0" * 24, "offset": 0, "limit": 4, "size": 64},
    "settle": {"opinion": "0" * 24, "place": 0, "label": "cat", "expected": "dog"},
    "ranking": {"by": "confidence", "above": 0.1, "label": 0, "offset": 0, "limit": 9},
    "map": {"colour": "label", "map": "x"},
    "same": {"rows": [0], "ids": ["0" * 24]},
    "audit": {"audit": "0" * 24},
    "audit_draw": {"size": 3, "images": 0},
    "audit_items": {"audit": "0" * 24, "skip": [], "limit": 4, "size": 64},
    "audit_original": {"audit": "0" * 24, "place": 0},
    "audit_verdict": {"audit": "0" * 24, "place": 0, "label": "cat", "unclear": False},
    "audit_outlines": {"audit": "0" * 24, "skip": [], "limit": 4, "size": 64},
    "audit_judge": {
        "audit": "0" * 24,
        "place": 0,
        "label": "cat",
        "box": [0.1, 0.2, 0.3, 0.4],
        "unclear": False,
    },
    "audit_look": {
        "audit": "0" * 24,
        "place": 0,
        "labels": ["cat"],
        "boxes": [[0.1, 0.2, 0.3, 0.4]],
        "unclear": False,
    },
    "audit_take_back": {"audit": "0" * 24, "place": 0},
    "audit_close": {"audit": "0" * 24},
    "set_target": {"share": 0.9, "confidence": 0.95},
    "check_draw": {"label": 0, "prediction": 1, "rows": [0], "becomes": "dog", "size": 2},
    "check_read": {"check": "0" * 24, "exceptions": [0]},
    "duplicates": {
        "offset": 0,
        "limit": 9,
        "kind": "leak",
        "threshold": 0.9,
        "scope": "all",
        "edge": 0,
    },
    "difference": {"first": 0, "second": 1, "size": 64},
    "set_threshold": {"threshold": 0.99, "scope": "all"},
    "resolve_group": {
        "action": "keep_one",
        "rows": [0, 1],
        "labels": ["cat", "cat"],
        "boxes": [[0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]],
        "keep": 0,
        "label": "dog",
    },
    "resolve": {
        "action": "relabel",
        "rows": [0],
        "label": "dog",
        "tag": "x",
        "check": "0" * 24,
        "seen": 1,
    },
    "resolve_objects": {
        "action": "move",
        "rows": [0],
        "label": "dog",
        "box": [0.1, 0.2, 0.3, 0.4],
        "expected_label": "cat",
        "expected_box": [0.1, 0.2, 0.3, 0.4],
        "seen": 1,
    },
    "undo": {"decision": "0" * 24, "iteration": 1},
}
"""A request with every field that an event has."""

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def panel(dataset: Any, operator: Any, context: Any) -> tuple[Ask, Any]:
    """``ask(event, request, **other_params)`` about a run of 12 samples, and the dataset."""
    new = dataset(n=12, labels=CLASSES * 4, scale=2)
    rng = np.random.default_rng(3)
    p, features = rng.dirichlet([1, 1, 1], size=12), rng.normal(size=(12, 4))
    run, iteration = write_iteration(new, p, CLASSES, features)
    run.mark_fields_written(iteration, datetime.now(UTC))

    def ask(name: Any, request: Any, **params: Any) -> dict[str, Any]:
        ctx = context(new, "label_errors", __method__=name, request=request, **params)
        reply = operator("label_errors").execute(ctx)
        json.dumps(reply, allow_nan=False).encode()
        return reply

    return ask, new


def kind(reply: Any) -> str:
    return reply["error"]["kind"] if isinstance(reply, dict) and "error" in reply else "answered"


def fields_of(event: str) -> dict[str, Any]:
    hints = get_type_hints(EVENTS[event][0], include_extras=True)
    return {
        name: get_args(hint)[0] if get_origin(hint) is NotRequired else hint
        for name, hint in hints.items()
    }


def fits(value: Any, hint: Any) -> bool:
    """Whether JSON's value is what a field declares; written apart from the code under test."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return isinstance(value, str) and value in args
    if origin is list:
        return isinstance(value, list) and all(fits(v, args[0]) for v in value)
    if origin is tuple:
        pair = isinstance(value, list) and len(value) == len(args)
        return pair and all(fits(v, arg) for v, arg in zip(value, args, strict=True))
    if args:
        return any(fits(value, arg) for arg in args)
    if hint is int:
        return type(value) is int and abs(value) < 2**63
    if hint is float:
        return type(value) in (int, float) and abs(value) < 1e300
    if hint is str:
        odd = "\0" in value or "\ud800" in value if isinstance(value, str) else True
        return not odd and len(value) <= 100_000
    return isinstance(value, hint)


def test_the_requests_here_are_whole() -> None:
    assert {name: set(KEY | asked) | set(fields_of(name)) for name, asked in WHOLE.items()} == {
        name: set(KEY) | set(fields_of(name)) for name in EVENTS
    }
    assert all(
        fits((KEY | asked)[f], h) for e, asked in WHOLE.items() for f, h in fields_of(e).items()
    )


def test_a_field_of_another_type_is_refused(panel: tuple[Ask, Any]) -> None:
    ask, new = panel
    before = database_of(new)
    tried, wrong = 0, []
    for event in EVENTS:
        for field, hint in (fields_of("outdated") | fields_of(event)).items():
            for odd, value in ODD.items():
                if fits(value, hint):
                    continue
                tried += 1
                reply = ask(event, {**KEY, **WHOLE[event], field: value})
                told = kind(reply) == "input" and field in reply["error"]["message"]
                if not told or reply["error"]["detail"]:
                    wrong.append((event, field, odd, str(reply)[:200]))
    assert wrong == []
    assert tried > 2_000
    assert database_of(new) == before


def test_fields_that_are_missing_or_unknown_are_refused(panel: tuple[Ask, Any]) -> None:
    ask, new = panel
    before = database_of(new)
    wrong = []
    for event in EVENTS:
        whole = {**KEY, **WHOLE[event]}
        for field, hint in fields_of(event).items():
            if field == "unclear" or fits(None, hint):
                continue  # may be left out
            reply = ask(event, {k: v for k, v in whole.items() if k != field})
            if f"{field} is missing" not in str(reply):
                wrong.append((event, field, reply))
        for odd in ({**whole, "colr": 1}, {**whole, "__class__": "x"}, [], [whole], "x", 1, True):
            reply = ask(event, odd)
            if kind(reply) != "input" or "request" not in reply["error"]["message"]:
                wrong.append((event, odd, reply))
    assert wrong == []
    assert database_of(new) == before


STRATEGIES: dict[Any, st.SearchStrategy[Any]] = {
    int: st.one_of(st.integers(-2, 14), st.integers(-(2**63), 2**63)),
    float: st.one_of(st.floats(0, 1), st.floats(allow_nan=False, allow_infinity=False)),
    str: st.one_of(
        st.sampled_from([*CLASSES, "", "deconfuse", "0" * 24, "../../x", "$set", "a.b"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    ),
    bool: st.booleans(),
    type(None): st.none(),
}


def declared(hint: Any) -> st.SearchStrategy[Any]:
    """Values as a field declares them, likely ones more often."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(args)
    if origin is list:
        return st.lists(declared(args[0]), max_size=5)
    if origin is tuple:
        return st.tuples(*map(declared, args)).map(list)
    return st.one_of(*map(declared, args)) if args else STRATEGIES[hint]


def requests_of(event: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    fields = {name: declared(hint) for name, hint in fields_of(event).items()}
    fields |= {
        name: st.one_of(st.just(value), fields[name])
        for name, value in KEY.items()
        if name in fields
    }
    return st.tuples(st.just(event), st.fixed_dictionaries(fields))


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(asked=st.sampled_from(sorted(EVENTS)).flatmap(requests_of))
def test_a_request_of_the_right_types_is_answered_or_refused(
    panel: tuple[Ask, Any], asked: tuple[str, dict[str, Any]]
) -> None:
    reply = panel[0](*asked)
    assert kind(reply) != "unexpected", (asked, reply)


METHODS = (
    *("__init__", "__class__", "__setattr__", "__call__", "answer", "execute", "config", "uri"),
    *("resolve_input", "method_to_uri", "_builtin", "plugin_name", "", "on_nothing", "Status"),
    *(1, True, 1.5, ["status"], {"a": 1}, "status\0", "\ud800"),
)


def test_a_method_that_is_no_event_is_refused(panel: tuple[Ask, Any]) -> None:
    ask, new = panel
    before = database_of(new)
    for method in METHODS:
        reply = ask(method, {})
        assert kind(reply) == "input", method
        assert "__method__" in reply["error"]["message"]
    assert kind(ask("status", {})) == "answered"
    assert database_of(new) == before


def test_what_fiftyone_calls_itself_still_works(panel: tuple[Ask, Any], operator: Any) -> None:
    config = operator("label_errors").resolve_panel_config()
    named = {uri.partition("#")[2] for uri in config.values() if "#" in str(uri)}
    assert named == {"on_load"}
    for method in (None, "on_startup", "on_unload", "on_change_view", *named):
        assert kind(panel[0](method, None, panel_id="x")) == "answered", method


def test_over_http_the_panel_outlives_a_call_of_its_innards(
    panel: tuple[Ask, Any], server: Any
) -> None:
    new = panel[1]

    def post(method: str) -> Any:
        params = {"__method__": method, "request": {}, "panel_id": "x"}
        asked = {
            "operator_uri": "@deconfuse/label-errors/label_errors",
            "dataset_name": new.name,
            "params": params,
        }
        return server.post("/operators/execute", json=asked).json()["result"]

    assert kind(post("__init__")) == "input"
    assert post("status")["dataset"] == new.name


def test_a_dataset_that_is_gone_is_said(panel: tuple[Ask, Any]) -> None:
    ask, new = panel
    new.delete()
    for event in ("status", "overview", "resolve"):
        reply = ask(event, {**KEY, **WHOLE[event]})
        assert kind(reply) == "input"
        assert "is not there any more" in reply["error"]["message"]


def test_a_fault_is_told_without_what_tells_of_the_server(
    panel: tuple[Ask, Any], operator: Any, monkeypatch: Any, caplog: Any
) -> None:
    ask, _ = panel
    answers = __import__(type(operator("label_errors")).__module__, fromlist=["ANSWERS"]).ANSWERS

    def fail(ctx: Any, request: Any) -> Any:
        raise RuntimeError(f"cannot open '{Path.home()}/a b/secret.npy', {__file__}\nmore")

    monkeypatch.setitem(answers, "outdated", fail)
    problem = ask("outdated", KEY)["error"]
    assert problem["kind"] == "unexpected"
    assert problem["message"].startswith("RuntimeError: cannot open")
    said = json.dumps(problem)
    assert not any(part in said for part in ("/", "\\\\", "Traceback", "secret", ".py", "more"))
    number = problem["detail"].removeprefix("Problem ").partition(":")[0]
    (logged,) = [record for record in caplog.records if number in record.getMessage()]
    assert "secret.npy" in str(logged.exc_info[1])
