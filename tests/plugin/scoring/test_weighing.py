"""Predictions of unknown origin: those that have learnt the labels, weak ones, and equals."""

import numpy as np
import pytest

from plugin.scoring.margin import suspicion
from plugin.scoring.memorised import knowledge_of_labels
from plugin.scoring.pooling import calibrated, calibration
from plugin.scoring.probabilities import LogProbabilities, from_logits
from plugin.scoring.weighing import weigh

N, CLASSES = 2_000, 4
GENERATOR = np.random.default_rng(0)
TRUTH = GENERATOR.integers(0, CLASSES, N)
WRONG = GENERATOR.random(N) < 0.08
LABEL = np.where(WRONG, (TRUTH + GENERATOR.integers(1, CLASSES, N)) % CLASSES, TRUTH)
ONE = np.eye(CLASSES)


def _honest(strength: float, seed: int) -> LogProbabilities:
    noise = np.random.default_rng(seed).normal(size=(N, CLASSES))
    return from_logits(strength * (strength * ONE[TRUTH] + noise))


def _learnt(seed: int, share: float = 1.0) -> LogProbabilities:
    """A model that knows the labels themselves of a share of the samples by heart."""
    generator = np.random.default_rng(seed)
    knows = (generator.random(N) < share)[:, None]
    by_heart = from_logits(6 * ONE[LABEL] + 0.7 * generator.normal(size=(N, CLASSES)))
    return np.where(knows, by_heart, _honest(3.0, seed))


def _found(models: list[LogProbabilities]) -> float:
    order = np.argsort(-suspicion(np.stack(models), LABEL), kind="stable")
    return float(WRONG[order[: WRONG.sum()]].mean())


def test_what_was_trained_on_the_labels_gets_no_weight_and_it_is_said() -> None:
    honest, by_heart = _honest(3.0, 1), _learnt(2)
    weighing = weigh([honest, by_heart], LABEL, ["honest", "by heart"])
    assert weighing.weights.tolist() == [1.0, 0.0]
    assert _found(weighing([honest, by_heart])) == _found([honest])
    (doubt,) = weighing.doubts
    assert doubt.startswith("'by heart' agrees with 100 % of the labels, and with 100 % of those")
    assert "has probably been trained on them, so that it got no weight" in doubt


def test_a_crowd_that_learnt_the_labels_does_not_hide_it() -> None:
    models = [_learnt(2), _honest(3.0, 1), _learnt(3), _honest(2.0, 4)]
    weighing = weigh(models, LABEL, list("abcd"))
    assert weighing.weights[[0, 2]].tolist() == [0.0, 0.0]
    assert len(weighing.doubts) == 2
    assert _found(weighing(models)) >= _found([models[1], models[3]]) - 0.01


def test_where_one_may_have_been_trained_on_the_labels_all_count_the_same() -> None:
    models = [_honest(3.0, 1), _learnt(2, share=0.7)]
    weighing = weigh(models, LABEL, ["honest", "partly"])
    assert weighing.weights.tolist() == [0.5, 0.5]
    made = weighing(models)
    assert [m is given for m, given in zip(made, models, strict=True)] == [True, True]
    assert "may have been trained on them" in weighing.doubts[0]


@pytest.mark.parametrize("weak", [0.3, 0.6, 1.0, 1.6])
def test_a_strong_model_is_not_taken_for_one_that_learnt(weak: float) -> None:
    models = [_honest(weak, 1), _honest(4.0, 2)]
    exponents, loss = zip(*[calibration(m, LABEL) for m in models], strict=True)
    even = [calibrated(m, e) for m, e in zip(models, exponents, strict=True)]
    assert [k.learnt for k in knowledge_of_labels(even, LABEL, loss)] == ["no", "no"]
    weighing = weigh(models, LABEL, ["weak", "strong"])
    assert weighing.doubts == ()
    assert _found(weighing(models)) >= _found(models[1:]) - 0.01


def test_a_weak_second_opinion_gets_no_weight_and_it_is_said() -> None:
    models = [_honest(4.0, 2), _honest(0.3, 1)]
    weighing = weigh(models, LABEL, ["strong", "weak"])
    assert weighing.weights.tolist() == [1.0, 0.0]
    assert weighing.said == (
        "Weights by likelihood of the labels: 'strong' 100 %.",
        "'weak' adds nothing and has no weight.",
    )


def test_models_that_know_the_same_count_the_same() -> None:
    """A model that has seen some of the labels is the likelier one, and no better for it."""
    strong = [_honest(3.0, 2) + 0.8 * _honest(1.0, s) for s in (3, 4)]
    leaking = strong[0] + 2 * ONE[LABEL]
    models = [from_logits(m) for m in (*strong, leaking)]
    weighing = weigh(models, LABEL, list("abc"))
    np.testing.assert_allclose(weighing.weights, 1 / 3)
    assert _found(weighing(models)) >= _found(models) - 0.01


def test_with_few_samples_nothing_is_weighed() -> None:
    models = [_honest(3.0, 1)[:30], _learnt(2)[:30]]
    weighing = weigh(models, LABEL[:30], ["a", "b"])
    assert (weighing.used, weighing.pool, weighing.said) == ((0, 1), None, ())
