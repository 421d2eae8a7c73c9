"""``find_label_errors`` with several people's votes, and ``request_votes``, on a real database."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from fiftyone import ViewField as F

from plugin.decisions.resolve import resolve as decide
from plugin.store.runs import load_run
from plugin.votes.kept import kept_votes
from tests.voted import CLASSES, OPTIONS, PEOPLE, N, voted_dataset

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def first() -> Any:
    """The dataset that the others are copies of."""
    dataset, truth, label = voted_dataset()
    yield dataset, truth, label
    dataset.delete()


@pytest.fixture
def voted(first: Any) -> Any:
    """A copy of it for each test."""
    dataset, truth, label = first
    copy = dataset.clone()
    yield copy, truth, label
    copy.delete()


def found_first(dataset: Any, wrong: np.ndarray, field: str) -> float:
    order = np.argsort(-np.array(dataset.values(field)))
    return float(wrong[order[: wrong.sum()]].mean())


def test_votes_find_more_errors_and_a_consensus(voted: Any, operator: Any) -> None:
    dataset, truth, label = voted
    find = operator("find_label_errors")
    find(dataset, "gt", run_key="alone", **OPTIONS)
    result = find(dataset, "gt", run_key="together", vote_fields=list(PEOPLE), **OPTIONS)
    wrong = label != truth
    alone = found_first(dataset, wrong, "alone_suspicion")
    assert found_first(dataset, wrong, "together_suspicion") > alone + 0.1
    names = np.array([CLASSES.index(c) for c in dataset.values("together_consensus.label")])
    model = np.array([CLASSES.index(c) for c in dataset.values("alone_prediction.label")])
    assert np.mean(names != truth) < 0.6 * np.mean(model != truth)
    assert min(dataset.values("together_consensus.confidence")) > 1 / 3 - 1e-6
    assert not dataset.has_field("alone_consensus")
    people = {one["name"]: one for one in result["annotators"]}
    assert set(people) == {*PEOPLE, "gt (the label)"}
    for name, error in zip(PEOPLE, (0.05, 0.1, 0.4), strict=True):
        assert people[name]["accuracy"] == pytest.approx(1 - error, abs=0.08)
        assert people[name]["low"] < people[name]["accuracy"] < people[name]["high"]
    assert people["eve"]["confusions"][0]["expected"] > 5
    assert "votes of 3 annotators" in result["chosen"]
    assert dataset.values("gt.label") == [CLASSES[c] for c in label]


def test_a_list_of_labels_names_its_annotators(voted: Any, operator: Any) -> None:
    dataset, _, _ = voted
    find = operator("find_label_errors")
    by_field = find(dataset, "gt", run_key="a", vote_fields=list(PEOPLE), **OPTIONS)
    by_list = find(dataset, "gt", run_key="b", vote_fields=["crowd"], **OPTIONS)
    key = ("name", "votes", "accuracy")
    assert [[one[k] for k in key] for one in by_list["annotators"]] == [
        [one[k] for k in key] for one in by_field["annotators"]
    ]
    np.testing.assert_allclose(dataset.values("a_suspicion"), dataset.values("b_suspicion"))


def test_votes_alone_need_no_model(voted: Any, operator: Any) -> None:
    dataset, truth, _ = voted
    result = operator("find_label_errors")(
        dataset, "gt", source="votes", vote_fields=list(PEOPLE), duplicates=False
    )
    assert result["source"] == "votes"
    names = np.array([CLASSES.index(c) for c in dataset.values("deconfuse_consensus.label")])
    assert np.mean(names != truth) < 0.08


def test_a_next_iteration_without_votes_takes_the_consensus_off(voted: Any, operator: Any) -> None:
    dataset, _, _ = voted
    find = operator("find_label_errors")
    find(dataset, "gt", vote_fields=list(PEOPLE), **OPTIONS)
    find(dataset, "gt", **OPTIONS)
    assert set(dataset.values("deconfuse_consensus")) == {None}
    with pytest.raises(Exception, match="without votes"):
        operator("request_votes")(dataset, 5)


def test_the_next_vote_is_asked_where_people_and_model_are_at_odds(
    voted: Any, operator: Any
) -> None:
    dataset, _, _ = voted
    operator("find_label_errors")(dataset, "gt", vote_fields=list(PEOPLE), **OPTIONS)
    asked = operator("request_votes")(dataset, 20)
    assert len(asked["sample_ids"]) == len(set(asked["sample_ids"])) == 20
    assert asked["gain"] == sorted(asked["gain"], reverse=True)
    sure = dict(zip(*dataset.values(["id", "deconfuse_consensus.confidence"]), strict=True))
    mean = np.mean([sure[i] for i in asked["sample_ids"]])
    assert mean < np.mean(list(sure.values())) - 0.15
    operator("resolve")(dataset, "confirm", asked["sample_ids"][:5])
    again = operator("request_votes")(dataset, 20)
    assert not set(again["sample_ids"]) & set(asked["sample_ids"][:5])
    # Nor where very many are asked for.
    every = operator("request_votes")(dataset, 2 * N)
    assert set(again["sample_ids"]) < set(every["sample_ids"])
    assert not set(every["sample_ids"]) & set(asked["sample_ids"][:5])
    assert min(every["gain"]) >= 0


def test_what_is_deleted_takes_the_consensus_along(voted: Any, operator: Any) -> None:
    dataset, _, _ = voted
    operator("find_label_errors")(dataset, "gt", vote_fields=list(PEOPLE), **OPTIONS)
    assert load_run(dataset, "deconfuse").iteration().document["votes"]["annotators"]
    operator("delete_run")(dataset, "deconfuse")
    dataset.reload()
    assert not [name for name in dataset.get_field_schema() if name.startswith("deconfuse_")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vote_fields": ["nobody"]}, "does not exist"),
        ({"vote_fields": ["gt"]}, "is the label field"),
        ({"vote_fields": ["ada", "ada"]}, "named twice"),
        ({"vote_fields": ["model"]}, "among prediction_fields"),
        ({"vote_fields": 3}, "vote_fields"),
        ({"vote_fields": ["ada"], "annotator_attribute": 7}, "annotator_attribute"),
        ({"source": "votes", "prediction_fields": []}, "name at least one field of votes"),
    ],
)
def test_bad_votes_are_refused_and_change_nothing(
    voted: Any, operator: Any, options: dict[str, Any], message: str
) -> None:
    dataset, _, _ = voted
    before = set(dataset.get_field_schema())
    with pytest.raises(Exception, match=message):
        operator("find_label_errors")(dataset, "gt", **{**OPTIONS, **options})
    dataset.reload()
    assert set(dataset.get_field_schema()) == before


def test_few_or_foreign_votes_say_so(voted: Any, operator: Any) -> None:
    dataset, _, _ = voted
    for sample in dataset:
        sample["ada"] = fo.Classification(label="whale")
        sample.save()
    with pytest.raises(Exception, match=r"at least 50 are needed.*'whale' is no class"):
        operator("find_label_errors")(dataset, "gt", vote_fields=["ada"], **OPTIONS)


def counted(result: Any) -> dict[str, int]:
    return {one["name"]: one["votes"] for one in result["annotators"]}


def test_decisions_and_second_opinions_are_votes_when_asked_for(voted: Any, operator: Any) -> None:
    dataset, truth, label = voted
    find = operator("find_label_errors")
    with pytest.raises(Exception, match="journal_votes: run 'deconfuse' has no decisions yet"):
        find(dataset, "gt", journal_votes=True, **OPTIONS)
    find(dataset, "gt", **OPTIONS)
    with pytest.raises(Exception, match="0 votes in the journal; at least 50"):
        find(dataset, "gt", journal_votes=True, **OPTIONS)
    ids = dataset.values("id")
    run = load_run(dataset, "deconfuse")
    for c, name in enumerate(CLASSES):
        wrong = [i for i, t, y in zip(ids[:120], truth, label, strict=False) if t == c != y]
        right = [i for i, t, y in zip(ids[:120], truth, label, strict=False) if t == c == y]
        decide(run, "relabel", wrong, label=name, author="carl")
        decide(run, "confirm", right, author="carl")
    second = operator("request_second_opinion")
    second(dataset, to="dora", decisions_of="carl", n=30, seed=1)
    true = dict(zip(ids, [CLASSES[t] for t in truth], strict=True))
    waiting = second(dataset)["waiting"]
    second(dataset, answers={i: true[i] for i in waiting[:29]} | {waiting[29]: None})
    # The last word of a person counts, and what was undone does not.
    last = decide(run, "relabel", [ids[0]], label=CLASSES[(truth[0] + 1) % 3], author="carl")
    taken = decide(run, "confirm", ids[200:210], author="eve")
    operator("undo")(dataset, decision=taken.decision)
    found = find(dataset, "gt", journal_votes=True, **OPTIONS)
    assert counted(found) == {"gt (the label)": N, "carl": 120, "dora": 29}
    people = {one["name"]: one for one in found["annotators"]}
    # The label counts as it was: what carl made of it is his opinion alone.
    assert people["gt (the label)"]["accuracy"] == pytest.approx(0.9, abs=0.05)
    assert people["carl"]["accuracy"] > 0.93
    votes = kept_votes(run, run.iteration())
    row = int(run.iteration().rows_of([ids[0]])[0])
    said = {name: CLASSES[c] for name, c in votes.on_rows(np.array([row]))[0]}
    assert said["carl"] == CLASSES[(truth[0] + 1) % 3]
    assert said["gt (the label)"] == CLASSES[label[0]]
    operator("undo")(dataset, decision=last.decision)
    # A person who voted in a field as well counts once.
    for sample in dataset.limit(60).iter_samples(autosave=True):
        sample["carl"] = fo.Classification(label=CLASSES[0])
    again = find(dataset, "gt", journal_votes=True, vote_fields=["carl", "bob"], **OPTIONS)
    assert counted(again)["carl"] == 120
    assert counted(again)["bob"] == len(dataset.exists("bob"))
    # What comes last is what he decided, and not what the field says.
    votes, iteration = kept_votes(run, run.iteration()), run.iteration()
    for at in range(60):
        (said_now,) = votes.on_rows(iteration.rows_of([ids[at]]))
        assert dict(said_now)["carl"] == truth[at]
    # Without being asked for, none of it is a vote.
    assert counted(find(dataset, "gt", vote_fields=["bob"], **OPTIONS)).keys() <= {
        "bob",
        "gt (the label)",
    }


def test_the_journal_alone_is_enough_for_votes(voted: Any, operator: Any) -> None:
    dataset, _, _ = voted
    find = operator("find_label_errors")
    find(dataset, "gt", **OPTIONS)
    ids = dataset.values("id")
    decide(load_run(dataset, "deconfuse"), "confirm", ids[:80], author="carl")
    result = find(dataset, "gt", source="votes", journal_votes=True, duplicates=False)
    assert counted(result)["carl"] == 80


@pytest.mark.parametrize("fields", [["ada", "bob"], ["crowd"], ["crowd", "ada"]])
def test_an_attribute_that_names_nobody_is_refused(
    voted: Any, operator: Any, fields: list[str]
) -> None:
    dataset, _, _ = voted
    with pytest.raises(Exception, match="annotator_attribute: no label in ") as raised:
        operator("find_label_errors")(
            dataset, "gt", vote_fields=fields, annotator_attribute="anotator", **OPTIONS
        )
    assert ("Did you mean 'annotator'?" in str(raised.value)) == ("crowd" in fields)
    assert operator("list_runs")(dataset)["runs"] == []


def test_lists_of_votes_that_name_nobody_are_refused(voted: Any, operator: Any) -> None:
    dataset, _, _ = voted
    for sample in dataset.select_fields("crowd").iter_samples(autosave=True):
        for vote in sample.crowd.classifications:
            vote["worker"], vote["annotator"] = vote.annotator, None
    find = operator("find_label_errors")
    with pytest.raises(Exception, match=r"the attribute 'annotator', .*have 'worker'"):
        find(dataset, "gt", vote_fields=["crowd"], **OPTIONS)
    found = find(dataset, "gt", vote_fields=["crowd"], annotator_attribute="worker", **OPTIONS)
    assert set(counted(found)) == {*PEOPLE, "gt (the label)"}
    assert found["votes_left_out"] == []


def test_second_votes_of_one_annotator_are_counted_and_said(voted: Any, operator: Any) -> None:
    dataset, _, _ = voted
    twice = dataset.match(F("ada.label").exists() & F("bob.label").exists()).limit(7)
    for sample in twice.iter_samples(autosave=True):
        sample.ada["annotator"] = sample.bob["annotator"] = "someone"
    bob = dict(zip(*twice.values(["id", "bob.label"]), strict=True))
    found = operator("find_label_errors")(dataset, "gt", vote_fields=["ada", "bob"], **OPTIONS)
    assert found["votes_left_out"] == [["second vote of the same annotator", 7]]
    assert "7 votes did not count" in found["chosen"]
    assert counted(found)["someone"] == 7
    run = load_run(dataset, "deconfuse")
    votes, iteration = kept_votes(run, run.iteration()), run.iteration()
    for sample_id, last in bob.items():  # of the field that is named last
        (said,) = votes.on_rows(iteration.rows_of([sample_id]))
        assert CLASSES[dict(said)["someone"]] == last
