"""The App's forms: they ask little, offer what there is, and say what keeps them."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from typing import Any

import fiftyone as fo
import fiftyone.core.odm as odm
import numpy as np
import pytest

from plugin.runs.opening import newest_first
from plugin.store.runs import create_run, list_runs
from tests.panels.made_runs import write_iteration

pytestmark = pytest.mark.slow

CLASSES = ["cat", "dog"]
WITH_RUNS = [
    *("compare_iterations", "estimate_remaining", "export_decisions", "export_report"),
    *("fetch_annotation", "find_duplicates", "import_decisions", "map_dataset"),
    *("rank_by_importance", "resolve", "send_to_annotation", "undo", "repoint_run"),
]
READS_KEPT = {"compare_iterations", "export_decisions", "export_report", "repoint_run"}


@pytest.fixture
def form(operator: Any, context: Any) -> Any:
    """``form(dataset, name, **params)``: the properties of a form, by name."""

    def made(samples: Any, name: str, **params: Any) -> dict[str, Any]:
        ctx = context(samples, name, **params)
        ctx.executor = None  # as FiftyOne does where the App asks for a form
        return dict(operator(name).resolve_input(ctx).type.properties)

    return made


@pytest.fixture
def samples(dataset: Any) -> Any:
    return dataset(12, labels=CLASSES * 6)


def asked(properties: dict[str, Any]) -> set[str]:
    """What a person is asked for: what is neither hidden nor only said."""
    return {
        name
        for name, made in properties.items()
        if made.view is None
        or type(made.view).__name__
        not in ("HiddenView", "Notice", "Error", "Warning", "MarkdownView")
    }


def held(properties: dict[str, Any]) -> list[str]:
    """The sentences that hold the button."""
    return [made.error_message for made in properties.values() if made.invalid]


def test_delegated_workers_that_do_not_answer_are_said(
    samples: Any, form: Any, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = type(operator("find_duplicates")).__module__.partition(".operators.")[0]
    monkeypatch.setattr(import_module(f"{package}.plugin.workers.knock"), "SECONDS", 0.3)
    run, _ = write_iteration(samples, np.full((12, 2), 0.5), CLASSES)
    given = {"run_key": run.key, "show_advanced": True}
    for workers, word in (("local", "Delegated workers"), ("delegated", "none answered")):
        made = form(samples, "find_duplicates", workers=workers, **given)["workers"]
        (label,) = [c.label for c in made.view.choices if c.value == "delegated"]
        assert label.endswith(word)
    queue = fo.core.odm.get_db_conn()["delegated_ops"]
    assert queue.count_documents({}) == 0


@pytest.mark.parametrize(
    ("answer", "word", "sentence"),
    [
        ((2, []), "Use the 2 delegated workers that answered", "In parts"),
        ((2, ["c has version 9"]), "2 can work, 1 cannot", "is refused until .* c has version 9"),
        ((0, ["c has version 9"]), "0 can work, 1 cannot", "is refused until .* c has version 9"),
        ((0, []), "none answered", "Start one"),
    ],
)
def test_one_worker_that_cannot_work_is_said_to_keep_the_others_from_it(
    samples: Any,
    form: Any,
    operator: Any,
    monkeypatch: pytest.MonkeyPatch,
    answer: tuple[int, list[str]],
    word: str,
    sentence: str,
) -> None:
    package = type(operator("find_duplicates")).__module__.partition(".operators.")[0]
    knock = import_module(f"{package}.plugin.workers.knock")
    monkeypatch.setattr(knock, "answering", lambda dataset: answer)
    run, _ = write_iteration(samples, np.full((12, 2), 0.5), CLASSES)
    given = {"run_key": run.key, "show_advanced": True, "workers": "delegated"}
    made = form(samples, "find_duplicates", **given)["workers"]
    (choice,) = [c for c in made.view.choices if c.value == "delegated"]
    assert choice.label.endswith(word)
    assert re.search(sentence, choice.description)


def add_model(samples: Any, name: str) -> None:
    labels = [fo.Classification(label="cat", confidence=0.9) for _ in range(len(samples))]
    samples.set_values(name, labels)


def write_run(samples: Any, key: str = "deconfuse", field: str = "ground_truth") -> None:
    p = np.tile([0.8, 0.2], (len(samples), 1))
    write_iteration(samples, p, CLASSES, key=key, label_field=field)


def test_label_errors_asks_two_things(samples: Any, form: Any) -> None:
    found = form(samples, "find_label_errors")
    assert found["source"].default == "auto"
    assert asked(found) == {"label_field", "source", "show_advanced"}
    assert found["label_field"].default == "ground_truth"
    assert held(found) == []
    assert not any(made.required for made in found.values())


def test_a_third_is_asked_for_where_the_source_needs_it(samples: Any, form: Any) -> None:
    nothing = form(samples, "find_label_errors", source="predictions")
    assert "prediction_fields" not in nothing
    assert "import predictions" in held(nothing)[0]
    add_model(samples, "model")
    one = form(samples, "find_label_errors", source="predictions")
    assert one["label_field"].default == "ground_truth"
    assert one["prediction_fields"].default == ["model"]
    assert held(one) == []
    assert "preview_table" in one
    add_model(samples, "other")
    two = form(samples, "find_label_errors", source="predictions")
    assert "Choose one field" in held(two)[0]
    given = form(samples, "find_label_errors", source="predictions", prediction_fields=["other"])
    assert held(given) == []


def test_fields_of_scores_are_offered_first(samples: Any, form: Any) -> None:
    def offered(found: dict[str, Any]) -> list[str]:
        return [choice.value for choice in found["source"].view.choices]

    add_model(samples, "sure")
    plain = form(samples, "find_label_errors")
    assert offered(plain)[:2] == ["auto", "train"]
    assert "chosen" not in plain
    logits = [fo.Classification(label="cat", logits=[1.0, 0.0]) for _ in range(len(samples))]
    samples.set_values("model", logits)
    found = form(samples, "find_label_errors")
    assert offered(found)[:2] == ["auto", "predictions"]
    assert len(offered(found)) == len(offered(plain))
    assert "'model'" in found["source"].view.choices[1].description
    assert "'model'" in found["chosen"].view.label
    assert found["source"].default == "auto"
    fields = form(samples, "find_label_errors", source="predictions")["prediction_fields"]
    assert fields.default == ["model"]
    assert [choice.value for choice in fields.view.choices] == ["model", "sure"]


def test_objects_are_offered_with_what_they_can_be_judged_by(samples: Any, form: Any) -> None:
    box = [0.1, 0.1, 0.2, 0.2]
    for name, sure in (("boxes", None), ("model", 0.7), ("older", None)):
        made = fo.Detection(label="cat", bounding_box=box, confidence=sure)
        samples.set_values(name, [fo.Detections(detections=[made.copy()]) for _ in samples])
    found = form(samples, "find_label_errors", label_field="boxes")
    assert set(found["label_field"].type.values) == {"ground_truth", "boxes", "model", "older"}
    sources = {"auto", "predictions", "votes", "features", "embeddings"}
    assert set(found["source"].type.values) == sources
    assert "'model'" in found["chosen"].view.label
    drawn = {"label_field": "boxes", "source": "votes"}
    found = form(samples, "find_label_errors", **drawn)
    assert [choice.value for choice in found["vote_fields"].view.choices] == ["model", "older"]
    assert held(found) == ["Choose the fields with what people drew."]
    found = form(samples, "find_label_errors", **drawn, vote_fields=["older"])
    assert held(found) == []
    assert found["annotator_attribute"].default == "annotator"
    given = {"label_field": "boxes", "source": "predictions", "show_advanced": True}
    found = form(samples, "find_label_errors", **given)
    assert found["prediction_fields"].default == ["model"]
    offered = [choice.value for choice in found["prediction_fields"].view.choices]
    assert offered == ["model", "older"]
    assert {"class_scores", "seed"} <= asked(found)
    assert not {"duplicates", "cleanlab", "epochs"} & asked(found)
    assert held(found) == []
    found = form(samples, "find_label_errors", **given, prediction_fields=[])
    assert held(found) == ["Choose one field of detections, or several for an ensemble."]
    samples.delete_sample_fields(["model", "older"])
    found = form(samples, "find_label_errors", label_field="boxes")
    assert "wrong classes only" in found["chosen"].view.label
    found = form(samples, "find_label_errors", label_field="boxes", source="predictions")
    assert "no other field of detections" in held(found)[0]
    samples.delete_sample_field("ground_truth")
    assert form(samples, "find_label_errors")["label_field"].default == "boxes"


def test_embeddings_are_offered(samples: Any, form: Any) -> None:
    zoo = form(samples, "find_label_errors", source="embeddings")
    offered = [choice.value for choice in zoo["embeddings"].view.choices]
    assert "resnet18-imagenet-torch" in offered
    assert "Choose where" in held(zoo)[0]
    samples.set_values("vector", [np.zeros(3)] * len(samples))
    found = form(samples, "find_label_errors", source="embeddings")
    assert found["embeddings"].default == "vector"
    assert found["embeddings"].view.choices[0].value == "vector"
    assert held(found) == []


@pytest.mark.parametrize(
    ("source", "own"),
    [
        ("predictions", set[str]()),
        ("auto", {"seed", "device", "workers"}),
        ("embeddings", {"folds", "fold_groups", "seed", "device", "workers"}),
        (
            "features",
            {"network", "weights", "folds", "fold_groups"}
            | {"image_size", "seed", "device", "workers"},
        ),
        (
            "train",
            {"model", "weights", "epochs", "batch_size", "folds", "average_epochs"}
            | {"fold_groups", "image_size", "seed", "device", "workers"},
        ),
    ],
)
def test_options_that_do_nothing_are_not_shown(
    samples: Any, form: Any, source: str, own: set[str]
) -> None:
    add_model(samples, "model")
    samples.set_values("vector", [np.zeros(3)] * len(samples))
    plain = asked(form(samples, "find_label_errors", source=source))
    more = asked(form(samples, "find_label_errors", source=source, show_advanced=True))
    drawn = {"preview_plot"}
    assert more - plain - drawn == own | {
        "run_key",
        "duplicates",
        "splits",
        "cleanlab",
        "vote_fields",
    }
    without = form(samples, "find_label_errors", show_advanced=True, duplicates=False)
    assert "splits" not in without


def test_what_the_form_hides_does_not_count(
    samples: Any, operator: Any, context: Any, monkeypatch: Any
) -> None:
    find = operator("find_label_errors")
    module = __import__(type(find).__module__, fromlist=["find_label_errors"])
    seen: list[Any] = []
    monkeypatch.setattr(module, "find_label_errors", lambda _, settings, __: seen.append(settings))
    add_model(samples, "model")
    typed = {"folds": 1, "warm_start": True, "epochs": 3, "label_field": "ground_truth"}
    typed |= {"source": "predictions", "prediction_fields": ["model"], "duplicates": False}
    for advanced in (True, False):
        ctx = context(samples, "find_label_errors", **typed, show_advanced=advanced)
        find.work(ctx)(lambda *_: None)
    shown, hidden = seen
    assert (shown.folds, shown.warm_start, shown.epochs) == (None, False, None)
    assert (shown.duplicates, hidden.duplicates) == (False, True)
    with pytest.raises(ValueError, match="warm_start"):
        find.work(context(samples, "find_label_errors", **typed))


def test_the_run_is_that_of_the_labels(samples: Any, form: Any) -> None:
    def said(**params: Any) -> str:
        return form(samples, "find_label_errors", **params)["next"].view.label

    add_model(samples, "model")
    assert said() == "Begins the run deconfuse."
    write_run(samples)
    assert said() == "Makes iteration 2 of the run deconfuse. Its decisions stay."
    assert said(label_field="model") == "Begins the run deconfuse_model."
    assert said(run_key="new") == "Begins the run new."
    wrong = form(samples, "find_label_errors", label_field="model", run_key="deconfuse")
    assert "cleans 'ground_truth', not 'model'" in held(wrong)[0]


@pytest.mark.parametrize("name", WITH_RUNS)
def test_a_run_is_asked_for_only_where_there_are_several(
    samples: Any, form: Any, name: str
) -> None:
    empty = form(samples, name)
    assert asked(empty) == set()
    assert "no run yet" in held(empty)[0]
    write_run(samples)
    assert "run_key" not in form(samples, name)
    write_run(samples, "another")
    found = form(samples, name)
    assert found["run_key"].default == list_runs(samples)[0] == "another"
    assert not any(made.required for made in found.values())


@pytest.mark.parametrize("name", [*WITH_RUNS, "find_label_errors"])
def test_a_problem_of_the_run_is_a_sentence_in_its_form(samples: Any, form: Any, name: str) -> None:
    write_run(samples)
    samples.rename_sample_field("ground_truth", "labels")
    found = form(samples, name, run_key="deconfuse")
    if name in READS_KEPT:
        assert held(found) == []
    else:
        assert "'ground_truth' of run 'deconfuse' is not a field" in held(found)[0]
    write_run(samples, "second", "labels")
    if name != "find_label_errors":
        chooser = form(samples, name, run_key="deconfuse")["run_key"]
        assert set(chooser.type.values) == {"deconfuse", "second"}


def test_forms_and_requests_begin_with_the_newest_iteration(
    samples: Any, form: Any, operator: Any, context: Any
) -> None:
    add_model(samples, "model")
    for key, field in (("b", "ground_truth"), ("c", "ground_truth"), ("a", "model")):
        write_run(samples, key, field)
    create_run(samples, "d", "ground_truth")
    assert newest_first(samples) == ["a", "c", "b", "d"]
    assert form(samples, "delete_run")["run_key"].default == "a"
    found = form(samples, "find_label_errors", show_advanced=True)
    assert (found["label_field"].default, found["run_key"].default) == ("model", "a")
    found = form(samples, "find_label_errors", label_field="ground_truth", show_advanced=True)
    assert found["run_key"].default == "c"
    write_run(samples, "b")
    assert newest_first(samples)[0] == "b"
    assert form(samples, "find_label_errors")["label_field"].default == "ground_truth"
    numbers = operator("compare_iterations").execute(context(samples, "compare_iterations"))
    assert len(numbers["iterations"]) == 2
    samples.rename_run("b", "z")
    assert form(samples, "undo")["run_key"].default == "z"
    assert newest_first(samples) == ["z", "a", "c", "d"]


def test_there_is_something_to_cancel_or_it_says_so(samples: Any, form: Any) -> None:
    from plugin.store.jobs import Job

    write_run(samples)
    assert held(form(samples, "cancel_run")) == ["Nothing is being computed on this dataset."]
    with Job(samples, "deconfuse", "Next iteration"):
        found = form(samples, "cancel_run")
        assert (found["run_key"].type.values, held(found)) == (["deconfuse"], [])


def test_what_is_missing_is_said_before_anything_was_typed(samples: Any, form: Any) -> None:
    write_run(samples)
    first = samples.limit(1).values("id")
    for action, said in (("relabel", "Choose the new label"), ("tag", "Choose the tag")):
        given = {"selected": first, "action": action}
        assert said in held(form(samples, "resolve", **given))[0]
        assert held(form(samples, "resolve", **given, label="cat", tag="x")) == []
    assert "No sample is selected" in held(form(samples, "resolve"))[0]
    assert "Choose the file" in held(form(samples, "import_predictions"))[0]
    assert "Choose the file" in held(form(samples, "import_decisions"))[0]
    assert held(form(samples, "undo")) == ["Nothing was decided yet."]


def test_a_form_keeps_the_dataset_loaded_and_sees_what_others_change(
    dataset: Any, form: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = dataset(12, labels=CLASSES * 6, persistent=True)

    def offered() -> set[str]:
        return set(form(new, "find_label_errors")["label_field"].type.values)

    assert offered() == {"ground_truth"}
    load = f"import fiftyone as fo; fo.load_dataset({new.name!r})"
    rename = ".rename_sample_field('ground_truth', 'truth')"
    subprocess.run([sys.executable, "-c", load + rename], check=True)
    assert offered() == {"truth"}
    monkeypatch.setattr(odm, "load_dataset", None)
    assert offered() == {"truth"}
