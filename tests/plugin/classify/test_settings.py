"""Settings: what each option may be, and what is said of what it may not be."""

from typing import Any

import pytest

from plugin.classify.settings import Settings
from plugin.errors import InputError


def test_defaults_are_those_of_the_design() -> None:
    settings = Settings.from_mapping({"label_field": "ground_truth"})
    assert (settings.run_key, settings.source, settings.model) == (
        "deconfuse",
        "auto",
        None,
    )
    assert (settings.weights, settings.device, settings.seed) == (None, "auto", 51)
    assert settings.prediction_fields == ()


@pytest.mark.parametrize("empty", [None, ""])
def test_what_a_form_leaves_empty_takes_its_default(empty: Any) -> None:
    given = {"label_field": "a", "run_key": empty, "epochs": empty, "weights": empty}
    assert Settings.from_mapping(given) == Settings("a")


def test_one_prediction_field_may_be_given_as_text() -> None:
    given = {"label_field": "a", "source": "predictions", "prediction_fields": "b"}
    assert Settings.from_mapping(given).prediction_fields == ("b",)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"label_field": None}, "label_field: name the field of labels"),
    ({"label_field": 3}, "label_field: name the field of labels"),
    ({"epoch": 3}, "unknown option 'epoch'; the options are .*epochs"),
    (
        {"source": "magic"},
        "source: expected one of auto, .*embeddings, votes, got 'magic'",
    ),
    ({"source": ["train"]}, "source: expected one of"),
    ({"device": "tpu"}, "device: expected one of auto, cpu, cuda, mps, got 'tpu'"),
    ({"epochs": 0}, "epochs: expected a whole number from 1 to 10000, got 0"),
    ({"epochs": 2.5}, "epochs: expected a whole number"),
    ({"epochs": True}, "epochs: expected a whole number"),
    ({"epochs": "3"}, "epochs: expected a whole number from 1 to 10000, got '3'"),
    ({"batch_size": -1}, "batch_size: expected a whole number"),
    ({"folds": 101}, "folds: expected a whole number from 1 to 100, got 101"),
    ({"average_epochs": 0}, "average_epochs: expected a whole number"),
    ({"image_size": 4}, "image_size: expected a whole number from 8"),
    ({"seed": -1}, "seed: expected a whole number from 0"),
    ({"run_key": 5}, "run_key: expected a text, got 5"),
    ({"model": ["resnet18"]}, "model: expected a text, got"),
    ({"weights": 7}, "weights: expected a text, got 7"),
    ({"source": "embeddings", "embeddings": 7}, "embeddings: expected a text, got 7"),
    ({"source": "embeddings"}, "embeddings: name a vector field"),
    ({"source": "embeddings", "embeddings": "e", "folds": 1}, "folds: .* at least 2"),
    ({"source": "predictions"}, "prediction_fields: name at least one"),
    ({"source": "predictions", "prediction_fields": []}, "prediction_fields: name at least one"),
    ({"source": "predictions", "prediction_fields": ["p", "p"]}, "a field is named twice"),
    ({"source": "predictions", "prediction_fields": ["a"]}, "'a' is the label field itself"),
    ({"source": "predictions", "prediction_fields": 3}, "prediction_fields: expected .*names"),
    ({"source": "predictions", "prediction_fields": [3]}, "prediction_fields: expected .*names"),
    ({"source": "predictions", "prediction_fields": {"p": 1}}, "prediction_fields: expected"),
]


@pytest.mark.parametrize(("given", "message"), BAD, ids=[repr(given) for given, _ in BAD])
def test_what_an_option_may_not_be_is_said(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Settings.from_mapping({"label_field": "a", **given})
