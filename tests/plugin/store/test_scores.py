"""Scores worked out later: kept beside an iteration, replaced whole, gone with the run."""

from collections.abc import Iterator

import fiftyone as fo
import fiftyone.core.odm as foo
import numpy as np
import pytest

from plugin.store.columns import BUCKET
from plugin.store.runs import Run, delete_run, sweep
from plugin.store.scores import COLLECTION, rank_id, read_rank, write_rank
from tests.panels.made_runs import write_iteration
from tests.plugin.decided import make_dataset

CLASSES = ["ant", "bee", "cat"]


@pytest.fixture
def dataset() -> Iterator[fo.Dataset]:
    made = make_dataset(["ant", "bee", "cat", "ant"])
    yield made
    made.delete()
    sweep()


def kept(run: Run) -> list[str]:
    """The names of the GridFS files of the run's ranks."""
    files = foo.get_db_conn()[f"{BUCKET}.files"]
    query = {f"metadata.{name}": value for name, value in run.owner.items()}
    return sorted(
        file["filename"] for file in files.find({**query, "metadata.rank_id": {"$exists": True}})
    )


def test_values_come_back_as_they_were_written(dataset: fo.Dataset) -> None:
    run, first = write_iteration(dataset, np.eye(3)[[0, 1, 2, 2]], CLASSES)
    _, second = write_iteration(dataset, np.eye(3)[[0, 1, 2, 0]], CLASSES)
    assert read_rank(run, first, "importance") is None
    assert rank_id(run, first, "importance") is None
    values = np.array([0.5, np.nan, -3.0, 1e9], np.float32)
    write_rank(run, first, "importance", values)
    write_rank(run, first, "cleanlab_score", values[::-1])
    found = read_rank(run, first, "importance")
    assert found is not None
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(read_rank(run, first, "cleanlab_score"), values[::-1])
    assert rank_id(run, first, "importance") != rank_id(run, first, "cleanlab_score")
    assert read_rank(run, second, "importance") is None


def test_a_later_writing_replaces_the_earlier_one_whole(dataset: fo.Dataset) -> None:
    run, iteration = write_iteration(dataset, np.eye(3)[[0, 1, 2, 2]], CLASSES)
    write_rank(run, iteration, "importance", np.arange(4.0))
    write_rank(run, iteration, "other", np.arange(4.0))
    before = rank_id(run, iteration, "importance")
    write_rank(run, iteration, "importance", np.arange(4.0)[::-1])
    np.testing.assert_array_equal(read_rank(run, iteration, "importance"), [3, 2, 1, 0])
    assert rank_id(run, iteration, "importance") != before
    assert kept(run) == ["rank_importance", "rank_other"]


def test_values_of_another_length_are_refused(dataset: fo.Dataset) -> None:
    run, iteration = write_iteration(dataset, np.eye(3)[[0, 1, 2, 2]], CLASSES)
    with pytest.raises(ValueError, match=r"shape \(4,\), one a row of iteration 1, got \(3,\)"):
        write_rank(run, iteration, "importance", np.arange(3.0))
    assert kept(run) == []


def test_they_go_with_the_run(dataset: fo.Dataset) -> None:
    run, iteration = write_iteration(dataset, np.eye(3)[[0, 1, 2, 2]], CLASSES)
    write_rank(run, iteration, "importance", np.arange(4.0))
    delete_run(run)
    assert foo.get_db_conn()[COLLECTION].count_documents(run.owner) == 0
    assert kept(run) == []
