"""What FiftyOne's filters and views of labels leave of a run on objects, in each of its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from fiftyone import ViewField as F

from plugin.objects.iteration import object_iteration
from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from scripts.demo_objects import FIELD, PREDICTIONS, objects_dataset

pytestmark = pytest.mark.slow

MISSING = "deconfuse_missing"
LABEL = f"{FIELD}.detections.label"
ALL = {"cell": None, "skip": [], "limit": 200}


@pytest.fixture(scope="module")
def run_on_objects(tmp_path_factory: Any, operator: Any) -> Iterator[Any]:
    """A dataset of canvases, and the iteration on their boxes."""
    folder = tmp_path_factory.mktemp("canvases")
    dataset = objects_dataset("test-label-filters", folder, images=60, persistent=False)
    find = operator("find_label_errors")
    find(dataset, FIELD, source="predictions", prediction_fields=[PREDICTIONS])
    dataset.add_dynamic_sample_fields()  # FiftyOne filters by declared attributes alone
    some = dataset.limit(40).filter_labels(FIELD, F("label") == "3")
    some.tag_labels("seen", label_fields=FIELD)
    yield dataset, object_iteration(load_run(dataset, "deconfuse"))
    dataset.delete()


def only(values: list[str], matching: bool = False, **option: Any) -> dict[str, Any]:
    return {"values": values, "exclude": False, "isMatching": matching, **option}


Filters = dict[str, Any]
CASES: dict[str, tuple[Callable[[Any], Any] | None, Filters]] = {
    "class in the sidebar": (None, {LABEL: only(["3", "7"])}),
    "class that an image must have": (None, {LABEL: only(["3"], matching=True)}),
    "attribute in the sidebar": (None, {f"{FIELD}.detections.truth": only(["3"])}),
    "a score of the run": (
        None,
        {
            f"{FIELD}.detections.deconfuse_suspicion": {
                "range": [0, 99],
                "none": False,
                "exclude": False,
                "isMatching": False,
            }
        },
    ),
    "tag of labels": (None, {"_label_tags": only(["seen"])}),
    "another field's labels": (None, {f"{PREDICTIONS}.detections.label": only(["3"])}),
    "missing objects": (None, {f"{MISSING}.detections.label": only(["3"])}),
    "filter_labels": (lambda d: d.filter_labels(FIELD, F("label") == "3"), {}),
    "match_labels": (lambda d: d.match_labels(filter=F("label") == "3", fields=FIELD), {}),
    "filter_labels that keeps all images": (
        lambda d: d.filter_labels(FIELD, F("label") == "3", only_matches=False),
        {},
    ),
    "exclude_labels": (
        lambda d: d.exclude_labels(ids=d.limit(30).values(f"{FIELD}.detections.id", unwind=True)),
        {},
    ),
    "limit_labels": (lambda d: d.limit_labels(FIELD, 2), {}),
    "fields that are left out": (lambda d: d.select_fields(PREDICTIONS), {}),
    "labels that are left out, fields too": (
        lambda d: d.filter_labels(FIELD, F("label") == "3").select_fields(FIELD),
        {},
    ),
    "a limit after a filter": (lambda d: d.filter_labels(FIELD, F("label") == "3").limit(5), {}),
    "patches": (lambda d: d.to_patches(FIELD), {}),
    "some patches": (lambda d: d.to_patches(FIELD).match(F(f"{FIELD}.label") == "3"), {}),
    "patches of what is missing": (lambda d: d.to_patches(MISSING), {}),
    "patches of another field": (lambda d: d.limit(9).to_patches(PREDICTIONS), {}),
    "a class among patches": (lambda d: d.to_patches(FIELD), {f"{FIELD}.label": only(["3"])}),
}


def held(view: Any, iteration: Any) -> np.ndarray[Any, Any]:
    """Which items a view holds, read from its samples one by one."""
    schema = view.get_field_schema()
    samples: set[str] = set()
    labels: dict[str, set[str]] = {FIELD: set(), MISSING: set()}
    patches = view._is_patches
    for sample in view:
        samples.add(sample.sample_id if patches else sample.id)
        for field, ids in labels.items():
            value: Any = sample[field] if field in schema else None
            if hasattr(value, "detections"):
                ids.update(one.id for one in list(value.detections or []))
            elif value:
                ids.add(value.id)
    ours = patches and (FIELD in schema or MISSING in schema)
    items, owners = (unpack_ids(iteration.column(n)) for n in ("item_id", "sample_id"))
    fields = [MISSING if k == len(iteration.classes) else FIELD for k in iteration.column("label")]
    return np.array(
        [
            owner in samples and ((field not in schema and not ours) or item in labels[field])
            for item, owner, field in zip(items, owners, fields, strict=True)
        ]
    )


@pytest.mark.parametrize("case", CASES)
def test_every_number_is_of_the_labels_that_the_view_holds(
    run_on_objects: Any, operator: Any, context: Any, case: str
) -> None:
    from fiftyone.server.view import get_view

    dataset, iteration = run_on_objects
    make, filters = CASES[case]
    view = make(dataset) if make else None
    stages = view._serialize() if view is not None else []
    inside = held(get_view(dataset.name, stages=stages, filters=filters), iteration)
    assert 0 < inside.sum() < len(inside) or case == "fields that are left out"

    def answer(name: str, **request: Any) -> Any:
        asked = {"run": "deconfuse", "iteration": 1, **request}
        ctx = context(dataset, "label_errors", view=view, __method__=name, request=asked)
        ctx.request_params["filters"] = filters
        reply = operator("label_errors").execute(ctx)
        assert "error" not in reply, reply
        return reply

    start = iteration.cells.start
    assert answer("in_view")["open"] == np.add.reduceat(inside.astype(int), start[:-1]).tolist()
    suspects = np.flatnonzero(iteration.suspect_rows & inside)
    for name in ("queue", "image_queue"):
        reply = answer(name, **ALL)
        if name == "queue":
            assert sorted(reply["rows"]) == suspects.tolist()
            assert reply["outside"] == int((iteration.suspect_rows & ~inside).sum())
        else:
            assert (
                sorted(row for image in reply["images"] for row in image["rows"])
                == suspects.tolist()
            )
    ranked = answer("ranking", by="suspicion", above=None, label=None, offset=0, limit=2000)
    assert sorted(ranked["rows"]) == np.flatnonzero(inside).tolist()
    at = int(np.argmax(np.diff(start)))
    where = {
        "label": int(iteration.cells.label[at]),
        "prediction": int(iteration.cells.prediction[at]),
    }
    cell = answer("cell", **where, offset=0, limit=2000, iies=None, edge=0)["samples"]
    assert cell["in_view"] == inside[cell["row"]].tolist()


def test_what_the_filter_leaves_out_is_not_decided_on(
    run_on_objects: Any, operator: Any, context: Any
) -> None:
    dataset, iteration = run_on_objects
    view = dataset.filter_labels(FIELD, F("label") == "3")
    label = iteration.column("label")
    row = int(np.flatnonzero(label == iteration.classes.index("5"))[0])
    asked = {"run": "deconfuse", "iteration": 1, "action": "confirm", "rows": [row]}
    ctx = context(dataset, "label_errors", view=view, __method__="resolve_objects", request=asked)
    error = operator("label_errors").execute(ctx)["error"]
    assert "1 of the 1 labels are not in FiftyOne's current view" in error["message"]


def test_a_cell_is_shown_on_top_of_what_is_filtered(
    run_on_objects: Any, operator: Any, context: Any
) -> None:
    dataset, iteration = run_on_objects
    three = iteration.classes.index("3")
    at = iteration.cells.index_of(three, three)
    where = {
        "label": int(iteration.cells.label[at]),
        "prediction": int(iteration.cells.prediction[at]),
    }
    asked = {"run": "deconfuse", "iteration": 1, **where}

    def show(view: Any) -> Any:
        ctx = context(dataset, "label_errors", view=view, __method__="show_in_grid", request=asked)
        reply = operator("label_errors").execute(ctx)
        if "error" in reply:
            return reply["error"]["message"]
        (made,) = ctx.executor.to_json()["requests"]
        return fo.DatasetView._build(dataset, made["params"]["view"]).values("id")

    rows = iteration.cell_slice(where["label"], where["prediction"])
    ids = unpack_ids(iteration.column("item_id")[rows])
    tagged = dataset.select_labels(tags="seen", fields=FIELD)
    seen = set(tagged.values(f"{FIELD}.detections.id", unwind=True))
    assert show(tagged) == [i for i in ids if i in seen]
    assert show(dataset.to_patches(FIELD)) == ids
    assert "none of 'ground_truth'" in show(dataset.to_patches(PREDICTIONS))
