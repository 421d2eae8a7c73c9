"""Bad input to ``find_label_errors``: a clear message, and nothing changed."""

import errno
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest

from tests.traces import database_of, temporary

pytestmark = pytest.mark.slow

AWKWARD = [
    "a.b.c",
    "$set",
    'it\'s "quoted"',
    "<img src=x onerror=alert(1)>",
    "شارة",
    "x" * 1_000,
]


def _logits(classes, n, seed=0):
    values = np.random.default_rng(seed).normal(size=(n, classes))
    return values


def _predictions(names, values):
    return [
        fo.Classification(label=names[int(np.nanargmax(v))], confidence=0.9, logits=v)
        for v in values
    ]


def _refused(operator, samples, pattern, **options):
    root = samples._root_dataset
    before, files = database_of(root), temporary()
    with pytest.raises(ValueError, match=pattern):
        operator("find_label_errors")(samples, **{"label_field": "ground_truth", **options})
    assert database_of(root) == before
    assert temporary() <= files


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        ({"label_field": "nothing"}, "label_field: field 'nothing' .* does not exist"),
        ({"label_field": "tags"}, "label_field: field 'tags' .* expected a Classification"),
        ({"label_field": "nothing"}, r"Detections field \(there are: ground_truth, boxes\)"),
        ({"label_field": "ground_truth.label"}, "Did you mean 'ground_truth'"),
        ({"label_field": "boxes.detections"}, "Did you mean 'boxes'"),
        ({"label_field": "Groundtruth"}, "Did you mean 'ground_truth'"),
        ({"vote_fields": ["boxed"]}, "vote_fields: field 'boxed' .* does not exist"),
        ({"source": "embeddings", "embeddings": "vektors"}, "Did you mean 'vectors'"),
        ({"splits": {"field": "filepth"}}, "Did you mean 'filepath'"),
        (
            {"label_field": "boxes"},
            "label_field: no object of '.*' has a label in 'boxes'",
        ),
        ({"label_field": ""}, "label_field: name the field of labels"),
        ({"run_key": "not a name"}, "run_key must be a valid Python name"),
        ({"run_key": "_hidden"}, "run_key must be a valid Python name"),
        (
            {"source": "magic"},
            "source: expected one of auto, train, features, predictions, embeddings",
        ),
        ({"source": "predictions"}, "prediction_fields: name at least one"),
        (
            {"source": "predictions", "prediction_fields": ["ground_truth"]},
            "prediction_fields: 'ground_truth' is the label field itself",
        ),
        (
            {"source": "predictions", "prediction_fields": ["missing"]},
            "prediction_fields: field 'missing' .* does not exist",
        ),
        ({"source": "embeddings"}, "embeddings: name a vector field"),
        ({"source": "embeddings", "embeddings": "nowhere"}, "embeddings: 'nowhere' is neither"),
        ({"source": "embeddings", "embeddings": "filepath"}, "embeddings: field 'filepath'"),
        (
            {"source": "features", "model": "resnet18"},
            "model: only source 'train' heeds it, and source 'features' was asked for",
        ),
        ({"source": "train", "network": "efficientnet_lite0"}, "network: only source 'features'"),
        ({"source": "features", "embeddings": "vectors"}, "embeddings: only source 'embeddings'"),
        ({"model": "resnet_of_my_own"}, "model: unknown model 'resnet_of_my_own'"),
        ({"weights": "/nowhere/weights.pt"}, "weights: there is no file"),
        ({"epochs": 0}, "epochs: expected a whole number from 1"),
        ({"epochs": "three"}, "epochs: expected a whole number"),
        ({"folds": 1_000}, "folds: expected a whole number"),
        ({"folds": 99}, "folds: 99 folds need as many labelled samples"),
        ({"image_size": 4}, "image_size: expected a whole number from 8"),
        ({"device": "abacus"}, "device: expected one of"),
        ({"colour": "red"}, "unknown option 'colour'"),
    ],
)
def test_options_that_cannot_be(dataset, operator, options, pattern):
    samples = dataset(20)
    samples.add_sample_field("vectors", fo.VectorField)
    samples.add_sample_field("boxes", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    _refused(operator, samples, pattern, **options)


def test_an_empty_dataset(dataset_name, operator):
    empty = fo.Dataset(dataset_name)
    empty.add_sample_field(
        "ground_truth", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification
    )
    _refused(operator, empty, "is empty; expected labelled images")


def test_a_view_that_holds_nothing(dataset, operator):
    _refused(operator, dataset(10).match_tags("no such tag"), "is empty")


def test_a_video_dataset(dataset_name, operator, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\x00")
    videos = fo.Dataset(dataset_name)
    videos.add_sample(fo.Sample(filepath=str(path), ground_truth=fo.Classification(label="a")))
    _refused(operator, videos, "media of type 'video'; expected images")


def test_a_grouped_dataset(dataset, dataset_name, operator):
    source = dataset(4)
    grouped = fo.Dataset(dataset_name)
    grouped.add_group_field("group", default="left")
    samples = []
    for sample in source:
        group = fo.Group()
        for side in ("left", "right"):
            label = fo.Classification(label=sample.ground_truth.label)
            samples.append(
                fo.Sample(filepath=sample.filepath, group=group.element(side), ground_truth=label)
            )
    grouped.add_samples(samples, progress=False)
    _refused(operator, grouped, "'group'; expected images.*select_group_slices")


def test_a_patches_view(dataset, operator):
    samples = dataset(4)
    samples.add_sample_field("boxes", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    for sample in samples:
        box = fo.Detection(label="x", bounding_box=[0, 0, 1, 1])
        sample["boxes"] = fo.Detections(detections=[box])
        sample.save()
    _refused(operator, samples.to_patches("boxes"), "holds patches")


def test_one_class_only(dataset, operator):
    _refused(operator, dataset(10, labels=["a"] * 10), r"one class only \('a'\)")


def test_no_label_at_all(dataset, operator):
    _refused(operator, dataset(10, labels=[None] * 10), "no sample .* has a label")


def test_missing_and_empty_labels_are_skipped_and_counted(dataset, operator):
    labels = [None, "", *"0123" * 9]
    samples = dataset(38, labels=labels)
    result = operator("find_label_errors")(samples, "ground_truth", epochs=1)
    assert result["samples"] == 36
    assert result["skipped"] == {
        "no label in 'ground_truth'": 1,
        "empty label in 'ground_truth'": 1,
    }
    assert samples.exists("deconfuse_suspicion").count() == 36


@pytest.mark.parametrize("folds", [1, 3])
def test_a_class_with_one_sample(dataset, operator, folds):
    samples = dataset(31, labels=["rare", *"012" * 10])
    result = operator("find_label_errors")(samples, "ground_truth", epochs=1, folds=folds)
    assert result["samples"] == 31
    assert result["classes"] == 4


def test_classes_that_have_nothing_in_common(dataset, operator):
    values = _logits(3, 30)
    fields = {"model": _predictions(["cat", "dog", "hen"], values)}
    samples = dataset(30, labels=list("012" * 10), fields=fields)
    _refused(
        operator, samples, "no class in common", source="predictions", prediction_fields=["model"]
    )


def test_classes_that_overlap_in_part(dataset, operator):
    values = _logits(3, 30)
    fields = {"model": _predictions(["0", "1", "hen"], values)}
    samples = dataset(30, labels=list("012" * 10), fields=fields)
    samples.classes["model"] = ["0", "1", "hen"]
    result = operator("find_label_errors")(
        samples, "ground_truth", source="predictions", prediction_fields=["model"]
    )
    assert (result["samples"], result["classes"]) == (30, 4)


def test_class_lists_that_contradict_the_predictions(dataset, operator):
    values = _logits(3, 30)
    samples = dataset(
        30, labels=list("012" * 10), fields={"model": _predictions(["0", "1", "2"], values)}
    )
    samples.classes["model"] = ["2", "1", "0"]
    options = {"source": "predictions", "prediction_fields": ["model"]}
    said = r"dataset.classes.'model'..\d. is '\d', but where number \d of the logits"
    _refused(operator, samples, said, **options)
    samples.classes["model"] = ["0", "1"]
    _refused(operator, samples, "lists 2 classes, but the logits have length 3", **options)


def test_logits_whose_classes_are_unknown(dataset, operator):
    values = _logits(5, 30)
    values[:, 3:] -= 100
    samples = dataset(
        30, labels=list("012" * 10), fields={"model": _predictions(["0", "1", "2"], values)}
    )
    _refused(
        operator,
        samples,
        r"length 5, but which class each stands for is unknown \(never predicted: 3, 4\)",
        source="predictions",
        prediction_fields=["model"],
    )


def test_bad_logits_are_skipped_and_listed(dataset, operator):
    values = _logits(3, 30)
    predictions = _predictions(["0", "1", "2"], values)
    predictions[0].logits = np.array([0.0, np.nan, 1.0])
    predictions[1].logits = np.array([0.0, np.inf, 1.0])
    predictions[2].logits = np.array([0.0, 1.0])
    predictions[3] = None
    predictions[4].logits = None
    samples = dataset(30, labels=list("012" * 10), fields={"model": predictions})
    result = operator("find_label_errors")(
        samples, "ground_truth", source="predictions", prediction_fields=["model"]
    )
    assert result["samples"] == 25
    assert result["skipped"] == {
        "logits in 'model' holds NaN or infinite numbers": 2,
        "logits in 'model' has length 2, expected 3": 1,
        "no prediction in 'model'": 1,
        "logits in 'model' is missing": 1,
    }
    listed = {entry["sample_id"] for entry in result["skipped_samples"]}
    assert listed == set(samples.limit(5).values("id"))


def test_logits_that_are_all_bad(dataset, operator):
    bad = [fo.Classification(label=x, logits=np.full(3, np.nan)) for x in "012" * 10]
    samples = dataset(30, labels=list("012" * 10), fields={"model": bad})
    samples.classes["model"] = ["0", "1", "2"]
    _refused(
        operator,
        samples,
        "No sample .* could be scored; the most frequent reason: .*NaN",
        source="predictions",
        prediction_fields=["model"],
    )


def test_labels_without_logits_or_confidence(dataset, operator):
    fields = {"model": [fo.Classification(label=x) for x in "012" * 10]}
    samples = dataset(30, labels=list("012" * 10), fields=fields)
    _refused(
        operator,
        samples,
        "neither logits nor a confidence",
        source="predictions",
        prediction_fields=["model"],
    )


def test_awkward_labels_come_through_unchanged(dataset, operator):
    n = 4 * len(AWKWARD)
    labels = AWKWARD * 4
    values = np.full((n, len(AWKWARD)), -5.0)
    values[np.arange(n), [(i + 1) % len(AWKWARD) for i in range(n)]] = 5.0
    samples = dataset(n, labels=labels, fields={"model": _predictions(AWKWARD, values)})
    operator("find_label_errors")(
        samples, "ground_truth", source="predictions", prediction_fields=["model"]
    )
    found = samples.values("deconfuse_prediction.label")
    assert found == [AWKWARD[(i + 1) % len(AWKWARD)] for i in range(n)]
    assert samples.values("ground_truth.label") == labels


def test_unreadable_images_never_end_a_run(dataset, operator):
    samples = dataset(40, labels=list("0123" * 10))
    paths = samples.values("filepath")
    with open(paths[0], "rb") as file:
        start = file.read(60)
    with open(paths[0], "wb") as file:
        file.write(start)
    open(paths[1], "wb").close()
    with open(paths[2], "w") as file:
        file.write("no image")
    Path(paths[3]).unlink()
    result = operator("find_label_errors")(samples, "ground_truth", epochs=1)
    assert result["samples"] == 36
    assert sum(result["skipped"].values()) == 4
    assert result["skipped"]["file is empty"] == 1
    assert result["skipped"]["file is missing"] == 1
    assert len(result["skipped_samples"]) == 4


def test_images_that_are_all_unreadable(dataset, operator):
    samples = dataset(20, labels=list("01" * 10))
    for path in samples.values("filepath"):
        open(path, "wb").close()
    _refused(operator, samples, "None of the images .* can be opened")


def test_a_checkpoint_of_another_shape(dataset, operator, tmp_path):
    import torch

    torch.save({"conv1.weight": torch.zeros(8, 1, 3, 3)}, tmp_path / "other.pt")
    _refused(
        operator,
        dataset(20, labels=list("01" * 10)),
        "checkpoint of another model or shape",
        weights=str(tmp_path / "other.pt"),
    )


def test_a_run_key_that_is_taken(dataset, operator):
    samples = dataset(20, labels=list("01" * 10), fields={"other": [None] * 20})
    samples.add_sample_field(
        "second", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification
    )
    operator("find_label_errors")(samples, "ground_truth", epochs=1)
    _refused(operator, samples, "belongs to a run on label field", label_field="second")
    samples.register_run("theirs", samples.init_run())
    _refused(operator, samples, "used by another plugin's run", run_key="theirs")


@pytest.mark.parametrize("where", ["columns", "spool"])
def test_a_full_disk_leaves_nothing(dataset, monkeypatch, where):
    from plugin.classify.job import find_label_errors
    from plugin.classify.settings import Settings
    from plugin.errors import InputError
    from plugin.store import iteration_writer
    from plugin.store.runs import sweep

    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/deconfuse")

    samples = dataset(20, labels=list("01" * 10))
    sweep()  # what earlier tests left with their deleted datasets
    before, files = database_of(samples), temporary()
    if where == "columns":
        monkeypatch.setattr(iteration_writer, "write_column", full)
    else:
        monkeypatch.setattr(iteration_writer.IterationWriter, "append", full)
    with pytest.raises(InputError, match="disk is full"):
        find_label_errors(samples, Settings("ground_truth", epochs=1))
    assert database_of(samples) == before
    assert temporary() <= files


def test_cancelling_in_the_middle_leaves_nothing(dataset):
    from plugin.classify.job import find_label_errors
    from plugin.classify.settings import Settings
    from plugin.errors import Cancelled
    from plugin.store.current_jobs import cancel_job, current_job

    samples = dataset(200)
    before, files = database_of(samples), temporary()

    def cancel_when_training(progress, label):
        if "Epoch" in label:
            assert current_job(samples, "deconfuse") is not None
            assert cancel_job(samples, "deconfuse")

    with pytest.raises(Cancelled, match="nothing was kept"):
        find_label_errors(samples, Settings("ground_truth", epochs=10_000), cancel_when_training)
    assert database_of(samples) == before
    assert temporary() <= files


def test_samples_deleted_since_the_last_iteration(dataset, operator):
    samples = dataset(40, labels=list("0123" * 10))
    find = operator("find_label_errors")
    find(samples, "ground_truth", epochs=1)
    samples.delete_samples(samples.limit(10).values("id"))
    result = find(samples, "ground_truth", epochs=1)
    assert (result["iteration"], result["samples"]) == (2, 30)
