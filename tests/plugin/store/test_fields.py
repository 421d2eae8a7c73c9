"""Scores on samples: an iteration's own ones, and none that an earlier iteration left behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from bson import ObjectId

from plugin.decisions.resolve import resolve
from plugin.decisions.state import current_state
from plugin.progress import silent
from plugin.store.iterations import Iteration, pack_ids
from plugin.store.runs import Run, create_run
from plugin.store.write_fields import write_numbers, write_scores
from tests.panels.made_runs import write_iteration
from tests.plugin.decided import CLASSES, all_raw, ids_of, make_iteration, make_run

pytestmark = pytest.mark.slow

SCORES = ("prediction.label", "iies", "cies", "suspicion")


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_run(30)
    write(made, made.iteration())
    yield made
    made.dataset.delete()


def write(run: Run, iteration: Iteration) -> None:
    write_scores(run, iteration, current_state(run, iteration).open_count, silent)


def scores(run: Run) -> dict[str, tuple[Any, ...]]:
    values: Any = run.dataset.values(["id", *(run.field(name) for name in SCORES)])
    return {row[0]: row[1:] for row in zip(*values, strict=True)}


def later(run: Run, ids: list[str]) -> Iteration:
    """The next iteration, of some samples only; it is sure of the class ``cat``."""
    p = np.tile([0.1, 0.2, 0.7], (len(ids), 1))
    return write_iteration(run.dataset, p, CLASSES, ids=ids)[1]


def test_each_sample_bears_its_own_numbers(run: Run) -> None:
    iteration, found = run.iteration(), scores(run)
    cell = current_state(run).cell_of(np.arange(iteration.samples))
    for name, at in (("suspicion", 3), ("iies", 1)):
        column = iteration.column("suspicion")
        if name == "iies":
            column = (iteration.column("p_max") + 1 - iteration.column("p_label")) / 2
        for i in found:
            row = int(iteration.rows_of([i])[0])
            assert found[i][at] == pytest.approx(column[row], abs=1e-6)
            assert found[i][0] == CLASSES[iteration.column("prediction")[row]]
            assert found[i][2] == iteration.cells.count[cell[row]]
    confidence: Any = run.dataset.values(["id", "deconfuse_prediction.confidence"])
    for i, value in zip(*confidence, strict=True):
        row = int(iteration.rows_of([i])[0])
        assert value == pytest.approx(iteration.column("p_max")[row])


def test_a_decided_sample_has_no_cies(run: Run) -> None:
    decided = ids_of(run)[:4]
    resolve(run, "confirm", decided)
    write(run, run.iteration())
    found = scores(run)
    assert {i for i, row in found.items() if row[2] is None} == set(decided)
    assert all(row[3] is not None for row in found.values())


def test_an_iteration_takes_the_scores_of_earlier_ones_off_what_it_left_out(run: Run) -> None:
    other = create_run(run.dataset, "other", run.label_field)
    write(other, make_iteration(other))
    theirs = scores(other)
    ids = ids_of(run)
    kept, left_out = ids[:12], ids[12:]
    ahead = {"last_modified_at": datetime.now(UTC) + timedelta(hours=2)}  # somebody's wrong clock
    collection: Any = run.dataset._sample_collection
    collection.update_one({"_id": ObjectId(left_out[0])}, {"$set": ahead})
    write(run, later(run, kept))
    found = scores(run)
    assert {found[i] for i in left_out} == {(None, None, None, None)}
    assert {found[i][0] for i in kept} == {"cat"}
    assert all(None not in found[i] for i in kept)
    assert scores(other) == theirs, "another run's scores are its own"


def test_samples_that_an_iteration_left_out_are_told_as_changed(run: Run) -> None:
    ids, before = ids_of(run), all_raw(run, whole=True)
    write(run, later(run, ids[:12]))
    modified: Any = run.dataset.values("last_modified_at")
    assert len(set(modified)) == 1
    again = all_raw(run, whole=True)
    assert all(again[i] != before[i] for i in ids)


@pytest.mark.parametrize("others", [True, False])
def test_numbers_are_taken_off_the_others_if_that_is_wanted(run: Run, others: bool) -> None:
    ids = ids_of(run)

    def shown() -> dict[str, float | None]:
        values: Any = run.dataset.values(["id", "deconfuse_importance"])
        return dict(zip(*values, strict=True))

    write_numbers(run, "importance", pack_ids(ids), np.arange(30.0), silent)
    assert [shown()[i] for i in ids] == list(range(30))
    ahead = {"last_modified_at": datetime.now(UTC) + timedelta(hours=2)}
    collection: Any = run.dataset._sample_collection
    collection.update_many({}, {"$set": ahead})
    values = np.array([7.0, np.nan, 9.0])
    write_numbers(run, "importance", pack_ids(ids[5:2:-1]), values, silent, others=others)
    found = shown()
    assert (found[ids[5]], found[ids[4]], found[ids[3]]) == (7.0, None, 9.0)
    rest = [found[i] for i in ids if i not in ids[3:6]]
    assert rest == ([None] * 27 if others else [0, 1, 2, *range(6, 30)])
