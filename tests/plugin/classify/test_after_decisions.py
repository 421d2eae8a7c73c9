"""The next iteration learns from what people judged, on a real dataset and journal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

from plugin.classify.job import find_label_errors
from plugin.classify.settings import Settings
from plugin.decisions.first_labels import first_labels
from plugin.decisions.resolve import resolve
from plugin.decisions.undo import undo
from plugin.scoring.margin import suspicion
from plugin.store.runs import Run, load_run
from tests.plugin.decided import make_dataset

pytestmark = pytest.mark.slow

CLASSES = ("ant", "bee", "cat", "dog")
SETTINGS = Settings.from_mapping(
    {"label_field": "ground_truth", "prediction_fields": ["model"], "duplicates": False}
    | {"source": "predictions"}
)
N = 240


@pytest.fixture
def judged() -> Iterator[tuple[Run, np.ndarray]]:
    """A run whose model doubts most labels that are bees or ants; the margins of all."""
    labels = [CLASSES[i % 3] for i in range(N)]
    dataset = make_dataset(labels)
    logits = np.random.default_rng(0).normal(size=(N, 4))
    said: list[Any] = [
        fo.Classification(label=CLASSES[int(row.argmax())], logits=row) for row in logits
    ]
    dataset.set_values("model", said)
    dataset.classes["model"] = list(CLASSES)
    dataset.save()
    find_label_errors(dataset, SETTINGS)
    margin = suspicion(logits, np.arange(N) % 3)
    yield load_run(dataset, "deconfuse"), margin
    dataset.delete()


def decide(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Of 30 ants all are said to be dogs, and of 30 bees all to be right: their places."""
    ids = run.dataset.values("id")
    ants, bees = np.arange(0, 90, 3), np.arange(1, 91, 3)
    resolve(run, "relabel", [ids[i] for i in ants], label="dog")
    resolve(run, "confirm", [ids[i] for i in bees])
    return ants, bees


def scores(run: Run) -> np.ndarray:
    return np.array(run.dataset.values("deconfuse_suspicion"), np.float64)


def test_what_was_judged_moves_what_is_open_and_nothing_else(
    judged: tuple[Run, np.ndarray],
) -> None:
    run, margin = judged
    np.testing.assert_allclose(scores(run), margin, atol=1e-4)
    ants, bees = decide(run)
    result = find_label_errors(run.dataset, SETTINGS)
    moved = scores(run) - margin
    decided = np.r_[ants, bees]
    open_ = np.setdiff1d(np.arange(N), decided)
    of = open_ % 3
    assert (moved[open_][of == 0] > 0.5).all(), "ants are wrong mostly"
    assert (moved[open_][of == 1] < -0.5).all(), "bees are right mostly"
    np.testing.assert_allclose(moved[open_][of == 2], 0, atol=1e-4)
    np.testing.assert_allclose(moved[bees], 0, atol=1e-4)
    assert (
        "Suspicion was moved by 60 labels that people judged, 30 of them wrong."
        in (result["chosen"])
    )
    predicted = run.dataset.values("deconfuse_prediction.label")
    assert predicted == run.dataset.values("model.label"), "predictions stay the classifier's"


def test_the_order_in_a_cell_is_that_of_the_moved_suspicion(judged: tuple[Run, np.ndarray]) -> None:
    run, _ = judged
    decide(run)
    find_label_errors(run.dataset, SETTINGS)
    iteration = run.iteration()
    column = iteration.column("suspicion")
    for label in range(4):
        for prediction in range(4):
            assert (np.diff(column[iteration.cell_slice(label, prediction)]) <= 0).all()


def test_decisions_that_were_taken_back_or_judge_nothing_leave_all_as_it_was(
    judged: tuple[Run, np.ndarray],
) -> None:
    run, _ = judged
    before = scores(run)
    ids = run.dataset.values("id")
    decide(run)
    undo(run)
    undo(run)
    resolve(run, "tag", ids[:60], tag="later")
    assert first_labels(run) == {}
    find_label_errors(run.dataset, SETTINGS)
    assert (scores(run) == before).all()


def test_the_first_label_is_the_one_that_was_judged(judged: tuple[Run, np.ndarray]) -> None:
    run, _ = judged
    ids = run.dataset.values("id")
    resolve(run, "relabel", ids[:1], label="dog")
    resolve(run, "relabel", ids[:1], label="cat")
    resolve(run, "confirm", ids[1:3])
    resolve(run, "remove", ids[3:4])
    assert first_labels(run) == {ids[0]: "ant", ids[1]: "bee", ids[2]: "cat"}
    undo(run)
    undo(run)
    undo(run)
    assert first_labels(run) == {ids[0]: "ant"}


def test_a_run_of_another_key_knows_nothing_of_these_decisions(
    judged: tuple[Run, np.ndarray],
) -> None:
    run, margin = judged
    ants, _ = decide(run)
    given = {"label_field": "ground_truth", "prediction_fields": ["model"], "run_key": "other"}
    find_label_errors(run.dataset, Settings.from_mapping({**given, "duplicates": False}))
    other = np.array(run.dataset.values("other_suspicion"))
    kept = np.setdiff1d(np.arange(N), ants)  # those that were given another label
    np.testing.assert_allclose(other[kept], margin[kept], atol=1e-4)
