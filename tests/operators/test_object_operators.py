"""Operators that decide on objects, as the App calls them; and what renaming and deleting do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bson import ObjectId

from plugin.store.runs import Run
from tests.plugin.objects_decided import (
    all_raw,
    ids_at,
    label_of,
    labels_at,
    make_objects,
    missing_at,
    missing_ids_at,
)


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_objects(images=2, labels=3, missing=1)
    yield made
    made.dataset.delete()


def selected(run: Run, *label_ids: str, field: str = "gt") -> list[dict[str, Any]]:
    """Labels as the App says that they are selected."""
    return [{"label_id": i, "sample_id": "", "field": field, "type": "default"} for i in label_ids]


def test_the_app_decides_on_the_selected_labels(run: Run, context: Any, operator: Any) -> None:
    one, two, three = ids_at(run, 0)
    ctx = context(run.dataset, "resolve", action="relabel", label="fly")
    ctx.request_params["selected_labels"] = [
        *selected(run, one, two),
        *selected(run, three, field="another"),
    ]
    made = operator("resolve").execute(ctx)
    assert made["applied"] == 2
    assert [d["label"] for d in labels_at(run, 0)][:2] == ["fly", "fly"]
    assert label_of(run, three).get("deconfuse_decision") is None
    ctx = context(run.dataset, "resolve", action="add", label="")
    missing = missing_ids_at(run, 1)
    ctx.request_params["selected_labels"] = selected(run, *missing, field="deconfuse_missing")
    assert operator("resolve").execute(ctx)["applied"] == 1
    assert missing[0] in ids_at(run, 1)
    assert operator("undo").execute(context(run.dataset, "undo"))["applied"] == 1


def test_the_form_says_what_can_be_done(run: Run, context: Any, operator: Any) -> None:
    ctx = context(run.dataset, "resolve", action="relabel")
    ctx.executor = None
    form = operator("resolve").resolve_input(ctx).type
    told = [p.view.label for p in form.properties.values() if p.view is not None]
    assert any("No label of 'gt' or 'deconfuse_missing' is selected" in t for t in told if t)
    ctx.request_params["selected_labels"] = selected(run, *ids_at(run, 0))
    form = operator("resolve").resolve_input(ctx).type
    assert form.properties["label_ids"].type is not None
    told = [p.view.label for p in form.properties.values() if p.view is not None]
    assert "3 labels chosen" in told
    assert {"action", "label", "note"} <= form.properties.keys()


def test_selected_patches_are_labels(run: Run, context: Any, operator: Any) -> None:
    patches = run.dataset.to_patches("gt")
    ids = ids_at(run, 1)[:2]
    assert set(ids) <= set(patches.values("id"))
    ctx = context(run.dataset, "resolve", view=patches, selected=ids, action="confirm")
    assert operator("resolve").execute(ctx)["applied"] == 2
    assert label_of(run, ids[0])["deconfuse_decision"] == "confirmed"


def test_ids_of_the_database_are_ids(run: Run, operator: Any) -> None:
    resolve, estimate = operator("resolve"), operator("estimate_remaining")
    one, two, three = (ObjectId(i) for i in ids_at(run, 0))
    made = resolve(
        run.dataset, "confirm", label_ids=[one, two], expected_label={one: "ant", two: "bee"}
    )
    assert (made["applied"], made["conflict_count"]) == (2, 0)
    estimate(run.dataset, audit_size=100, audit_images=2)
    image = ObjectId(run.dataset.first().id)
    judged = estimate(run.dataset, verdicts={three: "(nothing there)", image: []})
    assert judged["kinds"]["spurious"] == judged["images"]["judged"] == 1
    assert operator("undo")(run.dataset, decision=ObjectId(made["decision"]))["applied"] == 2


def test_the_labels_of_a_view_of_patches_are_taken(run: Run, operator: Any) -> None:
    resolve = operator("resolve")
    ids = ids_at(run, 1)
    patches = run.dataset.to_patches("gt")
    assert resolve(patches.select(ids[:2]), "confirm")["applied"] == 2
    assert label_of(run, ids[1])["deconfuse_decision"] == "confirmed"
    missing = missing_ids_at(run, 0)
    assert (
        resolve(run.dataset.to_patches("deconfuse_missing").select(missing), "add")["applied"] == 1
    )
    assert missing[0] in ids_at(run, 0)
    before = all_raw(run)
    run.dataset.clone_sample_field("gt", "other")
    for view in (run.dataset, run.dataset.limit(1), run.dataset.to_patches("other")):
        with pytest.raises(ValueError, match=r"Give the ids of labels of 'gt' or .*to_patches"):
            resolve(view, "confirm")
    run.dataset.delete_sample_field("other")
    assert all_raw(run).keys() == before.keys()
    assert [label_of(run, i).get("deconfuse_decision") for i in ids_at(run, 0)[:3]] == [None] * 3


def test_delete_run_takes_the_decisions_off_the_labels(run: Run, operator: Any) -> None:
    operator("resolve")(run.dataset, "confirm", label_ids=ids_at(run, 0))
    assert "gt.detections.deconfuse_decision" in run.dataset.get_field_schema(flat=True)
    operator("delete_run")(run.dataset, run_key="deconfuse")
    run.dataset.reload()
    assert "gt.detections.deconfuse_decision" not in run.dataset.get_field_schema(flat=True)
    assert not any(name.startswith("deconfuse") for d in labels_at(run, 0) for name in d)


def test_a_renamed_run_goes_on_and_undoes(run: Run, operator: Any) -> None:
    before, item = all_raw(run), ids_at(run, 0)[0]
    operator("resolve")(run.dataset, "confirm", label_ids=[item])
    operator("resolve")(run.dataset, "remove", label_ids=[ids_at(run, 0)[1]])
    run.dataset.rename_run("deconfuse", "better")
    operator("resolve")(run.dataset, "relabel", label_ids=[item], label="fly", run_key="better")
    named = Run(run.dataset, "better", "gt")
    label = label_of(run, item)
    assert label["better_decision"] == "relabeled"
    assert not any(name.startswith("deconfuse") for name in label)
    for _ in range(3):
        operator("undo")(run.dataset, run_key="better")
    after = all_raw(named)
    assert after.keys() == before.keys()
    assert not any(b"deconfuse" in document for document in after.values())
    assert "better_decision" not in label_of(run, item)
    assert label_of(run, item)["label"] == "ant"
    assert missing_at(named, 0)[0]["better_suspicion"] is not None
