"""The preview of predictions: from Python and in the form of ``find_label_errors``."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

from tests.traces import database_of

CLASSES = [str(i) for i in range(10)]
N = 150


@pytest.fixture
def models(dataset: Any) -> Any:
    """Digits with two models: a sure one with logits, one with confidences and a class more."""
    samples = dataset(N)
    labels = [int(x) for x in samples.values("ground_truth.label")]
    rng = np.random.default_rng(5)
    logits = rng.normal(size=(N, 10))
    logits[np.arange(N), labels] += 1.0
    logits *= 3.0
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    sure = [
        fo.Classification(label=CLASSES[i], confidence=c, logits=v)
        for i, c, v in zip(p.argmax(1), p.max(1), logits, strict=True)
    ]
    other = [fo.Classification(label=str(x), confidence=0.75) for x in labels]
    other[0] = fo.Classification(label="zebra | <b>", confidence=0.6)
    other[1] = None
    samples.set_values("sure", sure)
    samples.set_values("other", other)
    samples.reload()
    return samples, p, np.array(labels)


def preview(operator: Any, samples: Any, *names: str, **options: Any) -> Any:
    return operator("find_label_errors")(
        samples,
        "ground_truth",
        **{"source": "predictions", "prediction_fields": list(names), "preview": True, **options},
    )


def test_models_side_by_side_with_nothing_changed(models: Any, operator: Any) -> None:
    samples, p, labels = models
    before = database_of(samples)
    found = preview(operator, samples, "sure", "other")
    assert database_of(samples) == before
    assert (found["samples"], found["of"], found["labels"]) == (N, N, 10)
    sure, other = found["models"]
    assert (sure["field"], sure["classes"], sure["has_logits"]) == ("sure", 10, True)
    assert sure["disagreement"] == pytest.approx((p.argmax(1) != labels).mean())
    assert sure["confidence"] == pytest.approx(p.max(1).mean(), rel=1e-5)
    assert sum(b["samples"] for b in sure["bins"]) == N
    assert other["has_logits"] is False
    assert other["only_predicted"] == ["zebra | <b>"]
    assert (other["usable"], other["skipped"]) == (N - 1, 1)
    assert other["disagreement"] == pytest.approx(1 / (N - 1))
    assert other["calibration_error"] == pytest.approx(0.25, abs=0.02)
    assert other["bins"][7] == {
        "samples": N - 2,
        "confidence": pytest.approx(0.75),
        "agreement": 1.0,
    }
    assert found["together"]["disagreement"] < sure["disagreement"]
    assert preview(operator, samples, "sure")["together"] is None


def test_it_looks_at_some_samples_only(models: Any, operator: Any) -> None:
    samples = models[0]
    call = inspect.unwrap(operator("find_label_errors").__call__)
    work = sys.modules[call.__globals__["preview_predictions"].__module__]
    for collection in (samples, samples.limit(140)):
        found = work.preview_predictions(collection, "ground_truth", ["sure"], most=60)
        assert 30 <= found["samples"] <= 60
        assert found["of"] == len(collection)
        assert found["models"][0]["usable"] == found["samples"]


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        ({"source": "train"}, "preview: only source 'predictions'"),
        ({"prediction_fields": ["nothing"]}, "prediction_fields: field 'nothing'"),
        ({"prediction_fields": []}, "prediction_fields: name at least one"),
    ],
)
def test_bad_input(models: Any, operator: Any, options: Any, pattern: str) -> None:
    with pytest.raises(ValueError, match=pattern):
        preview(operator, models[0], "sure", **options)


def form(operator: Any, context: Any, samples: Any, names: list[str]) -> Any:
    ctx = context(
        samples,
        "find_label_errors",
        label_field="ground_truth",
        source="predictions",
        prediction_fields=names,
    )
    return operator("find_label_errors").resolve_input(ctx).type.properties


def test_the_form_shows_a_table_and_a_plot(models: Any, operator: Any, context: Any) -> None:
    inputs = form(operator, context, models[0], ["sure", "other"])
    table = inputs["preview_table"].default
    assert "| `sure` (logits) | 10 |" in table
    assert "| `other` (confidence) | 11 |" in table
    assert "| all together |" in table
    assert r"zebra \| \<b\>" in table
    plot = inputs["preview_plot"].view.to_json()
    assert [trace["name"] for trace in plot["data"]] == [
        "as sure as right",
        "sure",
        "other",
        "all together",
    ]
    assert "preview_table" not in form(operator, context, models[0], [])


def test_the_form_says_what_cannot_be_understood(models: Any, operator: Any, context: Any) -> None:
    samples = models[0]
    samples.set_values("odd", [fo.Classification(label="0")] * N)
    inputs = form(operator, context, samples, ["odd"])
    assert "neither logits nor a confidence" in inputs["preview_problem"].view.label
