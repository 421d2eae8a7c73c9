"""Decisions on tags: each act on each kind of item, conflicts, undo, the next iteration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId

from plugin.classify.settings import Settings
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.objects.resolve import resolve
from plugin.objects.state import items_state
from plugin.store.runs import Run, load_run
from plugin.store.samples import samples_of
from plugin.tags.job import find_tag_errors
from tests.plugin.objects_decided import all_raw, reset
from tests.tagged_digits import tagged_dataset

pytestmark = pytest.mark.slow

IMAGES = 60
FIND = {"label_field": "gt", "source": "predictions", "prediction_fields": ["scores"]}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, dict[str, bytes]]]:
    folder: Path = tmp_path_factory.mktemp("tags")
    dataset, _ = tagged_dataset(f"test-tags-{folder.name}", folder, IMAGES)
    find_tag_errors(dataset, Settings.from_mapping(FIND))
    run = load_run(dataset, "deconfuse")
    yield run, all_raw(run, whole=True)
    dataset.delete()


@pytest.fixture
def run(kept: tuple[Run, dict[str, bytes]]) -> Run:
    reset(*kept)
    return kept[0]


def documents(run: Run) -> list[dict[str, Any]]:
    return list(samples_of(run.dataset).find().sort("_id", 1))


def tags_in(document: dict[str, Any]) -> list[dict[str, Any]]:
    return document["gt"]["classifications"]


def missing_in(document: dict[str, Any]) -> list[dict[str, Any]]:
    return document["deconfuse_missing"]["classifications"]


def image(run: Run, *, tags: int = 0, missing: int = 0) -> dict[str, Any]:
    """The first image with so many tags and missing tags at least."""
    return next(
        d for d in documents(run) if len(tags_in(d)) >= tags and len(missing_in(d)) >= missing
    )


def again(run: Run, document: dict[str, Any]) -> dict[str, Any]:
    """A document as it is now."""
    found = samples_of(run.dataset).find_one({"_id": document["_id"]})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("action", "given", "left"),
    [
        ("relabel", {"label": "wasp"}, "relabeled"),
        ("confirm", {}, "confirmed"),
        ("remove", {}, "removed"),
        ("tag", {"tag": "doubtful"}, "tagged"),
    ],
)
def test_each_act_on_a_tag_and_its_undo(
    run: Run, action: str, given: dict[str, Any], left: str
) -> None:
    before, document = all_raw(run), image(run, tags=3)
    chosen, *others = tags_in(document)
    made = resolve(run, action, [str(chosen["_id"])], **given)
    assert (made.applied, made.conflict_count) == (1, 0)
    now = again(run, document)
    assert now["last_modified_at"] > document["last_modified_at"]
    found = {d["_id"]: d for d in tags_in(now)}
    assert [found[d["_id"]] for d in others] == others
    if action == "remove":
        assert chosen["_id"] not in found
    else:
        assert found[chosen["_id"]]["deconfuse_decision"] == left
        assert found[chosen["_id"]]["label"] == given.get("label", chosen["label"])
        assert found[chosen["_id"]]["tags"] == ([given["tag"]] if "tag" in given else [])
    assert now["deconfuse_errors"] <= document["deconfuse_errors"]
    assert {s.kind for s in items_state(run).standing.values()} == {left}
    assert run.dataset.reload() is None
    assert isinstance(run.dataset[str(document["_id"])].gt, fo.Classifications)
    back = undo(run)
    assert back.applied == 1
    assert all_raw(run) == before
    undo(run, back.decision)
    assert tags_in(again(run, document)) == tags_in(now)
    undo(run)
    assert all_raw(run) == before


@pytest.mark.parametrize("action", ["add", "confirm"])
def test_missing_tags_are_added_or_dismissed(run: Run, action: str) -> None:
    before, document = all_raw(run), image(run, missing=2)
    chosen = missing_in(document)[:2]
    made = resolve(run, action, [str(d["_id"]) for d in chosen])
    assert made.applied == 2
    now = again(run, document)
    assert missing_in(now) == missing_in(document)[2:]
    new = tags_in(now)[len(tags_in(document)) :]
    if action == "add":
        assert {d["_id"]: d["label"] for d in new} == {d["_id"]: d["label"] for d in chosen}
        assert {d["_cls"] for d in new} == {"Classification"}
        assert {d["deconfuse_decision"] for d in new} == {"added"}
        assert {d["deconfuse_suspicion"] for d in new} == {None}
        assert all("bounding_box" not in d for d in new)
        run.dataset.reload()
        read = run.dataset[str(document["_id"])].gt.classifications
        assert [c.label for c in read] == [d["label"] for d in tags_in(now)]
        assert read[-1].confidence is None
    else:
        assert new == []
    undo(run)
    assert all_raw(run) == before


def test_a_decision_takes_several_images_and_kinds_of_items(run: Run) -> None:
    before = all_raw(run)
    wanted = [str(d["_id"]) for doc in documents(run)[:20] for d in tags_in(doc)]
    made = resolve(run, "remove", wanted)
    assert made.applied == len(wanted)
    assert all(tags_in(doc) == [] for doc in documents(run)[:20])
    undo(run)
    assert all_raw(run) == before


def test_a_tag_comes_back_to_its_place(run: Run) -> None:
    before, document = all_raw(run), image(run, tags=3)
    first, second, *_ = tags_in(document)
    resolve(run, "remove", [str(first["_id"])])
    one = resolve(run, "remove", [str(second["_id"])])
    undo(run, one.decision)
    undo(run)
    assert all_raw(run) == before


def test_a_tag_that_is_there_is_not_put_there_twice(run: Run) -> None:
    """Not by a relabelling, not by an addition, and not twice in one decision."""
    before, document = all_raw(run), image(run, tags=2)
    one, two, *_ = tags_in(document)
    made = resolve(run, "relabel", [str(one["_id"])], label=two["label"])
    assert (made.applied, [c["reason"] for c in made.conflicts]) == (0, ["exists"])
    document = image(run, tags=1, missing=1)
    there = tags_in(document)[0]["label"]
    added = resolve(run, "add", [str(missing_in(document)[0]["_id"])], label=there)
    assert (added.applied, [c["reason"] for c in added.conflicts]) == (0, ["exists"])
    assert all_raw(run) == before
    document = image(run, missing=2)
    both = [str(d["_id"]) for d in missing_in(document)[:2]]
    twice = resolve(run, "add", both, label="wasp")
    assert (twice.applied, [c["reason"] for c in twice.conflicts]) == (1, ["exists"])
    undo(run)
    assert all_raw(run) == before


def test_what_somebody_changed_meanwhile_is_left_alone(run: Run) -> None:
    document = image(run, tags=2)
    changed, gone, *_ = tags_in(document)
    one = {"_id": document["_id"]}
    collection = samples_of(run.dataset)
    collection.update_one(one, {"$set": {"gt.classifications.0.label": "wasp"}})
    collection.update_one(one, {"$pull": {"gt.classifications": {"_id": gone["_id"]}}})
    before = all_raw(run)
    made = resolve(run, "remove", [str(changed["_id"]), str(gone["_id"])])
    assert made.applied == 0
    assert sorted(c["reason"] for c in made.conflicts) == ["deleted", "relabeled"]
    assert all_raw(run) == before
    expected: dict[str, Any] = {"expected_label": "wasp"}
    assert resolve(run, "confirm", [str(changed["_id"])], **expected).applied == 1


def test_undo_leaves_what_somebody_else_did_since(run: Run) -> None:
    document = image(run, tags=1)
    chosen = tags_in(document)[0]
    resolve(run, "relabel", [str(chosen["_id"])], label="wasp")
    fresh = {"_id": ObjectId(), "_cls": "Classification", "tags": [], "label": "new"}
    collection = samples_of(run.dataset)
    collection.update_one({"_id": document["_id"]}, {"$push": {"gt.classifications": fresh}})
    assert undo(run).applied == 1
    assert tags_in(again(run, document)) == [*tags_in(document), fresh]


@pytest.mark.parametrize(
    ("action", "given", "message"),
    [
        ("move", {}, "tags have no boxes that could be moved"),
        ("add", {"box": [0.1, 0.1, 0.2, 0.2]}, "box: tags have no boxes"),
        ("confirm", {"expected_box": [0.1, 0.1, 0.2, 0.2]}, "expected_box: tags have no boxes"),
        ("relabel", {}, "label"),
    ],
)
def test_bad_requests_change_nothing(
    run: Run, action: str, given: dict[str, Any], message: str
) -> None:
    before = all_raw(run)
    with pytest.raises(InputError, match=message):
        resolve(run, action, [str(tags_in(image(run, tags=1))[0]["_id"])], **given)
    assert all_raw(run, whole=True) == all_raw(run, whole=True)
    assert all_raw(run) == before


def test_the_operators_decide_on_tags(run: Run, operator: Any) -> None:
    before, document = all_raw(run), image(run, tags=1, missing=1)
    added = operator("resolve")(run.dataset, "add", label_ids=[str(missing_in(document)[0]["_id"])])
    assert added["applied"] == 1
    removed = operator("resolve")(
        run.dataset, "remove", label_ids=[str(tags_in(document)[0]["_id"])]
    )
    assert removed["applied"] == 1
    with pytest.raises(ValueError, match="is on tags: 'gt' holds Classifications"):
        operator("resolve")(run.dataset, "confirm", sample_ids=[str(document["_id"])])
    for _ in range(2):
        operator("undo")(run.dataset)
    assert all_raw(run) == before


def test_the_forms_name_what_can_be_done(run: Run, context: Any, operator: Any) -> None:
    document = image(run, tags=1)
    chosen = [str(tags_in(document)[0]["_id"])]
    ctx = context(run.dataset, "resolve", label_ids=chosen, run_key="deconfuse")
    ctx.executor = None
    inputs = operator("resolve").resolve_input(ctx).to_json()["type"]["properties"]
    actions = {c["value"] for c in inputs["action"]["view"]["choices"]}
    assert actions == {"relabel", "confirm", "remove", "add", "tag"}


def test_the_next_iteration_knows_what_was_decided(run: Run) -> None:
    document = image(run, tags=2, missing=1)
    dismissed, kept = missing_in(document)[0], tags_in(document)[0]
    removed = tags_in(document)[1]
    resolve(run, "confirm", [str(dismissed["_id"]), str(kept["_id"])])
    resolve(run, "remove", [str(removed["_id"])])
    find_tag_errors(run.dataset, Settings.from_mapping(FIND))
    now = again(run, document)
    shown = {d["label"] for d in missing_in(now)}
    assert dismissed["label"] not in shown
    assert removed["label"] not in shown, "what was taken off is not missing"
    label = next(d for d in tags_in(now) if d["_id"] == kept["_id"])
    assert label["deconfuse_decision"] == "confirmed"
    open_ = [d["deconfuse_suspicion"] for d in tags_in(now) if not d.get("deconfuse_decision")]
    scores = [*open_, *(d["deconfuse_suspicion"] for d in missing_in(now))]
    assert now["deconfuse_errors"] == sum(s > 0 for s in scores)
    assert now["deconfuse_suspicion"] == max(scores, default=None)
    state = items_state(run)
    assert {i: s.kind for i, s in state.standing.items()} == {
        str(dismissed["_id"]): "confirmed",
        str(kept["_id"]): "confirmed",
        str(removed["_id"]): "removed",
    }
