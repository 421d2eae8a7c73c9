"""Parameters that no form of ours sends: refused in words everywhere, with nothing changed."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.operators.operator import Operator

from tests.odd_values import ODD
from tests.panels.made_runs import write_iteration
from tests.traces import database_of

pytestmark = pytest.mark.slow

PLUGIN = "@deconfuse/label-errors"
CLASSES = ["cat", "dog", "eel"]
WHOLE: dict[str, dict[str, Any]] = {
    "find_label_errors": {"label_field": "ground_truth", "epochs": 1, "duplicates": False},
    "show_panel": {},
    "find_duplicates": {},
    "map_dataset": {},
    "compare_iterations": {},
    "export_report": {"path": "report.html"},
    "list_runs": {},
    "repair_dataset": {},
    "repoint_run": {"run_key": "deconfuse", "label_field": "ground_truth"},
    "delete_run": {"run_key": "deconfuse"},
    "cancel_run": {},
    "resolve": {"action": "confirm", "sample_ids": []},
    "undo": {},
    "export_decisions": {"path": "decisions.csv"},
    "import_decisions": {"path": "decisions.csv"},
    "import_predictions": {"path": "predictions.csv"},
    "estimate_remaining": {},
    "rank_by_importance": {},
    "request_votes": {},
    "accept_consensus": {},
    "request_second_opinion": {},
    "send_to_annotation": {"sample_ids": []},
    "fetch_annotation": {},
    "work_on_parts": {"work": "0" * 24},
}
"""Parameters to which a wrong one is added."""

MEANINGLESS: dict[str, Sequence[Any]] = {
    "run_key": ["../../x", "$where", "nothing", "a b", "ground\nfield"],
    "action": ["explode", "undo", "keep_all"],
    "scope": ["everything"],
    "workers": ["cloud", "ray://", "http://10.0.0.9"],
    "work": ["x", "$where"],
    "device": ["tpu", "abacus", "cuda:99"],
    "backend": ["../../x", "nobody"],
    "suggestion": ["loud"],
    "format": ["exe", "../../x"],
    "match": ["feeling"],
    "source": ["magic"],
    "values": ["feelings"],
    "boxes": ["balls"],
    "units": ["inches"],
    "unseen": ["maybe"],
    "numbers_from": [-1, 2**62],
    "images": ["../../x"],
    "foreign": ["fear"],
    "variant": ["blind"],
    "target": ["everything"],
    "decision": ["../../x", "$where"],
    "annotation": ["../../x", "deconfuse_1"],
    "audit_size": [-1, 2**62],
    "limit": [-1],
    "epochs": [-1, 2**62],
    "batch_size": [-1, 2**62],
    "folds": [-1, 2**62],
    "image_size": [-1, 2**62],
    "seed": [-1],
    "threshold": [-1.0, 7.0],
    "share": [-1.0, 7.0],
    "confidence": [0.0, 1.0],
    "embeddings": ["../../x", "$x", "filepath"],
    "prediction_fields": [["../../x"], ["ground_truth"], ["a", "a"]],
    "label_field": ["../../x", "$x", "tags"],
    "model": ["../../x", "__init__"],
    "weights": ["../../x"],
    "class_size": [{"fox": 3}, {"cat": -1}],
    "class_name": ["fox"],
    "verdicts": [{"x": "cat"}, {"0" * 24: "cat"}],
    "sample_ids": [["../../x"], ["0" * 23], [""]],
    "path": ["../../nowhere/x.csv", "/proc/self/mem", "\n"],
}
"""Values of the right type that can be nothing, by parameter."""


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run of 12 samples that nothing here may change."""
    new = fo.Dataset()
    for i in range(12):
        label = fo.Classification(label=CLASSES[i % 3])
        new.add_sample(fo.Sample(filepath=f"/none/{i}.png", ground_truth=label))
    rng = np.random.default_rng(3)
    p, features = rng.dirichlet([1, 1, 1], size=12), rng.normal(size=(12, 4))
    run, iteration = write_iteration(new, p, CLASSES, features)
    run.mark_fields_written(iteration, datetime.now(UTC))
    yield new
    new.delete()


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is what is declared; written apart from the code under test."""
    origin, args = get_origin(hint) or hint, get_args(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return isinstance(value, str) and value in args
    if origin in (Sequence, tuple):
        return isinstance(value, list) and all(fits(v, args[0]) for v in value)
    if origin in (Mapping, dict):
        return isinstance(value, dict) and all(fits(v, args[1]) for v in value.values())
    if args:
        return any(fits(value, arg) for arg in args)
    if hint is int:
        return type(value) is int and abs(value) < 2**63
    if hint is float:
        return type(value) in (int, float) and abs(value) < 1e300
    if hint in (str, Path):
        odd = "\0" in value or "\ud800" in value if isinstance(value, str) else True
        return not odd and len(value) <= 100_000
    return isinstance(value, hint)


def declared(found: Any) -> dict[str, Any]:
    """The parameters of an operator; numbers that it checks itself by the settings' types."""
    kinds = dict(found.declared())
    if found.name == "find_label_errors":
        kinds |= dict.fromkeys(("epochs", "batch_size", "folds", "image_size"), int | None)
        kinds |= {"average_epochs": int | None, "seed": int}
    return kinds


def wrong_values(found: Any) -> list[tuple[str, str, Any]]:
    return [
        (name, odd, value)
        for name, kind in declared(found).items()
        for odd, value in ODD.items()
        if value not in (None, "") and not fits(value, kind)
    ]


def test_every_operator_checks_its_parameters(operator: Any) -> None:
    import importlib

    package = type(operator("undo")).__module__.rpartition(".")[0]
    kinds = importlib.import_module(package).OPERATORS
    assert {kind().name for kind in kinds} == set(WHOLE)
    for kind in kinds:
        assert isinstance(kind(), Operator)
        assert kind.__call__.__wrapped__, kind
        assert kind.execute.__wrapped__, kind


@pytest.mark.parametrize("name", WHOLE)
def test_a_wrong_type_from_the_app_is_refused(
    samples: Any, operator: Any, context: Any, name: str
) -> None:
    found, before, wrong = operator(name), database_of(samples), []
    ctx = context(samples, name)
    for parameter, odd, value in wrong_values(found):
        ctx.params = {**WHOLE[name], parameter: value}
        try:
            if name != "find_label_errors" or parameter in found.declared():
                assert not found.resolve_delegation(ctx)
            if odd in ("mapping", "1.7", "list of lists", "9 bytes"):
                found.resolve_input(ctx)
            result: Any = found.execute(ctx)
        except ValueError as error:
            result = error
        if type(result).__name__ != "InputError" or parameter not in str(result):
            wrong.append((parameter, odd, repr(result)[:200]))
        assert ctx.params[parameter] is value
    assert wrong == []
    assert database_of(samples) == before


@pytest.mark.parametrize("name", WHOLE)
def test_a_wrong_type_from_a_script_is_refused(samples: Any, operator: Any, name: str) -> None:
    found, before, wrong = operator(name), database_of(samples), []
    own = set(found.__call__.__wrapped__.__code__.co_varnames) | set(
        declared(found) if name == "find_label_errors" else ()
    )
    for parameter, odd, value in wrong_values(found):
        if parameter not in own or parameter in ("target", "in_panel", "show_advanced"):
            continue
        try:
            result = found(samples, **{**WHOLE[name], parameter: value})
        except Exception as error:
            result = error
        if type(result).__name__ != "InputError" or parameter not in str(result):
            wrong.append((parameter, odd, repr(result)[:200]))
    assert wrong == []
    assert database_of(samples) == before
    for odd in ("a name", None, 7, [samples], {"dataset": 1}):
        with pytest.raises(ValueError, match="must be a dataset or a view"):
            found(odd, **WHOLE[name])


@pytest.mark.parametrize("name", WHOLE)
def test_a_value_that_means_nothing_is_refused(
    samples: Any, operator: Any, context: Any, name: str
) -> None:
    found, before, wrong = operator(name), database_of(samples), []
    for parameter in declared(found):
        for value in MEANINGLESS.get(parameter, []):
            if (name, parameter) == ("cancel_run", "run_key"):
                continue  # there is nothing to cancel, and it says so
            ctx = context(samples, name, **{**WHOLE[name], parameter: value})
            try:
                found.resolve_input(ctx)
                result: Any = found.execute(ctx)
            except ValueError as error:
                result = error
            if type(result).__name__ != "InputError":
                wrong.append((parameter, value, repr(result)[:200]))
    assert wrong == []
    assert database_of(samples) == before


@pytest.mark.parametrize("name", WHOLE)
def test_over_http_it_is_a_message(samples: Any, operator: Any, server: Any, name: str) -> None:
    found, before = operator(name), database_of(samples)
    tried = [
        (p, v) for p, odd, v in wrong_values(found) if odd in ("mapping", "1.7", "list of lists")
    ]
    tried += [(p, v) for p in declared(found) for v in MEANINGLESS.get(p, [])[:1]]
    for parameter, value in tried:
        asked = {
            "operator_uri": f"{PLUGIN}/{name}",
            "dataset_name": samples.name,
            "params": {**WHOLE[name], parameter: value},
        }
        asked["request_delegation"] = value == {"$ne": None}
        reply = server.post("/operators/execute", json=asked)
        assert reply.status_code == 200, (parameter, value, reply.text[-300:])
        form = server.post("/operators/resolve-type", json={**asked, "target": "inputs"})
        assert form.status_code == 200
        assert "Traceback" not in form.text, (parameter, value)
        if (name, parameter) == ("cancel_run", "run_key") and isinstance(value, str):
            continue
        told = reply.json()["error_message"]
        assert told, (parameter, value, reply.text[:300])
        assert "Traceback" not in told
        assert "InputError: " in reply.json()["error"].rstrip().splitlines()[-1]
    assert database_of(samples) == before


def test_a_dataset_that_is_not_there_is_said(server: Any) -> None:
    for dataset in (None, "no such dataset"):
        for name in WHOLE:
            asked = {"operator_uri": f"{PLUGIN}/{name}", "dataset_name": dataset, "params": {}}
            reply = server.post("/operators/execute", json=asked)
            assert reply.status_code == 200, name
            assert "ataset" in reply.json()["error_message"]


def test_the_app_still_looks_for_empty_fields(samples: Any, server: Any) -> None:
    listed = server.post("/operators", json={"dataset_name": samples.name}).json()["operators"]
    ours = [one for one in listed if one["uri"].startswith(f"{PLUGIN}/")]
    assert len(ours) == len(WHOLE) + 1
    assert not any(one["config"].get("disable_schema_validation") for one in ours)


def test_a_form_keeps_its_fields_and_says_what_is_wrong(
    samples: Any, operator: Any, context: Any
) -> None:
    ctx = context(samples, "find_duplicates", threshold="high", scope="all")
    form = json.dumps(operator("find_duplicates").resolve_input(ctx).to_json())
    assert "threshold must be a finite number" in form
    assert '"Compare"' in form


def test_numbers_of_numpy_and_sets_are_taken(samples: Any, operator: Any) -> None:
    found = operator("compare_iterations")(samples.view(), run_key=np.str_("deconfuse"))
    assert found["iterations"]
    (first,) = samples.limit(1).values("id")
    resolve, undo = operator("resolve"), operator("undo")
    made = resolve(samples, action="tag", sample_ids={first}, tag="x")
    assert made["applied"] == 1
    assert undo(samples)["applied"] == 1


def test_every_default_may_be_given_as_well(samples: Any, operator: Any) -> None:
    """Such as None; a form's own way to name a parameter does not hold for Python's."""
    for name in WHOLE:
        found = operator(name)
        call = inspect.unwrap(type(found).__call__)
        guard = vars(type(found))["__call__"].__globals__["_guarded_call"]

        @functools.wraps(call)
        def received(self: Any, collection: Any, *args: Any, **given: Any) -> Any:
            bound = inspect.signature(self.__call__).bind(collection, *args, **given)
            return dict(list(bound.arguments.items())[1:])

        taken = list(inspect.signature(call).parameters.values())[2:]
        given = {p.name: p.default for p in taken if p.default is not p.empty}
        given |= {p.name: WHOLE[name].get(p.name, "x") for p in taken if p.default is p.empty}
        given = {p.name: given[p.name] for p in taken if p.kind is not p.VAR_KEYWORD}
        assert guard(received)(found, samples, **given) == given, name
