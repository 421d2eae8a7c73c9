"""Resolve and undo: what they do to the documents, to the byte, and what they refuse."""

import itertools
from collections.abc import Iterator
from typing import Any

import bson
import fiftyone as fo
import pytest
from bson import ObjectId
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plugin.decisions import journal
from plugin.decisions.changes import ACTIONS
from plugin.decisions.journal import ENTRIES, HEADERS, applied_headers, entries, headers
from plugin.decisions.resolve import resolve
from plugin.decisions.state import current_state
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.store.runs import Run
from tests.plugin.decided import all_raw, ids_of, labels_of, make_iteration, make_run

pytestmark = pytest.mark.slow

AWKWARD = [
    "a.b.c",
    "$set",
    "$ground_truth.label",
    "{$literal: 1}",
    'it\'s "quoted"',
    "<script>alert('x')</script>",
    "תפוח",
    "‮evil",
    "x" * 1000,
    "",
    " ",
    "=1+1",
    "'tis",
    "a\nb\tc\r\nd",
    "a\0b",
    "é" + "e\u0301",
    "🐈",
]
ODD_VALUES = {
    "int64": bson.Int64(3),
    "nan": float("nan"),
    "minus zero": -0.0,
    "decimal": bson.Decimal128("1.10"),
    "binary": bson.Binary(b"\0\1", 5),
    "uuid": bson.Binary(b"0123456789abcdef", 4),
    "far": bson.DatetimeMS(10**15),
    "nested": {"z": 1, "a": [None, {"$weird.key": 2}]},
    "regex": bson.Regex("^a", "i"),
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Run]:
    made = make_run(labels=[*("ant", "bee", "cat") * 4, None])
    made.dataset.add_sample_field("odd", fo.DictField)
    made.dataset.add_sample_field("deconfuse_cies", fo.IntField)
    collection: Any = made.dataset._sample_collection
    ids = [ObjectId(i) for i in ids_of(made)]
    collection.update_one({"_id": ids[0]}, {"$set": {"odd": ODD_VALUES}})
    collection.update_one({"_id": ids[1]}, {"$unset": {"tags": ""}})
    collection.update_one({"_id": ids[2]}, {"$set": {"tags": None}})
    collection.update_one({"_id": ids[3]}, {"$set": {"deconfuse_decision": None}})
    collection.update_one({"_id": ids[4]}, {"$unset": {"ground_truth": ""}})
    collection.update_one({"_id": ids[5]}, {"$set": {"ground_truth.label": None}})
    collection.update_one({"_id": ids[6]}, {"$unset": {"last_modified_at": ""}})
    collection.update_one({"_id": ids[7]}, {"$set": {"deconfuse_cies": 4}})
    yield made
    made.dataset.delete()


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_run(9)
    yield made
    made.dataset.delete()


def options(action: str, value: str = "new") -> dict[str, Any]:
    return {"relabel": {"label": value}, "tag": {"tag": value}}.get(action, {})


def document(run: Run, sample_id: str) -> dict[str, Any]:
    collection: Any = run.dataset._sample_collection
    return collection.find_one({"_id": ObjectId(sample_id)}, {"odd": 0})


@pytest.mark.parametrize("action", list(ACTIONS))
def test_undo_restores_every_document_to_the_byte(shared: Run, action: str) -> None:
    ids, before = ids_of(shared), all_raw(shared)
    made = resolve(shared, action, ids, **options(action))
    assert (made.applied, made.conflict_count) == (len(ids), 0)
    after = all_raw(shared)
    assert all(after.get(i) != before[i] for i in ids)
    back = undo(shared)
    assert (back.undoes, back.applied, back.conflict_count) == (made.decision, len(ids), 0)
    assert all_raw(shared) == before
    again = undo(shared, back.decision)
    assert again.applied == len(ids)
    assert all_raw(shared) == after
    undo(shared)
    assert all_raw(shared) == before


def test_every_stack_of_two_actions_comes_back_to_the_byte(shared: Run) -> None:
    ids, before = ids_of(shared), all_raw(shared)
    for first, second in itertools.product(["relabel", "confirm", "tag"], ACTIONS):
        one = resolve(shared, first, ids, **options(first, "one"))
        between = all_raw(shared)
        two = resolve(shared, second, ids[3:], **options(second, "two"))
        with pytest.raises(InputError, match=f"on 10 of its samples, {two.decision}"):
            undo(shared, one.decision)
        undo(shared, two.decision)
        assert all_raw(shared) == between
        undo(shared, one.decision)
        assert all_raw(shared) == before


@settings(max_examples=15, deadline=None)
@given(st.text())
@pytest.mark.parametrize("action", ["relabel", "tag"])
def test_any_text_survives(shared: Run, action: str, text: str) -> None:
    if action == "tag" and not text:
        return
    ids, before = ids_of(shared)[:6], all_raw(shared)
    made = resolve(shared, action, ids, **options(action, text), note=text[:50], author=text[:50])
    assert made.applied == len(ids)
    for sample_id in ids:
        found = document(shared, sample_id)
        assert (
            found["ground_truth"]["label"] == text if action == "relabel" else text in found["tags"]
        )
    assert applied_headers(shared)[-1]["note"] == text[:50]
    undo(shared)
    assert all_raw(shared) == before


for _text in AWKWARD:
    test_any_text_survives = example(text=_text)(test_any_text_survives)


def test_relabel_keeps_the_id_tags_and_attributes_of_the_label(run: Run) -> None:
    sample_id = ids_of(run)[0]
    before = document(run, sample_id)
    resolve(run, "relabel", [sample_id], label="dog", note="blurred", author="ann")
    after = document(run, sample_id)
    assert after["ground_truth"] == {**before["ground_truth"], "label": "dog"}
    assert after["deconfuse_decision"] == "relabeled"
    assert after["last_modified_at"] > before["last_modified_at"]
    assert run.dataset.get_field("deconfuse_decision") is not None
    (header,) = applied_headers(run)
    (entry,) = entries().find({"decision": header["_id"]})
    assert (entry["label_before"], entry["label_after"]) == ("ant", "dog")
    kept = {name: header[name] for name in ("author", "note", "action", "iteration", "label")}
    assert kept == {
        "author": "ann",
        "note": "blurred",
        "action": "relabel",
        "iteration": 1,
        "label": "dog",
    }


def test_a_sample_without_a_label_can_be_given_one(run: Run) -> None:
    collection: Any = run.dataset._sample_collection
    collection.update_one({"_id": ObjectId(ids_of(run)[0])}, {"$set": {"ground_truth": None}})
    resolve(run, "relabel", ids_of(run)[:1], label="dog", expected_label={ids_of(run)[0]: None})
    label: Any = run.dataset[ids_of(run)[0]]["ground_truth"]
    assert (label.label, label.tags) == ("dog", [])
    assert len(label.id) == 24


def test_samples_in_memory_follow(run: Run) -> None:
    first, second = (run.dataset[i] for i in ids_of(run)[:2])
    resolve(run, "relabel", [first.id], label="dog")
    assert first["ground_truth"].label == "dog"
    assert first["deconfuse_decision"] == "relabeled"
    resolve(run, "remove", [second.id])
    assert not second.in_dataset
    undo(run)
    undo(run)
    assert first["ground_truth"].label == "ant"
    assert first["deconfuse_decision"] is None


def test_the_media_file_of_a_removed_sample_stays(dataset: Any) -> None:
    from pathlib import Path

    from plugin.store.runs import create_run

    data = dataset(4)
    run = create_run(data, "deconfuse", "ground_truth")
    file = Path(data.first().filepath)
    resolve(run, "remove", [data.first().id])
    assert len(data) == 3
    assert file.is_file()
    assert applied_headers(run)[0]["iteration"] is None


def test_the_expected_label_guards_each_sample(run: Run) -> None:
    ids = ids_of(run)
    made = resolve(run, "confirm", ids[:4], expected_label="ant")
    assert made.applied == 2
    assert made.conflict_count == 2
    assert [c["found"] for c in made.conflicts] == ["bee", "cat"]
    seen = {ids[4]: "bee", ids[5]: "wrong", ids[6]: "ant"}
    made = resolve(run, "relabel", ids[4:7], label="dog", expected_label=seen)
    assert made.applied == 2
    assert made.conflicts == (
        {"sample_id": ids[5], "reason": "relabeled", "expected": "wrong", "found": "cat"},
    )
    assert labels_of(run)[ids[5]] == "cat"


def test_unknown_samples_are_reported_and_no_empty_decision_is_made(run: Run) -> None:
    gone = str(ObjectId())
    made = resolve(run, "confirm", [gone])
    assert (made.decision, made.applied, made.conflict_count) == (None, 0, 1)
    assert made.conflicts[0]["reason"] == "deleted"
    assert headers().count_documents(run.owner) == 0
    assert entries().count_documents(run.owner) == 0
    assert resolve(run, "confirm", [gone, ids_of(run)[0]]).applied == 1


def test_many_conflicts_are_counted_exactly_and_named_in_part(run: Run) -> None:
    made = resolve(run, "confirm", [str(ObjectId()) for _ in range(250)])
    assert made.conflict_count == 250
    assert len(made.conflicts) == len(made.to_dict()["conflicts"]) == 100


def test_undo_leaves_alone_what_was_relabelled_outside_since(run: Run) -> None:
    ids = ids_of(run)
    made = resolve(run, "relabel", ids[:3], label="dog")
    sample: Any = run.dataset[ids[1]]
    sample["ground_truth"].label = "outside"
    sample.save()
    back = undo(run)
    assert (back.applied, back.conflict_count) == (2, 1)
    assert back.conflicts[0] == {
        "sample_id": ids[1],
        "reason": "relabeled",
        "expected": "dog",
        "found": "outside",
    }
    assert current_state(run).decided(ids) == {ids[1]: "relabeled"}
    sample["ground_truth"].label = "dog"
    sample.save()
    assert undo(run, made.decision).applied == 1
    assert labels_of(run)[ids[1]] == "bee"


def test_undo_of_a_removal_does_not_put_a_second_sample_beside_a_new_one(run: Run) -> None:
    ids = ids_of(run)
    file = run.dataset[ids[0]].filepath
    resolve(run, "remove", ids[:2])
    run.dataset.add_sample(fo.Sample(filepath=file))
    back = undo(run)
    assert (back.applied, back.conflict_count) == (1, 1)
    assert back.conflicts[0]["reason"] == "exists"
    assert ids[0] not in ids_of(run)
    assert ids[1] in ids_of(run)


def test_undo_goes_back_decision_by_decision(run: Run) -> None:
    ids = ids_of(run)
    made = [resolve(run, "confirm", [i]).decision for i in ids[:3]]
    assert [undo(run).undoes for _ in made] == made[::-1]
    with pytest.raises(InputError, match="no decision that could be undone"):
        undo(run)


def test_what_was_taken_back_in_part_blocks_nothing_once_what_lay_below_is_gone(run: Run) -> None:
    """The rest of a decision can be undone, though its first part lies bare by now."""
    before = labels_of(run)
    first, second = ids_of(run)[:2]
    below = resolve(run, "relabel", [first], label="wasp")
    above = resolve(run, "relabel", [first, second], label="bee")
    path = {"$set": {"ground_truth.label": "moth"}}
    run.dataset._sample_collection.update_one({"_id": ObjectId(second)}, path)
    part = undo(run, above.decision)
    assert (part.applied, part.conflict_count) == (1, 1)
    assert undo(run, below.decision).applied == 1
    path = {"$set": {"ground_truth.label": "bee"}}
    run.dataset._sample_collection.update_one({"_id": ObjectId(second)}, path)
    assert undo(run).applied == 1
    assert labels_of(run) == before
    with pytest.raises(InputError, match="no decision"):
        undo(run)


def test_what_was_done_again_in_part_can_be_undone(run: Run) -> None:
    before, ids = labels_of(run), ids_of(run)[:2]
    made = resolve(run, "relabel", ids, label="wasp")
    back = undo(run, made.decision)
    collection, one = run.dataset._sample_collection, {"_id": ObjectId(ids[1])}
    collection.update_one(one, {"$set": {"ground_truth.label": "moth"}})
    again = undo(run, back.decision)
    assert (again.applied, again.conflict_count) == (1, 1)
    collection.update_one(one, {"$set": {"ground_truth.label": before[ids[1]]}})
    assert undo(run).undoes == made.decision
    assert labels_of(run) == before


def test_what_stands_in_part_after_several_undos_is_found(run: Run) -> None:
    """Each undo turns the one before it round, the last of them only on one of two samples."""
    before, ids = labels_of(run), ids_of(run)[:2]
    made = resolve(run, "relabel", ids, label="wasp")
    again = undo(run, undo(run, made.decision).decision)
    collection, one = run.dataset._sample_collection, {"_id": ObjectId(ids[1])}
    collection.update_one(one, {"$set": {"ground_truth.label": "moth"}})
    part = undo(run, again.decision)
    assert (part.applied, part.conflict_count) == (1, 1)
    collection.update_one(one, {"$set": {"ground_truth.label": "wasp"}})
    assert undo(run).undoes == made.decision
    assert labels_of(run) == before


def test_what_one_undo_of_two_did_again_is_found(run: Run) -> None:
    before, ids = labels_of(run), ids_of(run)[:2]
    made = resolve(run, "relabel", ids, label="wasp")
    back = undo(run, made.decision)
    undo(run, back.decision)
    assert undo(run, made.decision).undoes == made.decision
    undo(run, back.decision)
    assert {labels_of(run)[i] for i in ids} == {"wasp"}
    assert undo(run).undoes == made.decision
    assert labels_of(run) == before


def test_undo_in_another_order_where_samples_differ(run: Run) -> None:
    ids, before = ids_of(run), all_raw(run)
    one = resolve(run, "relabel", ids[:2], label="x")
    resolve(run, "relabel", ids[2:4], label="y")
    undo(run, one.decision)
    with pytest.raises(InputError, match="already undone"):
        undo(run, one.decision)
    undo(run)
    assert all_raw(run) == before


def test_an_author_takes_back_their_own_last_decision(run: Run) -> None:
    ids = ids_of(run)
    anns = resolve(run, "confirm", ids[:1], author="ann")
    bobs = resolve(run, "confirm", ids[1:2], author="bob")
    assert undo(run, author="ann").undoes == anns.decision
    with pytest.raises(InputError, match="no decision of 'ann'"):
        undo(run, author="ann")
    assert undo(run, bobs.decision, author="ann").applied == 1


def test_two_runs_on_one_label_see_each_other_as_outsiders(run: Run) -> None:
    from plugin.store.runs import create_run

    other = create_run(run.dataset, "second", "ground_truth")
    ids = ids_of(run)
    resolve(run, "relabel", ids[:2], label="x")
    theirs = resolve(other, "relabel", ids[:1], label="y")
    assert undo(run).conflict_count == 1
    undo(other, theirs.decision)
    assert labels_of(run)[ids[0]] == "x"


def test_decisions_stand_across_iterations(run: Run) -> None:
    ids = ids_of(run)
    resolve(run, "relabel", ids[:2], label="bee")
    resolve(run, "remove", ids[2:3])
    make_iteration(run, seed=7)
    state = current_state(run)
    assert state.iteration.number == 2
    assert state.decided(ids) == {
        ids[0]: "relabeled",
        ids[1]: "relabeled",
        ids[2]: "removed",
    }
    assert resolve(run, "confirm", ids[3:4]).iteration == 2


def test_many_samples_go_in_chunks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SAMPLES_PER_CHUNK", 2)
    monkeypatch.setattr(journal, "BYTES_PER_CHUNK", 100)
    ids, before = ids_of(run), all_raw(run)
    for action in ACTIONS:
        assert resolve(run, action, ids, **options(action)).applied == len(ids)
        assert undo(run).applied == len(ids)
        assert all_raw(run) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"action": "rename"},
            "action must be one of relabel, confirm, remove, tag, keep_all, got 'rename'",
        ),
        ({"action": None}, "action must be one of"),
        ({"action": "relabel"}, "action 'relabel' needs a label, got None"),
        ({"action": "relabel", "label": 3}, "needs a label, got 3"),
        ({"action": "relabel", "label": "\ud800"}, "label is no valid Unicode text"),
        ({"action": "confirm", "label": "x"}, "label goes with action 'relabel', not 'confirm'"),
        ({"action": "relabel", "label": "x", "tag": "y"}, "tag goes with action 'tag'"),
        ({"action": "tag"}, "action 'tag' needs a tag, got None"),
        ({"action": "tag", "tag": ""}, "tag must not be empty"),
        ({"sample_ids": []}, "sample_ids is empty"),
        ({"sample_ids": "64b7f0c2a1d3e4f5a6b7c800"}, "sample_ids must be a list"),
        ({"sample_ids": ["nonsense"]}, "sample_ids must hold sample ids, got 'nonsense'"),
        ({"sample_ids": [None]}, "sample_ids must hold sample ids, got None"),
        ({"expected_label": 3}, "expected_label must be a text, got 3"),
        ({"expected_label": {}}, "expected_label says nothing of sample"),
        ({"note": 3}, "note must be a text"),
        ({"note": "x" * 10_001}, "note must be a text of at most 10000"),
        ({"author": 3}, "author must be a text"),
        ({"iteration": 9}, "has no iteration 9"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(
    run: Run, arguments: dict[str, Any], message: str
) -> None:
    before = all_raw(run)
    given = {"action": "confirm", "sample_ids": ids_of(run)[:2], **arguments}
    with pytest.raises(InputError, match=message.replace("'confirm'", ".*confirm.*")):
        resolve(run, given.pop("action"), given.pop("sample_ids"), **given)
    assert all_raw(run) == before
    assert headers().count_documents(run.owner) == 0


@pytest.mark.parametrize("decision", ["nonsense", 3, "0123456789abcdef01234567"])
def test_undo_names_a_decision_that_does_not_exist(run: Run, decision: Any) -> None:
    with pytest.raises(InputError, match=f"{decision!r}|no decision {decision}"):
        undo(run, decision)


def test_repeated_ids_count_once(run: Run) -> None:
    assert resolve(run, "confirm", ids_of(run)[:1] * 3).applied == 1


def test_the_journal_goes_with_its_run(run: Run) -> None:
    from fiftyone.core.odm import get_db_conn

    from plugin.store.database import own_collections
    from plugin.store.runs import delete_run

    resolve(run, "relabel", ids_of(run)[:2], label="stays")
    assert {HEADERS, ENTRIES} <= set(own_collections())
    delete_run(run)
    assert get_db_conn()[HEADERS].count_documents(run.owner) == 0
    assert get_db_conn()[ENTRIES].count_documents(run.owner) == 0
    assert list(labels_of(run).values()).count("stays") == 2
