"""Decisions where fields were deleted or renamed meanwhile: every sample stays readable."""

from collections.abc import Callable, Iterator
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId

from plugin.decisions import steps
from plugin.decisions.cies_field import follow_cies
from plugin.decisions.journal import applied_headers
from plugin.decisions.resolve import resolve
from plugin.decisions.state import current_state
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.progress import silent
from plugin.store.iterations import pack_ids
from plugin.store.runs import Run
from plugin.store.samples import (
    catch_up,
    samples_of,
    schema_of,
    take_off_undeclared,
    undeclared_fields,
    writing,
)
from plugin.store.write_fields import write_numbers, write_scores
from tests.plugin.decided import all_raw, ids_of, make_run

pytestmark = pytest.mark.slow


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_run(9)
    yield made
    steps.reached = lambda step: None
    made.dataset.delete()


def behind_our_back(run: Run, change: Callable[[Any], None]) -> None:
    """Change the fields as another process would: this one's dataset object does not notice."""
    name, shown = run.dataset.name, run.dataset
    fo.Dataset._instances.pop(name)
    change(fo.load_dataset(name))
    fo.Dataset._instances[name] = shown


def read_all(run: Run) -> list[Any]:
    """Every sample as a process that has just begun reads it."""
    name, shown = run.dataset.name, run.dataset
    fo.Sample._instances.pop(run.dataset._sample_collection_name, None)
    fo.Dataset._instances.pop(name)
    read = [sample.to_dict() for sample in fo.load_dataset(name)]
    fo.Dataset._instances[name] = shown
    return read


def test_a_removed_sample_comes_back_without_a_field_that_was_deleted(run: Run) -> None:
    ids = ids_of(run)
    resolve(run, "remove", ids[:2])
    run.dataset.delete_sample_field("weight")
    back = undo(run)
    assert (back.applied, back.conflict_count, back.left_out) == (2, 0, {"weight": 2})
    assert len(read_all(run)) == 9
    assert undeclared_fields(run.dataset) == {}


def test_a_removed_sample_comes_back_with_a_field_that_was_renamed(run: Run) -> None:
    ids, weights = ids_of(run), run.dataset.values("weight")
    resolve(run, "remove", ids[:2])
    behind_our_back(run, lambda dataset: dataset.rename_sample_field("weight", "mass"))
    back = undo(run)
    assert (back.applied, back.left_out) == (2, {})
    assert sorted(sample["mass"] for sample in read_all(run)) == sorted(weights)


def test_a_field_that_was_declared_anew_with_another_type_is_left_out(run: Run) -> None:
    resolve(run, "remove", ids_of(run)[:2])
    run.dataset.delete_sample_field("weight")
    run.dataset.add_sample_field("weight", fo.StringField)
    back = undo(run)
    assert (back.applied, back.left_out) == (2, {"weight": 2})
    assert [sample["weight"] for sample in read_all(run)] == [None] * 9


def test_the_removal_is_undone_exactly_where_a_field_was_added(run: Run) -> None:
    before = all_raw(run)
    resolve(run, "remove", ids_of(run)[:2])
    behind_our_back(run, lambda dataset: dataset.add_sample_field("later", fo.IntField))
    assert undo(run).left_out == {}
    assert all_raw(run) == before
    assert len(read_all(run)) == 9


@pytest.mark.parametrize("step", ["committed", "chunk", "applied"])
def test_a_field_deleted_while_a_removal_is_undone_is_left_out(run: Run, step: str) -> None:
    resolve(run, "remove", ids_of(run)[:2])
    at(step, lambda: behind_our_back(run, lambda d: d.delete_sample_field("weight")))
    assert undo(run).applied == 2
    if step == "applied":  # after the documents were written: FiftyOne itself takes the field off
        assert undeclared_fields(run.dataset) == {}
    assert len(read_all(run)) == 9


def at(step: str, act: Callable[[], None]) -> None:
    """Do something once when a decision reaches a step."""
    left = [act]

    def reached(name: str) -> None:
        if name == step and left:
            left.pop()()

    steps.reached = reached


@pytest.mark.parametrize("action", ["relabel", "confirm", "remove", "tag"])
@pytest.mark.parametrize("step", ["entries", "committed", "chunk"])
def test_the_label_field_vanishes_while_a_decision_is_made(
    run: Run, action: str, step: str
) -> None:
    ids = ids_of(run)
    at(step, lambda: behind_our_back(run, lambda d: d.delete_sample_field("ground_truth")))
    options: dict[str, Any] = {"relabel": {"label": "zoo"}, "tag": {"tag": "x"}}.get(action, {})
    made = resolve(run, action, ids[:2], **options)
    assert (made.decision, made.applied, made.conflict_count) == (None, 0, 2)
    assert {c["reason"] for c in made.conflicts} == {"no_field"}
    assert len(read_all(run)) == 9


@pytest.mark.parametrize("name", ["decision", "cies", "suspicion", "iies", "prediction"])
def test_own_fields_deleted_elsewhere_stay_deleted_or_are_declared(run: Run, name: str) -> None:
    iteration = run.iteration()
    write_scores(run, iteration, current_state(run).open_count, silent)
    ids = ids_of(run)
    resolve(run, "confirm", ids[:1])
    behind_our_back(run, lambda d: d.delete_sample_field(run.field(name)))
    assert resolve(run, "confirm", ids[1:2]).applied == 1
    thread = follow_cies(run, applied_headers(run)[-1]["_id"])
    if thread is not None:
        thread.join()
    assert len(read_all(run)) == 9
    behind_our_back(run, lambda d: d.has_field("weight") and d.delete_sample_field("weight"))
    write_scores(run, iteration, current_state(run).open_count, silent)
    assert len(read_all(run)) == 9
    assert undo(run).applied == 1
    assert len(read_all(run)) == 9


def test_a_field_deleted_while_numbers_are_written_is_taken_off(run: Run) -> None:
    packed = pack_ids(ids_of(run))

    def delete(progress: float | None, label: str) -> None:
        if schema_of(run.dataset).holds(run.field("importance")):
            behind_our_back(run, lambda d: d.delete_sample_field(run.field("importance")))
            samples_of(run.dataset).update_many({}, {"$set": {run.field("importance"): 1.0}})

    write_numbers(run, "importance", packed, pack_values(9), delete, others=False)
    assert undeclared_fields(run.dataset) == {}


def pack_values(n: int) -> Any:
    import numpy as np

    return np.linspace(0, 1, n)


def test_what_is_written_must_be_declared(run: Run) -> None:
    gone = pytest.raises(InputError, match=r"'ghost' of dataset .* was deleted or renamed")
    with gone, writing(run.dataset, "weight", "ghost"):
        pytest.fail("must not get here")


def test_undeclared_fields_are_found_and_taken_off(run: Run) -> None:
    collection = samples_of(run.dataset)
    ids = [ObjectId(i) for i in ids_of(run)]
    collection.update_many({"_id": {"$in": ids[:3]}}, {"$set": {"ghost": 1}})
    assert undeclared_fields(run.dataset) == {"ghost": 3}
    with pytest.raises(Exception, match="ghost"):
        read_all(run)
    assert take_off_undeclared(run.dataset, ["ghost", "weight"], ids[1:]) == ["ghost"]
    assert undeclared_fields(run.dataset) == {"ghost": 1}
    assert take_off_undeclared(run.dataset, ["ghost"]) == ["ghost"]
    assert len(read_all(run)) == 9


def test_this_process_catches_up_with_fields_of_others(run: Run) -> None:
    behind_our_back(run, lambda d: d.add_sample_field("theirs", fo.IntField))
    assert not run.dataset.has_field("theirs")
    assert catch_up(run.dataset).holds("theirs")
    assert run.dataset.has_field("theirs")


def test_two_renamed_fields_of_one_moment_are_not_guessed(run: Run) -> None:
    earlier = schema_of(run.dataset)
    run.dataset.rename_sample_field("weight", "mass")
    now = schema_of(run.dataset)
    assert now.places(earlier)["weight"] == "mass"
    now.fields["bulk"] = now.fields["mass"]
    assert now.places(earlier)["weight"] is None
    assert now.places(earlier)["filepath"] == "filepath"
