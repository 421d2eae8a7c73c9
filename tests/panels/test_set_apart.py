"""Classes that an iteration cannot judge, as the panel shows them."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import numpy as np
import pytest

NAMES = ["ant", "bee", "yak"]


@pytest.fixture
def ask(dataset: Any, operator: Any, context: Any) -> Any:
    """A model that knows two of three classes and doubts two samples; how to ask the panel."""
    labels = [NAMES[i % 3] for i in range(30)]
    said = ["ant" if x == "yak" else x for x in labels]
    said[0], said[1] = "bee", "ant"
    fields = {"model": [fo.Classification(label=x, confidence=0.9) for x in said]}
    new = dataset(n=30, labels=labels, fields=fields)
    operator("find_label_errors")(
        new, "ground_truth", source="predictions", prediction_fields=["model"], duplicates=False
    )

    def answer(name: str, **request: Any) -> Any:
        request = {"run": "deconfuse", "iteration": 1, **request}
        return operator("label_errors").execute(
            context(new, "label_errors", __method__=name, request=request)
        )

    return answer, new


def test_they_are_named_and_count_as_no_suspects(ask: Any) -> None:
    answer, _ = ask
    made = answer("status")["runs"][0]["iterations"][0]
    assert made["misclassified"] == 2
    assert made["notes"] == [
        "10 labels of 1 class could not be judged, because no model predicts them: yak (10)."
    ]
    seen = answer("overview", order="count", labels=[], with_classes=True)
    wrong = dict(zip(seen["rows"]["label"], seen["rows"]["wrong"], strict=True))
    assert {seen["classes"][at]: n for at, n in wrong.items()} == {"ant": 1, "bee": 1, "yak": 0}
    assert (seen["progress"]["open_wrong"], seen["progress"]["wrong"]) == (2, 2)
    assert seen["progress"]["open"] == 30
    errors = dict(zip(seen["rows"]["label"], seen["rows"]["errors"], strict=True))
    assert errors[2] == pytest.approx(10 * 2 / 20, abs=0.05)


@pytest.mark.parametrize("request_", [{}, {"by": "confidence"}])
def test_no_queue_of_suspects_holds_them(ask: Any, request_: Any) -> None:
    answer, new = ask
    rows = answer("queue", cell=None, skip=[], limit=30, **request_)["rows"]
    shown = answer("samples", rows=rows, size=64)
    assert sorted(str(item["id"]) for item in shown["samples"]) == sorted(new.values("id")[:2])


def test_they_follow_the_suspects_in_the_ranking(ask: Any) -> None:
    answer, new = ask
    found = answer("ranking", by="suspicion", offset=0, limit=30)
    assert set(found["ids"][:2]) == set(new.values("id")[:2])
    values = np.array(found["values"])
    yaks = np.array([NAMES[at] for at in found["labels"]]) == "yak"
    assert len(set(values[yaks])) == 1
    assert values[yaks][0] == pytest.approx(np.log(2.5 / 18.5), abs=1e-4)
