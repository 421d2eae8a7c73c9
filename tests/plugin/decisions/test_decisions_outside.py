"""Decisions beside others: an outside writer, a lost reply, another run, a second click."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import fiftyone as fo
import pytest
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo.errors import AutoReconnect

from plugin.decisions import (
    journal,
    lock,
    plan,
    remove_samples,
    restore_samples,
    steps,
    write_labels,
)
from plugin.decisions.journal import applied_headers, entries, entries_of, headers, heads
from plugin.decisions.lock import Lock, LockLost, take_lock
from plugin.decisions.recovery import recover_abandoned
from plugin.decisions.resolve import resolve
from plugin.decisions.state import current_state
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.store.runs import Run, create_run
from plugin.store.samples import samples_of
from tests.plugin.decided import all_raw, ids_of, labels_of, make_iteration

pytestmark = pytest.mark.slow


def outside(run: Run, sample_id: str, **update: Any) -> None:
    """What FiftyOne's own writing of a sample comes to."""
    change = update or {"$set": {"weight": 99.0}}
    now = datetime.now(UTC).replace(tzinfo=None)
    change["$set"] = {**change.get("$set", {}), "last_modified_at": now}
    samples_of(run.dataset).update_one({"_id": ObjectId(sample_id)}, change)


def at(step: str, act: Callable[[], Any]) -> None:
    left = [act]

    def reached(name: str) -> None:
        if name == step and left:
            left.pop()()

    steps.reached = reached


def tags_of(run: Run, sample_id: str) -> Any:
    return samples_of(run.dataset).find_one({"_id": ObjectId(sample_id)})["tags"]


# --- an outside writer ----------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["entries", "committed", "chunk", "delete"])
def test_a_removal_goes_on_when_another_field_is_saved_meanwhile(run: Run, step: str) -> None:
    ids = ids_of(run)
    at(step, lambda: outside(run, ids[0]))
    made = resolve(run, "remove", ids[:2])
    assert (made.applied, made.conflict_count) == (2, 0)
    assert set(ids_of(run)) == set(ids[2:])
    back = undo(run)
    assert (back.applied, back.conflict_count) == (2, 0)
    found = samples_of(run.dataset).find_one({"_id": ObjectId(ids[0])})
    assert found["weight"] == 99.0, "what the outside writer saved comes back too"


def test_a_sample_relabelled_between_mark_and_deletion_stays(run: Run) -> None:
    ids = ids_of(run)
    at("delete", lambda: outside(run, ids[0], **{"$set": {"ground_truth.label": "theirs"}}))
    made = resolve(run, "remove", ids[:2])
    assert (made.applied, made.conflict_count) == (1, 1)
    assert made.conflicts[0]["reason"] == "relabeled"
    assert labels_of(run)[ids[0]] == "theirs"
    assert current_state(run).counts()["by_kind"]["removed"] == 1


def test_a_document_that_grew_too_large_to_be_kept_is_not_removed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ids_of(run)
    monkeypatch.setattr(remove_samples, "LARGEST_DOCUMENT", 10_000)
    at("committed", lambda: outside(run, ids[0], **{"$set": {"weight": "x" * 20_000}}))
    made = resolve(run, "remove", ids[:2])
    assert (made.applied, [c["reason"] for c in made.conflicts]) == (1, ["too_large"])
    assert ids[0] in samples_ids(run)


def samples_ids(run: Run) -> set[str]:
    return {str(d["_id"]) for d in samples_of(run.dataset).find({}, {"_id": 1})}


def test_documents_up_to_15_mb_are_kept_and_larger_ones_left_alone(run: Run) -> None:
    ids, limit = ids_of(run), 15 * 1024 * 1024
    run.dataset.add_sample_field("blob", fo.StringField)
    size = len(all_raw(run, [ids[0]], whole=True)[ids[0]])
    room = limit - size - len(b"\x02blob\0") - 4 - 1
    for sample_id, length in ((ids[0], room), (ids[1], room + 1)):
        samples_of(run.dataset).update_one(
            {"_id": ObjectId(sample_id)}, {"$set": {"blob": "x" * length}}
        )
    assert len(all_raw(run, [ids[0]], whole=True)[ids[0]]) == limit
    made = resolve(run, "remove", ids[:2])
    assert (made.applied, [c["reason"] for c in made.conflicts]) == (1, ["too_large"])
    assert undo(run).applied == 1


def test_a_change_is_told_as_done_where_another_field_is_saved_right_after_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, write, calls = ids_of(run), write_labels.bulk_write, []

    def beside(collection: Any, operations: list[Any]) -> Any:
        calls.append(1)
        if len(calls) == 1:
            outside(run, ids[1])  # so that this one is tried again
        done = write(collection, operations)
        if len(calls) == 1:
            outside(run, ids[0])  # ours is written by now
        return done

    monkeypatch.setattr(write_labels, "bulk_write", beside)
    before = labels_of(run)
    made = resolve(run, "relabel", ids[:3], label="zoo")
    assert (made.applied, made.conflict_count) == (3, 0)
    assert [labels_of(run)[i] for i in ids[:3]] == ["zoo"] * 3
    assert undo(run).applied == 3
    assert labels_of(run) == before


def test_a_conflict_found_late_that_leaves_nothing_is_no_decision(run: Run) -> None:
    ids = ids_of(run)
    at("committed", lambda: outside(run, ids[0], **{"$set": {"ground_truth.label": "theirs"}}))
    made = resolve(run, "confirm", ids[:1])
    assert (made.decision, made.applied, made.conflict_count) == (None, 0, 1)
    assert current_state(run).counts()["reviewed"] == 0


# --- tags -----------------------------------------------------------------------------------------


def test_a_tag_that_somebody_else_puts_on_meanwhile_stays_after_undo(run: Run) -> None:
    ids = ids_of(run)
    at("committed", lambda: outside(run, ids[0], **{"$addToSet": {"tags": "x"}}))
    assert resolve(run, "tag", ids[:2], tag="x").applied == 2
    undo(run)
    assert (tags_of(run, ids[0]), tags_of(run, ids[1])) == (["train", "x"], ["train"])


def test_a_tag_that_somebody_else_takes_off_meanwhile_is_put_on(run: Run) -> None:
    ids = ids_of(run)
    outside(run, ids[0], **{"$addToSet": {"tags": "x"}})
    at("committed", lambda: outside(run, ids[0], **{"$pull": {"tags": "x"}}))
    assert resolve(run, "tag", ids[:1], tag="x").applied == 1
    assert tags_of(run, ids[0]) == ["train", "x"]
    undo(run)
    assert tags_of(run, ids[0]) == ["train"]


@pytest.mark.parametrize("first", [["train"], None])
def test_undo_of_a_tag_leaves_the_others_that_were_added_since(run: Run, first: Any) -> None:
    ids = ids_of(run)
    outside(run, ids[0], **{"$set": {"tags": first}})
    resolve(run, "tag", ids[:1], tag="x")
    outside(run, ids[0], **{"$addToSet": {"tags": "theirs"}})
    assert undo(run).applied == 1
    assert tags_of(run, ids[0]) == [*(first or []), "theirs"]


@pytest.mark.parametrize("first", [["train"], None])
@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_tag_that_two_runs_give_goes_with_the_last_of_them(
    run: Run, first: Any, order: tuple[str, str]
) -> None:
    runs = {key: create_run(run.dataset, key, "ground_truth") for key in ("a", "b")}
    for one in runs.values():
        make_iteration(one)
    ids = ids_of(run)
    outside(run, ids[0], **{"$set": {"tags": first}})
    for key in ("a", "b"):
        resolve(runs[key], "tag", ids[:1], tag="unclear")
    undo(runs[order[0]])
    assert tags_of(run, ids[0]) == [*(first or []), "unclear"]
    undo(runs[order[1]])
    assert (tags_of(run, ids[0]) or []) == (first or [])
    made = undo(runs[order[1]], str(applied_headers(runs[order[1]])[-1]["_id"]))  # done again
    assert made.applied == 1
    assert tags_of(run, ids[0]) == [*(first or []), "unclear"]


def test_a_tag_that_a_run_has_left_earlier_is_not_taken_for_ours(run: Run) -> None:
    a, b = (create_run(run.dataset, key, "ground_truth") for key in ("a", "b"))
    for one in (a, b):
        make_iteration(one)
    ids = ids_of(run)
    for one in (a, b):
        resolve(one, "tag", ids[:1], tag="x")
    undo(a)
    undo(b)
    outside(run, ids[0], **{"$addToSet": {"tags": "x"}})
    resolve(b, "tag", ids[:1], tag="x")
    undo(b)
    assert tags_of(run, ids[0]) == ["train", "x"], "it is the outside writer's"


# --- copies of a file -----------------------------------------------------------------------------


def test_a_removed_copy_of_a_file_comes_back_beside_the_other(run: Run) -> None:
    ids = ids_of(run)
    path = run.dataset[ids[0]].filepath
    for sample_id in ids[1:3]:
        outside(run, sample_id, **{"$set": {"filepath": path}})
    before = all_raw(run)
    resolve(run, "remove", ids[:2])
    assert undo(run).applied == 2
    assert all_raw(run) == before
    for sample_id in ids[:3]:
        resolve(run, "remove", [sample_id])
    assert [undo(run).applied for _ in range(3)] == [1, 1, 1]
    assert all_raw(run) == before


def test_a_file_that_was_added_again_since_keeps_the_removed_sample_out(run: Run) -> None:
    ids = ids_of(run)
    path = run.dataset[ids[0]].filepath
    resolve(run, "remove", ids[:1])
    run.dataset.add_sample(fo.Sample(filepath=path))
    back = undo(run)
    assert (back.applied, [c["reason"] for c in back.conflicts]) == (0, ["exists"])


# --- what a document can hold ---------------------------------------------------------------------


def test_a_document_with_bytes_that_are_no_text_is_removed_and_comes_back(run: Run) -> None:
    """Also one that no decision can handle stops no other, and never the dataset."""
    run.dataset.add_sample_field("dic", fo.DictField)
    run.dataset.add_sample_field("note", fo.StringField)
    ids = ids_of(run)
    spoil(run, ids[0], {"dic": {"bad": "QQQQ"}})
    spoil(run, ids[1], {"note": "QQQQ"})
    before = bytes_of(run)
    made = resolve(run, "remove", ids[:3])
    assert made.applied + made.conflict_count == 3
    assert ids[0] not in samples_ids(run)
    assert ids[2] not in samples_ids(run)
    undo(run)
    assert bytes_of(run) == before
    assert resolve(run, "confirm", ids[:4]).applied == 4
    assert current_state(run).counts()["reviewed"] == 4


def bytes_of(run: Run) -> dict[ObjectId, bytes]:
    """Every document, also one that Python cannot read; without its time of change."""
    collection = samples_of(run.dataset)
    lenient = collection.codec_options.with_options(
        document_class=RawBSONDocument, unicode_decode_error_handler="replace"
    )
    found = collection.with_options(codec_options=lenient).find({}, {"last_modified_at": 0})
    return {document["_id"]: bytes(document.raw) for document in found}


def spoil(run: Run, sample_id: str, values: dict[str, Any]) -> None:
    """Write text into a document that is no UTF-8, as some other driver may."""
    collection = samples_of(run.dataset)
    raw = collection.codec_options.with_options(document_class=RawBSONDocument)
    collection = collection.with_options(codec_options=raw)
    collection.update_one({"_id": ObjectId(sample_id)}, {"$set": values})
    spoiled = bytes(collection.find_one({"_id": ObjectId(sample_id)}).raw)
    collection.delete_one({"_id": ObjectId(sample_id)})
    collection.insert_one(RawBSONDocument(spoiled.replace(b"QQQQ", b"\xff\xfeQQ")))


@pytest.mark.parametrize("action", ["relabel", "confirm", "remove", "undo"])
def test_an_error_after_the_commit_makes_a_conflict_and_locks_nobody_out(
    run: Run, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ids_of(run)
    poison = ObjectId(ids[0])
    if action == "undo":
        resolve(run, "remove", ids[:3])
    for module, name in (
        (write_labels, "as_seen"),
        (remove_samples, "as_seen"),
        (remove_samples, "kept_documents"),
        (restore_samples, "kept_documents"),
    ):
        known = getattr(module, name)

        def failing(*given: Any, known: Any = known, name: str = name) -> Any:
            if name == "as_seen" and given[1]["sample_id"] == poison:
                raise OverflowError("no such number")
            found = known(*given)
            if name == "kept_documents" and poison in found:
                found[poison] = b"\x05\x00\x00\x00\x01"
            return found

        monkeypatch.setattr(module, name, failing)
    if action == "undo":
        made = undo(run)
    else:
        made = resolve(run, action, ids[:3], label="zoo" if action == "relabel" else None)
    assert (made.applied, made.conflict_count) == (2, 1)
    assert made.conflicts[0]["sample_id"] == ids[0]
    assert made.conflicts[0]["reason"] == "error"
    monkeypatch.undo()
    assert resolve(run, "confirm", ids[4:5]).applied == 1
    current_state(run)


def test_what_fails_after_a_decision_is_not_told_as_its_failure(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any) -> None:
        raise RuntimeError("the counts cannot be written")

    monkeypatch.setattr("plugin.decisions.commit.follow_cies", broken)
    assert resolve(run, "confirm", ids_of(run)[:1]).applied == 1


# --- a reply that is lost -------------------------------------------------------------------------


def lease_ends(run: Run) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    lock._locks().update_one({"_id": run.owner["dataset_id"]}, {"$set": {"lease_until": long_ago}})


@pytest.mark.parametrize("action", ["remove", "relabel", "confirm"])
@pytest.mark.parametrize("applied", [True, False])
def test_nothing_is_deleted_when_the_reply_to_the_commit_is_lost(
    run: Run, action: str, applied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether another process has applied the decision before the writer hears of its error."""
    resolve(run, "confirm", ids_of(run)[5:])
    before, commit = all_raw(run), Lock.commit

    def unheard(held: Lock, decision: ObjectId) -> None:
        commit(held, decision)
        held.pending = None  # the writer does not know
        if applied:
            lease_ends(run)
            recover_abandoned(run)
        raise AutoReconnect("connection reset")

    monkeypatch.setattr(Lock, "commit", unheard)
    label = "zoo" if action == "relabel" else None
    made = resolve(run, action, ids_of(run)[:3], label=label)
    monkeypatch.undo()
    assert (made.applied, made.conflict_count) == (3, 0)
    header = applied_headers(run)[-1]
    assert str(header["_id"]) == made.decision
    assert len(list(entries_of(header["_id"]))) == 3
    back = undo(run)
    assert (back.undoes, back.applied) == (made.decision, 3)
    assert all_raw(run) == before


def test_a_commit_that_arrives_after_its_writer_gave_up_changes_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, commit, late = all_raw(run), Lock.commit, []

    def delayed(held: Lock, decision: ObjectId) -> None:
        if not late:
            late.append((held, decision))
            raise AutoReconnect("timed out")
        commit(held, decision)

    monkeypatch.setattr(Lock, "commit", delayed)
    made = resolve(run, "remove", ids_of(run)[:3])  # tried again, and done
    held, decision = late[0]
    with pytest.raises(LockLost):
        commit(held, decision)
    assert made.applied == 3
    assert decision not in {h["_id"] for h in applied_headers(run)}
    assert entries().count_documents({"decision": decision}) == 0
    undo(run)
    assert all_raw(run) == before


def test_discard_deletes_nothing_of_a_decision_that_counts(run: Run) -> None:
    made = resolve(run, "remove", ids_of(run)[:3])
    assert not journal.discard(ObjectId(made.decision))
    assert undo(run).applied == 3
    begun = ObjectId()
    headers().insert_one({"_id": begun, **run.owner, "state": "written", "seq": 7, "finisher": 8})
    assert not journal.discard(begun), "somebody has begun to apply it"


def test_two_locks_of_one_token_are_told_apart(run: Run) -> None:
    """After a crash of the database took the first one back, both can bear the same token."""
    first = take_lock(run.owner["dataset_id"])
    first.release()
    second = take_lock(run.owner["dataset_id"])
    first.token = second.token
    with pytest.raises(LockLost):
        first.commit(ObjectId())
    second.release()


def test_a_lease_given_under_a_clock_a_year_ahead_has_ended(run: Run) -> None:
    held = take_lock(run.owner["dataset_id"])
    elsewhere = {"host": "another machine", "pid": 1, "started": 0.0, "turn": "theirs"}
    far = datetime.now(UTC) + timedelta(days=365)
    query = {"_id": run.owner["dataset_id"]}
    lock._locks().update_one(query, {"$set": {"holder": elsewhere, "lease_until": far}})
    held.released = True
    assert resolve(run, "confirm", ids_of(run)[:1]).applied == 1
    assert current_state(run).counts()["reviewed"] == 1


# --- what counts ----------------------------------------------------------------------------------


def test_only_the_notes_of_the_one_that_finished_a_decision_count(run: Run) -> None:
    ids = ids_of(run)
    made = resolve(run, "confirm", ids[:2])
    header = headers().find_one({"_id": ObjectId(made.decision)})
    why = {"reason": "busy", "found": None}
    query = {"decision": header["_id"], "sample_id": ObjectId(ids[0])}
    other = f"lost.{header['finisher'] + 1}"
    entries().update_one(query, {"$set": {other: why}})
    assert set(heads(run, [ObjectId(i) for i in ids[:5]])) == {ObjectId(i) for i in ids[:2]}
    entries().update_one(query, {"$set": {f"lost.{header['finisher']}": why}})
    assert set(heads(run, [ObjectId(i) for i in ids[:5]])) == {ObjectId(ids[1])}


def test_one_that_took_over_does_not_mark_a_decision_for_the_one_before(run: Run) -> None:
    """The header becomes applied only by its finisher, who knows what was left alone."""
    ids = ids_of(run)

    def overtaken() -> None:
        newest = headers().find_one({**run.owner, "state": "written"})
        headers().update_one({"_id": newest["_id"]}, {"$inc": {"finisher": 1}})
        lease_ends(run)

    at("applied", overtaken)
    made = resolve(run, "confirm", ids[:2])
    assert made.applied == 2
    header = headers().find_one({"_id": ObjectId(made.decision)})
    assert header["finisher"] > header["seq"]


def test_a_decision_that_was_never_committed_stands_on_nothing(run: Run) -> None:
    ids = [ObjectId(i) for i in ids_of(run)]
    made = resolve(run, "confirm", [str(ids[0])])
    entry = entries().find_one({"decision": ObjectId(made.decision)}, {"_id": 0})
    uncommitted = {"_id": ObjectId(), **run.owner, "state": "written", "seq": 10**6}
    headers().insert_one({**uncommitted, "finisher": 10**6, "action": "relabel"})
    entries().insert_one({**entry, "decision": uncommitted["_id"], "seq": 10**6})
    assert heads(run, ids)[ids[0]]["decision"] == ObjectId(made.decision)


@pytest.mark.parametrize("action", ["confirm", "relabel", "tag", "remove"])
def test_eight_clicks_at_once_on_a_sample_are_one_decision(run: Run, action: str) -> None:
    ids, known, results = ids_of(run), len(applied_headers(run)), []
    options: dict[str, Any] = {"relabel": {"label": "zoo"}, "tag": {"tag": "x"}}.get(action, {})
    start = threading.Barrier(8)

    def click() -> None:
        start.wait()
        results.append(resolve(run, action, ids[:1], **options))

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [r for r in results if r.decision is not None]
    assert (len(made), len(applied_headers(run)) - known) == (1, 1)
    others = {r.conflicts[0]["reason"] for r in results if r.decision is None}
    assert others <= {"already", "deleted"}


def test_what_waited_for_the_same_decision_is_not_made_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, asked, tried, results = ids_of(run), threading.Barrier(3), lock._try, []
    waiting = threading.local()

    def trying(*args: Any) -> Any:
        found = tried(*args)
        if not hasattr(waiting, "since"):
            waiting.since = asked.wait(60)
        return found

    held = take_lock(run.owner["dataset_id"])
    monkeypatch.setattr(lock, "_try", trying)
    threads = [
        threading.Thread(target=lambda: results.append(resolve(run, "confirm", ids[:1])))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    asked.wait(60)
    held.release()
    for thread in threads:
        thread.join()
    first, other = sorted(results, key=lambda r: r.decision is None)
    assert (first.applied, other.decision) == (1, None)
    assert other.conflicts[0]["reason"] == "already"


def test_the_same_decision_made_again_later_is_another(run: Run) -> None:
    ids = ids_of(run)
    first, second = (resolve(run, "confirm", ids[:1]) for _ in range(2))
    assert None not in (first.decision, second.decision)
    assert plan.LARGEST_DOCUMENT == 15 * 1024 * 1024
    assert bson.decode(all_raw(run)[ids[0]])["deconfuse_decision"] == "confirmed"


def test_a_connection_lost_after_the_decision_does_not_make_it_twice(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*given: Any) -> Any:
        raise AutoReconnect("connection reset")

    ids = ids_of(run)
    monkeypatch.setattr("plugin.decisions.commit.follow_cies", lost)
    known = len(applied_headers(run))
    assert resolve(run, "confirm", ids[:1]).applied == 1
    assert len(applied_headers(run)) == known + 1


def test_a_connection_lost_before_the_commit_is_tried_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, left = ids_of(run), [1, 1]

    def lost(step: str) -> None:
        if step == "written" and left:
            left.pop()
            raise AutoReconnect("connection reset")

    monkeypatch.setattr(steps, "reached", lost)
    known = len(applied_headers(run))
    assert resolve(run, "confirm", ids[:1]).applied == 1
    assert len(applied_headers(run)) == known + 1
    assert headers().count_documents({**run.owner, "state": {"$ne": "applied"}}) == 0


def test_a_label_that_no_document_could_hold_is_refused(run: Run) -> None:
    before = all_raw(run)
    with pytest.raises(InputError, match="label must be a text of at most 100,000 characters"):
        resolve(run, "relabel", ids_of(run)[:1], label="x" * 17_000_000)
    assert all_raw(run) == before
