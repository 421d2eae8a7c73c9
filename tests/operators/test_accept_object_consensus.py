"""Accepting the consensus in bulk on objects: relabelled, removed, added, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from plugin.audit import object_consensus
from plugin.decisions.journal import headers
from plugin.objects.request import ObjectRequest
from plugin.store.runs import load_run
from plugin.store.samples import samples_of
from tests.operators.test_object_votes import PEOPLE, made
from tests.traces import database_of

pytestmark = pytest.mark.slow

ACTS = ("relabel", "remove", "add")


@pytest.fixture
def drawn(dataset_name: str, operator: Any) -> Iterator[Any]:
    """Images on which three people drew, with an iteration of their votes."""
    dataset, planted, _ = made(dataset_name)
    operator("find_label_errors")(dataset, "gt", vote_fields=list(PEOPLE))
    dataset.reload()
    yield dataset, planted
    dataset.delete()


@pytest.fixture
def accept(operator: Any, drawn: Any) -> Any:
    dataset, _ = drawn
    return lambda *args, **given: operator("accept_consensus")(dataset, *args, **given)


def labels_of(dataset: Any) -> dict[str, tuple[str, list[float]]]:
    dataset.reload()
    return {d.id: (d.label, list(d.bounding_box)) for s in dataset for d in s.gt.detections}


def stored(dataset: Any) -> dict[Any, dict[str, Any]]:
    """The samples as they are in the database, without when they were written last."""
    found = samples_of(dataset).find({})
    return {d.pop("_id"): {k: v for k, v in d.items() if k != "last_modified_at"} for d in found}


def act_of(dataset: Any, before: dict[str, Any]) -> dict[str, set[str]]:
    """What became of labels, by act: their ids."""
    now = labels_of(dataset)
    return {
        "relabel": {i for i in before if i in now and now[i][0] != before[i][0]},
        "remove": set(before) - set(now),
        "add": set(now) - set(before),
    }


def test_it_is_previewed_checked_accepted_and_taken_back_to_the_byte(
    accept: Any, drawn: Any, operator: Any
) -> None:
    dataset, planted = drawn
    before, bytes_before = labels_of(dataset), stored(dataset)
    missing = {d.id: d for s in dataset for d in s.deconfuse_missing.detections}
    plan = accept(0.9)
    assert plan["labels"] == sum(plan["by_act"].values())
    assert set(plan["by_act"]) == set(ACTS)
    assert min(plan["by_act"].values()) > 2
    assert sum(one["labels"] for one in plan["changes"]) == plan["labels"]
    added = [one for one in plan["changes"] if one["label"] == "(no label)"]
    removed = [one for one in plan["changes"] if one["becomes"] == "(nothing there)"]
    assert sum(one["labels"] for one in added) == plan["by_act"]["add"]
    assert sum(one["labels"] for one in removed) == plan["by_act"]["remove"]
    assert accept(0.99)["labels"] < plan["labels"]

    check = accept(0.9, check_size=8, seed=1)
    assert len(set(check["to_check"])) == 8
    assert set(check["to_check"]) <= set(before) | set(missing)
    left = check["to_check"][0]
    assert stored(dataset) == bytes_before
    with pytest.raises(Exception, match="was not read yet"):
        accept(check=check["check"], accept=True)
    read = accept(check=check["check"], exceptions=[left])["bound"]
    assert (read["checked"], read["exceptions"], read["unchecked"]) == (8, 1, plan["labels"] - 8)
    assert 0 < read["most_wrong"] < read["unchecked"]

    done = accept(check=check["check"], accept=True)
    assert (done["accepted"], done["conflict_count"]) == (plan["labels"] - 1, 0)
    became = act_of(dataset, before)
    assert {act: len(ids) for act, ids in became.items()} == done["by_act"]
    assert left not in set().union(*became.values())
    assert became["add"] <= set(missing)
    assert len(became["relabel"] & planted["class"]) >= 0.8 * len(became["relabel"])
    assert len(became["remove"] & planted["spurious"]) >= 0.8 * len(became["remove"])
    now = labels_of(dataset)
    assert all(now[i][0] == missing[i].label for i in became["add"])
    assert all(now[i][1] == before[i][1] for i in set(now) & set(before))  # nothing is moved

    # One decision an act, each with the bound; together they are taken back.
    run = load_run(dataset, "deconfuse")
    found = list(headers().find({**run.owner, "basis.check": check["check"]}).sort("seq", -1))
    assert [h["action"] for h in found] == ["add", "remove", "relabel"]
    assert [str(h["_id"]) for h in found] == done["decisions"]
    assert all(h["basis"]["most_wrong"] == read["most_wrong"] for h in found)
    again = accept(check=check["check"], accept=True)
    assert (again["accepted"], again["decisions"]) == (0, done["decisions"])
    for decision in done["decisions"]:
        operator("undo")(dataset, decision=decision)
    assert stored(dataset) == bytes_before
    assert accept(check=check["check"])["bound"] == read


def test_what_was_done_in_fiftyone_meanwhile_is_left_alone_and_said(
    accept: Any, drawn: Any
) -> None:
    dataset, _ = drawn
    check = accept(0.9, check_size=1, seed=1)
    accept(check=check["check"], exceptions=[])
    proposal = object_consensus.propose_items(load_run(dataset, "deconfuse"), 0.9)
    first = {act: proposal.ids[proposal.act.tolist().index(at)] for at, act in enumerate(ACTS)}
    samples = samples_of(dataset)
    at = "gt.detections"
    # None of these moves last_modified_at, as an edit within the same moment does not.
    (candidate,) = [
        (s, d) for s in dataset for d in s.deconfuse_missing.detections if d.id == first["add"]
    ]
    box = candidate[1].bounding_box
    new = {"_id": ObjectId(), "_cls": "Detection", "label": "cat", "bounding_box": box, "tags": []}
    samples.update_one({"_id": ObjectId(candidate[0].id)}, {"$push": {at: new}})
    for act, path, value in (
        ("relabel", "label", "whale"),
        ("remove", "bounding_box", [0.1, 0.1, 0.1, 0.1]),
    ):
        which = {f"{at}._id": ObjectId(first[act])}
        assert samples.update_one(which, {"$set": {f"{at}.$.{path}": value}}).modified_count == 1
    assert accept(0.9)["labels"] == check["labels"] - 3
    done = accept(check=check["check"], accept=True)
    assert (done["accepted"], done["conflict_count"]) == (check["labels"] - 3, 3)
    assert {c["label_id"]: c["reason"] for c in done["conflicts"]} == {
        first["relabel"]: "relabeled",
        first["remove"]: "moved",
        first["add"]: "exists",
    }
    now = labels_of(dataset)
    assert now[first["relabel"]][0] == "whale"
    assert now[first["remove"]][1] == [0.1, 0.1, 0.1, 0.1]
    assert first["add"] not in now


def test_it_does_what_was_checked_and_names_its_own_decisions_alone(
    accept: Any, drawn: Any, operator: Any
) -> None:
    dataset, _ = drawn
    run = load_run(dataset, "deconfuse")
    resolve = operator("resolve")
    # How sure is what the check was drawn with, and not what is usual.
    check = accept(0.5, check_size=1, seed=1)
    assert check["labels"] > accept(0.9)["labels"] > accept(0.99)["labels"] > 0
    accept(check=check["check"], exceptions=[])
    meant = set(object_consensus.propose_items(run, 0.5).ids)
    spare = [i for i in labels_of(dataset) if i not in meant][:2]
    resolve(dataset, "confirm", label_ids=spare[:1], author="eve")
    # What others decided on meanwhile stays as they decided.
    taken = next(i for i in meant if i in labels_of(dataset))
    resolve(dataset, "confirm", label_ids=[taken], author="eve")
    label = labels_of(dataset)[taken]
    done = accept(check=check["check"], accept=True)
    assert (done["accepted"], done["conflict_count"]) == (check["labels"] - 1, 0)
    assert labels_of(dataset)[taken] == label
    resolve(dataset, "confirm", label_ids=spare[1:], author="eve")
    again = accept(check=check["check"], accept=True)
    assert (again["accepted"], again["conflict_count"]) == (0, 0)
    assert again["decisions"] == done["decisions"]
    mine = headers().find({**run.owner, "basis.check": check["check"]}).sort("seq", -1)
    assert done["decisions"] == [str(h["_id"]) for h in mine]
    # What was taken back is not among them, also where it is done anew.
    operator("undo")(dataset, decision=done["decisions"][0])
    anew = accept(check=check["check"], accept=True)
    assert anew["accepted"] == done["by_act"]["add"] > 0
    assert anew["decisions"][1:] == done["decisions"][1:]
    assert anew["decisions"][0] not in done["decisions"]


def test_a_check_holds_for_the_iteration_that_was_looked_at(
    accept: Any, drawn: Any, operator: Any
) -> None:
    dataset, _ = drawn
    run, before = load_run(dataset, "deconfuse"), labels_of(dataset)
    looked_at = object_consensus.propose_items(run, 0.9)
    becomes = [*looked_at.iteration.classes, None]
    meant = dict(zip(looked_at.ids, (becomes[c] for c in looked_at.becomes), strict=True))
    check = accept(0.9, check_size=1, seed=1)
    # Somebody gives a label a third class in FiftyOne, which the next iteration finds there.
    edited = next(i for i, name in meant.items() if name and i in before)
    third = next(c for c in becomes if c not in (meant[edited], before[edited][0]))
    which = {"gt.detections._id": ObjectId(edited)}
    samples_of(dataset).update_one(which, {"$set": {"gt.detections.$.label": third}})
    # And moves another one.
    moved = next(i for i in meant if i in before and i != edited)
    which, there = {"gt.detections._id": ObjectId(moved)}, [0.01, 0.01, 0.02, 0.02]
    samples_of(dataset).update_one(which, {"$set": {"gt.detections.$.bounding_box": there}})
    # Who errs most alone: another consensus, which nobody has checked.
    operator("find_label_errors")(dataset, "gt", vote_fields=["cid"])
    assert set(object_consensus.propose_items(run, 0.9).ids) != set(meant)
    done = accept(check=check["check"], exceptions=[], accept=True)
    now = labels_of(dataset)
    # What was missing and is proposed no more cannot be added, which is said.
    why = {c["label_id"]: c["reason"] for c in done["conflicts"]}
    left = set(why)
    assert len(left) == done["conflict_count"]
    assert left - {edited, moved} <= set(meant) - set(before)
    assert (why[edited], now[edited][0]) == ("relabeled", third)
    assert (why[moved], now[moved]) == ("moved", (before[moved][0], there))
    assert done["accepted"] == len(meant) - len(left) > len(meant) / 3
    for item, name in meant.items():
        if item not in left:
            assert (now[item][0] if item in now else None) == name
    assert {i: now[i] for i in set(before) - set(meant)} == {
        i: before[i] for i in set(before) - set(meant)
    }


def test_without_votes_there_is_no_consensus(drawn: Any, operator: Any) -> None:
    dataset, _ = drawn
    options = {"prediction_fields": ["ann"], "run_key": "alone"}
    for sample in dataset.select_fields("ann").iter_samples(autosave=True):
        for one in sample.ann.detections:
            one.confidence = 0.9
    operator("find_label_errors")(dataset, "gt", **options)
    with pytest.raises(Exception, match="made without votes, so it has no consensus"):
        operator("accept_consensus")(dataset, 0.5, run_key="alone")


def test_who_was_interrupted_goes_on(
    accept: Any, drawn: Any, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, _ = drawn
    before, bytes_before = labels_of(dataset), stored(dataset)
    check = accept(0.9, check_size=1, seed=1)
    accept(check=check["check"], exceptions=[])
    real, calls = object_consensus.make_decision, []

    def once(run: Any, request: Any, **given: Any) -> Any:
        calls.append(request.action)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(run, request, **given)

    monkeypatch.setattr(object_consensus, "make_decision", once)
    with pytest.raises(KeyboardInterrupt):
        object_consensus.accept_items(load_run(dataset, "deconfuse"), check["check"])
    monkeypatch.undo()
    became = act_of(dataset, before)
    assert became["relabel"]
    assert not became["remove"] | became["add"]
    done = accept(check=check["check"], accept=True)
    assert done["by_act"] == {**check["by_act"], "relabel": 0}
    assert len(done["decisions"]) == 3
    for decision in done["decisions"]:
        operator("undo")(dataset, decision=decision)
    assert stored(dataset) == bytes_before


def test_it_goes_into_a_file_and_comes_back_from_it(
    accept: Any, drawn: Any, operator: Any, tmp_path: Path
) -> None:
    dataset, _ = drawn
    check = accept(0.9, check_size=1, seed=1)
    accept(check=check["check"], exceptions=[])
    done = accept(check=check["check"], accept=True)
    now = labels_of(dataset)
    path = tmp_path / "decisions.csv"
    operator("export_decisions")(dataset, str(path))
    for decision in done["decisions"]:
        operator("undo")(dataset, decision=decision)
    assert labels_of(dataset) != now
    copy = dataset.clone(f"{dataset.name}-copy")
    operator("find_label_errors")(copy, "gt", vote_fields=list(PEOPLE))
    report = operator("import_decisions")(copy, str(path))
    assert report["applied"] == done["accepted"]
    twins = sorted((s.filepath, d.label) for s in copy for d in s.gt.detections)
    by_file = {s.id: s.filepath for s in dataset}
    copy.delete()
    accept(check=check["check"], accept=True)
    dataset.reload()
    assert sorted((by_file[s.id], d.label) for s in dataset for d in s.gt.detections) == twins


def test_the_panel_previews_checks_and_accepts(
    accept: Any, drawn: Any, context: Any, operator: Any
) -> None:
    dataset, _ = drawn

    def ask(name: str, **request: Any) -> Any:
        request = {"run": "deconfuse", "iteration": 1, **request}
        ctx = context(dataset, "label_errors", __method__=name, request=request)
        return operator("label_errors").execute(ctx)

    plan = accept(0.9)
    shown = ask("consensus", confidence=0.9)
    assert (shown["voted"], shown["samples"]) == (True, plan["labels"])
    assert list(shown["acts"]) == [plan["by_act"][act] for act in ACTS]
    assert all(a != b for a, b, _ in shown["changes"])
    check = ask("consensus_check", confidence=0.9, size=6)
    assert (len(check["rows"]), check["population"]) == (6, plan["labels"])
    assert all(a != b for a, b in zip(check["labels"], check["predictions"], strict=True))
    assert ask("check_read", check=check["check"], exceptions=check["rows"][:1])["exceptions"] == 1
    done = ask("consensus_accept", check=check["check"])
    assert (done["applied"], sum(done["acts"])) == (plan["labels"] - 1, plan["labels"] - 1)
    assert len(done["decisions"]) == 3
    assert ask("consensus", confidence=0.9)["samples"] == 1


def test_bad_input_is_refused_and_changes_nothing(accept: Any, drawn: Any) -> None:
    dataset, _ = drawn
    before = database_of(dataset)
    for given, message in (
        ({"confidence": 1.5}, "confidence must be a number from 0 to 1"),
        ({"check_size": 0}, "size of a check must be"),
        ({"accept": True}, "check is missing"),
        ({"check": "0" * 24}, "has no check"),
        ({"check_size": 5, "seed": -1}, "seed must be"),
    ):
        with pytest.raises(Exception, match=message):
            accept(**given)
    assert database_of(dataset) == before
    check = accept(0.9, check_size=1, seed=1)
    with pytest.raises(Exception, match="does not hold sample"):
        accept(check=check["check"], exceptions=["0" * 24])
    with pytest.raises(Exception, match="label says nothing of label"):
        ObjectRequest.checked("relabel", ["0" * 24], {"1" * 24: "ant"}, None, None, None, None)
