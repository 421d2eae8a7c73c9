"""What operators are given: views that select, change or repeat samples, and odd names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone import ViewField as F

from tests.operators.lived import N, find, make_dataset, stored
from tests.traces import database_of

pytestmark = pytest.mark.slow


@pytest.fixture
def made() -> Iterator[Any]:
    dataset = make_dataset()
    yield dataset
    dataset.delete()


CHANGING = {
    "map_labels": lambda d: d.map_labels("ground_truth", {"hen": "dog"}),
    "set_field": lambda d: d.set_field("ground_truth.label", F("label").upper()),
    "mapped predictions": lambda d: d.map_labels("pred", {"hen": "dog"}),
    "filtered, all kept": lambda d: d.filter_labels(
        "ground_truth", F("label") == "cat", only_matches=False
    ),
    "mongo": lambda d: d.mongo([{"$set": {"ground_truth.label": "cat"}}]),
    "one of many": lambda d: d.mongo(
        [{"$set": {"pred.confidence": {"$cond": [{"$gt": ["$weight", 3]}, 0.1, 0.9]}}}]
    ),
}


@pytest.mark.parametrize("how", CHANGING)
def test_a_view_that_shows_other_values_is_refused(made: Any, operator: Any, how: str) -> None:
    before = database_of(made)
    field = "pred" if how in ("mapped predictions", "one of many") else "ground_truth"
    with pytest.raises(ValueError, match=f"shows other values in field '{field}'"):
        find(operator, CHANGING[how](made))
    assert database_of(made) == before


SELECTING = {
    "filter_labels": (lambda d: d.filter_labels("ground_truth", F("label") != "cat"), None),
    "exclude_fields": (lambda d: d.exclude_fields(["pred", "ground_truth"]), N),
    "mapped other field": (lambda d: d.set_field("weight", 1.0), N),
    "shuffled": (lambda d: d.shuffle(seed=1).limit(9), 9),
    "twice": (lambda d: d.concat(d.limit(10)), N),
    "some twice": (lambda d: d.limit(12).concat(d.limit(14)), 14),
}


@pytest.mark.parametrize("how", SELECTING)
def test_a_view_that_selects_is_scored_each_sample_once(made: Any, operator: Any, how: str) -> None:
    make, expected = SELECTING[how]
    view = make(made)
    expected = len(view) if expected is None else expected
    found = find(operator, view)
    assert (found["samples"], found["open"]) == (expected, expected)
    cies = [v for (v,) in stored(made, "deconfuse_cies") if v is not None]
    assert len(cies) == expected
    counts = dict.fromkeys(zip(*_cells(made), strict=True), 0)
    for a, b in zip(*_cells(made), strict=True):
        counts[a, b] += 1
    expected_cies = [counts[a, b] for a, b in zip(*_cells(made), strict=True)]
    assert made.exists("deconfuse_cies").values("deconfuse_cies") == expected_cies


def _cells(dataset: Any) -> Any:
    paths = ["ground_truth.label", "deconfuse_prediction.label"]
    return dataset.exists("deconfuse_cies").values(paths)


def test_a_second_view_never_takes_the_first_ones_scores_off(made: Any, operator: Any) -> None:
    find(operator, made.limit(16))
    before = database_of(made)
    with pytest.raises(ValueError, match="leaves out 8 open samples that iteration 1"):
        find(operator, made.skip(8))
    assert database_of(made) == before
    ids = made.values("id")
    operator("resolve")(made, "confirm", ids[:7])
    made.delete_samples(ids[7:8])
    assert find(operator, made.select(ids[8:]))["iteration"] == 2, "what is decided may go"
    assert find(operator, made)["samples"] == N - 1


@pytest.mark.parametrize(
    "name", ["compare_iterations", "list_runs", "export_report", "cancel_run", "delete_run", "undo"]
)
def test_a_view_stands_for_its_dataset(made: Any, operator: Any, name: str) -> None:
    find(operator, made)
    operator("resolve")(made, "confirm", made.values("id")[:1])
    options = {} if name == "list_runs" else {"run_key": "deconfuse"}
    assert operator(name)(made.limit(2), **options)


@pytest.mark.parametrize("device", ["tpu", "CPU", "cuda:99", 3])
@pytest.mark.parametrize("name", ["find_label_errors", "find_duplicates", "rank_by_importance"])
def test_an_unknown_device_is_told_the_same_way_everywhere(
    made: Any, operator: Any, name: str, device: Any
) -> None:
    find(operator, made)
    given = {"label_field": "ground_truth"} if name == "find_label_errors" else {}
    message = r"device: expected one of auto, cpu, cuda, mps, got"
    if not isinstance(device, str):
        message = "device must be a text, got 3"
    with pytest.raises(ValueError, match=message):
        operator(name)(made, **given, device=device)


def test_a_run_hides_its_own_fields_from_the_panel_and_no_others(
    made: Any, operator: Any, context: Any
) -> None:
    names = ["ground_prediction_of_mine", "ground_other"]
    for name in names:
        made.add_sample_field(name, fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    find(operator, made, run_key="ground")
    panel = operator("label_errors")
    status = panel.execute(context(made, "label_errors", __method__="status", request={}))
    assert status["label_fields"] == ["ground_truth", "pred", *names]
    copy = made.limit(5).clone()
    status = panel.execute(context(copy, "label_errors", __method__="status", request={}))
    assert status["label_fields"] == ["ground_truth", "pred", *names]
    copy.delete()


@pytest.mark.parametrize("cloned", [False, True], ids=["with its run", "in a copy without it"])
def test_what_a_run_wrote_is_offered_and_taken_by_nobody(
    made: Any, operator: Any, context: Any, tmp_path: Path, cloned: bool
) -> None:
    find(operator, made, run_key="ground")
    dataset = made.clone() if cloned else made
    if cloned:
        dataset.delete_run("ground")  # its fields are known by their descriptions alone now
    labels = ["ground_truth", "pred"]
    ctx = context(dataset, "import_predictions")
    ctx.executor = None
    inputs = operator("import_predictions").resolve_input(ctx).type.properties
    assert inputs["label_field"].type.values == labels
    path = tmp_path / "p.csv"
    rows = "".join(f"{file},cat\n" for file in dataset.values("filepath"))
    path.write_text(f"filepath,label\n{rows}")
    before = stored(dataset, "ground_prediction", "weight")
    with pytest.raises(ValueError, match=r"'ground_prediction' (belongs to|was written by a) run"):
        operator("import_predictions")(dataset, path, "ground_prediction", overwrite=True)
    with pytest.raises(ValueError, match=rf"\(there are: {', '.join(labels)}\)"):
        operator("import_predictions")(dataset, path, "weight", overwrite=True)
    assert stored(dataset, "ground_prediction", "weight") == before
    if cloned:
        dataset.delete()


def test_a_held_sample_that_somebody_deleted_stops_nothing(made: Any, operator: Any) -> None:
    find(operator, made)
    ids = made.values("id")
    held = [made[i] for i in ids[:3]]
    made._sample_collection.delete_one({"_id": held[0]._id})
    assert find(operator, made)["samples"] == N - 1
    assert operator("resolve")(made, "confirm", ids[1:2])["applied"] == 1
    assert operator("rank_by_importance")(made)["samples"] == N - 1
    assert held[1]["deconfuse_decision"] == "confirmed"
    made.rename_run("deconfuse", "new")
    assert operator("undo")(made, "new")["applied"] == 1
    operator("delete_run")(made, "new")
    assert not [name for name in made.get_field_schema() if name.startswith("new_")]
