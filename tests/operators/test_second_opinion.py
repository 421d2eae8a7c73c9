"""``request_second_opinion``: whom and what is asked, answers, agreement, what is to settle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from bson import ObjectId

from plugin.decisions.journal import headers
from plugin.decisions.resolve import resolve
from plugin.errors import InputError
from plugin.object_opinions.request import people_of
from plugin.opinions.answers import answer, open_opinion, settle, take_back
from plugin.opinions.votes import votes_of_journal
from plugin.store.runs import load_run
from tests.panels.made_runs import write_iteration
from tests.traces import database_of

pytestmark = pytest.mark.slow

CLASSES = ["cat", "dog", "eel"]
N = 30


@pytest.fixture
def made(dataset: Any) -> Any:
    """A dataset with a run, and its sample ids; ada confirmed ten labels and gave two."""
    new = dataset(n=N, labels=[CLASSES[i % 3] for i in range(N)], scale=2)
    run, _ = write_iteration(new, np.random.default_rng(3).dirichlet([1, 1, 1], size=N), CLASSES)
    ids = new.values("id")
    resolve(run, "confirm", ids[:10], author="ada")
    resolve(run, "relabel", ids[10:12], label="eel", author="ada")
    return new, ids


@pytest.fixture
def ask(operator: Any, made: Any) -> Any:
    return lambda *args, **given: operator("request_second_opinion")(made[0], *args, **given)


def label_of(dataset: Any, sample_id: str) -> str:
    dataset.reload()
    return str(dataset[sample_id].ground_truth.label)


def test_a_random_part_of_somebodys_decisions_is_asked(ask: Any, made: Any) -> None:
    _, ids = made
    asked = ask("bob", decisions_of="ada", n=6, seed=1)
    assert (asked["to"], asked["size"], asked["answered"]) == ("bob", 6, 0)
    assert set(asked["waiting"]) <= set(ids[:12])
    assert asked["waiting"] != sorted(asked["waiting"])  # the order tells nothing
    assert ask()["request"] == asked["request"]  # the last one, also after a restart
    rest = ask("bob", decisions_of="ada")
    assert (rest["size"], rest["left_out"]) == (6, {"put to bob before": 6})
    assert not set(rest["waiting"]) & set(asked["waiting"])
    with pytest.raises(Exception, match="no sample to ask bob about: 12 put to bob before"):
        ask("bob", decisions_of="ada")


def test_a_cell_or_a_selection_is_asked(ask: Any, made: Any) -> None:
    dataset, ids = made
    iteration = load_run(dataset, "deconfuse").iteration()
    where = iteration.cell_slice(0, 1)
    open_ones = [
        i for i in dataset.values("id") if where.start <= iteration.rows_of([i])[0] < where.stop
    ]
    open_ones = [i for i in open_ones if i not in ids[:12]]
    assert set(ask("bob", label="cat", prediction="dog")["waiting"]) == set(open_ones)
    # What is decided meanwhile is not open any more.
    resolve(load_run(dataset, "deconfuse"), "confirm", open_ones[:1], author="ada")
    assert set(ask("eve", label="cat", prediction="dog")["waiting"]) == set(open_ones[1:])
    chosen = ask("eve", sample_ids=[ids[20], ids[20], ids[3]])
    assert set(chosen["waiting"]) == {ids[20], ids[3]}
    # Ada is not asked what she said herself.
    own = ask("ada", sample_ids=[ids[3], ids[20]])
    assert (own["waiting"], own["left_out"]) == ([ids[20]], {"decided on by ada": 1})


def test_only_decisions_that_stand_on_top_are_somebodys(ask: Any, made: Any) -> None:
    dataset, ids = made
    run = load_run(dataset, "deconfuse")
    resolve(run, "relabel", [ids[0]], label="eel", author="eve")
    asked = ask("bob", decisions_of="ada")
    assert set(asked["waiting"]) == set(ids[1:12])
    assert people_of(run) == {"ada": 11, "eve": 1, "bob": 0}


def test_what_cannot_be_judged_is_left_out_and_said(ask: Any, made: Any) -> None:
    dataset, ids = made
    new = fo.Sample(filepath="/nowhere/new.png", ground_truth=fo.Classification(label="cat"))
    dataset.add_sample(new)
    without = dataset[ids[20]]
    without.ground_truth = None
    without.save()
    asked = ask("bob", sample_ids=[new.id, *ids[20:22]])
    assert asked["waiting"] == [ids[21]]
    assert asked["left_out"] == {"not in the iteration": 1, "without a label": 1}


def test_agreement_and_what_is_to_settle(ask: Any, made: Any) -> None:
    dataset, ids = made
    asked = ask("bob", decisions_of="ada")
    truth = dict(zip(*dataset.values(["id", "ground_truth.label"]), strict=True))
    said: dict[str, str | None] = {i: truth[i] for i in asked["waiting"]}
    said[ids[0]], said[ids[1]], said[ids[2]] = "eel", "cat", None
    with_some = dict(list(said.items())[:4])
    assert ask(answers=with_some)["answered"] == 4
    found = ask(answers={i: label for i, label in said.items() if i not in with_some})
    assert (found["answered"], found["waiting"], found["unclear"]) == (12, [], 1)
    assert found["agreed"] == 9
    assert found["low"] < found["kappa"] < found["high"]
    differ = {one["sample_id"]: (one["first"], one["second"]) for one in found["disagreements"]}
    assert differ == {ids[0]: ("cat", "eel"), ids[1]: ("dog", "cat")}
    assert not any(one["settled"] for one in found["disagreements"])
    # No label was changed by an answer, and each is settled by an ordinary decision.
    assert label_of(dataset, ids[0]) == "cat"
    run = load_run(dataset, "deconfuse")
    opinion = open_opinion(run)
    places = {str(one.item.sample_id): one.item.place for one in opinion.disagreements}
    made_so = settle(opinion, places[ids[0]], "eel", author="carl")
    header = headers().find_one({"_id": ObjectId(made_so.decision)}) or {}
    rests_on = {"kind": "second_opinion", "opinion": asked["request"], "number": asked["number"]}
    assert header["basis"] == rests_on
    settle(opinion, places[ids[1]], "dog", author="carl")
    assert label_of(dataset, ids[0]) == "eel"
    settled = {one["sample_id"]: one for one in ask()["disagreements"]}
    assert all(one["settled"] for one in settled.values())
    assert (settled[ids[0]]["relabelled"], settled[ids[1]]["relabelled"]) == (True, False)
    assert ask()["kappa"] == found["kappa"]


def test_what_was_settled_is_open_again_after_an_undo(ask: Any, made: Any, operator: Any) -> None:
    dataset, ids = made
    ask("bob", sample_ids=[ids[0]])
    ask(answers={ids[0]: "eel"})
    settle(open_opinion(load_run(dataset, "deconfuse")), 0, "eel")
    assert ask()["disagreements"][0]["settled"]
    operator("undo")(dataset)
    assert label_of(dataset, ids[0]) == "cat"
    one = ask()["disagreements"][0]
    assert (one["settled"], one["now"]) == (False, "cat")
    # Ordinary review settles as well.
    operator("resolve")(dataset, "relabel", [ids[0]], label="dog")
    one = ask()["disagreements"][0]
    assert (one["settled"], one["now"], one["relabelled"]) == (True, "dog", True)


def test_what_was_deleted_or_relabelled_meanwhile_is_said(ask: Any, made: Any) -> None:
    dataset, ids = made
    seed = next(seed for seed in range(99) if np.random.default_rng(seed).permutation(4)[0] == 0)
    ask("bob", sample_ids=ids[20:24], seed=seed)  # the one that is deleted comes first
    ask(answers={ids[20]: "cat", ids[21]: "dog"})
    dataset.delete_samples([ids[20], ids[22]])
    sample = dataset[ids[21]]
    sample.ground_truth.label = "eel"
    sample.save()
    found = ask()
    assert (found["gone"], found["waiting"]) == (1, [ids[23]])
    differ = {one["sample_id"]: one for one in found["disagreements"]}
    assert (differ[ids[20]]["now"], differ[ids[20]]["relabelled"]) == (None, False)
    assert (differ[ids[21]]["now"], differ[ids[21]]["relabelled"]) == ("eel", True)
    opinion = open_opinion(load_run(dataset, "deconfuse"))
    assert opinion.to_settle == 1
    assert [str(one.item.sample_id) for one in opinion.disagreements] == [ids[21], ids[20]]
    places = {str(item.sample_id): item.place for item in opinion.items}
    with pytest.raises(InputError, match="deleted meanwhile"):
        settle(opinion, places[ids[20]], "cat")
    assert not answer(opinion, places[ids[22]], "cat")
    # What was shown as its label is no longer so: the decision leaves it alone.
    left = settle(opinion, places[ids[21]], "dog", expected="eel2")
    assert (left.applied, left.conflicts[0]["reason"]) == (0, "relabeled")


def test_two_windows_that_answer_at_once_lose_nothing(made: Any, ask: Any) -> None:
    dataset, ids = made
    ask("bob", sample_ids=ids)
    run = load_run(dataset, "deconfuse")

    told: list[str] = []

    def window(label: str) -> set[int]:
        kept = set()
        for place in range(N):
            try:
                answer(open_opinion(run), place, label)
                kept.add(place)
            except InputError as error:
                told.append(str(error))
        return kept

    with ThreadPoolExecutor(3) as pool:
        kept = dict(zip(CLASSES, pool.map(window, CLASSES), strict=True))
    assert len(told) == 2 * N
    assert all("answered already" in text for text in told)
    items = open_opinion(run).items
    assert sorted(place for places in kept.values() for place in places) == list(range(N))
    assert {item.place: item.second for item in items} == {
        place: label for label, places in kept.items() for place in places
    }
    assert take_back(open_opinion(run), 3)
    assert not take_back(open_opinion(run), 3)
    assert [item.place for item in open_opinion(run).waiting] == [3]


def test_what_one_window_cannot_tell_another_does_not_answer(made: Any, ask: Any) -> None:
    dataset, ids = made
    ask("bob", sample_ids=ids[:1])
    run = load_run(dataset, "deconfuse")
    early = open_opinion(run)
    assert early.waiting
    assert answer(open_opinion(run), 0, None)
    for label in ("cat", None):
        with pytest.raises(InputError, match="answered already"):
            answer(early, 0, label)
    found = ask()
    assert (found["unclear"], found["disagreements"]) == (1, [])
    assert take_back(open_opinion(run), 0)
    assert ask()["waiting"] == [ids[0]]


def test_a_decision_is_the_last_word_of_who_answered_and_nobody_has_none(
    made: Any, ask: Any
) -> None:
    dataset, ids = made
    run = load_run(dataset, "deconfuse")
    ask("bob", sample_ids=ids[20:23])
    ask(answers={ids[20]: "cat", ids[21]: "dog", ids[22]: None})
    resolve(run, "relabel", ids[20:21], label="eel", author="bob")
    resolve(run, "confirm", ids[23:25], author="")
    # Who reads them keeps what comes last of each person.
    last = {(sample_id, who): label for sample_id, who, label in votes_of_journal(run)}
    assert {k: v for k, v in last.items() if k[1] != "ada"} == {
        (ids[20], "bob"): "eel",
        (ids[21], "bob"): "dog",
    }
    assert sum(who == "ada" for _, who in last) == 12


def test_a_decision_made_before_an_answer_settles_nothing(made: Any, ask: Any) -> None:
    dataset, ids = made
    run = load_run(dataset, "deconfuse")
    ask("bob", sample_ids=ids[20:21])
    resolve(run, "confirm", ids[20:21], author="ada")  # the last one before the answer
    said = next(c for c in CLASSES if c != label_of(dataset, ids[20]))
    (one,) = ask(answers={ids[20]: said})["disagreements"]
    assert not one["settled"]


@pytest.mark.parametrize(
    ("args", "given", "message"),
    [
        (("bob",), {}, "Name what to ask about"),
        (("bob",), {"sample_ids": []}, "sample_ids is empty"),
        (("bob",), {"sample_ids": ["x"]}, "must hold sample ids"),
        (("bob",), {"sample_ids": ["0" * 24]}, "1 not in the dataset"),
        (("bob",), {"label": "cat"}, "give both"),
        (("bob",), {"label": "cat", "prediction": "whale"}, "'whale' is no class"),
        (("bob",), {"decisions_of": "nobody"}, "there are those of: 'ada'"),
        (("ada",), {"decisions_of": "ada"}, "judge their own"),
        (("bob",), {"decisions_of": "ada", "n": 0}, "n must be"),
        (("bob",), {"decisions_of": "ada", "seed": -1}, "seed must be"),
        (("  ",), {"decisions_of": "ada"}, "to must be a name"),
        ((), {"sample_ids": ["0" * 24]}, "to is missing"),
        ((), {}, "no request for a second opinion yet"),
        ((), {"request": "0" * 24}, "no request for a second opinion '0"),
        (("bob",), {"decisions_of": "ada", "answers": {"x": "cat"}}, "without to"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    made: Any, ask: Any, args: tuple[str, ...], given: dict[str, Any], message: str
) -> None:
    before = database_of(made[0])
    with pytest.raises(Exception, match=message):
        ask(*args, **given)
    assert database_of(made[0]) == before


def test_a_bad_answer_is_refused_and_none_is_kept(made: Any, ask: Any) -> None:
    _, ids = made
    ask("bob", sample_ids=ids[:3])
    for answers, message in (
        ({ids[0]: "cat", ids[5]: "cat"}, "does not hold sample"),
        ({ids[0]: "cat", ids[1]: ""}, "must be a class"),
    ):
        with pytest.raises(Exception, match=message):
            ask(answers=answers)
        assert ask()["answered"] == 0
    for label in ("Cat", "cat ", "\u00a0cat"):
        with pytest.raises(Exception, match=rf"^the answer on sample {ids[1]}: .* mean 'cat'\?"):
            ask(answers={ids[0]: "cat", ids[1]: label})
        assert ask()["answered"] == 0
    ask(answers={ids[0]: "cat"})
    with pytest.raises(Exception, match="answered already"):
        ask(answers={ids[0]: "cat", ids[1]: "dog"})
    assert ask()["answered"] == 1
    found = ask(answers={ids[1]: "Dog"}, new_class=True)
    assert [one["second"] for one in found["disagreements"]][-1] == "Dog"


def test_the_form_asks_whom_and_about_what(made: Any, operator: Any, context: Any) -> None:
    ctx = context(made[0], "request_second_opinion")
    ctx.executor = None
    inputs = operator("request_second_opinion").resolve_input(ctx).type.properties
    assert {"to", "decisions_of", "n"} <= set(inputs)
    ctx = context(made[0], "request_second_opinion", to="bob", decisions_of="ada", n=2)
    assert operator("request_second_opinion").execute(ctx)["size"] == 2
