"""``find_label_errors`` through FiftyOne: from Python, from the App, delegated."""

import asyncio

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest

pytestmark = pytest.mark.slow

URI = "@deconfuse/label-errors/find_label_errors"
CLASSES = [str(i) for i in range(10)]


def _with_errors(dataset, n=400, wrong=20):
    """Digits of which every ``n / wrong``-th is labelled as the next one, and what they are."""
    samples = dataset(n)
    truth = samples.values("ground_truth.label")
    labels = list(truth)
    for i in range(0, n, n // wrong):
        labels[i] = str((int(labels[i]) + 1) % 10)
    samples.set_values("ground_truth.label", labels)
    return samples, truth, labels


def _suspects(samples, n, run_key="deconfuse"):
    view = samples.sort_by(f"{run_key}_suspicion", reverse=True).limit(n)
    return set(view.values("id"))


def test_training_finds_planted_errors(dataset, operator):
    samples, truth, labels = _with_errors(dataset)
    result = operator("find_label_errors")(samples, "ground_truth", folds=1)
    ids = samples.values("id")
    planted = {i for i, t, y in zip(ids, truth, labels, strict=True) if t != y}
    assert len(_suspects(samples, len(planted)) & planted) >= 0.8 * len(planted)
    assert result["samples"] == result["open"] == 400
    assert result["skipped"] == {}
    disagree = sum(
        y != p for y, p in zip(labels, samples.values("deconfuse_prediction.label"), strict=True)
    )
    assert result["misclassified"] == disagree
    assert result["accuracy"] == pytest.approx(1 - disagree / 400)


def test_features_of_a_pretrained_network_find_planted_errors(dataset, operator):
    samples, truth, labels = _with_errors(dataset, n=200, wrong=10)
    find = operator("find_label_errors")
    options = {"source": "features", "duplicates": False}
    result = find(samples, "ground_truth", **options)
    ids = samples.values("id")
    planted = {i for i, t, y in zip(ids, truth, labels, strict=True) if t != y}
    assert len(_suspects(samples, 20) & planted) >= 8
    assert result["samples"] == 200
    first = samples.values("deconfuse_suspicion")
    find(samples, "ground_truth", **options)  # from what is kept
    assert samples.values("deconfuse_suspicion") == first
    with pytest.raises(ValueError, match="folds: heads fit their own training samples"):
        find(samples, "ground_truth", **options, folds=1)
    with pytest.raises(ValueError, match="network: unknown network 'resnet'"):
        find(samples, "ground_truth", **options, network="resnet")


def _grouped(name):
    """Groups with two slices of images and one of another kind, with predictions."""
    grouped = fo.Dataset(name)
    grouped.add_group_field("group", default="left")
    made = []
    for i in range(12):
        group = fo.Group()
        for side in ("left", "right"):
            label = fo.Classification(label=CLASSES[i % 2], confidence=0.9)
            path = f"/none/{side}{i}.png"
            sample = fo.Sample(filepath=path, group=group.element(side), ground_truth=label)
            sample["model"] = label
            made.append(sample)
        made.append(fo.Sample(filepath=f"/none/{i}.pcd", group=group.element("cloud")))
    grouped.add_samples(made, progress=False)
    return grouped


def test_one_slice_of_a_grouped_dataset(dataset_name, operator):
    grouped = _grouped(dataset_name)
    find = operator("find_label_errors")
    options = {"source": "predictions", "prediction_fields": ["model"], "duplicates": False}
    for wrong, said in (
        (None, r"Name one of its slices of images \(left, right\) as group_slice"),
        ("cloud", "group_slice: expected a slice of images .* got 'cloud'; .* are left, right"),
        ("up", "group_slice: expected a slice of images .* got 'up'"),
    ):
        with pytest.raises(ValueError, match=said):
            find(grouped, "ground_truth", group_slice=wrong, **options)
    assert grouped.list_runs() == []
    result = find(grouped, "ground_truth", group_slice="right", **options)
    assert result["samples"] == 12
    scored = grouped.select_group_slices(["left", "right"], flat=True).exists("deconfuse_iies")
    assert {path[6:11] for path in scored.values("filepath")} == {"right"}
    with pytest.raises(ValueError, match="it has no image slices"):
        find(grouped.select_group_slices("left"), "ground_truth", group_slice="left", **options)


def test_the_form_offers_the_slices_of_a_grouped_dataset(dataset_name, context):
    grouped = _grouped(dataset_name)
    find = foo.get_operator(URI)
    form = find.resolve_input(context(grouped, "find_label_errors", label_field="ground_truth"))
    asked = form.type.properties["group_slice"]
    assert (asked.type.values, asked.default) == (["left", "right"], "left")
    plain = grouped.select_group_slices("left").clone()
    try:
        form = find.resolve_input(context(plain, "find_label_errors"))
        assert "group_slice" not in form.type.properties
    finally:
        plain.delete()
    options = {"source": "predictions", "prediction_fields": ["model"], "duplicates": False}
    params = {"label_field": "ground_truth", "group_slice": "left", **options}
    assert find.execute(context(grouped, "find_label_errors", **params))["samples"] == 12


def test_labels_that_look_alike_are_said_and_left(dataset_name, operator):
    names = ["cat", "cat ", "dog", " owl", "cat\u200b"]
    made = fo.Dataset(dataset_name)
    for i in range(20):
        label = fo.Classification(label=names[i % 5], confidence=0.9)
        made.add_sample(fo.Sample(filepath=f"/none/{i}.png", ground_truth=label, model=label))
    result = operator("find_label_errors")(
        made, "ground_truth", source="predictions", prediction_fields=["model"], duplicates=False
    )
    assert result["lookalike_labels"] == [[" owl"], ["cat", "cat ", "cat\u200b"]]
    assert "'␣owl'; 'cat' and 'cat␣' and 'cat\\u200b'. Each is a class" in result["warnings"][-1]
    assert made.values("ground_truth.label") == [names[i % 5] for i in range(20)]


def test_fields_follow_the_equations(dataset, operator):
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(200, 10)) * 3
    shuffled = generator.permutation(10)
    predictions = [fo.Classification(label=CLASSES[z.argmax()], logits=z[shuffled]) for z in logits]
    samples = dataset(200, fields={"model": predictions})
    samples.classes["model"] = [CLASSES[i] for i in shuffled]
    operator("find_label_errors")(
        samples, "ground_truth", "named", source="predictions", prediction_fields=["model"]
    )
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    label = np.array([int(y) for y in samples.values("ground_truth.label")])
    own = p[np.arange(200), label]
    others = np.where(np.eye(10, dtype=bool)[label], -np.inf, logits).max(axis=1)
    prediction = p.argmax(axis=1)
    assert samples.values("named_prediction.label") == [CLASSES[i] for i in prediction]
    np.testing.assert_allclose(samples.values("named_prediction.confidence"), p.max(1), rtol=1e-5)
    np.testing.assert_allclose(samples.values("named_iies"), (p.max(1) + 1 - own) / 2, atol=1e-6)
    np.testing.assert_allclose(
        samples.values("named_suspicion"), others - logits[np.arange(200), label], atol=1e-5
    )
    cells = [sum((label == y) & (prediction == k)) for y, k in zip(label, prediction, strict=True)]
    assert samples.values("named_cies") == cells


def test_several_fields_make_an_ensemble(dataset, operator):
    generator = np.random.default_rng(1)
    logits = generator.normal(size=(2, 100, 10))
    fields = {
        name: [fo.Classification(label=CLASSES[z.argmax()], logits=z) for z in logits[k]]
        for k, name in enumerate(("first", "second"))
    }
    samples = dataset(100, fields=fields)
    find = operator("find_label_errors")
    for key, names in (("a", ["first"]), ("b", ["second"]), ("both", ["first", "second"])):
        find(samples, "ground_truth", key, source="predictions", prediction_fields=names)
    a, b, both = (np.array(samples.values(f"{k}_suspicion")) for k in ("a", "b", "both"))
    np.testing.assert_allclose(both, (a + b) / 2, atol=1e-5)


def test_confidence_alone_is_enough(dataset, operator):
    fields = {"model": [fo.Classification(label="3", confidence=0.7)] * 50}
    samples = dataset(50, fields=fields)
    operator("find_label_errors")(
        samples, "ground_truth", source="predictions", prediction_fields=["model"]
    )
    rest = 0.3 / 9
    for sample in samples:
        expected = np.log(rest / 0.7) if sample.ground_truth.label == "3" else np.log(0.7 / rest)
        assert sample.deconfuse_suspicion == pytest.approx(expected, abs=1e-5)


def test_embeddings_find_planted_errors(dataset, operator):
    from sklearn.datasets import load_digits

    samples, truth, labels = _with_errors(dataset)
    samples.add_sample_field("vector", fo.VectorField)
    samples.set_values("vector", list(load_digits().data[:400]))
    operator("find_label_errors")(
        samples, "ground_truth", source="embeddings", embeddings="vector", folds=4
    )
    ids = samples.values("id")
    planted = {i for i, t, y in zip(ids, truth, labels, strict=True) if t != y}
    assert len(_suspects(samples, len(planted)) & planted) >= 0.6 * len(planted)


def test_embeddings_come_from_a_brain_run(dataset, operator):
    import fiftyone.brain as fob
    from sklearn.datasets import load_digits

    samples = dataset(100)
    vectors = load_digits().data[:100]
    fob.compute_similarity(samples, embeddings=vectors, brain_key="near", backend="sklearn")
    result = operator("find_label_errors")(
        samples, "ground_truth", source="embeddings", embeddings="near", folds=3
    )
    assert result["samples"] == 100
    assert result["accuracy"] > 0.7


def test_the_same_seed_gives_the_same_scores(dataset, operator):
    samples = dataset(100)
    find = operator("find_label_errors")
    find(samples, "ground_truth", "a", epochs=2, seed=7)
    find(samples, "ground_truth", "b", epochs=2, seed=7)
    find(samples, "ground_truth", "c", epochs=2, seed=8)
    a, b, c = (samples.values(f"{key}_suspicion") for key in "abc")
    assert a == b != c


def test_folds_classify_every_sample_once(dataset, operator):
    samples = dataset(120)
    result = operator("find_label_errors")(samples, "ground_truth", epochs=3, folds=3)
    assert result["samples"] == 120
    assert None not in samples.values("deconfuse_suspicion")


def test_the_next_iteration_leaves_decided_samples_out_of_counts(dataset, operator):
    from plugin.decisions.resolve import resolve
    from plugin.store.runs import load_run

    samples, _, _ = _with_errors(dataset, 200, 20)
    find = operator("find_label_errors")
    find(samples, "ground_truth")
    decided = list(_suspects(samples, 15))
    resolve(load_run(samples, "deconfuse"), "confirm", decided)
    result = find(samples, "ground_truth")
    assert (result["iteration"], result["samples"], result["open"]) == (2, 200, 185)
    rest = samples.exclude(decided)
    assert result["misclassified"] == sum(
        y != p
        for y, p in zip(
            *rest.values(["ground_truth.label", "deconfuse_prediction.label"]), strict=True
        )
    )
    assert set(samples.select(decided).values("deconfuse_cies")) == {None}
    listed = operator("list_runs")(samples)["runs"]
    assert [i["number"] for i in listed[0]["iterations"]] == [1, 2]
    assert listed[0]["iterations"][1]["settings"]["model"] == "simple_cnn"


def test_a_view_restricts_what_is_scored(dataset, operator):
    samples = dataset(100)
    view = samples.match_tags("test")
    result = operator("find_label_errors")(view, "ground_truth", epochs=1)
    assert result["samples"] == len(view) == 20
    assert samples.exists("deconfuse_suspicion").count() == 20
    filtered = samples.filter_labels("ground_truth", fo.ViewField("label").is_in(["0", "1"]))
    result = operator("find_label_errors")(filtered, "ground_truth", "two", epochs=1)
    assert (result["samples"], result["classes"]) == (len(filtered), 2)


def test_deleting_a_run_leaves_the_labels_alone(dataset, operator):
    from tests.traces import database_of

    samples = dataset(40)
    before = database_of(samples)
    labels = samples.values("ground_truth")
    operator("find_label_errors")(samples, "ground_truth", epochs=1)
    operator("delete_run")(samples, "deconfuse")
    after = database_of(samples)
    assert samples.values("ground_truth") == labels
    assert after["runs"] == before["runs"]
    assert not any(name.startswith("deconfuse_") for name in samples.get_field_schema())
    for document in after["samples"]:
        assert not any(name.startswith("deconfuse_") for name in document)
    ours = [d for ds in after["plugin"].values() for d in ds if d.get("dataset_id")]
    assert not [d for d in ours if d["dataset_id"] == samples._doc.id]


def test_delegated_it_keeps_its_progress_and_result(dataset, operator):
    from fiftyone.operators.delegated import DelegatedOperationService

    samples = dataset(60, persistent=True)
    queued = operator("find_label_errors")(samples, "ground_truth", epochs=2, delegate=True)
    assert not samples.list_runs()
    service = DelegatedOperationService()
    service.execute_queued_operations(limit=1, dataset_name=samples.name)
    done = service.get(queued["id"])
    assert done.run_state == "completed", done.result
    assert done.result.result["samples"] == 60
    assert done.status.label
    samples.reload()
    assert samples.exists("deconfuse_suspicion").count() == 60


def test_the_next_iteration_goes_on_from_the_last(dataset, operator):
    find = operator("find_label_errors")
    samples = dataset(300)
    with pytest.raises(ValueError, match="no Deconfuse run"):
        find(samples, "ground_truth", warm_start=True, duplicates=False)
    find(samples, "ground_truth", duplicates=False)
    afresh = find(samples, "ground_truth", "afresh", epochs=1, duplicates=False)
    samples.limit(5).match_tags("train").set_values("ground_truth.label", ["new"] * 4)
    went_on = find(samples, "ground_truth", warm_start=True, epochs=1, duplicates=False)
    assert went_on["iteration"] == 2
    assert went_on["classes"] == 11
    assert went_on["accuracy"] > afresh["accuracy"] + 0.2


def test_a_notebook_gets_the_queued_operation(dataset, operator):
    samples = dataset(60, persistent=True)

    async def cell():
        return operator("find_label_errors")(samples, "ground_truth", epochs=2, delegate=True)

    assert asyncio.run(cell())["id"]


@pytest.mark.parametrize("source", ["train", "predictions", "embeddings"])
def test_the_form_asks_for_what_the_source_needs(dataset, context, source):
    samples = dataset(10)
    samples.add_sample_field("model", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    asked = {"train": "model", "predictions": "prediction_fields", "embeddings": "embeddings"}
    ctx = context(samples, "find_label_errors", source=source, show_advanced=True)
    form = foo.get_operator(URI).resolve_input(ctx).to_json()
    properties = form["type"]["properties"]
    assert asked[source] in properties
    assert {"label_field", "run_key", "source", "duplicates", "cleanlab"} <= set(properties)
    options = {"train": {"epochs", "folds", "seed"}, "embeddings": {"folds", "seed"}}
    assert {"epochs", "folds", "seed"} & set(properties) == options.get(source, set())
    for name in set(asked.values()) - {asked[source]}:
        assert name not in properties
    assert properties["label_field"]["type"]["values"] == ["ground_truth", "model"]


def test_fields_are_completed_after_a_death_between_commit_and_writing(dataset, monkeypatch):
    from plugin.classify import job as label_errors
    from plugin.classify.settings import Settings

    samples = dataset(40)

    class Killed(BaseException):
        pass

    def die(*_args, **_options):
        raise Killed

    monkeypatch.setattr(label_errors, "write_scores", die)
    with pytest.raises(Killed):
        label_errors.find_label_errors(samples, Settings("ground_truth", epochs=1))
    monkeypatch.undo()
    assert not samples.exists("deconfuse_suspicion").count()
    from plugin.store.runs import load_run

    label_errors.complete_fields(load_run(samples, "deconfuse"))
    assert samples.exists("deconfuse_suspicion").count() == 40


def test_embeddings_come_from_a_zoo_model(dataset, operator, tmp_path, monkeypatch):
    """The zoo's real loader, on weights that lie where its download would have put them."""
    from pathlib import Path

    import torch
    from torchvision.models import ResNet18_Weights, resnet18

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    zoo = Path(fo.config.model_zoo_dir) / "resnet18-5c106cde.pth"
    hub = tmp_path / "hub" / "checkpoints" / Path(ResNet18_Weights.DEFAULT.url).name
    for path in (zoo, hub):
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(resnet18().state_dict(), path)
    samples = dataset(40, labels=list("01" * 20))
    result = operator("find_label_errors")(
        samples,
        "ground_truth",
        source="embeddings",
        embeddings="resnet18-imagenet-torch",
        folds=2,
        device="cpu",
    )
    assert result["samples"] == 40
    assert result["skipped"] == {}
