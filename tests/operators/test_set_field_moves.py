"""A run on objects or tags whose label field was renamed: said by all, and gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
import pytest

from tests.conftest import PLUGIN
from tests.plugin.objects_decided import make_objects
from tests.traces import database_of

pytestmark = pytest.mark.slow


@pytest.fixture(params=["boxes", "tags"])
def made(request: pytest.FixtureRequest, operator: Any) -> Iterator[Any]:
    """A run on objects or tags with an iteration, and other fields of the same kind."""
    dataset = make_objects(3, 3, 1).dataset if request.param == "boxes" else _tags(operator)
    dataset.clone_sample_field("gt", "other")
    yield dataset
    dataset.delete()


def _tags(operator: Any) -> Any:
    dataset: Any = fo.Dataset(persistent=True)
    classes = ["ant", "bee", "cat"]
    samples = []
    for i in range(60):
        there = [c for k, c in enumerate(classes) if (i >> k) & 1]
        sample = fo.Sample(filepath=f"/nowhere/{i}.png")
        shown = there[1:] if i % 9 == 0 else there
        sample["gt"] = fo.Classifications(
            classifications=[fo.Classification(label=c) for c in shown]
        )
        sure = [0.9 if c in there else 0.1 for c in classes]
        sample["scores"] = sure
        samples.append(sample)
    dataset.add_samples(samples, progress=False)
    dataset.classes = {"scores": classes}
    operator("find_label_errors")(dataset, "gt", source="predictions", prediction_fields=["scores"])
    return dataset


def _ids(dataset: Any, field: str) -> list[str]:
    (path,) = [
        f"{field}.{n}"
        for n in ("detections", "classifications")
        if dataset.get_field(f"{field}.{n}")
    ]
    return [i for ids in dataset.values(f"{path}.id") for i in ids or []]


def _panel(context: Any, dataset: Any, name: str, **request: Any) -> Any:
    ctx = context(dataset, "label_errors", __method__=name, request=request)
    return foo.get_operator(f"{PLUGIN}/label_errors").execute(ctx)


def test_what_needs_the_labels_names_the_new_field_and_the_report_is_made(
    made: Any, operator: Any, context: Any
) -> None:
    one = _ids(made, "gt")[0]
    made.rename_sample_field("gt", "labels")
    before = database_of(made)
    said = r"repoint_run\(run_key='deconfuse', label_field='labels'"
    for name, options in {
        "resolve": {"action": "confirm", "label_ids": [one]},
        "undo": {},
        "estimate_remaining": {"audit_size": 5},
        "find_label_errors": {"label_field": "labels", "source": "auto"},
    }.items():
        with pytest.raises(ValueError, match=said):
            operator(name)(made, **options)
    assert database_of(made) == before
    assert "<html" in operator("export_report")(made)["report"].html
    status = _panel(context, made, "status")
    assert "probably renamed to 'labels'" in status["runs"][0]["problem"]
    ctx = context(made, "repoint_run", run_key="deconfuse")
    ctx.executor = None
    form = operator("repoint_run").resolve_input(ctx).type
    field = form.properties["label_field"]
    assert (field.default, set(field.type.values)) == ("labels", {"labels", "other"})


def test_a_repointed_run_goes_on_and_undoes_on_the_new_field(
    made: Any, operator: Any, context: Any
) -> None:
    ids = _ids(made, "gt")
    at_first = _labels(made, "gt")
    acts = [
        operator("resolve")(made, "confirm", label_ids=ids[:1]),
        operator("resolve")(made, "remove", label_ids=ids[1:3]),
        operator("resolve")(made, "relabel", label_ids=ids[3:4], label="dog"),
    ]
    made.rename_sample_field("gt", "labels")
    told = operator("repoint_run")(made, "deconfuse", "labels")
    assert told == {"run_key": "deconfuse", "label_field": "labels", "before": "gt"}
    assert operator("list_runs")(made)["runs"][0]["problem"] is None
    acts.append(operator("resolve")(made, "relabel", label_ids=ids[4:5], label="cow"))
    assert "cow" in _names(made, "labels")
    asked = {"run": "deconfuse", "iteration": 1, "order": "count", "labels": []}
    opened = _panel(context, made, "overview", **asked, with_classes=False)
    assert "error" not in opened, str(opened)
    for act in acts[::-1]:
        undone = operator("undo")(made, decision=act["decision"])
        assert (undone["applied"], undone["conflict_count"]) == (act["applied"], 0)
    assert _labels(made, "labels") == at_first


@pytest.mark.parametrize("field", ["nowhere", "pred", "deconfuse_missing"])
def test_fields_of_another_kind_or_of_a_run_are_refused(
    made: Any, operator: Any, field: str
) -> None:
    made.add_sample_field("pred", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    before = database_of(made)
    with pytest.raises(ValueError, match=r"is on (Detections|Classifications)|is written by a run"):
        operator("repoint_run")(made, "deconfuse", field)
    assert database_of(made) == before


def _documents(dataset: Any, field: str) -> list[list[dict[str, Any]]]:
    found = dataset._sample_collection.find().sort("_id", 1)
    return [d[field].get("detections", d[field].get("classifications")) for d in found]


def _labels(dataset: Any, field: str) -> list[Any]:
    return [
        [(d["_id"], d["label"], d.get("bounding_box")) for d in labels]
        for labels in _documents(dataset, field)
    ]


def _names(dataset: Any, field: str) -> set[str]:
    return {d["label"] for labels in _documents(dataset, field) for d in labels}
