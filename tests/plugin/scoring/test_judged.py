"""Which labels an iteration can judge: classes without a voice are set apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plugin.scoring.batches import Batch
from plugin.scoring.judged import Judged, Tally

CLASSES = ("a", "b", "c", "d")


def tallied(
    label: list[int],
    prediction: list[int],
    predicted: Any = (),
    *,
    trained: bool = False,
    **parts: Any,
) -> Judged:
    tally = Tally(CLASSES)
    for part in (slice(0, 3), slice(3, None)):
        given = {name: np.array(values)[part] for name, values in parts.items()}
        batch = Batch(
            sample_ids=[],
            label=np.array(label)[part],
            models=[],
            features=None,
            **{"decided": np.zeros(len(label[part]), bool), **given},
        )
        tally.add(batch, np.array(prediction)[part])
    return tally.judged(predicted, trained=trained)


def test_a_class_that_is_never_predicted_is_set_apart() -> None:
    found = tallied([0, 0, 1, 1, 2, 2, 2, 0], [0, 1, 1, 1, 0, 1, 1, 0])
    assert found.names(CLASSES) == {"c": 3}
    assert found.counts == {
        "samples": 8,
        "set_apart": 3,
        "open": 8,
        "misclassified": 1,
        "accuracy": 4 / 5,
    }
    assert found.suspicion == pytest.approx(np.log(1.5 / 4.5))
    assert tallied([0, 0, 1, 1, 2], [0, 1, 1, 1, 0], predicted={"c"}).names(CLASSES) == {}


def test_a_class_that_no_fold_learned_is_set_apart_though_others_are_taken_for_it() -> None:
    found = tallied([0, 0, 1, 2], [0, 2, 1, 0], unseen=[False, False, False, True])
    assert found.names(CLASSES) == {"c": 1}
    assert (
        tallied([0, 0, 2, 2], [0, 2, 1, 0], unseen=[False, False, False, True]).names(CLASSES) == {}
    )


def test_decided_samples_are_no_suspects() -> None:
    found = tallied([0, 0, 1], [0, 1, 0], decided=[False, True, False])
    assert (found.counts["open"], found.counts["misclassified"]) == (2, 1)


def test_a_class_without_samples_is_not_named() -> None:
    assert not tallied([0, 1], [0, 1]).apart.any()


def test_suspicion_is_never_above_zero() -> None:
    found = tallied([0, 0, 1, 1, 2], [1, 1, 0, 0, 0])
    assert found.suspicion == 0.0


def test_it_says_when_few_classes_are_predicted() -> None:
    found = tallied([0, 1, 2, 2, 2, 3], [0, 1, 0, 1, 0, 0])
    assert found.names(CLASSES) == {"c": 3, "d": 1}
    assert found.warning == "Only 2 of 4 classes are ever predicted."


def test_nothing_is_set_apart_where_only_one_class_is_predicted() -> None:
    found = tallied([0, 1, 1, 2], [0, 0, 0, 0])
    assert not found.apart.any()
    assert found.counts["misclassified"] == 3
    assert found.warning == "Only 1 of 3 classes are ever predicted."


def test_a_classifier_that_learned_many_samples_of_a_class_has_to_predict_it() -> None:
    label = [0] * 9 + [1] * 9 + [2] * 9 + [3] * 10
    prediction = [0] * 9 + [1] * 9 + [0] * 19
    found = tallied(label, prediction, trained=True)
    assert found.names(CLASSES) == {"c": 9}
    assert found.counts["misclassified"] == 10
    assert found.warning == "Only 2 of 4 classes are ever predicted."
    assert tallied(label, prediction).names(CLASSES) == {"d": 10, "c": 9}
