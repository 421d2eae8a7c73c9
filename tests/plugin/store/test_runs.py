"""Runs: created once, found again, described, and deleted without a trace."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import fiftyone as fo
import fiftyone.core.odm as foo
import numpy as np
import pytest
from bson import ObjectId

from plugin.classify import job
from plugin.classify.job import complete_fields
from plugin.decisions.resolve import resolve
from plugin.errors import InputError
from plugin.store import fields, write_fields
from plugin.store.columns import BUCKET, write_column
from plugin.store.current_jobs import COLLECTION as JOBS
from plugin.store.fields import FIELDS
from plugin.store.jobs import Job
from plugin.store.own_fields import delete_fields
from plugin.store.runs import (
    create_run,
    delete_run,
    describe_run,
    discard_empty,
    list_runs,
    load_run,
    sweep,
)
from tests.plugin.decided import make_dataset, make_iteration, make_run
from tests.traces import database_of, documents, plugin_documents

pytestmark = pytest.mark.slow


@pytest.fixture
def dataset() -> Iterator[fo.Dataset]:
    made = make_dataset(["ant", "bee", "cat", "ant"])
    yield made
    made.delete()
    sweep()


def test_a_run_is_made_once_and_found_again(dataset: fo.Dataset) -> None:
    assert list_runs(dataset) == []
    run = create_run(dataset, "mine", "ground_truth")
    assert create_run(dataset, "mine", "ground_truth") == run == load_run(dataset, "mine")
    assert list_runs(dataset) == ["mine"]
    assert run.label_field == "ground_truth"
    assert run.field("iies") == "mine_iies"
    assert run.iterations() == []


@pytest.mark.parametrize("key", ["a b", "1st", "", "_x", "a.b", "a-b", "$a", "é è", None, 3])
def test_a_key_that_is_no_name_is_refused(dataset: fo.Dataset, key: Any) -> None:
    before = database_of(dataset)
    with pytest.raises(InputError, match="run_key must be a valid Python name"):
        create_run(dataset, key, "ground_truth")
    assert database_of(dataset) == before


def test_a_key_of_another_label_field_is_refused(dataset: fo.Dataset) -> None:
    create_run(dataset, "mine", "ground_truth")
    before = database_of(dataset)
    with pytest.raises(InputError, match="'mine' belongs to a run on label field 'ground_truth'"):
        create_run(dataset, "mine", "other")
    assert database_of(dataset) == before


def test_a_key_of_another_plugin_is_refused(dataset: fo.Dataset) -> None:
    dataset.register_run("theirs", dataset.init_run(method="something else"))
    before = database_of(dataset)
    with pytest.raises(InputError, match="'theirs' is used by another plugin's run"):
        create_run(dataset, "theirs", "ground_truth")
    assert list_runs(dataset) == []
    assert database_of(dataset) == before


def test_an_unknown_run_is_named_with_those_that_exist(dataset: fo.Dataset) -> None:
    with pytest.raises(InputError, match=r"no Deconfuse run with run_key 'x' \(its runs: none\)"):
        load_run(dataset, "x")
    create_run(dataset, "mine", "ground_truth")
    with pytest.raises(InputError, match=r"its runs: mine"):
        load_run(dataset, "x")


def test_iterations_are_numbered_and_an_unknown_one_is_refused(dataset: fo.Dataset) -> None:
    run = create_run(dataset, "mine", "ground_truth")
    with pytest.raises(InputError, match="has no iteration yet"):
        run.iteration()
    first, second = make_iteration(run), make_iteration(run, seed=2)
    assert [i.id for i in run.iterations()] == [first.id, second.id]
    assert run.iteration().id == second.id
    assert run.iteration(1).id == first.id
    with pytest.raises(InputError, match="has no iteration 3"):
        run.iteration(3)


def test_a_run_without_iterations_can_be_taken_back_and_one_with_them_not(
    dataset: fo.Dataset,
) -> None:
    before = database_of(dataset)
    run = create_run(dataset, "mine", "ground_truth")
    discard_empty(run)
    assert database_of(dataset) == before
    run = create_run(dataset, "mine", "ground_truth")
    make_iteration(run)
    discard_empty(run)
    assert list_runs(dataset) == ["mine"]


STEPS: list[tuple[Any, str]] = [
    (job, "current_job"),
    (Job, "__enter__"),
    (job, "current_state"),
    (job, "write_scores"),
    (write_fields, "declare_fields"),
    (fields, "group_in_sidebar"),
    (write_fields, "writing"),
    (write_fields, "_write_in_chunks"),
    (write_fields, "reload_held"),
    (job, "write_cleanlab_fields"),
    (Job, "__exit__"),
]


@pytest.mark.parametrize("gone", ["dataset", "run"])
@pytest.mark.parametrize(("where", "step"), STEPS, ids=[step for _, step in STEPS])
def test_fields_of_what_is_deleted_meanwhile_are_left_alone(
    where: Any, step: str, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The panel completes them in a thread: what it raises would only be a traceback in a log."""
    made = make_dataset(["ant", "bee", "cat", "ant"])
    run = create_run(made, "mine", "ground_truth")
    make_iteration(run)

    def delete() -> None:
        if gone == "dataset":
            fo.delete_dataset(made.name)
        else:
            delete_run(run)

    monkeypatch.setattr(where, step, before_it(getattr(where, step), delete))
    complete_fields(run)
    if gone != "dataset":
        assert len(made) == 4
        made.delete()
    sweep()


def before_it(real: Any, act: Any) -> Any:
    """A function that does something else first."""

    def both(*given: Any, **named: Any) -> Any:
        act()
        return real(*given, **named)

    return both


def test_what_goes_wrong_with_fields_that_are_there_is_told(
    dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(dataset, "mine", "ground_truth")
    make_iteration(run)

    def full(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(job, "write_scores", full)
    with pytest.raises(OSError, match="no space left"):
        complete_fields(run)


def test_deleting_leaves_no_trace_and_no_other_run_is_touched(dataset: fo.Dataset) -> None:
    dataset.app_config.sidebar_groups = fo.DatasetAppConfig.default_sidebar_groups(dataset)
    dataset.save()
    other = create_run(dataset, "other", "ground_truth")
    make_iteration(other)
    assert complete_fields(other)
    before = database_of(dataset)
    run = create_run(dataset, "mine", "ground_truth")
    make_iteration(run)
    make_iteration(run, seed=2)
    assert complete_fields(run)
    resolve(run, "confirm", dataset.values("id")[:2])
    assert set(dataset.get_field_schema()) >= {run.field(name) for name in FIELDS}
    delete_fields(run)
    delete_run(run)
    dataset.reload()
    assert list_runs(dataset) == ["other"]
    after = database_of(dataset)
    for state in (before, after):
        for sample in state["samples"]:
            del sample["last_modified_at"]
    assert after == before


def test_a_label_that_was_changed_stays_when_its_run_goes(dataset: fo.Dataset) -> None:
    run = create_run(dataset, "mine", "ground_truth")
    make_iteration(run)
    resolve(run, "relabel", [dataset.values("id")[0]], label="cat")
    delete_fields(run)
    delete_run(run)
    dataset.reload()
    assert dataset.values("ground_truth.label") == ["cat", "bee", "cat", "ant"]


def test_what_a_deleted_dataset_leaves_goes_with_the_next_run(dataset: fo.Dataset) -> None:
    before = plugin_documents()
    gone = make_run(12)
    theirs = {"dataset_id": gone.dataset._doc.id}
    resolve(gone, "confirm", gone.dataset.values("id")[:2])
    foo.get_db_conn()[JOBS].insert_one({"_id": "x", **gone.owner})
    assert plugin_documents() != before
    gone.dataset.delete()
    mine = create_run(dataset, "mine", "ground_truth")
    assert documents("deconfuse.runs", **theirs) == []
    delete_run(mine)
    assert plugin_documents() == before


def test_only_old_columns_that_were_never_committed_are_swept(dataset: fo.Dataset) -> None:
    run = create_run(dataset, "mine", "ground_truth")
    make_iteration(run)
    before = plugin_documents()
    files = foo.get_db_conn()[f"{BUCKET}.files"]
    files.update_many({}, {"$set": {"uploadDate": datetime.now(UTC) - timedelta(days=3)}})
    abandoned = {**run.owner, "iteration_id": ObjectId()}
    ref = write_column("left", [np.arange(3)], abandoned)
    sweep()
    assert files.count_documents({"_id": ref["file"]}) == 1, "it may be being written just now"
    moment = datetime.now(UTC) - timedelta(days=3)
    files.update_one({"_id": ref["file"]}, {"$set": {"uploadDate": moment}})
    with Job(dataset, "mine", "Writing by a clock that is behind"):
        sweep()
        assert files.count_documents({"_id": ref["file"]}) == 1
    sweep()
    assert files.count_documents({"_id": ref["file"]}) == 0
    assert plugin_documents().keys() == before.keys()
    assert len(run.iteration().rows()) == 4


def test_a_description_is_plain(dataset: fo.Dataset) -> None:
    run = create_run(dataset, "mine", "ground_truth")
    assert describe_run(run) == {"run_key": "mine", "label_field": "ground_truth", "iterations": []}
