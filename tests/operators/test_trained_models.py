"""``source="train"`` with each kind of model: what is done, noticed and said."""

import itertools

import numpy as np
import pytest
from PIL import Image
from torchvision.models import _api

from plugin.classify.job import find_label_errors
from plugin.classify.settings import Settings
from plugin.errors import Cancelled, InputError
from plugin.images.saliency import saliency_maps
from plugin.learning.checkpoints import from_bytes
from plugin.store.runs import list_runs, load_run

pytestmark = pytest.mark.slow


def found(samples, report=None, **options):
    """The result, and the iteration of it."""
    given = {"label_field": "ground_truth", "source": "train", "duplicates": False, **options}
    settings = Settings.from_mapping(given)
    told = {} if report is None else {"report": report}
    result = find_label_errors(samples, settings, **told)
    return result, load_run(samples, "deconfuse").iteration()


def coloured(samples):
    """The same pictures in colour."""
    for path in samples.values("filepath"):
        grey = np.asarray(Image.open(path))
        Image.fromarray(np.stack([grey, grey // 2, 255 - grey], axis=2)).save(path)
    return samples


def test_a_pretrained_network_is_fine_tuned_out_of_fold(dataset):
    samples = dataset(60)
    result, iteration = found(samples, model="efficientnet_lite0", image_size=32, epochs=2)
    assert result["chosen"].startswith(
        "efficientnet_lite0 was fine-tuned from its pretrained weights"
    )
    kept = iteration.settings
    assert (kept["model"], kept["pretrained"], kept["folds"]) == ("efficientnet_lite0", True, 3)
    assert len(kept["kept_epochs"]) == 3
    assert all(0 <= epoch <= 2 for epoch in kept["kept_epochs"])
    assert kept["held_out_agreement"] == pytest.approx(result["accuracy"], abs=1e-4)
    assert result["samples"] == 60
    assert iteration.column("features").shape[1] > 0
    kept = from_bytes(iteration.weights() or b"")
    assert kept.mean == [127 / 255], "as the weights expect it, of grey pictures"
    images = np.random.default_rng(0).integers(0, 256, (2, 1, 32, 32), np.uint8)
    maps = saliency_maps(kept.model, images, np.zeros(2, np.int64), kept.mean, kept.std, 8)
    assert maps.max() == 1


def test_weights_that_cannot_be_had_are_said(dataset, monkeypatch):
    def offline(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(_api, "load_state_dict_from_url", offline)
    samples = dataset(30)
    options = {"model": "squeezenet1_1", "image_size": 32, "epochs": 1, "folds": 2}
    result, iteration = found(samples, **options)
    assert "squeezenet1_1 was trained from scratch, since its pretrained" in result["chosen"]
    assert "no route to host" in result["chosen"]
    assert iteration.settings["pretrained"] is False
    result, _ = found(samples, **options, weights="none")
    assert result["chosen"] == ""
    with pytest.raises(InputError, match="could not be downloaded"):
        found(samples, **options, weights="DEFAULT")


def test_colour_gets_the_fast_network_and_grey_the_papers(dataset):
    grey, colour = dataset(60), coloured(dataset(60))
    assert found(grey, epochs=1)[1].settings["model"] == "simple_cnn"
    result, iteration = found(colour, epochs=1)
    assert iteration.settings["model"] == "fast_resnet"
    assert iteration.column("features").shape[1] > 0
    went_on, after = found(colour, epochs=1, warm_start=True)
    assert after.settings["model"] == "fast_resnet"
    assert went_on["iteration"] == result["iteration"] + 1


def test_the_fast_network_finds_planted_errors(dataset):
    samples = coloured(dataset(300))
    labels = samples.values("ground_truth.label")
    planted = list(range(0, 300, 20))
    for i in planted:
        labels[i] = str((int(labels[i]) + 3) % 10)
    samples.set_values("ground_truth.label", labels)
    found(samples)
    ids = samples.values("id")
    suspects = samples.sort_by("deconfuse_suspicion", reverse=True).limit(15).values("id")
    assert len({ids[i] for i in planted} & set(suspects)) >= 10


def test_one_fold_of_a_large_network_is_said_to_find_less(dataset):
    options = {"model": "squeezenet1_1", "weights": "none", "image_size": 32, "epochs": 1}
    result, iteration = found(dataset(30), **options, folds=1)
    assert "learnt by heart are not found" in result["chosen"]
    assert "training_agreement" not in iteration.settings


def test_what_was_learnt_by_heart_is_said_and_what_was_learnt_is_not(dataset):
    samples = dataset(150)
    labels = samples.values("ground_truth.label")
    options = {"model": "simple_cnn", "folds": 2, "image_size": 8, "batch_size": 16}
    good, iteration = found(samples, **options, epochs=12)
    assert not iteration.settings["learnt_by_heart"]
    assert good["chosen"] == ""
    generator = np.random.default_rng(0)
    drawn = [str(generator.integers(10)) if generator.random() < 0.5 else y for y in labels]
    samples.set_values("ground_truth.label", drawn)
    bad, iteration = found(samples, **options, epochs=80)
    assert iteration.settings["learnt_by_heart"]
    assert "It learnt labels by heart, wrong ones too: it agrees with" in bad["chosen"]
    assert iteration.settings["training_agreement"] > iteration.settings["held_out_agreement"]


def test_cancelling_in_the_middle_of_a_fold_keeps_nothing(dataset):
    samples, told = coloured(dataset(60)), []

    def report(progress, label):
        told.append((progress, label))
        if label.startswith("Fold 2/3, Epoch"):
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        found(samples, report, model="fast_resnet", folds=3, epochs=60, batch_size=4)
    assert list_runs(samples) == []
    shares = [progress for progress, _ in told if progress is not None]
    assert all(b >= a - 1e-9 for a, b in itertools.pairwise(shares)), "progress never goes back"
    assert 0.3 < shares[-1] < 0.7


def test_an_unknown_model_is_answered_with_the_list(dataset):
    with pytest.raises(InputError) as refused:
        found(dataset(20), model="resnet_18")
    text = str(refused.value)
    assert "expected simple_cnn, fast_resnet, efficientnet_lite0 or" in text
    assert "Did you mean resnet18" in text
    assert "vit_b_16" in text
