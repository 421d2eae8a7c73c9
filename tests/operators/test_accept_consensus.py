"""Accepting the consensus in bulk: previewed, checked at random, journalled, undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plugin.decisions.journal import headers
from plugin.decisions.resolve import resolve
from plugin.decisions.standing import named
from plugin.store.runs import load_run
from tests.traces import database_of
from tests.voted import CLASSES, OPTIONS, PEOPLE, voted_dataset

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def first(operator: Any) -> Any:
    """A dataset whose iteration was made with votes; its true classes."""
    dataset, truth, _ = voted_dataset()
    operator("find_label_errors")(dataset, "gt", vote_fields=list(PEOPLE), **OPTIONS)
    yield dataset, truth
    dataset.delete()


@pytest.fixture
def accept(operator: Any, first: Any) -> Any:
    """The operator on that dataset; every decision is taken back afterwards."""
    dataset, _ = first
    yield lambda *args, **given: operator("accept_consensus")(dataset, *args, **given)
    run = load_run(dataset, "deconfuse")
    while True:
        try:
            operator("undo")(dataset)
        except Exception:  # no decision stands any more
            break
    dataset.reload()
    assert set(dataset.values(run.field("decision"))) <= {None}


def labels_of(dataset: Any) -> dict[str, str]:
    dataset.reload()
    return dict(zip(*dataset.values(["id", "gt.label"]), strict=True))


def test_it_is_previewed_checked_accepted_and_taken_back(
    accept: Any, first: Any, operator: Any, tmp_path: Path
) -> None:
    dataset, truth = first
    before = labels_of(dataset)
    said = dict(zip(*dataset.values(["id", "deconfuse_consensus"]), strict=True))
    meant = {i: c.label for i, c in said.items() if c.label != before[i] and c.confidence >= 0.8}
    plan = accept(0.8)
    assert plan["samples"] == len(meant) == sum(one["samples"] for one in plan["changes"]) > 20
    assert plan["expected_wrong"] == pytest.approx(
        sum(1 - said[i].confidence for i in meant), abs=0.06
    )
    assert accept()["samples"] < plan["samples"]  # 0.9 by default
    drawn = accept(0.8, check_size=10, seed=1)
    assert len(set(drawn["to_check"])) == 10
    assert set(drawn["to_check"]) <= set(meant)
    assert labels_of(dataset) == before
    # What others decide meanwhile stays as they decided.
    taken = next(i for i in meant if i not in drawn["to_check"])
    operator("resolve")(dataset, "confirm", [taken])
    left = drawn["to_check"][0]
    read = accept(check=drawn["check"], exceptions=[left])
    assert (read["bound"]["checked"], read["bound"]["exceptions"]) == (10, 1)
    assert 0 < read["bound"]["most_wrong"] < read["bound"]["unchecked"] == len(meant) - 10
    done = accept(check=drawn["check"], accept=True)
    assert (done["accepted"], done["conflict_count"]) == (len(meant) - 2, 0)
    changed = {i for i, label in labels_of(dataset).items() if label != before[i]}
    assert changed == set(meant) - {taken, left}
    assert all(labels_of(dataset)[i] == meant[i] for i in changed)
    true = dict(zip(dataset.values("id"), [CLASSES[t] for t in truth], strict=True))
    assert np.mean([meant[i] == true[i] for i in changed]) > 0.8
    # One decision of several classes rests on the check, and one undo takes all of it back.
    run = load_run(dataset, "deconfuse")
    (header,) = headers().find({**run.owner, "basis.check": drawn["check"]})
    assert (str(header["_id"]), header["label"]) == (done["decision"], None)
    assert len({meant[i] for i in changed}) == len(CLASSES)
    name = named(run, header["_id"])
    assert name is not None
    assert set(str(name.label).split(", ")) == set(CLASSES)
    # It goes into a file and comes back from it, each sample with its own class.
    path = tmp_path / "decisions.csv"
    operator("export_decisions")(dataset, str(path))
    operator("undo")(dataset, decision=done["decision"])
    assert labels_of(dataset) == before
    copy = dataset.clone()
    operator("find_label_errors")(copy, "gt", vote_fields=list(PEOPLE), **OPTIONS)
    report = operator("import_decisions")(copy, str(path))
    assert report["applied"] == len(changed) + 1
    twins = dict(zip(copy.values("filepath"), copy.values("gt.label"), strict=True))
    own = dict(zip(dataset.values("id"), dataset.values("filepath"), strict=True))
    assert all(twins[own[i]] == meant[i] for i in changed)
    copy.delete()


def test_what_was_accepted_is_not_accepted_again(accept: Any, first: Any) -> None:
    dataset, _ = first
    drawn = accept(0.9, check_size=2, seed=4)
    done = accept(check=drawn["check"], exceptions=[], accept=True)
    assert done["accepted"] == drawn["samples"]
    now = labels_of(dataset)
    again = accept(check=drawn["check"], accept=True)
    assert (again["accepted"], again["decision"], again["conflict_count"]) == (0, None, 0)
    assert labels_of(dataset) == now


def test_a_check_holds_for_the_iteration_that_was_looked_at(
    accept: Any, first: Any, operator: Any
) -> None:
    dataset = first[0].clone()
    before = labels_of(dataset)
    find, own = operator("find_label_errors"), operator("accept_consensus")
    find(dataset, "gt", vote_fields=list(PEOPLE), **OPTIONS)
    dataset.reload()
    said = dict(zip(*dataset.values(["id", "deconfuse_consensus"]), strict=True))
    meant = {i: c.label for i, c in said.items() if c.label != before[i] and c.confidence >= 0.9}
    drawn = own(dataset, 0.9, check_size=1, seed=1)
    # Who errs most alone: another consensus, which nobody has checked.
    find(dataset, "gt", vote_fields=["eve"], **OPTIONS)
    assert own(dataset, 0.9)["samples"] != len(meant)
    done = own(dataset, check=drawn["check"], exceptions=[], accept=True)
    assert done["accepted"] == len(meant)
    changed = {i: label for i, label in labels_of(dataset).items() if label != before[i]}
    assert changed == meant
    dataset.delete()


def test_who_accepts_twice_at_once_decides_once(first: Any, operator: Any) -> None:
    dataset, _ = first
    run, ids = load_run(dataset, "deconfuse"), dataset.values("id")[:2]
    now = labels_of(dataset)
    there = {i: next(c for c in CLASSES if c != now[i]) for i in ids}
    other = {i: next(c for c in CLASSES if c not in (now[i], there[i])) for i in ids}
    one = resolve(run, "relabel", ids, label=there, author="ann", seen=0)
    again = resolve(run, "relabel", ids, label=there, author="ann", seen=0)
    assert (one.applied, again.applied) == (2, 0)
    assert {c["reason"] for c in again.conflicts} == {"already"}
    # Other labels are another decision, of the same person, too.
    assert resolve(run, "relabel", ids, label=other, author="ann", seen=0).applied == 2
    assert {labels_of(dataset)[i] for i in ids} == set(other.values())
    with pytest.raises(Exception, match="label says nothing of sample"):
        resolve(run, "relabel", ids, label={ids[0]: "ant"})
    operator("undo")(dataset)
    operator("undo")(dataset)
    assert labels_of(dataset) == now


def test_what_was_relabelled_meanwhile_is_left_alone_and_said(accept: Any, first: Any) -> None:
    dataset, _ = first
    drawn = accept(0.9, check_size=5, seed=2)
    victim = dataset[next(i for i in dataset.values("id") if i in drawn["to_check"])]
    label = victim.gt.label
    victim.gt.label = "whale"
    victim.save()
    done = accept(check=drawn["check"], exceptions=[], accept=True)
    assert [(c["sample_id"], c["reason"]) for c in done["conflicts"]] == [(victim.id, "relabeled")]
    victim.reload()
    assert victim.gt.label == "whale"
    victim.gt.label = label
    victim.save()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"confidence": 1.5}, "confidence must be a number from 0 to 1"),
        ({"check_size": 0}, "size of a check must be"),
        ({"confidence": 1.0, "check_size": 5}, "no open sample to check"),
        ({"accept": True}, "check is missing"),
        ({"exceptions": []}, "check is missing"),
        ({"check": "0" * 24}, "has no check"),
        ({"check": "0" * 24, "confidence": 0.9}, "those that the check was made by"),
        ({"check_size": 5, "seed": -1}, "seed must be"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    accept: Any, first: Any, given: dict[str, Any], message: str
) -> None:
    before = database_of(first[0])
    with pytest.raises(Exception, match=message):
        accept(**given)
    assert database_of(first[0]) == before


def test_a_check_allows_what_it_was_made_for_alone(accept: Any, first: Any, operator: Any) -> None:
    dataset, _ = first
    drawn = accept(0.9, check_size=3, seed=3)
    with pytest.raises(Exception, match="was not read yet"):
        accept(check=drawn["check"], accept=True)
    with pytest.raises(Exception, match="does not hold sample"):
        accept(check=drawn["check"], exceptions=["0" * 24])
    from plugin.audit.checks import basis_of_check, draw_check, give_check
    from plugin.audit.consensus import consensus_check
    from plugin.errors import InputError

    run = load_run(dataset, "deconfuse")
    give_check(run, drawn["check"], [])
    assert consensus_check(run, drawn["check"], run.iterations())[1] == drawn["iteration"]
    with pytest.raises(InputError, match="was made of was deleted"):
        consensus_check(run, drawn["check"], [])
    with pytest.raises(InputError, match="for accepting the consensus"):
        basis_of_check(run, drawn["check"], "confirm", None, drawn["to_check"])
    ids = dataset.values("id")[:9]
    other, _ = draw_check(run, ids, 2, becomes=None)
    give_check(run, other, [])
    with pytest.raises(Exception, match="was made for another decision"):
        accept(check=other, accept=True)
    resolve(run, "confirm", ids[:1])


def test_without_votes_there_is_no_consensus(first: Any, operator: Any) -> None:
    dataset, _ = first
    operator("find_label_errors")(dataset, "gt", run_key="alone", **OPTIONS)
    with pytest.raises(Exception, match="made without votes, so it has no consensus"):
        operator("accept_consensus")(dataset, run_key="alone")
    operator("delete_run")(dataset, "alone")


def test_the_panel_previews_checks_and_accepts(
    accept: Any, first: Any, context: Any, operator: Any
) -> None:
    dataset, _ = first

    def ask(name: str, **request: Any) -> Any:
        request = {"run": "deconfuse", "iteration": 1, **request}
        ctx = context(dataset, "label_errors", __method__=name, request=request)
        return operator("label_errors").execute(ctx)

    plan = accept(0.9)
    shown = ask("consensus", confidence=0.9)
    assert (shown["voted"], shown["samples"]) == (True, plan["samples"])
    assert [n for _, _, n in shown["changes"]] == [one["samples"] for one in plan["changes"]]
    check = ask("consensus_check", confidence=0.9, size=6)
    assert (len(check["rows"]), check["population"]) == (6, plan["samples"])
    assert all(a != b for a, b in zip(check["labels"], check["predictions"], strict=True))
    bound = ask("check_read", check=check["check"], exceptions=check["rows"][:1])
    assert bound["exceptions"] == 1
    done = ask("consensus_accept", check=check["check"])
    assert done["applied"] == plan["samples"] - 1
    assert ask("consensus", confidence=0.9)["samples"] == 1
    assert ask("consensus", confidence=2.0)["error"]["kind"] == "input"
