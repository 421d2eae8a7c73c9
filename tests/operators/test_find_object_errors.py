"""``find_label_errors`` on a ``Detections`` field of a real dataset."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from bson import ObjectId

from plugin.objects.fields import NOTHING
from plugin.objects.state import items_state
from plugin.objects.store import last_iteration, read_items
from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from plugin.store.samples import samples_of
from tests.made_once import made_once
from tests.traces import database_of

pytestmark = pytest.mark.slow

FIND = "find_label_errors"
CLASSES = ("ant", "bee", "cat")
IMAGES = 60


def box_of(cell: int, generator: np.random.Generator) -> list[float]:
    corner = np.array([cell % 3, cell // 3]) / 3
    return [*(corner + generator.random(2) * 0.05).tolist(), 0.2, 0.2]


@made_once
def made(name: str) -> tuple[Any, dict[str, set[str]]]:
    """Images with objects, a detector that sees them, and errors: label ids by kind."""
    g = np.random.default_rng(0)
    planted: dict[str, set[str]] = {k: set() for k in ("class", "spurious", "placement", "missing")}
    samples = []
    for i in range(IMAGES):
        labels, said = [], []
        empty = set(range(9))
        for cell in np.flatnonzero(g.random(9) < 0.5).tolist():
            empty.remove(cell)
            truth, box = CLASSES[g.integers(3)], box_of(cell, g)
            off = (np.array(box) + g.normal(0, 0.008, 4)).tolist()
            said.append(fo.Detection(label=truth, bounding_box=off, confidence=g.beta(8, 1.5)))
            label = fo.Detection(label=truth, bounding_box=box)
            kind = g.choice(["", "class", "placement", "missing"], p=[0.88, 0.04, 0.04, 0.04])
            if kind == "class":
                label.label = CLASSES[(CLASSES.index(truth) + 1) % 3]
            elif kind == "placement":
                label.bounding_box = [box[0] + 0.09, box[1] + 0.06, 0.2, 0.2]
            if kind == "missing":
                planted[kind].add(said[-1].id)
            else:
                labels.append(label)
                if kind:
                    planted[kind].add(label.id)
        if i % 6 == 3:
            spawned = fo.Detection(label="ant", bounding_box=box_of(empty.pop(), g))
            labels.append(spawned)
            planted["spurious"].add(spawned.id)
        sample = fo.Sample(filepath=f"/none/{i}.png", tags=[f"n{i}"])
        sample["gt"], sample["model"] = (
            fo.Detections(detections=labels),
            fo.Detections(detections=said),
        )
        samples.append(sample)
    dataset = fo.Dataset(name)
    dataset.add_samples(samples, progress=False)
    return dataset, planted


@pytest.fixture
def objects(dataset_name: str) -> tuple[Any, dict[str, set[str]]]:
    return made(dataset_name)


def find(operator: Any, samples: Any, **options: Any) -> dict[str, Any]:
    given = {"source": "predictions", "prediction_fields": ["model"], **options}
    return operator(FIND)(samples, given.pop("label_field", "gt"), **given)


def labels_of(dataset: Any) -> dict[str, Any]:
    dataset.reload()
    return {d.id: d for s in dataset for d in (s.gt.detections if s.gt else [])}


def score_of(detection: Any) -> float | None:
    """Its suspicion; None where none was ever written."""
    return getattr(detection, "deconfuse_suspicion", None)


def stored(dataset: Any) -> list[dict[str, Any]]:
    return list(samples_of(dataset).find().sort("_id", 1))


def without(document: Any, *names: str) -> Any:
    """A document without fields of some names, however deep."""
    if isinstance(document, dict):
        return {k: without(v, *names) for k, v in document.items() if k not in names}
    return [without(v, *names) for v in document] if isinstance(document, list) else document


def test_the_four_kinds_are_found_and_written(objects: Any, operator: Any) -> None:
    dataset, planted = objects
    result = find(operator, dataset)
    labels = labels_of(dataset)
    assert result["samples"] == IMAGES
    assert result["objects"] == len(labels)
    assert set(result["suspects"]) == {"class", "spurious", "placement", "missing"}
    order = sorted(labels.values(), key=lambda d: -d.deconfuse_suspicion)
    for kind in ("class", "spurious", "placement"):
        first = [d.id for d in order if d.deconfuse_kind == kind][: len(planted[kind])]
        found = len(planted[kind] & set(first))
        assert found >= 0.6 * len(planted[kind]) > 0, kind
    agreeing = [d for d in labels.values() if d.deconfuse_prediction == d.label]
    assert len(agreeing) > 0.8 * len(labels)
    assert all(d.deconfuse_iies == pytest.approx(0.5) for d in agreeing)
    assert all(0.5 <= d.deconfuse_iies <= 1 and 0 <= d.deconfuse_iou <= 1 for d in labels.values())
    names = {d.deconfuse_prediction for d in labels.values()}
    assert names <= {*CLASSES, NOTHING}

    candidates = [(s, d) for s in dataset for d in s.deconfuse_missing.detections]
    candidates.sort(key=lambda c: -c[1].deconfuse_suspicion)
    hit = set()
    for sample, candidate in candidates[: len(planted["missing"])]:
        hit |= {
            d.id
            for d in sample.model.detections
            if np.allclose(d.bounding_box, candidate.bounding_box, atol=1e-5)
            and d.label == candidate.label
        }
    assert len(hit & planted["missing"]) >= 0.8 * len(planted["missing"])
    assert all(d.confidence > 0 for _, d in candidates)

    for sample in dataset:
        scores = [d.deconfuse_suspicion for d in sample.gt.detections]
        scores += [d.deconfuse_suspicion for d in sample.deconfuse_missing.detections]
        assert sample.deconfuse_suspicion == (max(scores) if scores else None)
        assert sample.deconfuse_errors == sum(v > 0 for v in scores)
    suspects = sum(result["suspects"].values())
    assert sum(dataset.values("deconfuse_errors")) == suspects > 0


def test_the_answer_says_what_works_on_objects(objects: Any, operator: Any) -> None:
    dataset, _ = objects
    result = find(operator, dataset)
    assert "the panel shows them in its overview" in result["so_far"]
    assert "near-duplicate images, maps" in result["so_far"]
    ids = [dataset.first().id]
    with pytest.raises(ValueError, match=r"'gt' holds Detections[.] Give label_ids"):
        operator("resolve")(dataset, action="confirm", sample_ids=ids)
    with pytest.raises(ValueError, match="is on objects: 'gt' holds Detections"):
        operator("find_duplicates")(dataset)


def test_decisions_from_scripts_and_the_app(objects: Any, operator: Any, context: Any) -> None:
    dataset, _ = objects
    find(operator, dataset)
    before = without(stored(dataset), "last_modified_at")
    label = dataset.first().gt.detections[0]
    missing = next(s.deconfuse_missing for s in dataset if s.deconfuse_missing.detections)
    made = operator("resolve")(dataset, "relabel", label_ids=[label.id], label="dog")
    assert (made["applied"], labels_of(dataset)[label.id].label) == (1, "dog")
    assert labels_of(dataset)[label.id].deconfuse_decision == "relabeled"
    assert operator("undo")(dataset)["applied"] == 1
    assert without(stored(dataset), "last_modified_at") == before
    ids = [d.id for d in missing.detections]
    assert operator("resolve")(dataset, "add", label_ids=ids)["applied"] == len(ids) > 0
    assert set(ids) <= labels_of(dataset).keys()
    operator("undo")(dataset)
    assert without(stored(dataset), "last_modified_at") == before


def test_the_next_iteration_knows_what_was_decided(objects: Any, operator: Any) -> None:
    dataset, _ = objects
    resolve = operator("resolve")
    first = find(operator, dataset)
    suspects = [i for i, d in labels_of(dataset).items() if d.deconfuse_suspicion > 0]
    right, wrong, changed, gone, *_ = suspects
    missing = [d for s in dataset for d in s.deconfuse_missing.detections]
    missing.sort(key=lambda d: -d.deconfuse_suspicion)
    dismissed, added = missing[0], missing[1]
    confirmed = resolve(dataset, "confirm", label_ids=[right, changed, dismissed.id])
    resolve(dataset, "relabel", label_ids=[wrong], label="cat")
    resolve(dataset, "remove", label_ids=[gone])
    resolve(dataset, "add", label_ids=[added.id])
    query = {"gt.detections._id": ObjectId(changed)}
    other = "bee" if labels_of(dataset)[changed].label == "ant" else "ant"
    samples_of(dataset).update_one(query, {"$set": {"gt.detections.$.label": other}})

    second = find(operator, dataset)
    assert second["iteration"] == 2
    labels = labels_of(dataset)
    run = load_run(dataset, "deconfuse")
    state = items_state(run)
    decided = {right, wrong, dismissed.id, gone, added.id}
    assert set(state.standing) == {*decided, changed}
    rows = dict(zip((*decided, changed), state.items.rows_of([*decided, changed]), strict=True))
    assert rows[dismissed.id] >= 0, "it is seen again, and is the item that it was"
    for item in decided:
        assert rows[item] < 0 or state.kind[rows[item]] > 0
    assert state.kind[rows[changed]] == 0, "somebody changed its label: it is open again"
    assert labels[changed].deconfuse_decision is None
    assert labels[right].deconfuse_decision == "confirmed"
    assert dismissed.id not in shown_as_missing(dataset)
    assert sum(dataset.values("deconfuse_errors")) == sum(second["suspects"].values())
    assert sum(second["suspects"].values()) == sum(state.counts()["suspects"].values())
    assert sum(second["suspects"].values()) < sum(first["suspects"].values())

    made = operator("undo")(dataset, decision=confirmed["decision"])
    assert (made["applied"], made["conflicts"][0]["label_id"]) == (2, changed)
    assert dismissed.id in shown_as_missing(dataset)
    assert items_state(run).kind[rows[dismissed.id]] == 0


def test_an_audit_goes_on_after_the_next_iteration(objects: Any, operator: Any) -> None:
    """A candidate that nobody decided on is the item that it was, if it is proposed again."""
    dataset, _ = objects
    estimate = operator("estimate_remaining")
    find(operator, dataset)
    before = shown_as_missing(dataset)
    drawn = estimate(dataset, audit_size=10_000, audit_images=5, seed=1)
    waiting = [i for i in drawn["waiting"] if i in before]
    assert set(waiting) == before
    blind, *_ = (s for s in dataset if s.deconfuse_missing.detections)
    lost = {d.id for d in blind.deconfuse_missing.detections}
    of_lost = {"$set": {"model.detections": []}}
    samples_of(dataset).update_one({"_id": blind._id}, of_lost)
    off = {"$inc": {"model.detections.$[].bounding_box.0": 0.004}}
    samples_of(dataset).update_many({}, off)
    dataset.reload()

    find(operator, dataset)
    kept = before & shown_as_missing(dataset)
    assert len(kept) >= 0.9 * len(before - lost)
    assert not lost & shown_as_missing(dataset)
    now = estimate(dataset)
    assert not lost & set(now["waiting"])
    assert kept <= set(now["waiting"])
    assert now["gone"] == len(before - kept)
    judged = estimate(dataset, verdicts=dict.fromkeys(waiting, "(nothing there)"))
    assert (judged["conflict_count"], judged["conflicts"]) == (0, [])
    assert not before & set(judged["waiting"])
    assert judged["right"] == len(kept)
    assert not kept & shown_as_missing(dataset)


def shown_as_missing(dataset: Any) -> set[str]:
    dataset.reload()
    return {d.id for s in dataset for d in s.deconfuse_missing.detections}


def test_an_iteration_is_kept_by_items(objects: Any, operator: Any) -> None:
    dataset, _ = objects
    find(operator, dataset)
    result = find(operator, dataset)
    assert result["iteration"] == 2
    run = load_run(dataset, "deconfuse")
    document = last_iteration(run)
    assert document is not None
    assert document["fields_written"]
    items = {i: n for n, i in enumerate(unpack_ids(read_items(document, "item_id")))}
    label, suspicion = read_items(document, "label"), read_items(document, "suspicion")
    owner = unpack_ids(read_items(document, "sample_id"))
    box = read_items(document, "box")
    assert len(items) == document["items"] == result["objects"] + result["candidates"]
    labels = labels_of(dataset)
    for sample in dataset:
        for d in sample.gt.detections:
            row = items[d.id]
            assert owner[row] == sample.id
            assert document["classes"][label[row]] == d.label
            assert suspicion[row] == pytest.approx(d.deconfuse_suspicion)
            assert box[row].tolist() == d.bounding_box, "what a decision is to expect"
        for d in sample.deconfuse_missing.detections:
            assert label[items[d.id]] == len(document["classes"])
    assert set(labels) <= set(items)


def test_deleting_the_run_leaves_the_dataset_as_it_was(objects: Any, operator: Any) -> None:
    dataset, _ = objects
    before, schema = stored(dataset), set(dataset.get_field_schema(flat=True))
    find(operator, dataset)
    assert stored(dataset) != before
    operator("delete_run")(dataset, "deconfuse")
    dataset.reload()
    assert without(stored(dataset), "last_modified_at") == without(before, "last_modified_at")
    assert set(dataset.get_field_schema(flat=True)) == schema
    assert len(dataset.list_runs()) == 0


def test_labels_themselves_are_not_touched(objects: Any, operator: Any) -> None:
    dataset, _ = objects
    before = stored(dataset)
    find(operator, dataset)
    ours = ("suspicion", "errors", "missing", "iies", "prediction", "iou", "kind", "ses")
    names = ["last_modified_at", *(f"deconfuse_{n}" for n in ours)]
    after = stored(dataset)
    assert without(after, *names) == without(before, "last_modified_at")
    moved = [
        a["last_modified_at"] > b["last_modified_at"] for a, b in zip(after, before, strict=True)
    ]
    assert all(moved), "what others wrote under is moved"


def test_images_that_cannot_be_judged_are_counted_and_not_called_spurious(
    objects: Any, operator: Any
) -> None:
    dataset, _ = objects
    unseen, unlabelled, empty, nothing = list(dataset)[:4]
    unseen["model"], unlabelled["gt"] = None, None
    empty["gt"] = fo.Detections()
    nothing["model"] = fo.Detections()
    for sample in (unseen, unlabelled, empty, nothing):
        sample.save()
    result = find(operator, dataset)
    assert result["skipped"] == {"no predictions in 'model'": 1, "no labels in 'gt'": 1}
    assert {s["sample_id"] for s in result["skipped_samples"]} == {unseen.id, unlabelled.id}
    assert result["samples"] == IMAGES - 2
    dataset.reload()
    assert dataset[unseen.id].deconfuse_errors is None
    assert all(score_of(d) is None for d in dataset[unseen.id].gt.detections)
    assert dataset[unlabelled.id].gt is None
    assert len(dataset[empty.id].deconfuse_missing.detections) > 0
    assert all(d.deconfuse_prediction is not None for d in dataset[nothing.id].gt.detections)


def test_boxes_that_cannot_be_used_are_counted_and_left_out(objects: Any, operator: Any) -> None:
    dataset, _ = objects
    sample, other = list(dataset)[:2]
    odd = [[0.1, 0.1, 0, 0.2], [1.5, 0.1, 0.2, 0.2], [0.1, float("nan"), 0.2, 0.2]]
    sample.gt.detections += [fo.Detection(label="ant", bounding_box=b) for b in odd]
    sample.gt.detections.append(fo.Detection(bounding_box=[0, 0, 0.1, 0.1]))
    other.model.detections += [
        fo.Detection(label="ant", bounding_box=[0, 0, 0.1, 0.1]),
        fo.Detection(label="ant", bounding_box=[0, 0, 0.1, 0.1], confidence=1.2),
    ]
    crowd = fo.Detection(label="bee", bounding_box=[0, 0, 1, 1])
    crowd["iscrowd"] = 1
    other.gt.detections.append(crowd)
    sample.save()
    other.save()
    result = find(operator, dataset)
    assert result["left_out"] == {
        "a box without width or height in 'gt'": 1,
        "a box outside of its image in 'gt'": 1,
        "no box of four finite numbers in 'gt'": 1,
        "no class in 'gt'": 1,
        "no confidence between 0 and 1 in 'model'": 2,
    }
    assert result["crowd"] == 1
    found = labels_of(dataset)[crowd.id]
    assert score_of(found) is None, "a crowd is not judged"
    assert dataset[other.id].deconfuse_missing.detections == []


def test_two_labels_on_one_object_are_a_pair(objects: Any, operator: Any) -> None:
    dataset, _ = objects
    sample, other = list(dataset)[:2]
    first = sample.gt.detections[0]
    box = [first.bounding_box[0] + 0.004, *first.bounding_box[1:]]
    again = fo.Detection(label="cat" if first.label == "ant" else "ant", bounding_box=box)
    sample.gt.detections.append(again)
    elsewhere = fo.Detection(label=first.label, bounding_box=first.bounding_box)
    crowd = fo.Detection(label="bee", bounding_box=first.bounding_box)
    crowd["iscrowd"] = 1
    sample.gt.detections.append(crowd)
    other.gt.detections = [elsewhere]
    sample.save()
    other.save()
    (pair,) = find(operator, dataset)["doubles"]
    assert (pair["sample_id"], set(pair["label_ids"])) == (sample.id, {first.id, again.id})
    assert pair["iou"] == pytest.approx(0.196 / 0.204, abs=1e-3)
    labels = labels_of(dataset)
    of_both = [labels[i].deconfuse_ses for i in (first.id, again.id)]
    assert of_both == [pytest.approx(pair["iou"])] * 2
    assert labels[elsewhere.id].deconfuse_ses is None, "boxes of two images are no pair"
    document = last_iteration(load_run(dataset, "deconfuse"))
    assert document is not None
    assert unpack_ids(read_items(document, "double_sample")) == [sample.id]
    sample.reload()
    sample.gt.detections = [d for d in sample.gt.detections if d.id != again.id]
    sample.save()
    assert find(operator, dataset)["doubles"] == []
    assert labels_of(dataset)[first.id].deconfuse_ses is None


def test_images_without_labels_are_left_out_or_empty_as_asked(objects: Any, operator: Any) -> None:
    dataset, _ = objects
    sample = next(s for s in dataset if len(s.model.detections) > 2)
    sample["gt"] = None
    sample.save()
    assert find(operator, dataset)["skipped"] == {"no labels in 'gt'": 1}
    result = find(operator, dataset, unlabelled="empty")
    assert (result["skipped"], result["samples"]) == ({}, IMAGES)
    dataset.reload()
    assert dataset[sample.id].gt is None, "nobody wrote labels"
    assert len(dataset[sample.id].deconfuse_missing.detections) > 0
    with pytest.raises(ValueError, match="unlabelled"):
        find(operator, dataset, unlabelled="missing")


@pytest.mark.parametrize("name", ["Ant", " ant", "a-nt"])
def test_a_class_of_two_spellings_is_an_error(objects: Any, operator: Any, name: str) -> None:
    dataset, _ = objects
    paths = dataset.values("model.detections.label")
    dataset.set_values(
        "model.detections.label", [[name if v == "ant" else v for v in of] for of in paths]
    )
    before = stored(dataset)
    with pytest.raises(ValueError, match=f"spell classes unlike: {name!r} for 'ant'. Bring them"):
        find(operator, dataset)
    assert stored(dataset) == before


@pytest.mark.parametrize("given", [None, 97.0])
def test_a_field_without_confidences_is_no_detector(
    objects: Any, operator: Any, given: float | None
) -> None:
    dataset, _ = objects
    sure = dataset.values("model.detections.confidence")
    for of in sure[1:]:
        of[:] = [given] * len(of)  # one image alone has confidences
    dataset.set_values("model.detections.confidence", sure)
    before = database_of(dataset)
    with pytest.raises(ValueError, match=r"boxes in 'model' .* no confidence"):
        find(operator, dataset)
    with pytest.raises(ValueError, match=r"boxes in 'gt' .* no confidence"):
        operator(FIND)(dataset, "model", prediction_fields=["gt"])
    assert database_of(dataset) == before


def test_labels_of_two_spellings_are_noticed_and_workers_that_had_nothing_to_do(
    objects: Any, operator: Any
) -> None:
    dataset, _ = objects
    names = dataset.values("gt.detections.label")
    for of in names[:20]:
        of[:] = ["Ant " if v == "ant" else v for v in of]
    dataset.set_values("gt.detections.label", names)
    result = find(operator, dataset, workers="delegated")
    assert result["lookalike_labels"] == [["Ant ", "ant"]]
    assert "'Ant␣' and 'ant'" in " ".join(result["warnings"])
    assert "Nothing was handed to workers: source 'predictions'" in result["chosen"]


def test_detectors_with_other_classes_and_repeated_detections_are_taken(
    objects: Any, operator: Any
) -> None:
    dataset, planted = objects
    dataset.clone_sample_field("model", "second")
    for sample in dataset:
        sample.second.detections = [d for d in sample.second.detections if d.label != "cat"]
        sample.second.detections += [
            fo.Detection(label="dog", bounding_box=d.bounding_box, confidence=0.3)
            for d in sample.second.detections[:1]
        ]
        sample.model.detections += [d.copy() for d in sample.model.detections]
        for d in sample.model.detections[:1]:
            d.confidence = float("nan")
        sample.save()
    result = find(operator, dataset, prediction_fields=["model", "second"])
    assert result["classes"] == 4
    assert result["left_out"]["no confidence between 0 and 1 in 'model'"] > 0
    boxes = [(s.id, *c.bounding_box) for s in dataset for c in s.deconfuse_missing.detections]
    assert len(boxes) == len(set(boxes)), "a detection that is there twice is one object"
    labels = labels_of(dataset)
    wrong = [d for d in labels.values() if d.id in planted["class"]]
    right = [d for d in labels.values() if not any(d.id in ids for ids in planted.values())]
    assert np.mean([d.deconfuse_suspicion for d in wrong]) > np.mean(
        [d.deconfuse_suspicion for d in right]
    )


def test_a_view_that_leaves_out_what_is_open_is_refused(objects: Any, operator: Any) -> None:
    dataset, _ = objects
    find(operator, dataset[:40])
    before = stored(dataset)
    first = dataset[:1].first()
    with pytest.raises(ValueError, match=r"leaves out [0-9]+ open samples that iteration 1 of run"):
        find(operator, dataset[1:])
    assert stored(dataset) == before
    alone = find(operator, dataset[1:3], run_key="other")
    assert (alone["iteration"], alone["samples"]) == (1, 2)
    of_first = [d.id for d in (*first.gt.detections, *first.deconfuse_missing.detections)]
    operator("resolve")(dataset, "confirm", label_ids=of_first[:-1])
    with pytest.raises(ValueError, match="leaves out 1 open samples that iteration 1 of run"):
        find(operator, dataset[1:])
    operator("resolve")(dataset, "confirm", label_ids=of_first[-1:])
    assert find(operator, dataset[1:])["iteration"] == 2, "what is decided may go"


def test_an_earlier_iteration_is_taken_off_images_that_cannot_be_judged_any_more(
    objects: Any, operator: Any
) -> None:
    dataset, _ = objects
    find(operator, dataset)
    dataset[40:].set_field("model", None).save()
    result = find(operator, dataset)
    assert result["samples"] == 40
    dataset.reload()
    left = list(dataset)[40:]
    assert all(s.deconfuse_errors is None and s.deconfuse_suspicion is None for s in left)
    assert all(d.deconfuse_kind is None for s in left for d in s.gt.detections)
    assert all(s.deconfuse_errors is not None for s in list(dataset)[:40])


def test_what_others_do_to_labels_meanwhile_stays(
    objects: Any, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, _ = objects
    from plugin.objects import fields

    removed, changed, gone = list(dataset)[:3]
    first = changed.gt.detections[0].id
    fresh = fo.Detection(label="bee", bounding_box=[0.0, 0.0, 0.5, 0.5])
    declare = fields.declare_object_fields

    def meanwhile(run: Any) -> None:
        declare(run)
        collection = samples_of(dataset)
        collection.update_one({"_id": removed._id}, {"$set": {"gt": None}})
        collection.update_one(
            {"_id": changed._id},
            {
                "$set": {"gt.detections.0.label": "cat"},
            },
        )
        collection.update_one({"_id": changed._id}, {"$push": {"gt.detections": fresh.to_dict()}})
        collection.delete_one({"_id": gone._id})

    monkeypatch.setattr(fields, "declare_object_fields", meanwhile)
    from plugin.classify.settings import Settings
    from plugin.objects.job import find_object_errors

    find_object_errors(
        dataset,
        Settings.from_mapping(
            {"label_field": "gt", "source": "predictions", "prediction_fields": ["model"]}
        ),
    )
    found = {d["_id"]: d for d in stored(dataset)}
    assert gone._id not in found
    assert found[removed._id]["gt"] is None
    labels = {str(d["_id"]): d for d in found[changed._id]["gt"]["detections"]}
    assert labels[first]["label"] == "cat"
    assert labels[first]["deconfuse_suspicion"] is not None
    assert labels[fresh.id]["deconfuse_suspicion"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "train"}, "prediction_fields: it belongs to source 'predictions'"),
        (
            {"prediction_fields": ["nowhere"]},
            "prediction_fields: field 'nowhere' of dataset .* does not exist",
        ),
        ({"prediction_fields": ["plain"]}, "'plain' of dataset .* is of type Classification"),
        ({"prediction_fields": ["other"]}, "'other' and 'gt' have no class in common"),
        ({"cleanlab": True}, "cleanlab: it is not asked about objects"),
        ({"preview": True}, "preview: there is none yet where labels are boxes or tags"),
        ({"run_key": "a b"}, "run_key must be a valid Python name"),
    ],
)
def test_bad_input_changes_nothing(
    objects: Any, operator: Any, options: dict[str, Any], message: str
) -> None:
    dataset, _ = objects
    sample = dataset.first()
    sample["plain"] = fo.Classification(label="ant", confidence=0.5)
    box = [0.1, 0.1, 0.2, 0.2]
    alien = fo.Detection(label="dog", bounding_box=box, confidence=0.5)
    sample["other"] = fo.Detections(detections=[alien])
    sample.save()
    before, schema = stored(dataset), set(dataset.get_field_schema(flat=True))
    with pytest.raises(ValueError, match=message):
        find(operator, dataset, **options)
    assert stored(dataset) == before
    assert set(dataset.get_field_schema(flat=True)) == schema
    assert dataset.list_runs() == []


def test_several_detectors_are_an_ensemble(objects: Any, operator: Any) -> None:
    dataset, planted = objects
    dataset.clone_sample_field("model", "second")
    one = find(operator, dataset)
    both = find(operator, dataset, run_key="two", prediction_fields=["model", "second"])
    labels = labels_of(dataset)
    assert both["suspects"] == one["suspects"], "a detector that is there twice says nothing new"
    for d in labels.values():
        assert d.two_suspicion == pytest.approx(d.deconfuse_suspicion, abs=0.05)
    assert planted["class"]


def test_what_a_run_writes_is_neither_label_nor_prediction(objects: Any, operator: Any) -> None:
    dataset, _ = objects
    find(operator, dataset)
    options = {"run_key": "other", "prediction_fields": ["model"]}
    with pytest.raises(
        ValueError, match=r"label_field: 'deconfuse_missing' .* is written by a run"
    ):
        operator(FIND)(dataset, "deconfuse_missing", **options)
    with pytest.raises(ValueError, match=r"prediction_fields: 'deconfuse_missing' .* by a run"):
        find(operator, dataset, run_key="other", prediction_fields=["deconfuse_missing"])
    assert dataset.list_runs() == ["deconfuse"]
