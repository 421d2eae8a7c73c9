"""``source="auto"``: what is chosen where nobody names a source, and what is said of it."""

import fiftyone as fo
import numpy as np
import pytest

from plugin.classify.auto import choose_source
from plugin.classify.settings import Settings
from plugin.errors import InputError
from plugin.learning import official_weights

pytestmark = pytest.mark.slow

CLASSES = [str(i) for i in range(10)]


def chosen(samples, **options):
    choice = choose_source(
        samples, Settings.from_mapping({"label_field": "ground_truth", **options})
    )
    return choice.settings.source, choice.said


def predictions(labels, wrong=0):
    made = []
    for i, label in enumerate(labels):
        logits = np.full(10, -2.0)
        logits[(int(label) + (i < wrong)) % 10] = 2
        made.append(fo.Classification(label=CLASSES[logits.argmax()], logits=logits))
    return made


def test_small_images_are_trained_on(dataset):
    source, said = chosen(dataset(40))
    assert source == "train"
    assert said == "Small images (median side 8 pixels): trained a small network on them."


def test_photographs_get_a_pretrained_network(dataset, monkeypatch):
    samples = dataset(40, scale=9)
    source, said = chosen(samples)
    assert source == "features"
    assert said.startswith("Photographs (median side 72 pixels)")
    assert "efficientnet_lite0" in said
    assert chosen(dataset(40, scale=8))[0] == "train"  # 64 pixels
    monkeypatch.setattr(official_weights, "PACKAGE", "no-such-package")
    source, said = chosen(samples)
    assert source == "train"
    assert "could not be had" in said
    assert "pip install no-such-package" in said


def test_predictions_that_are_there_come_first(dataset):
    plain = dataset(60)
    labels = plain.values("ground_truth.label")
    samples = dataset(60, scale=9, fields={"model": predictions(labels, wrong=3)})
    samples.classes["model"] = CLASSES
    samples.save()
    choice = choose_source(samples, Settings("ground_truth"))
    assert (choice.settings.source, choice.settings.prediction_fields) == (
        "predictions",
        ("model",),
    )
    assert choice.said == "Scored the predictions in 'model', which hold scores for every label."


@pytest.mark.parametrize(
    ("wrong", "covered", "why"),
    [
        (0, 60, "it agrees with every label, as if it were made of the labels themselves"),
        (3, 40, "only 40 of 60 labelled samples have a prediction there"),
    ],
)
def test_a_field_that_tells_nothing_of_the_labels_is_passed_over(dataset, wrong, covered, why):
    labels = dataset(60).values("ground_truth.label")
    made = [*predictions(labels, wrong)[:covered], *[None] * (60 - covered)]
    samples = dataset(60, fields={"model": made})
    samples.classes["model"] = CLASSES
    samples.save()
    source, said = chosen(samples)
    assert source == "train"
    assert said.endswith(f"'model' was not used: {why}.")


def test_a_field_of_other_classes_or_without_scores_is_no_candidate(dataset):
    labels = dataset(60).values("ground_truth.label")
    other = [fo.Classification(label="a", logits=[1.0, 0.0]) for _ in labels]
    sure = [fo.Classification(label="1", confidence=0.9) for _ in labels]
    samples = dataset(60, fields={"other": other, "sure": sure})
    samples.classes["other"] = ["a", "b"]
    samples.save()
    assert chosen(samples)[0] == "train"


def test_options_ask_for_their_source(dataset):
    samples = dataset(40, scale=9)
    for options, source in (
        ({"epochs": 2}, "train"),
        ({"folds": 1}, "train"),
        ({"model": "resnet18"}, "train"),
        ({"network": "resnet18"}, "features"),
        ({"prediction_fields": ["model"]}, "predictions"),
        ({"embeddings": "vector"}, "embeddings"),
        ({"folds": 3}, "features"),
        ({"source": "train"}, "train"),
    ):
        assert chosen(samples, **options)[0] == source
    with pytest.raises(InputError, match=r"belong to several sources \(features, train\)"):
        chosen(samples, network="resnet18", epochs=3)


def test_the_result_and_the_iteration_say_it(dataset, operator):
    samples = dataset(60, scale=9)
    find = operator("find_label_errors")
    result = find(samples, "ground_truth", duplicates=False)
    assert result["source"] == "features"
    assert result["chosen"].startswith("Photographs")
    named = find(samples, "ground_truth", source="features", duplicates=False)
    assert named["chosen"] == ""


def test_too_few_photographs_are_said_in_words(dataset, operator):
    find = operator("find_label_errors")
    with pytest.raises(Exception, match="3 labelled images can be read, and 5 folds need at least"):
        find(dataset(3, labels=["a", "b", "a"], scale=9), "ground_truth", duplicates=False)
    six = find(dataset(6, labels=["a", "b"] * 3, scale=9), "ground_truth", duplicates=False)
    assert (six["source"], six["samples"]) == ("features", 6)
    assert "import its predictions" in six["chosen"]


def test_classes_of_fewer_samples_than_folds_are_set_apart(dataset, operator):
    labels = [*["a", "b"] * 20, "c", "d", "d", None]
    found = operator("find_label_errors")(
        dataset(44, labels=labels, scale=9), "ground_truth", duplicates=False
    )
    assert set(found["rare_classes"]) == {"c", "d"}
    assert found["skipped"] == {"no label in 'ground_truth'": 1}
