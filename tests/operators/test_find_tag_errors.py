"""``find_label_errors`` on a ``Classifications`` field of a real dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from plugin.classify.settings import Settings
from plugin.errors import Cancelled
from plugin.objects.store import last_iteration, read_items
from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from plugin.store.samples import samples_of
from plugin.tags.job import _chosen, find_tag_errors
from tests.tagged_digits import CLASSES, Planted, tagged_dataset

pytestmark = pytest.mark.slow

FIND = "find_label_errors"
IMAGES = 120


@pytest.fixture
def tags(dataset_name: str, tmp_path: Path) -> tuple[Any, Planted]:
    return tagged_dataset(dataset_name, tmp_path / "images", IMAGES)


def find(operator: Any, samples: Any, **options: Any) -> dict[str, Any]:
    given = {"source": "predictions", "prediction_fields": ["model"], **options}
    return operator(FIND)(samples, "gt", **given)


def stored(dataset: Any) -> list[dict[str, Any]]:
    return list(samples_of(dataset).find().sort("_id", 1))


def without(document: Any, *names: str) -> Any:
    """A document without fields of some names, however deep."""
    if isinstance(document, dict):
        return {k: without(v, *names) for k, v in document.items() if k not in names}
    return [without(v, *names) for v in document] if isinstance(document, list) else document


def items(dataset: Any, run: str = "deconfuse") -> list[tuple[float, int, int, str]]:
    """Suspicion, picture, digit and kind of all items, the most suspect first."""
    dataset.reload()
    found = []
    for i, sample in enumerate(dataset):
        for name, kind in (("gt", "spurious"), (f"{run}_missing", "missing")):
            for label in sample[name].classifications if sample[name] else []:
                score = getattr(label, f"{run}_suspicion", None)
                if score is not None:
                    found.append((score, i, CLASSES.index(label.label), kind))
    return sorted(found, reverse=True)


def by_item(order: list[Any]) -> dict[tuple[int, int, str], float]:
    """The suspicion of each item."""
    return {(i, c, kind): score for score, i, c, kind in order}


def found_of(order: list[Any], kind: str, wrong: set[tuple[int, int]]) -> float:
    """The share of those planted among as many of the most suspect of their kind."""
    first = [(i, c) for _, i, c, k in order if k == kind][: len(wrong)]
    return len(wrong & set(first)) / len(wrong)


@pytest.mark.parametrize("fields", [["model"], ["scores"], ["model", "scores"]])
def test_missing_and_spurious_tags_are_found_and_written(
    tags: Any, operator: Any, fields: list[str]
) -> None:
    dataset, planted = tags
    result = find(operator, dataset, prediction_fields=fields)
    order = items(dataset)
    assert found_of(order, "missing", planted.missing) >= 0.7
    assert found_of(order, "spurious", planted.spurious) >= 0.7
    wrong = planted.missing | planted.spurious
    first = {(i, c) for _, i, c, _ in order[: len(wrong)]}
    assert len(wrong & first) >= 0.7 * len(wrong), "both kinds in one order"
    assert result["samples"] == IMAGES
    assert result["tags"] == planted.tag.sum()
    assert result["classes"] == 10
    assert 0.02 <= result["share_of_errors"] <= 0.15
    assert len(result["assumed"]) == len(fields)
    assert sum(result["suspects"].values()) == sum(s > 0 for s, *_ in order) > 0
    assert result["candidates"] == sum(k == "missing" for *_, k in order)


@pytest.mark.parametrize("source", ["embeddings", pytest.param("features", marks=pytest.mark.slow)])
def test_no_model_is_needed(tags: Any, operator: Any, source: str) -> None:
    """Heads on the pixels of each picture, and on a network that is not made for such pictures."""
    dataset, planted = tags
    result = find(
        operator,
        dataset,
        source=source,
        prediction_fields=[],
        embeddings="pixels" if source == "embeddings" else None,
        folds=3,
    )
    assert result["source"] == source
    assert result["samples"] == IMAGES
    assert "linear discriminant" in result["weighed"][0]
    wrong = planted.missing | planted.spurious
    place = {(i, c): at for at, (_, i, c, _) in enumerate(items(dataset))}
    found = [place[k] for k in wrong if k in place]
    if source == "embeddings":
        assert np.median(found) < 0.3 * len(place), "ranked far above the middle"
    document = last_iteration(load_run(dataset, "deconfuse"))
    assert document is not None
    assert document["settings"]["folds"] == 3


def area_of(order: list[Any], kind: str, wrong: set[tuple[int, int]]) -> float:
    """How often one that was planted is more suspect than another one of its kind."""
    scored = [(score, (i, c) in wrong) for score, i, c, k in order if k == kind]
    return float(roc_auc_score([is_wrong for _, is_wrong in scored], [s for s, _ in scored]))


TRAINED = {"source": "train", "prediction_fields": [], "epochs": 12, "batch_size": 8, "folds": 2}


def test_a_network_is_trained_out_of_fold(dataset_name: str, operator: Any, tmp_path: Path) -> None:
    dataset, planted = tagged_dataset(dataset_name, tmp_path / "images", 240)
    broken = dataset.first()
    Path(broken.filepath).write_bytes(b"no picture")
    result = find(operator, dataset, **TRAINED)
    assert (result["source"], result["samples"]) == ("train", 239)
    assert sum(result["skipped"].values()) == 1
    assert "'simple_cnn' " in result["weighed"][0]
    order = items(dataset)
    assert {i for _, i, _, _ in order} == set(range(1, 240))
    assert area_of(order, "spurious", planted.spurious) > 0.75
    assert area_of(order, "missing", planted.missing) > 0.6
    document = last_iteration(load_run(dataset, "deconfuse"))
    assert document is not None
    kept = document["settings"]
    assert (kept["model"], kept["folds"], kept["epochs"]) == ("simple_cnn", 2, 12)
    assert kept["kept_epochs"] == [12, 12]
    find(operator, dataset, **TRAINED)
    assert by_item(items(dataset)) == by_item(order), "the same seed gives the same scores"


def test_training_that_is_cancelled_leaves_nothing(tags: Any) -> None:
    dataset, _ = tags
    before = stored(dataset)

    def cancelled(progress: float | None, label: str) -> None:
        if "Epoch" in label:
            raise Cancelled

    with pytest.raises(Cancelled):
        find_tag_errors(dataset, Settings.from_mapping({"label_field": "gt", **TRAINED}), cancelled)
    assert stored(dataset) == before
    assert dataset.list_runs() == []


def test_small_images_are_trained_on_where_nothing_is_named(tags: Any) -> None:
    dataset, _ = tags
    settings, said = _chosen(dataset, Settings.from_mapping({"label_field": "gt"}))
    assert settings.source == "train"
    assert said == "Small images (median side 16 pixels): trained a small network on them."


def test_vectors_that_are_missing_are_counted(tags: Any, operator: Any) -> None:
    dataset, _ = tags
    sample = dataset.first()
    sample["pixels"] = None
    sample.save()
    twice = dataset.skip(1).first()
    twice.gt.classifications += [fo.Classification(label="0"), fo.Classification(label="0")]
    twice.save()
    given = {"source": "auto", "prediction_fields": [], "embeddings": "pixels"}
    result = find(operator, dataset, **given)
    assert result["source"] == "embeddings"
    assert result["skipped"] == {"embedding in 'pixels' is missing": 1}
    assert result["left_out"]["the same tag again in 'gt'"] >= 1
    dataset.reload()
    assert dataset.first().deconfuse_errors is None


def test_fields_say_what_was_found(tags: Any, operator: Any) -> None:
    dataset, _ = tags
    find(operator, dataset)
    dataset.reload()
    for sample in dataset:
        labels, missing = sample.gt.classifications, sample.deconfuse_missing.classifications
        scores = [c.deconfuse_suspicion for c in (*labels, *missing)]
        assert sample.deconfuse_suspicion == (max(scores) if scores else None)
        assert sample.deconfuse_errors == sum(v > 0 for v in scores)
        assert {c.deconfuse_kind for c in labels} <= {"spurious"}
        for label in labels:
            p = 1 / (1 + np.exp(label.deconfuse_suspicion))
            expected = (max(p, 1 - p) + 1 - p) / 2
            assert label.deconfuse_iies == pytest.approx(expected, abs=1e-5), "equation 2"
        assert not {c.label for c in labels} & {c.label for c in missing}
        assert all(0 < c.confidence < 1 for c in missing)
        order = [c.deconfuse_suspicion for c in missing]
        assert order == sorted(order, reverse=True)


def test_an_iteration_is_kept_by_items(tags: Any, operator: Any) -> None:
    dataset, _ = tags
    find(operator, dataset)
    result = find(operator, dataset)
    assert result["iteration"] == 2
    document = last_iteration(load_run(dataset, "deconfuse"))
    assert document is not None
    assert document["fields_written"]
    assert document["on"] == "tags"
    row = {i: n for n, i in enumerate(unpack_ids(read_items(document, "item_id")))}
    names = ("label", "prediction", "suspicion", "kind", "p_label", "p_max")
    label, prediction, suspicion, kind, p_label, p_max = (read_items(document, n) for n in names)
    owner = unpack_ids(read_items(document, "sample_id"))
    assert len(row) == document["items"] == result["tags"] + result["candidates"]
    nothing = len(document["classes"])
    dataset.reload()
    for sample in dataset:
        for tag in sample.gt.classifications:
            at = row[tag.id]
            assert owner[at] == sample.id
            assert document["classes"][label[at]] == tag.label
            assert suspicion[at] == pytest.approx(tag.deconfuse_suspicion)
            assert document["kinds"][kind[at]] == "spurious"
            assert prediction[at] == (nothing if suspicion[at] > 0 else label[at])
        for tag in sample.deconfuse_missing.classifications:
            at = row[tag.id]
            assert label[at] == nothing
            assert document["kinds"][kind[at]] == "missing"
            expected = document["classes"].index(tag.label) if suspicion[at] > 0 else nothing
            assert prediction[at] == expected
    assert np.allclose(p_label, 1 / (1 + np.exp(suspicion)), atol=1e-6), "the log-odds margin"
    assert np.allclose(p_max, np.maximum(p_label, 1 - p_label), atol=1e-6)


def test_deleting_the_run_leaves_the_dataset_as_it_was(tags: Any, operator: Any) -> None:
    dataset, _ = tags
    before, schema = stored(dataset), set(dataset.get_field_schema(flat=True))
    find(operator, dataset)
    assert stored(dataset) != before
    operator("delete_run")(dataset, "deconfuse")
    dataset.reload()
    assert without(stored(dataset), "last_modified_at") == without(before, "last_modified_at")
    assert set(dataset.get_field_schema(flat=True)) == schema
    assert len(dataset.list_runs()) == 0


def test_nothing_else_is_touched(tags: Any, operator: Any) -> None:
    dataset, _ = tags
    before = stored(dataset)
    find(operator, dataset)
    ours = [f"deconfuse_{n}" for n in ("suspicion", "errors", "missing", "iies", "kind")]
    after = stored(dataset)
    assert without(after, "last_modified_at", *ours) == without(before, "last_modified_at")
    assert all(
        a["last_modified_at"] > b["last_modified_at"] for a, b in zip(after, before, strict=True)
    )


def test_labelled_with_nothing_is_not_the_same_as_not_labelled(tags: Any, operator: Any) -> None:
    dataset, planted = tags
    tagged = [i for i, row in enumerate(planted.truth) if row.any()]
    unseen, unlabelled, empty, silent = (list(dataset)[i] for i in tagged[:4])
    unseen["model"], unlabelled["gt"] = None, None
    empty["gt"], silent["model"] = fo.Classifications(), fo.Classifications()
    for sample in (unseen, unlabelled, empty, silent):
        sample.save()
    result = find(operator, dataset)
    assert result["skipped"] == {"no predictions in 'model'": 1, "no labels in 'gt'": 1}
    assert {s["sample_id"] for s in result["skipped_samples"]} == {unseen.id, unlabelled.id}
    dataset.reload()
    assert dataset[unseen.id].deconfuse_errors is None
    assert dataset[unlabelled.id].deconfuse_missing is None
    assert len(dataset[empty.id].deconfuse_missing.classifications) > 0
    assert all(c.deconfuse_suspicion is not None for c in dataset[silent.id].gt.classifications)


def test_a_tag_that_is_there_twice_is_judged_once_and_reported(tags: Any, operator: Any) -> None:
    dataset, _ = tags
    sample = next(s for s in dataset if s.gt.classifications)
    first = sample.gt.classifications[0]
    again = fo.Classification(label=first.label)
    sample.gt.classifications += [again, fo.Classification()]
    sample.model.classifications += [
        fo.Classification(label="1"),
        fo.Classification(label="1", confidence=1.5),
        fo.Classification(confidence=0.5),
    ]
    sample.save()
    result = find(operator, dataset)
    assert result["left_out"] == {
        "the same tag again in 'gt'": 1,
        "no class in 'gt'": 1,
        "no class in 'model'": 1,
        "no confidence between 0 and 1 in 'model'": 2,
    }
    dataset.reload()
    scores = {c.id: c.deconfuse_suspicion for c in dataset[sample.id].gt.classifications}
    assert scores[first.id] is not None
    assert scores[again.id] is None


def test_rare_and_universal_tags_are_scored(tags: Any, operator: Any) -> None:
    dataset, _ = tags
    for i, sample in enumerate(dataset.iter_samples(autosave=True)):
        sample.gt.classifications.append(fo.Classification(label="picture"))
        if i in (3, 70):
            sample.gt.classifications.append(fo.Classification(label="rare"))
    result = find(operator, dataset)
    assert result["classes"] == 12
    dataset.reload()
    rare = [c for s in dataset for c in s.gt.classifications if c.label == "rare"]
    assert all(np.isfinite(c.deconfuse_suspicion) and c.deconfuse_suspicion < 0 for c in rare)
    every = [c for s in dataset for c in s.gt.classifications if c.label == "picture"]
    assert len(every) == IMAGES
    assert all(c.deconfuse_suspicion < -3 for c in every)
    candidates = [c.label for s in dataset for c in s.deconfuse_missing.classifications]
    assert not {"rare", "picture"} & set(candidates)


def test_a_view_that_leaves_out_what_is_open_is_refused(tags: Any, operator: Any) -> None:
    dataset, _ = tags
    find(operator, dataset)
    before = stored(dataset)
    with pytest.raises(ValueError, match="leaves out 40 open samples that iteration 1 of run"):
        find(operator, dataset[:80])
    assert stored(dataset) == before
    alone = find(operator, dataset[:80], run_key="other")
    assert (alone["iteration"], alone["samples"]) == (1, 80)


def test_an_earlier_iteration_is_taken_off_images_that_cannot_be_judged_any_more(
    tags: Any, operator: Any
) -> None:
    dataset, _ = tags
    find(operator, dataset)
    dataset[80:].set_field("model", None).save()
    result = find(operator, dataset)
    assert result["samples"] == 80
    dataset.reload()
    left = list(dataset)[80:]
    assert all(s.deconfuse_errors is None and s.deconfuse_missing is None for s in left)
    assert all(c.deconfuse_kind is None for s in left for c in s.gt.classifications)


def test_a_missing_tag_that_nobody_decided_on_keeps_its_id(tags: Any, operator: Any) -> None:
    dataset, _ = tags

    def missing() -> dict[tuple[str, str], str]:
        dataset.reload()
        found = [(s.id, c) for s in dataset for c in s.deconfuse_missing.classifications]
        return {(sample, c.label): c.id for sample, c in found}

    find(operator, dataset)
    before = missing()
    dismissed, added = sorted(before, key=before.__getitem__)[:2]
    operator("resolve")(dataset, "confirm", label_ids=[before[dismissed]])
    operator("resolve")(dataset, "add", label_ids=[before[added]])
    find(operator, dataset)
    after = missing()
    assert len(after) > 0.9 * len(before)
    assert all(before.get(key, i) == i for key, i in after.items())
    assert len({before[key] for key in before.keys() & after.keys()}) >= 0.9 * len(after)
    assert not {dismissed, added} & set(after)
    assert len({*after.values()}) == len(after)


def test_what_others_do_to_tags_meanwhile_stays(
    tags: Any, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, _ = tags
    from plugin.classify.settings import Settings
    from plugin.tags import fields
    from plugin.tags.job import find_tag_errors

    several = [s for s in dataset if len(s.gt.classifications) > 1]
    emptied, changed = several[:2]
    first = changed.gt.classifications[0].id
    fresh = fo.Classification(label="9")
    declare = fields.declare_tag_fields

    def meanwhile(run: Any) -> None:
        declare(run)
        collection = samples_of(dataset)
        collection.update_one({"_id": emptied._id}, {"$set": {"gt": None}})
        one = {"_id": changed._id}
        collection.update_one(one, {"$set": {"gt.classifications.0.label": "8"}})
        collection.update_one(one, {"$push": {"gt.classifications": fresh.to_dict()}})

    monkeypatch.setattr(fields, "declare_tag_fields", meanwhile)
    given = {"label_field": "gt", "source": "predictions", "prediction_fields": ["model"]}
    find_tag_errors(dataset, Settings.from_mapping(given))
    found = {d["_id"]: d for d in stored(dataset)}
    assert found[emptied._id]["gt"] is None
    labels = {str(d["_id"]): d for d in found[changed._id]["gt"]["classifications"]}
    assert labels[first]["label"] == "8"
    assert labels[first]["deconfuse_suspicion"] is not None
    assert labels[fresh.id]["deconfuse_suspicion"] is None


def test_kinds_of_scores_are_told_apart(tags: Any, operator: Any) -> None:
    dataset, planted = tags
    sigmoids = np.clip(np.array(dataset.values("scores"), np.float64), 1e-6, 1 - 1e-6)
    odds = np.log(sigmoids) - np.log1p(-sigmoids)
    soft = sigmoids / sigmoids.sum(axis=1, keepdims=True)
    kinds = {"logits": odds, "probabilities": soft, "percentages": 100 * soft, "log": np.log(soft)}
    for name, rows in kinds.items():
        dataset.set_values(name, list(rows))
    inside = [fo.Classifications(logits=row) for row in odds]
    dataset.set_values("inside", inside)
    dataset.classes = {name: list(CLASSES) for name in ["scores", *kinds, "inside"]}
    dataset.save()
    first: dict[str, Any] = {}
    for name in ("scores", *kinds, "inside"):
        result = find(operator, dataset, prediction_fields=[name], run_key=f"r_{name}")
        first[name] = items(dataset, f"r_{name}"), result["assumed"][0]
        least = 0.6 if name in ("scores", "logits", "inside") else 0.3  # a softmax tells less
        assert found_of(first[name][0], "missing", planted.missing) >= least, name
    for name, word in (("scores", "sigmoids"), ("logits", "logits"), ("log", "log-prob")):
        assert first[name][1].startswith(f"'{name}': {word}")
    assert first["percentages"][1].startswith("'percentages': percentages")
    for name in ("logits", "inside"):
        one, two = by_item(first[name][0]), by_item(first["scores"][0])
        apart = [abs(one[k] - two[k]) for k in one.keys() & two.keys()]
        assert np.median(apart) < 0.05, "logits and their sigmoids say the same"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "train", "folds": 1}, "folds: a network learns tags by heart"),
        ({"source": "train", "warm_start": True}, "warm_start: a network is trained afresh"),
        ({"source": "train", "workers": "ray"}, "workers: a network is trained on tags by this"),
        ({"source": "train", "model": "elephant"}, "model: "),
        ({"source": "auto", "embeddings": "pixels"}, "belong to several sources"),
        ({"source": "embeddings", "embeddings": "gone"}, "'gone' is neither a vector field"),
        ({"source": "embeddings", "embeddings": "pixels", "folds": 1}, "need at least 2"),
        ({"prediction_fields": ["nowhere"]}, "'nowhere' of dataset .* does not exist"),
        ({"prediction_fields": ["boxes"]}, "'boxes' of dataset .* is of type Detections"),
        ({"prediction_fields": ["other"]}, "'other' and 'gt' have no class in common"),
        ({"prediction_fields": ["bare"]}, "tags in 'bare' that were looked at have no confidence"),
        ({"prediction_fields": ["unnamed"]}, "Set dataset.classes.'unnamed'. to the list of the 3"),
        ({"prediction_fields": ["short"]}, "dataset.classes.'short'. lists 2 classes"),
        ({"prediction_fields": ["scores"], "classes": ["1"]}, "classes: 1 names were given"),
        ({"class_scores": "logits"}, "class_scores: it names an attribute of Detections"),
        ({"unlabelled": "empty"}, "unlabelled: it is for fields of Detections"),
        ({"cleanlab": True}, "cleanlab: it is not asked about tags"),
        ({"run_key": "a b"}, "run_key must be a valid Python name"),
    ],
)
def test_bad_input_changes_nothing(
    tags: Any, operator: Any, options: dict[str, Any], message: str
) -> None:
    dataset, _ = tags
    sample = dataset.first()
    sample["boxes"] = fo.Detections()
    alien = fo.Classification(label="dog", confidence=0.5)
    sample["other"] = fo.Classifications(classifications=[alien])
    sample["bare"] = fo.Classifications(classifications=[fo.Classification(label="1")])
    sample["unnamed"], sample["short"] = np.ones(3), np.ones(3)
    sample.save()
    dataset.classes = {**dataset.classes, "short": ["1", "2"]}
    dataset.save()
    before, schema = stored(dataset), set(dataset.get_field_schema(flat=True))
    with pytest.raises(ValueError, match=message):
        find(operator, dataset, **options)
    assert stored(dataset) == before
    assert set(dataset.get_field_schema(flat=True)) == schema
    assert dataset.list_runs() == []


def test_what_does_not_work_on_tags_says_so(tags: Any, operator: Any) -> None:
    dataset, _ = tags
    result = find(operator, dataset)
    assert "the panel shows them" in result["so_far"]
    calls = {
        "resolve": {"action": "confirm", "sample_ids": [dataset.first().id]},
        "estimate_remaining": {},
        "find_duplicates": {},
        "rank_by_importance": {},
    }
    for name, options in calls.items():
        with pytest.raises(ValueError, match="is on tags: 'gt' holds Classifications"):
            operator(name)(dataset, **options)


def test_what_a_run_writes_is_neither_label_nor_prediction(tags: Any, operator: Any) -> None:
    dataset, _ = tags
    find(operator, dataset)
    options = {"run_key": "other", "prediction_fields": ["model"]}
    with pytest.raises(
        ValueError, match=r"label_field: 'deconfuse_missing' .* is written by a run"
    ):
        operator(FIND)(dataset, "deconfuse_missing", **options)
    with pytest.raises(ValueError, match=r"prediction_fields: 'deconfuse_missing' .* by a run"):
        find(operator, dataset, run_key="other", prediction_fields=["deconfuse_missing"])
    assert dataset.list_runs() == ["deconfuse"]


def test_the_same_model_twice_says_nothing_new(tags: Any, operator: Any) -> None:
    dataset, _ = tags
    dataset.clone_sample_field("model", "second")
    find(operator, dataset)
    find(operator, dataset, run_key="two", prediction_fields=["model", "second"])
    one, two = by_item(items(dataset)), by_item(items(dataset, "two"))
    assert max(abs(one[k] - two[k]) for k in one.keys() & two.keys()) < 0.2


@pytest.fixture
def form(operator: Any, context: Any) -> Any:
    """``form(dataset, **params)``: the properties of the form, by name."""

    def made(samples: Any, **params: Any) -> dict[str, Any]:
        ctx = context(samples, FIND, **params)
        ctx.executor = None  # as FiftyOne does where the App asks for a form
        return dict(operator(FIND).resolve_input(ctx).type.properties)

    return made


def held(properties: dict[str, Any]) -> list[str]:
    """The sentences that hold the button."""
    return [made.error_message for made in properties.values() if made.invalid]


def test_the_form_offers_fields_of_tags(tags: Any, form: Any, operator: Any) -> None:
    dataset, _ = tags
    found = form(dataset)
    assert found["label_field"].default == "gt"
    assert set(found["label_field"].type.values) == {"gt", "model"}
    every = {"auto", "predictions", "train", "embeddings", "features"}
    assert set(found["source"].type.values) == every
    assert held(found) == []
    assert found["next"].view.label == "Begins the run deconfuse."
    asked = form(dataset, label_field="gt", source="predictions")
    choices = [choice.value for choice in asked["prediction_fields"].view.choices]
    assert choices == ["model", "scores"]
    assert "Choose one field" in held(asked)[0]
    named = form(dataset, label_field="gt", source="predictions", prediction_fields=["model"])
    assert held(named) == []
    vectors = form(dataset, label_field="gt", source="embeddings", show_advanced=True)
    assert {"embeddings", "folds", "fold_groups", "run_key"} <= set(vectors)
    assert "cleanlab" not in vectors
    find(operator, dataset)
    later = form(dataset)
    assert later["next"].view.label == "Makes iteration 2 of the run deconfuse. Its decisions stay."
    assert held(later) == []
    assert set(later["label_field"].type.values) == {"gt", "model"}, "no field of the run's own"


def test_what_the_form_sends_is_done(tags: Any, context: Any, operator: Any) -> None:
    dataset, _ = tags
    ctx = context(
        dataset,
        FIND,
        label_field="gt",
        source="predictions",
        prediction_fields=["model"],
        show_advanced=False,
    )
    operation = operator(FIND)
    result = operation.work(ctx)(lambda progress, label: None)
    assert result["run_key"] == "deconfuse"
    assert result["tags"] > 0
    list(operation.finished(ctx, result))
    shown = [r for r in ctx.executor.to_json()["requests"] if "notify" in r["operator_uri"]]
    assert "suspects among" in shown[0]["params"]["message"]
    assert "spurious" in shown[0]["params"]["message"]
