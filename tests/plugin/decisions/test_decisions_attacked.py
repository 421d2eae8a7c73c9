"""Decisions under attack: broken connections, late writers, copies of files, undoing of undoing."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId
from fiftyone.core.odm import get_db_conn
from pymongo.errors import ConnectionFailure, OperationFailure

from plugin.decisions import lock, remove_samples, write_labels
from plugin.decisions.changes import shows, slot
from plugin.decisions.journal import applied_headers, entries, headers
from plugin.decisions.lock import take_lock
from plugin.decisions.recovery import recover_abandoned
from plugin.decisions.resolve import resolve
from plugin.decisions.state import current_state
from plugin.decisions.undo import undo
from plugin.documents import MISSING
from plugin.store import runs
from plugin.store.database import own_collections
from plugin.store.runs import Run, create_run
from plugin.store.samples import samples_of, undeclared_fields
from tests.plugin.broken_connections import breaking
from tests.plugin.decided import all_raw, ids_of, make_iteration, make_run
from tests.plugin.decisions.test_decisions_outside import at, outside, samples_ids, tags_of

pytestmark = pytest.mark.slow


@pytest.fixture
def other(run: Run) -> Run:
    """A second run on the same labels."""
    made = create_run(run.dataset, "other", "ground_truth")
    make_iteration(made)
    resolve(made, "confirm", ids_of(run)[5:])
    undo(made)
    return made


def lock_of(run: Run) -> Any:
    return get_db_conn()[lock.COLLECTION].find_one({"_id": run.owner["dataset_id"]})


def expire(run: Run) -> None:
    late = {"$set": {"lease_until": datetime(1970, 1, 1)}}
    get_db_conn()[lock.COLLECTION].update_one({"_id": run.owner["dataset_id"]}, late)


# --- connections ----------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["relabel", "tag", "remove", "undo"])
def test_a_connection_that_breaks_at_any_command_leaves_nothing_half(run: Run, action: str) -> None:
    ids = ids_of(run)

    def act() -> Any:
        if action == "undo":
            return undo(run)
        label, tag = "new" if action == "relabel" else None, "x" if action == "tag" else None
        return resolve(run, action, ids[:2], label=label, tag=tag)

    at_command = 0
    while True:
        if action == "undo":
            resolve(run, "remove", ids[:2])
        before, began = all_raw(run), time.monotonic()
        after = at_command % 2 == 0
        # Two in a row: the database away is told, where nothing was written yet.
        with breaking(at_command, after=after, times=2) as connection, suppress(ConnectionFailure):
            act()
        if connection.broke is None:  # all that a decision takes
            break
        assert time.monotonic() - began < lock.LEASE_SECONDS / 2, connection.broke
        recover_abandoned(run)
        assert lock_of(run)["holder"] is None, connection.broke
        last = applied_headers(run)[-1]
        if all_raw(run) != before:
            assert (last["action"], last["applied"]) == (action, 2), connection.broke
            assert undo(run, str(last["_id"])).applied == 2, connection.broke
            assert all_raw(run) == before, connection.broke
        if action == "undo":
            undo(run)
        known = [header["_id"] for header in applied_headers(run)]
        assert headers().count_documents({**run.owner, "_id": {"$nin": known}}) == 0
        assert entries().count_documents({**run.owner, "decision": {"$nin": known}}) == 0
        at_command += 3
    assert at_command > 10


def test_a_lock_whose_reply_was_lost_is_one_s_own(run: Run) -> None:
    with breaking(0, after=True) as connection:
        held = take_lock(run.owner["dataset_id"], patience=2.0)
    assert connection.broke == f"findAndModify {lock.COLLECTION}"
    held.clear(release=True)


# --- late writers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["chunk", "insert"])
def test_what_comes_back_too_late_is_taken_away_again(
    run: Run, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Its lock expires; another applies the undoing, and the removal is made again."""
    ids = ids_of(run)
    removed = resolve(run, "remove", ids[:2])
    monkeypatch.setattr(lock, "RENEW_SECONDS", 0.0)

    def sleep() -> None:
        expire(run)
        unfinished = headers().find_one({**run.owner, "action": "undo", "state": "written"})
        assert unfinished is not None
        assert undo(run, str(unfinished["_id"])).applied == 2
        assert samples_ids(run) == set(ids[2:])

    at(step, sleep)
    assert undo(run, removed.decision).applied == 2
    assert samples_ids(run) == set(ids[2:])
    undo(run)
    assert samples_ids(run) == set(ids)


def test_removed_samples_are_told_as_removed_where_an_attempt_broke_off(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, before = ids_of(run), all_raw(run)
    read, calls = remove_samples.raw_samples, []

    def interrupted(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise OperationFailure("operation was interrupted", 11601)
        return read(*args)

    at("delete", lambda: outside(run, ids[0], **{"$set": {"weight": 0.0}}))
    monkeypatch.setattr(remove_samples, "raw_samples", interrupted)
    made = resolve(run, "remove", ids[:3])
    monkeypatch.undo()
    assert (made.applied, made.conflict_count) == (3, 0)
    assert undo(run).applied == 3
    assert all_raw(run) == before


@pytest.mark.parametrize("action", ["confirm", "relabel", "tag", "remove"])
def test_somebody_who_saves_in_the_millisecond_of_the_lock_is_told_apart(
    run: Run, action: str
) -> None:
    """Their ``last_modified_at`` is then that of the decision."""
    ids = ids_of(run)

    def collide() -> None:
        change = {"weight": 99.0, "last_modified_at": lock_of(run)["clock"]}
        samples_of(run.dataset).update_one({"_id": ObjectId(ids[0])}, {"$set": change})

    at("committed", collide)
    label, tag = "new" if action == "relabel" else None, "x" if action == "tag" else None
    assert resolve(run, action, ids[:2], label=label, tag=tag).applied == 2
    field = run.field("decision")
    if action == "remove":
        assert samples_ids(run) == set(ids[2:])
    else:
        assert all(d.get(field) for d in samples_of(run.dataset).find().limit(2))
    assert undo(run).applied == 2
    found = samples_of(run.dataset).find_one({"_id": ObjectId(ids[0])})
    assert found["weight"] == 99.0


def test_a_huge_label_that_appears_meanwhile_locks_nobody_out(run: Run) -> None:
    ids = ids_of(run)
    run.dataset.add_sample_field("blob", fo.StringField)
    large, larger = "x" * (13 * 1024 * 1024), "y" * (4 * 1024 * 1024)
    mine = {"_id": ObjectId(ids[0])}
    samples_of(run.dataset).update_one(mine, {"$set": {"blob": large}})
    change = {"$set": {"ground_truth.label": larger, "blob": ""}}
    at("committed", lambda: outside(run, ids[0], **change))
    made = resolve(run, "remove", ids[:1])
    assert [(c["reason"], c["found"][:2]) for c in made.conflicts] == [("relabeled", "yy")]
    assert resolve(run, "confirm", ids[1:2]).applied == 1


# --- copies of files ------------------------------------------------------------------------------


def with_one_file(run: Run) -> list[str]:
    ids = ids_of(run)
    of = {"_id": {"$in": [ObjectId(i) for i in ids[:2]]}}
    samples_of(run.dataset).update_many(of, {"$set": {"filepath": "/nowhere/one.png"}})
    return ids


def test_a_removed_copy_comes_back_as_often_as_it_is_removed(run: Run) -> None:
    ids = with_one_file(run)
    before = all_raw(run)
    made = resolve(run, "remove", ids[:1])
    for number in range(5):
        made = undo(run, made.decision)
        assert (made.applied, made.conflict_count) == (1, 0), number
        assert (all_raw(run) == before) is (number % 2 == 0)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_copies_removed_one_by_one_come_back_in_any_order(run: Run, order: tuple[int, int]) -> None:
    ids = with_one_file(run)
    before = all_raw(run)
    made = [resolve(run, "remove", [i]).decision for i in ids[:2]]
    assert [undo(run, made[at]).applied for at in order] == [1, 1]
    assert all_raw(run) == before


def test_a_file_added_after_a_removal_and_decided_on_still_keeps_it_out(run: Run) -> None:
    ids = ids_of(run)
    path = samples_of(run.dataset).find_one({"_id": ObjectId(ids[0])})["filepath"]
    removed = resolve(run, "remove", ids[:1])
    added: Any = fo.Sample(filepath=path)
    run.dataset.add_sample(added)
    resolve(run, "confirm", [added.id])
    assert [c["reason"] for c in undo(run, removed.decision).conflicts] == ["exists"]


# --- tags -----------------------------------------------------------------------------------------


def test_a_tag_stays_that_another_run_needs_beneath_a_later_decision(run: Run, other: Run) -> None:
    ids = ids_of(run)
    made = resolve(run, "tag", ids[:1], tag="x")
    resolve(other, "tag", ids[:1], tag="x")
    resolve(other, "relabel", ids[:1], label="zoo")
    undo(run, made.decision)
    assert "x" in tags_of(run, ids[0])
    undo(other)
    undo(other)
    assert "x" not in tags_of(run, ids[0])


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_a_tag_of_two_runs_goes_with_the_last_also_where_it_was_undone_and_redone(
    run: Run, other: Run, first: str
) -> None:
    ids = ids_of(run)
    made = resolve(run, "tag", ids[:1], tag="x")
    resolve(other, "tag", ids[:1], tag="x")
    for _ in range(2):  # taken back and made again
        made = undo(run, made.decision)
        assert "x" in tags_of(run, ids[0])
    last = (lambda: undo(run, made.decision), lambda: undo(other))
    for number, take_back in enumerate(last if first == "ours" else last[::-1]):
        take_back()
        assert ("x" in tags_of(run, ids[0])) is (number == 0)


def test_a_second_tag_is_known_as_ours_where_the_sample_was_saved_right_after(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decision field says ``tagged`` before and after."""
    ids = ids_of(run)
    resolve(run, "tag", ids[:2], tag="x")
    write, calls = write_labels.bulk_write, []

    def beside(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            outside(run, ids[1])  # so that it is tried again
        done = write(*args)
        if len(calls) == 1:
            outside(run, ids[0])
        return done

    monkeypatch.setattr(write_labels, "bulk_write", beside)
    assert resolve(run, "tag", ids[:2], tag="y").applied == 2
    monkeypatch.undo()
    undo(run)
    assert [tags_of(run, i) for i in ids[:2]] == [["train", "x"]] * 2


def test_a_second_tag_that_somebody_else_puts_on_meanwhile_stays(run: Run) -> None:
    ids = ids_of(run)
    resolve(run, "tag", ids[:1], tag="x")
    at("committed", lambda: outside(run, ids[0], **{"$addToSet": {"tags": "y"}}))
    resolve(run, "tag", ids[:1], tag="y")
    undo(run)
    assert tags_of(run, ids[0]) == ["train", "x", "y"]


def test_a_redone_tag_that_somebody_else_puts_on_meanwhile_stays(run: Run) -> None:
    ids = ids_of(run)
    resolve(run, "tag", ids[:1], tag="x")
    taken_back = undo(run)
    at("committed", lambda: outside(run, ids[0], **{"$addToSet": {"tags": "x"}}))
    redone = undo(run, taken_back.decision)
    undo(run, redone.decision)
    assert "x" in tags_of(run, ids[0])


# --- redone decisions -----------------------------------------------------------------------------


@pytest.mark.parametrize("named", [True, False])
def test_a_removal_that_was_redone_is_undone_as_the_sample_was_by_then(
    run: Run, other: Run, named: bool
) -> None:
    ids = ids_of(run)
    removed = resolve(run, "remove", ids[:2])
    taken_back = undo(run)
    outside(run, ids[0])  # saves its weight
    resolve(other, "confirm", ids[1:2])
    before = all_raw(run)
    undo(run, taken_back.decision)
    assert undo(run, removed.decision if named else None).applied == 2
    assert all_raw(run) == before
    assert current_state(other).decided(ids) == {ids[1]: "confirmed"}
    redone = undo(run, taken_back.decision)
    assert (redone.applied, samples_ids(run)) == (2, set(ids[2:]))


def test_a_tag_that_was_redone_over_that_of_another_stays_when_undone(run: Run) -> None:
    ids = ids_of(run)
    tagged = resolve(run, "tag", ids[:1], tag="x")
    taken_back = undo(run)
    outside(run, ids[0], **{"$addToSet": {"tags": "x"}})
    undo(run, taken_back.decision)
    undo(run, tagged.decision)
    assert tags_of(run, ids[0]) == ["train", "x"]


# --- fields that vanish ---------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["deconfuse_decision", "ground_truth"])
@pytest.mark.parametrize("renamed", [True, False])
def test_a_decision_amid_the_deletion_of_a_field_is_mended_by_the_next(
    run: Run, monkeypatch: pytest.MonkeyPatch, field: str, renamed: bool
) -> None:
    """FiftyOne takes the field off the samples first, and off the schema afterwards."""
    ids, theirs = ids_of(run), fo.load_dataset(run.dataset.name)
    document = theirs._sample_doc_cls
    name = "_rename_fields_simple" if renamed else "_delete_fields_simple"
    change = getattr(document, name)

    def and_a_decision(*args: Any) -> None:
        change(*args)
        resolve(run, "relabel", ids[:1], label="new")

    monkeypatch.setattr(document, name, and_a_decision)
    if renamed:
        theirs.rename_sample_field(field, "elsewhere")
    else:
        theirs.delete_sample_field(field)
    monkeypatch.undo()
    # Another run on the dataset decides next: its label field is there.
    run.dataset.reload()
    run.dataset.add_sample_field(
        "second", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification
    )
    other = create_run(run.dataset, "other", "second")
    assert resolve(other, "confirm", ids[1:2]).applied == 1
    assert undeclared_fields(run.dataset) == {}


# --- evidence, and what is left over --------------------------------------------------------------

CONFIRMED = slot("run_decision", MISSING, "confirmed")
RELABELLED = slot("gt.label", "ant", "bee")


@pytest.mark.parametrize(
    ("change", "document", "expected"),
    [
        ({"slots": [CONFIRMED]}, {"run_decision": "confirmed"}, True),
        ({"slots": [CONFIRMED]}, {}, False),
        ({"slots": [CONFIRMED], "add_tag": "x"}, {"tags": ["x"]}, False),
        # Somebody deleted the decision field since: the label is the witness.
        ({"slots": [CONFIRMED, RELABELLED]}, {"gt": {"label": "bee"}}, True),
        # Somebody gave it another label since: the decision field is.
        ({"slots": [CONFIRMED, RELABELLED]}, {"run_decision": "confirmed"}, True),
        ({"slots": [RELABELLED]}, {"gt": {"label": "ant"}}, False),
        ({"slots": [], "add_tag": "x"}, {"tags": ["x"]}, True),
        ({"slots": [], "add_tag": "x"}, {"tags": None}, False),
        ({"slots": [], "pull_tag": "x"}, {"tags": ["x"]}, False),
        ({"slots": []}, {}, None),
    ],
)
def test_what_tells_that_a_change_was_made(
    change: dict[str, Any], document: dict[str, Any], expected: bool | None
) -> None:
    assert shows(change, document, "run_decision") is expected


def test_what_is_kept_of_a_dataset_made_during_a_sweep_stays(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[bool] = []
    made: list[Run] = []
    names = own_collections()

    class Names(tuple[str, ...]):
        def __iter__(self) -> Iterator[str]:
            yield self[0]
            if not begun:
                begun.append(True)
                made.append(make_run(3, run_key="new"))
                resolve(made[0], "confirm", ids_of(made[0])[:1])
            yield from self[1:]

    monkeypatch.setattr(runs, "own_collections", lambda: Names(names))
    runs.sweep()
    monkeypatch.undo()
    assert len(applied_headers(made[0])) == 1
    made[0].dataset.delete()
