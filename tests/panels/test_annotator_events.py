"""Annotators in the panel: the table, each one's confusions, and their samples as a filter."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from fiftyone import ViewField as F

from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from plugin.votes.kept import kept_votes
from tests.operators.test_object_votes import PEOPLE as DRAWERS
from tests.operators.test_object_votes import made as drawn_boxes
from tests.voted import CLASSES, OPTIONS, PEOPLE, voted_dataset

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def first() -> Any:
    dataset, truth, _ = voted_dataset()
    yield dataset, truth
    dataset.delete()


@pytest.fixture(scope="module")
def ask(first: Any, operator: Any, asking: Any) -> Any:
    """Ask the panel about a run with votes; the dataset, and each sample's true class."""
    dataset = first[0].clone()
    operator("find_label_errors")(dataset, "gt", vote_fields=list(PEOPLE), **OPTIONS)

    yield asking(dataset), dataset, first[1]
    dataset.delete()


def overview(answer: Any, **filtered: Any) -> Any:
    return answer("overview", order="count", labels=[0, 1, 2], with_classes=False, **filtered)


def ids_of(dataset: Any) -> list[str]:
    return unpack_ids(load_run(dataset, "deconfuse").iteration().column("sample_id"))


def test_the_table_says_how_far_each_is_to_be_believed(ask: Any) -> None:
    answer, dataset, _ = ask
    table = answer("annotators")
    assert set(table["name"]) == {*PEOPLE, "gt (the label)"}
    eve = table["name"].index("eve")
    assert table["votes"][eve] == len(dataset.exists("eve"))
    assert table["low"][eve] < table["accuracy"][eve] < table["high"][eve] < 0.75
    assert table["meant"][eve] != table["said"][eve]
    # Of her votes two fifths are wrong, and most of these are known.
    assert 0.2 < table["wrong"][eve] / table["votes"][eve] < 0.5
    assert table["wrong"][eve] > 3 * table["wrong"][table["name"].index("ada")]


def test_votes_that_are_probably_wrong_are(ask: Any) -> None:
    _, dataset, truth = ask
    run = load_run(dataset, "deconfuse")
    votes = kept_votes(run, run.iteration())
    true = dict(zip(dataset.values("id"), truth.tolist(), strict=True))
    meant = np.array([true[i] for i in ids_of(dataset)])[votes.row]
    wrong = votes.wrong > 0.5
    assert np.mean(votes.label[wrong] != meant[wrong]) > 0.8
    assert np.mean(votes.label[~wrong] != meant[~wrong]) < 0.1
    assert np.mean(votes.wrong) == pytest.approx(np.mean(votes.label != meant), abs=0.04)


def test_votes_on_what_is_decided_are_not_reviewed_any_more(ask: Any, operator: Any) -> None:
    answer, dataset, _ = ask
    run = load_run(dataset, "deconfuse")
    votes, before = kept_votes(run, run.iteration()), answer("annotators")
    eve = before["name"].index("eve")
    mine = [one["name"] for one in votes.people].index("eve")
    rows = votes.row[(votes.annotator == mine) & (votes.wrong > 0.5)]
    assert before["wrong"][eve] == len(rows) > 5
    operator("resolve")(dataset, "confirm", [ids_of(dataset)[row] for row in rows[:5].tolist()])
    after = answer("annotators")
    assert after["wrong"][after["name"].index("eve")] == len(rows) - 5
    operator("undo")(dataset)
    assert answer("annotators")["wrong"] == before["wrong"]


def test_confusions_are_counted_from_the_votes(ask: Any) -> None:
    answer, dataset, _ = ask
    found = answer("annotator", of="eve")
    assert sum(found["votes"]) == sum(found["open"]) == len(dataset.exists("eve"))
    pairs = list(zip(found["meant"], found["said"], strict=True))
    said = dict(zip(*dataset.values(["id", "eve.label"]), strict=True))
    consensus = dict(zip(*dataset.values(["id", "deconfuse_consensus.label"]), strict=True))
    for at, (meant, vote) in enumerate(pairs):
        these = [i for i, c in consensus.items() if (c, said[i]) == (CLASSES[meant], CLASSES[vote])]
        assert found["votes"][at] == len(these)
        assert sum(found["bars"][20 * at : 20 * at + 20]) == len(these)
    rows = [i for i in range(len(pairs)) if pairs[i][0] == pairs[i][1]]
    assert rows == [0, 3, 6]  # in each class the one that was meant comes first
    assert found["votes"][1] >= found["votes"][2]


def test_a_filter_by_person_holds_for_every_screen(ask: Any, operator: Any) -> None:
    answer, dataset, _ = ask
    hers = set(dataset.exists("eve").values("id"))
    ids = ids_of(dataset)
    whole, part = overview(answer), overview(answer, annotator="eve")
    assert whole["progress"]["samples"] == len(ids)
    assert part["progress"]["samples"] == part["progress"]["open"] == len(hers)
    assert sum(part["rows"]["open"]) == sum(part["cells"]["open"]) == len(hers)
    assert sum(part["cells"]["bars"]) == len(hers)
    assert 0 < part["progress"]["expected_errors"] < whole["progress"]["expected_errors"]
    assert sum(part["rows"]["wrong"]) == part["progress"]["open_wrong"] == part["progress"]["wrong"]
    pair = {"label": part["cells"]["label"][0], "prediction": part["cells"]["prediction"][0]}
    cell = answer("cell", annotator="eve", offset=0, limit=999, edge=0, **pair)
    assert {ids[row] for row in cell["samples"]["row"]} <= hers
    assert cell["open"] == len(cell["samples"]["row"]) == part["cells"]["open"][0]
    queue = answer("queue", annotator="eve", cell=None, skip=[], limit=200)
    assert queue["left"] == len(queue["rows"]) == part["progress"]["open_wrong"]
    assert {ids[row] for row in queue["rows"]} <= hers
    # A decision leaves the counts of the filter, and of no other.
    operator("resolve")(dataset, "confirm", [ids[queue["rows"][0]]])
    after = overview(answer, annotator="eve")["progress"]
    assert (after["open"], after["open_wrong"]) == (len(hers) - 1, queue["left"] - 1)
    assert (after["wrong"], after["decisions"]["confirmed"]) == (queue["left"], 1)
    theirs = sorted(set(ids) - hers)[0]
    operator("resolve")(dataset, "confirm", [theirs])
    assert overview(answer, annotator="eve")["progress"] == after
    for _ in range(2):
        operator("undo")(dataset)
    assert overview(answer, annotator="eve")["progress"] == part["progress"]


def test_the_votes_that_are_most_probably_wrong_come_first(ask: Any) -> None:
    answer, dataset, truth = ask
    table = answer("annotators")
    wrong = table["wrong"][table["name"].index("eve")]
    asked = {"by": "votes", "above": 0.5, "label": None}
    ranking = answer("ranking", annotator="eve", offset=0, limit=999, **asked)
    assert ranking["total"] == wrong
    assert ranking["values"] == sorted(ranking["values"], reverse=True)
    queue = answer("queue", annotator="eve", cell=None, skip=[], limit=200, **asked)
    assert queue["rows"] == ranking["rows"][:200]
    said = dict(zip(*dataset.values(["id", "eve.label"]), strict=True))
    true = dict(zip(dataset.values("id"), truth.tolist(), strict=True))
    share = np.mean([said[i] != CLASSES[true[i]] for i in ranking["ids"]])
    assert share > 0.8
    votes = answer("samples", rows=ranking["rows"][:1], size=64)["samples"][0]["votes"]
    hers = next(vote for vote in votes if vote["annotator"] == "eve")
    assert CLASSES[hers["label"]] == said[ranking["ids"][0]]
    # Without a person it is the worst vote of anybody on a sample.
    assert answer("ranking", offset=0, limit=999, **asked)["total"] >= wrong


def test_one_confusion_is_a_filter_too(ask: Any) -> None:
    answer, _, _ = ask
    found = answer("annotator", of="eve")
    pair = {"meant": found["meant"][1], "said": found["said"][1]}
    ranking = answer(
        "ranking", by="votes", above=None, label=None, offset=0, limit=9, annotator="eve", **pair
    )
    assert ranking["total"] == ranking["open"] == found["open"][1] > 0
    assert set(ranking["predictions"]) == {pair["meant"]}


@pytest.mark.parametrize(
    ("filtered", "message"),
    [
        ({"annotator": "nobody"}, "nobody called 'nobody'"),
        ({"annotator": "eve", "said": 3}, "said must be a class index below 3, got 3"),
        ({"annotator": "eve", "meant": -1}, "meant must be a class index"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(
    ask: Any, filtered: dict[str, Any], message: str
) -> None:
    reply = overview(ask[0], **filtered)
    assert reply["error"]["kind"] == "input"
    assert message in reply["error"]["message"]


def test_without_votes_there_is_nobody(first: Any, operator: Any, context: Any) -> None:
    dataset = first[0].clone()
    operator("find_label_errors")(dataset, "gt", **OPTIONS)
    asked = {"run": "deconfuse", "iteration": 1}
    ctx = context(dataset, "label_errors", __method__="annotators", request=asked)
    assert operator("label_errors").execute(ctx)["name"] == []
    ctx = context(dataset, "label_errors", __method__="annotator", request={**asked, "of": "eve"})
    assert "keeps no votes" in operator("label_errors").execute(ctx)["error"]["message"]
    dataset.delete()


@pytest.fixture(scope="module")
def ask_objects(operator: Any, asking: Any) -> Any:
    """Ask the panel about a run on boxes that three people drew; the dataset."""
    dataset, _, _ = drawn_boxes("annotators-of-boxes")
    twice = dataset.match(F("gt.detections").length() > 0).first()
    twice.gt.detections.append(
        fo.Detection(label="ant", bounding_box=twice.gt.detections[0].bounding_box)
    )
    twice["cid"] = None  # she did not look at this one
    twice.save()
    operator("find_label_errors")(dataset, "gt", vote_fields=list(DRAWERS))

    yield asking(dataset), dataset
    dataset.delete()


def test_annotators_of_boxes_have_confusions_with_nothing(ask_objects: Any) -> None:
    answer, dataset = ask_objects
    table = answer("annotators")
    assert set(table["name"]) == {*DRAWERS, "gt (the label)"}
    cid = table["name"].index("cid")
    assert table["wrong"][cid] > 3 * table["wrong"][table["name"].index("ann")]
    found = answer("annotator", of="cid")
    pairs = {
        (m, s): v for m, s, v in zip(*(found[n] for n in ("meant", "said", "votes")), strict=True)
    }
    nothing = 3
    assert sum(v for (m, s), v in pairs.items() if m < nothing and s == nothing) > 10
    drawn = sum(v for (_, s), v in pairs.items() if s < nothing)
    # A box that is surely nothing is no item, and its vote is not listed.
    assert 0.95 * dataset.count("cid.detections") < drawn <= dataset.count("cid.detections")


def test_boxes_are_filtered_by_who_drew_them(ask_objects: Any) -> None:
    answer, _ = ask_objects
    missed = {"annotator": "cid", "meant": None, "said": 3}
    whole, part = overview(answer), overview(answer, **missed)
    assert 0 < part["progress"]["samples"] < whole["progress"]["samples"]
    assert part["progress"]["open"] == part["progress"]["samples"]
    assert sum(part["rows"]["errors"]) < sum(whole["rows"]["errors"])
    queue = answer("queue", **missed, cell=None, skip=[], limit=200, by="votes", above=0.5)
    assert len(queue["rows"]) > 10
    info = answer("objects", rows=queue["rows"][:1], size=64)["objects"][0]
    assert {"annotator": "cid", "label": 3} in info["votes"]
    shown = answer("show_in_grid", **missed, label=None, prediction=None)
    assert 0 < shown["samples"] <= part["progress"]["open"]


def test_duplicates_are_filtered_by_who_voted_on_one_of_them(ask_objects: Any) -> None:
    answer, _ = ask_objects
    page = {"kind": None, "threshold": None, "scope": None, "offset": 0, "limit": 9, "edge": 0}
    found = {who: answer("duplicates", **page, annotator=who) for who in (None, "ann", "cid")}
    assert [found[who]["totals"]["groups"] for who in found] == [1, 1, 0]
    assert found["ann"]["groups"] == found[None]["groups"]
    assert [found["cid"][name] for name in ("matching", "groups")] == [0, []]
    assert found["cid"]["totals"]["pairs"] == 0


def test_one_more_look_at_an_image_helps_most_where_its_objects_are_disputed(
    ask_objects: Any, operator: Any
) -> None:
    _, dataset = ask_objects
    asked = operator("request_votes")(dataset, n=10)
    assert len(asked["sample_ids"]) == len(asked["gain"]) == len(asked["label_ids"]) == 10
    assert asked["gain"] == sorted(asked["gain"], reverse=True)
    assert asked["expected"] == pytest.approx(sum(asked["gain"]), abs=0.01)

    def disputed(sample: Any) -> int:
        drawn = [sample[name].detections for name in DRAWERS if sample[name] is not None]
        counts, labels = [len(d) for d in drawn], [{box.label for box in d} for d in drawn]
        return max(counts) - min(counts) + sum(a != labels[0] for a in labels)

    each = operator("request_votes")(dataset, n=80)
    found = [disputed(sample) for sample in dataset.select(each["sample_ids"], ordered=True)]
    assert np.average(found, weights=each["gain"]) > 1.15 * np.mean(found)
    # What was decided needs no more votes.
    ids = asked["label_ids"][0]
    own = [i for i in ids if i in set(dataset.values("gt.detections.id", unwind=True))]
    operator("resolve")(dataset, "confirm", label_ids=own)
    again = operator("request_votes")(dataset, n=80)
    before = dict(zip(asked["sample_ids"], asked["gain"], strict=True))
    after = dict(zip(again["sample_ids"], again["gain"], strict=True))
    assert after.get(asked["sample_ids"][0], 0.0) < before[asked["sample_ids"][0]]
    operator("undo")(dataset)


def test_all_that_somebody_voted_on_is_shown_in_the_grid(ask: Any) -> None:
    answer, dataset, _ = ask
    shown = answer("show_in_grid", annotator="eve", label=None, prediction=None)
    assert shown["samples"] == len(dataset.exists("eve"))
    refused = answer("show_in_grid", label=None, prediction=None)
    assert "by label and prediction, or an annotator" in refused["error"]["message"]
