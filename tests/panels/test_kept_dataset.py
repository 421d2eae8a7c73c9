"""Events share the dataset that is loaded, and see what others changed in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fiftyone as fo
import pytest

from tests.conftest import DatasetFactory

TRAINING = {"source": "train", "model": "simple_cnn", "folds": 1, "epochs": 1}


@pytest.fixture
def run(dataset: DatasetFactory, operator: Callable[[str], Any]) -> Any:
    made = dataset(60)
    operator("find_label_errors")(made, "ground_truth", **TRAINING)
    return made


@pytest.fixture
def ask(run: Any, operator: Callable[[str], Any], context: Callable[..., Any]) -> Any:
    """``ask(event, view_name=None, by={})``: its reply, and its context."""

    def asked(
        name: str, view_name: str | None = None, by: Any = None, **request: Any
    ) -> tuple[Any, Any]:
        request = {"run": "deconfuse", "iteration": 1, **request}
        ctx = context(run, "label_errors", __method__=name, request=request)
        ctx.request_params.update(by or {}, view_name=view_name)
        reply = operator("label_errors").execute(ctx)
        return reply, ctx

    return asked


def test_events_share_it(run: Any, ask: Any) -> None:
    _, first = ask("pulse")
    _, second = ask("overview", order="count", labels=[0], with_classes=False)
    assert first.dataset is second.dataset


def test_the_label_field_that_was_renamed_is_told(run: Any, ask: Any) -> None:
    assert "error" not in ask("status")[0]
    run.rename_sample_field("ground_truth", "truth")
    reply, ctx = ask("status")
    assert "truth" in reply["label_fields"]
    assert not ctx.dataset.has_field("ground_truth")


def test_a_dataset_that_was_renamed_is_the_same(run: Any, ask: Any) -> None:
    ask("status")
    before, by = run.name, {"dataset_id": str(run._doc.id)}
    run.name = f"{run.name}-renamed"
    reply, ctx = ask("status", by={**by, "dataset_name": before})
    assert reply["dataset"] == ctx.dataset_name == run.name


@pytest.mark.parametrize("view_name", [None, "some"])
@pytest.mark.parametrize("by_id", [False, True])
def test_a_dataset_that_was_deleted_is_told(
    run: Any, ask: Any, by_id: bool, view_name: str | None
) -> None:
    ask("status")
    by = {"dataset_name": run.name, **({"dataset_id": str(run._doc.id)} if by_id else {})}
    fo.delete_dataset(run.name)
    error = ask("status", view_name, by)[0]["error"]
    assert error["kind"] == "input"
    assert "not there any more" in error["message"]


def test_a_saved_view_is_the_one_that_was_saved_last(run: Any, ask: Any) -> None:
    run.save_view("some", run.limit(10))
    assert in_view(ask) == 10
    run.save_view("some", run.limit(20), overwrite=True)
    assert in_view(ask) == 20


def in_view(ask: Any) -> int:
    return sum(ask("in_view", view_name="some")[0]["open"])
