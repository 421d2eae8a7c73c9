"""``request_second_opinion`` on objects: outlines judged blind, agreement, what is to settle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from bson import ObjectId

from plugin.audit.draw_objects import draw_object_audit
from plugin.audit.object_audits import SPURIOUS, open_object_audit
from plugin.audit.verdicts import RIGHT, WRONG
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.object_opinions.answers import open_object_opinion, settle_object
from plugin.object_opinions.request import people_of, request_object_opinion
from plugin.objects.fields import NOTHING
from plugin.objects.iteration import object_iteration
from plugin.objects.journal_votes import JournalVotes
from plugin.objects.resolve import resolve
from plugin.store.iterations import unpack_ids
from plugin.store.runs import Run
from plugin.store.samples import samples_of
from tests.plugin.objects_decided import (
    CLASSES,
    all_raw,
    ids_at,
    labels_at,
    make_iteration,
    make_objects,
    missing_ids_at,
)

pytestmark = pytest.mark.slow

NO = ""


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_objects(images=3)
    yield made
    made.dataset.delete()


@pytest.fixture
def ask(operator: Any, run: Run) -> Any:
    call = operator("request_second_opinion")
    return lambda *args, **given: call(run.dataset, *args, **given)


def class_now(run: Run, item: str) -> str | None:
    found = [d for s in range(3) for d in labels_at(run, s) if str(d["_id"]) == item]
    return found[0]["label"] if found else None


def test_a_part_of_somebodys_decisions_is_judged_and_compared(run: Run, ask: Any) -> None:
    labels, missing = ids_at(run, 0), missing_ids_at(run, 1)
    resolve(run, "confirm", labels[:2], author="ada")
    resolve(run, "relabel", labels[2:3], label="bee", author="ada")
    resolve(run, "remove", labels[3:4], author="ada")
    resolve(run, "add", missing[:1], label="cat", author="ada")
    resolve(run, "confirm", missing[1:], author="ada")
    resolve(run, "tag", labels[4:], tag="doubtful", author="ada")
    asked = ask("bob", decisions_of="ada")
    every = {*labels[:4], *missing}
    assert (asked["size"], set(asked["waiting"])) == (6, every)
    assert ask("eve", decisions_of="ada", n=2, seed=1)["size"] == 2
    assert ask("bob", label_ids=labels)["left_out"] == {"put to bob before": 4}
    own = ask("ada", label_ids=[*labels, *ids_at(run, 2)])
    assert own["left_out"] == {"decided on by ada": 4}
    # Agrees on four of six: what was removed is there, and what was added is nothing.
    first = {labels[0]: class_now(run, labels[0]), labels[1]: class_now(run, labels[1])}
    said = {**first, labels[2]: "bee", labels[3]: "ant", missing[0]: NOTHING, missing[1]: NOTHING}
    found = ask(request=asked["request"], answers=said)
    assert (found["answered"], found["agreed"], found["waiting"]) == (6, 4, [])
    assert found["low"] < found["kappa"] < found["high"]
    differ = {d["label_id"]: (d["first"], d["second"], d["now"]) for d in found["disagreements"]}
    assert differ == {
        labels[3]: (NOTHING, "ant", NOTHING),
        missing[0]: ("cat", NOTHING, "cat"),
    }
    assert class_now(run, missing[0]) == "cat", "an answer changes no label"


def test_kappa_is_over_the_classes_and_nothing(run: Run, ask: Any) -> None:
    labels, missing = ids_at(run, 0), missing_ids_at(run, 0)
    asked = ask("bob", label_ids=[*labels[:2], *missing])
    now = [str(class_now(run, i)) for i in labels[:2]]
    answers = {labels[0]: now[0], labels[1]: NOTHING, missing[0]: NOTHING, missing[1]: NOTHING}
    found = ask(answers=answers)
    # po = 3/4; pe = 1/4·1/4 of the first class + 2/4·3/4 of nothing = 7/16
    assert found["kappa"] == pytest.approx((3 / 4 - 7 / 16) / (1 - 7 / 16))
    assert asked["size"] == 4


def test_a_cell_with_its_missing_or_spurious_objects(run: Run, ask: Any) -> None:
    iteration = object_iteration(run)
    for row, column in ((len(CLASSES), 0), (1, len(CLASSES))):
        where = iteration.cell_slice(row, column)
        ids = set(unpack_ids(iteration.column("item_id", where.start, where.stop)))
        names = ([*CLASSES, "(no label)"][row], [*CLASSES, NOTHING][column])
        if ids:
            asked = ask(f"bob {row}", label=names[0], prediction=names[1])
            assert set(asked["waiting"]) == ids
    with pytest.raises(InputError, match="no class 'wasp'"):
        request_object_opinion(run, "bob", cell=("wasp", "ant"))


def test_what_is_decided_in_a_cell_is_not_asked(run: Run, ask: Any) -> None:
    iteration = object_iteration(run)
    cells = iteration.cells
    at = int(np.argmax(cells.count))
    row, column = int(cells.label[at]), int(cells.prediction[at])
    where = iteration.cell_slice(row, column)
    ids = unpack_ids(iteration.column("item_id", where.start, where.stop))
    assert len(ids) > 1
    cell = {
        "label": [*CLASSES, "(no label)"][row],
        "prediction": [*CLASSES, NOTHING][column],
    }
    resolve(run, "confirm", ids[:1], author="ada")
    assert set(ask("bob", **cell)["waiting"]) == set(ids[1:])


def test_only_decisions_that_stand_on_top_are_somebodys(run: Run, ask: Any) -> None:
    labels = ids_at(run, 0)
    resolve(run, "confirm", labels[:2], author="ada")
    resolve(run, "relabel", labels[:1], label="bee", author="eve")
    assert ask("bob", decisions_of="ada")["waiting"] == [labels[1]]
    assert people_of(run) == {"ada": 1, "eve": 1, "bob": 0}


def test_what_cannot_be_judged_is_left_out_and_said(run: Run, ask: Any) -> None:
    outline, unnamed, deleted, fine, _ = ids_at(run, 0)
    resolve(run, "confirm", [deleted], author="ada")
    path = f"{run.label_field}.detections"
    for item, field in ((outline, "bounding_box"), (unnamed, "label")):
        which = {f"{path}._id": ObjectId(item)}
        samples_of(run.dataset).update_one(which, {"$set": {f"{path}.$.{field}": None}})
    samples_of(run.dataset).update_many({}, {"$pull": {path: {"_id": ObjectId(deleted)}}})
    asked = ask("bob", label_ids=[outline, unnamed, deleted, fine])
    assert asked["waiting"] == [fine]
    assert asked["left_out"] == {
        "without an outline": 1,
        "without a label": 1,
        "not in the dataset": 1,
    }


def test_what_was_deleted_in_fiftyone_is_not_taken_for_removed(run: Run, ask: Any) -> None:
    deleted, removed, answered = ids_at(run, 0)[:3]
    resolve(run, "confirm", [deleted, removed, answered], author="ada")
    ask("bob", label_ids=[deleted, removed, answered])
    ask(answers={answered: NOTHING})
    path = f"{run.label_field}.detections"
    both = {"$in": [ObjectId(deleted), ObjectId(answered)]}
    samples_of(run.dataset).update_many({}, {"$pull": {path: {"_id": both}}})
    resolve(run, "remove", [removed], author="eve")
    found = ask()
    assert (found["gone"], found["waiting"]) == (1, [removed])
    (one,) = found["disagreements"]
    assert (one["label_id"], one["now"]) == (answered, None)
    opinion = open_object_opinion(run)
    place = next(i.place for i in opinion.items if str(i.unit_id) == answered)
    with pytest.raises(InputError, match="deleted meanwhile"):
        settle_object(opinion, place, NO)


def test_a_decision_is_the_last_word_of_who_answered_and_nobody_has_none(
    run: Run, ask: Any
) -> None:
    decided, answered, unclear, nobody, _ = ids_at(run, 0)
    items = [decided, answered, unclear]
    ask("bob", label_ids=items)
    ask(answers={decided: "cat", answered: NOTHING, unclear: None})
    resolve(run, "remove", [decided], author="bob")
    resolve(run, "confirm", [nobody], author="")
    said = [one for some in JournalVotes(run).said.values() for one in some]
    assert {(one.item_id, one.who): one.label for one in said} == {
        (decided, "bob"): None,
        (answered, "bob"): None,
    }
    assert len(said) == 2


def test_the_outline_of_what_was_removed_is_where_it_was_last(run: Run, ask: Any) -> None:
    moved, left, *_ = ids_at(run, 0)
    (added, _), box = missing_ids_at(run, 0), [0.5, 0.5, 0.25, 0.25]
    stood = next(d["bounding_box"] for d in labels_at(run, 0) if str(d["_id"]) == left)
    resolve(run, "move", [moved], box=box, author="ada")
    resolve(run, "add", [added], label="bee", box=box, author="ada")
    resolve(run, "remove", [moved, left, added], author="ada")
    ask("bob", label_ids=[moved, left, added])
    asked = {str(item.unit_id): item for item in open_object_opinion(run).items}
    assert {i: one.box for i, one in asked.items()} == {moved: box, left: stood, added: box}
    assert {one.first for one in asked.values()} == {NO}


SETTLED = (
    ("confirm", "bee", "bee", "relabel", "bee"),
    ("confirm", NO, NO, "remove", None),
    ("confirm", "bee", "ant", "confirm", "ant"),
    ("remove", "bee", "bee", "add", "bee"),
    ("remove", "ant", NO, "remove", None),
    ("add", NO, NO, "remove", None),
    ("dismiss", "cat", "cat", "add", "cat"),
    ("dismiss", "cat", NO, "confirm", None),
)
"""What ada did, what bob said, what is right, the decision that makes it so, and the class then."""


def test_settling_is_a_decision_that_undo_takes_back(run: Run, ask: Any) -> None:
    ants = [i for s in range(3) for i in ids_at(run, s) if class_now(run, i) == "ant"]
    missing = [i for s in range(3) for i in missing_ids_at(run, s)]
    for number, (before, said, right, action, after) in enumerate(SETTLED):
        item = ants.pop() if before in ("confirm", "remove") else missing.pop()
        done = "confirm" if before == "dismiss" else before
        resolve(run, done, [item], label="ant" if done == "add" else None, author="ada")
        ask(f"bob {number}", label_ids=[item])
        ask(answers={item: said or NOTHING})
        held = all_raw(run)
        one = ask()["disagreements"][0]
        assert (one["label_id"], one["settled"]) == (item, False)
        made = settle_object(open_object_opinion(run), 0, right, author="carl")
        assert (made.action, made.applied, made.conflict_count) == (action, 1, 0), number
        assert made.label == (right if action in ("relabel", "add") else None)
        assert class_now(run, item) == after
        one = ask()["disagreements"][0]
        assert (one["settled"], one["now"]) == (True, after or NOTHING)
        assert undo(run, made.decision).applied == 1
        assert all_raw(run) == held, number
        assert not ask()["disagreements"][0]["settled"]


def test_what_no_iteration_proposes_any_more_is_settled_too(run: Run, ask: Any) -> None:
    there, absent = missing_ids_at(run, 0)
    ask("bob", label_ids=[there, absent])
    ask(answers={there: "bee", absent: "bee"})
    make_iteration(run, missing=0)
    assert missing_ids_at(run, 0) == []
    held = all_raw(run)
    opinion = open_object_opinion(run)
    items = {str(item.unit_id): item for item in opinion.items}
    made = settle_object(opinion, items[there].place, "bee", author="carl")
    assert (made.action, made.applied, made.conflicts) == ("add", 1, ())
    assert class_now(run, there) == "bee"
    (added,) = [d for d in labels_at(run, 0) if str(d["_id"]) == there]
    assert added["bounding_box"] == items[there].box
    dismissed = settle_object(opinion, items[absent].place, NO, author="carl")
    assert (dismissed.action, dismissed.applied) == ("confirm", 1)
    assert all(one["settled"] for one in ask()["disagreements"])
    undo(run, dismissed.decision)
    undo(run, made.decision)
    assert all_raw(run) == held
    assert not any(one["settled"] for one in ask()["disagreements"])


def test_a_label_that_is_put_back_keeps_what_it_held(run: Run, ask: Any) -> None:
    item = ids_at(run, 2)[1]
    held = next(d for d in labels_at(run, 2) if str(d["_id"]) == item)
    resolve(run, "remove", [item], author="ada")
    ask("bob", label_ids=[item])
    ask(answers={item: "cat"})
    settle_object(open_object_opinion(run), 0, "cat")
    back = next(d for d in labels_at(run, 2) if str(d["_id"]) == item)
    for name in ("annotator", "index", "bounding_box", "tags"):
        assert back[name] == held[name], name
    assert (back["label"], back["deconfuse_decision"]) == ("cat", "added")


@pytest.mark.parametrize(("right", "verdict"), [("ant", RIGHT), ("bee", WRONG), (NO, SPURIOUS)])
def test_an_audit_counts_what_a_removal_was_settled_as(
    run: Run, ask: Any, right: str, verdict: int
) -> None:
    item = next(i for i in ids_at(run, 0) if class_now(run, i) == "ant")
    audit = draw_object_audit(run, 100, 0, seed=1)
    place = unpack_ids(audit.record.item_id).index(item)
    resolve(run, "remove", [item], author="ada")
    ask("bob", label_ids=[item])
    ask(answers={item: "cat"})
    settle_object(open_object_opinion(run), 0, right)
    now = open_object_audit(run)
    assert now is not None
    assert now.item_verdict[place] == verdict


def test_what_changed_meanwhile_is_said_and_not_written_over(run: Run, ask: Any) -> None:
    items = ids_at(run, 0)[:3]
    ask("bob", label_ids=items)
    names = {i: str(class_now(run, i)) for i in items}
    other = {i: CLASSES[(CLASSES.index(names[i]) + 1) % 3] for i in items}
    third = {i: CLASSES[(CLASSES.index(names[i]) + 2) % 3] for i in items}
    path = f"{run.label_field}.detections"
    taken = {"$pull": {path: {"_id": ObjectId(items[0])}}}
    samples_of(run.dataset).update_many({}, taken)
    found = ask()
    assert (found["gone"], set(found["waiting"])) == (1, set(items[1:]))
    ask(answers={i: other[i] for i in items[1:]})
    resolve(run, "relabel", [items[1]], label=third[items[1]], author="eve")
    differ = {d["label_id"]: d for d in ask()["disagreements"]}
    assert (differ[items[1]]["relabelled"], differ[items[1]]["settled"]) == (True, True)
    opinion = open_object_opinion(run)
    place = {str(i.unit_id): i.place for i in opinion.items}
    late = settle_object(
        opinion, place[items[1]], other[items[1]], expected=names[items[1]], author="carl"
    )
    assert (late.applied, late.conflicts[0]["reason"]) == (0, "relabeled")
    assert class_now(run, items[1]) == third[items[1]]
    with pytest.raises(InputError, match="do not disagree on the object"):
        settle_object(opinion, place[items[0]], "ant")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"to": "bob"}, "one of label_ids, label and prediction"),
        ({"to": "bob", "sample_ids": ["0" * 24]}, "is on objects. Give label_ids"),
        ({"to": "bob", "label_ids": ["x"]}, "must hold label ids, got 'x'"),
        ({"to": "bob", "label_ids": ["0" * 24]}, "no object to ask bob about: 1 not in the iter"),
        ({"to": "bob", "decisions_of": "eve"}, "no label that 'eve' gave or confirmed stands"),
        ({"answers": {"0" * 24: "ant"}}, "no request for a second opinion yet"),
    ],
)
def test_bad_input_is_refused_in_words(run: Run, ask: Any, given: Any, says: str) -> None:
    with pytest.raises(Exception, match=says):
        ask(**given)


def test_answers_that_are_none_are_refused_and_nothing_is_kept(run: Run, ask: Any) -> None:
    items = ids_at(run, 0)[:2]
    ask("bob", label_ids=items)
    for answers, says in (
        ({items[0]: "ant", items[1]: ""}, "must be a class, '.nothing there.' or None, got ''"),
        ({items[0]: "ant", items[1]: "Ant"}, f"answer on object {items[1]}: .* mean 'ant'"),
        ({items[0]: "(Nothing there)"}, r"Did you mean '\(nothing there\)'"),
        ({items[0]: "ant", "0" * 24: "ant"}, "does not hold object"),
        ({items[0]: "ant", items[1]: 3}, "answers"),
    ):
        with pytest.raises(Exception, match=says):
            ask(answers=answers)
    assert ask()["answered"] == 0
    ask(answers={items[0]: None})
    with pytest.raises(Exception, match="has been answered already"):
        ask(answers={items[0]: "ant"})


def test_the_app_asks_about_selected_labels(run: Run, operator: Any, context: Any) -> None:
    items = ids_at(run, 0)[:3]
    ctx = context(run.dataset, "request_second_opinion", to="bob")
    ctx.request_params["selected_labels"] = [
        {"label_id": i, "sample_id": "", "field": "gt"} for i in items
    ]
    found = operator("request_second_opinion").execute(ctx)
    assert set(found["waiting"]) == set(items)
