"""``request_second_opinion`` on tags: does each apply? Judged blind, compared, settled, undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from plugin.decisions.undo import undo
from plugin.object_opinions.answers import open_object_opinion, settle_object
from plugin.objects.fields import NOTHING
from plugin.objects.resolve import resolve
from plugin.store.runs import Run, load_run
from plugin.store.samples import samples_of
from tests.tagged_digits import CLASSES, tagged_dataset
from tests.traces import database_of

pytestmark = pytest.mark.slow

NO = ""


@pytest.fixture
def run(dataset_name: str, tmp_path: Path, operator: Any) -> Iterator[Run]:
    dataset, _ = tagged_dataset(dataset_name, tmp_path)
    find = operator("find_label_errors")
    find(dataset, "gt", source="predictions", prediction_fields=["scores"])
    dataset.reload()
    yield load_run(dataset, "deconfuse")
    dataset.delete()


@pytest.fixture
def ask(operator: Any, run: Run) -> Any:
    call = operator("request_second_opinion")
    return lambda *args, **given: call(run.dataset, *args, **given)


def listed(run: Run, field: str, n: int) -> dict[str, str]:
    """The first tag, or missing tag, of some images: its name by its id."""
    found: dict[str, str] = {}
    for document in samples_of(run.dataset).find({f"{field}.classifications.0": {"$exists": True}}):
        one = document[field]["classifications"][0]
        found[str(one["_id"])] = one["label"]
    return dict(list(found.items())[:n])


def stored(run: Run) -> list[Any]:
    found = samples_of(run.dataset).find({}).sort("_id", 1)
    return [{k: v for k, v in d.items() if k != "last_modified_at"} for d in found]


def test_a_part_of_somebodys_decisions_is_judged_and_compared(run: Run, ask: Any) -> None:
    tags, missing = listed(run, "gt", 4), listed(run, "deconfuse_missing", 2)
    a, b, c, d = tags
    one, other = missing
    resolve(run, "confirm", [a, b], author="ada")
    resolve(run, "remove", [c], author="ada")
    resolve(run, "add", [one], author="ada")
    resolve(run, "confirm", [other], author="ada")
    before = stored(run)
    asked = ask("bob", decisions_of="ada")
    assert set(asked["waiting"]) == {a, b, c, one, other}
    assert ask("bob", label_ids=[*tags])["left_out"] == {"put to bob before": 3}
    assert ask("ada", label_ids=[a, d])["left_out"] == {"decided on by ada": 1}
    # Of six that apply or not, bob sees another on two: what was removed, and what was added.
    answers = {a: tags[a], b: tags[b], c: tags[c], one: NOTHING, other: NOTHING}
    found = ask(request=asked["request"], answers=answers)
    assert (found["agreed"], found["waiting"]) == (3, [])
    # po = 3/5; each says of three that they apply: pe = 9/25 + 4/25
    assert found["kappa"] == pytest.approx((3 / 5 - 13 / 25) / (1 - 13 / 25))
    differ = {d["label_id"]: (d["first"], d["second"], d["now"]) for d in found["disagreements"]}
    assert differ == {
        c: (NOTHING, tags[c], NOTHING),
        one: (missing[one], NOTHING, missing[one]),
    }
    assert stored(run) == before, "an answer changes no tag"


def test_settling_is_a_decision_that_undo_takes_back(run: Run, ask: Any) -> None:
    tags, missing = listed(run, "gt", 4), listed(run, "deconfuse_missing", 4)
    names = tags | missing
    # What ada did, what is right, and the decision that makes it so.
    cases = (
        (next(iter(tags)), "confirm", False, "remove"),
        (list(tags)[1], "remove", True, "add"),
        (list(tags)[2], "remove", False, "remove"),
        (next(iter(missing)), "add", False, "remove"),
        (list(missing)[1], "add", True, "confirm"),
        (list(missing)[2], "confirm", True, "add"),
        (list(missing)[3], "confirm", False, "confirm"),
    )
    for number, (item, done, right, action) in enumerate(cases):
        resolve(run, done, [item], author="ada")
        ask(f"bob {number}", label_ids=[item])
        there = done == "add" or (done == "confirm" and item in tags)
        ask(answers={item: NOTHING if there else names[item]})
        held = stored(run)
        opinion = open_object_opinion(run)
        made = settle_object(opinion, 0, names[item] if right else NO, author="eve")
        assert (made.action, made.applied, made.conflicts) == (action, 1, ()), number
        now = open_object_opinion(run)
        assert now.labels[now.items[0].unit_id] == (names[item] if right else NO), number
        assert ask()["disagreements"][0]["settled"]
        undo(run)
        assert stored(run) == held, number


def test_only_whether_it_applies_can_be_answered(run: Run, ask: Any) -> None:
    tags = listed(run, "gt", 2)
    item, other = tags
    with pytest.raises(Exception, match=r"sample_ids: .* is on tags. Give label_ids"):
        ask("bob", sample_ids=run.dataset.values("id")[:1])
    asked = ask("bob", label_ids=[item, other])
    before = database_of(run.dataset)
    for answer in ("elephant", ""):
        with pytest.raises(Exception, match=f"the answer on tag {item} must be"):
            ask(answers={other: None, item: answer})
    assert database_of(run.dataset) == before
    found = ask(answers={item: None, other: tags[other]})
    assert (found["unclear"], found["agreed"], found["request"]) == (1, 1, asked["request"])


def test_what_was_removed_is_asked_about_by_the_name_that_it_had_last(run: Run, ask: Any) -> None:
    (tag,) = listed(run, "gt", 1)
    document = samples_of(run.dataset).find_one({"gt.classifications._id": ObjectId(tag)})
    there = {one["label"] for one in document["gt"]["classifications"]}
    likely = {one["label"] for one in document["deconfuse_missing"]["classifications"]}
    name = next(c for c in CLASSES if c not in there | likely)
    resolve(run, "relabel", [tag], label=name, author="ada")
    resolve(run, "remove", [tag], author="ada")
    ask("bob", label_ids=[tag])
    (item,) = open_object_opinion(run).items
    assert (item.tag, item.first) == (name, NO)


def test_a_tag_that_cannot_be_asked_about_is_left_out_and_said(run: Run, ask: Any) -> None:
    renamed, deleted, fine, _ = listed(run, "gt", 4)
    path = "gt.classifications"
    samples, which = samples_of(run.dataset), {f"{path}._id": ObjectId(renamed)}
    samples.update_one(which, {"$set": {f"{path}.$.label": "elephant"}})
    samples.update_many({}, {"$pull": {path: {"_id": ObjectId(deleted)}}})
    asked = ask("bob", label_ids=[renamed, deleted, fine])
    assert asked["waiting"] == [fine]
    assert asked["left_out"] == {
        "of a tag that the iteration does not know": 1,
        "not in the dataset": 1,
    }


def test_the_panel_asks_blind_and_settles(run: Run, context: Any, operator: Any) -> None:
    def call(name: str, **request: Any) -> Any:
        request = {"run": "deconfuse", "iteration": 1, **request}
        ctx = context(run.dataset, "label_errors", __method__=name, request=request)
        return operator("label_errors").execute(ctx)

    tag = next(iter(listed(run, "gt", 1)))
    resolve(run, "confirm", [tag], author="ada")
    reply = call("opinion_ask", to="bob", decisions_of="ada")
    assert (reply["people"], reply["decided"]) == (["ada", "bob"], [1, 0])
    opinion = reply["opinions"][0]["id"]
    asked = call("opinion_items", opinion=opinion, skip=[], limit=8, size=128)
    (item,) = asked["items"]
    assert (item["problem"], len(item["classes"])) == ("", 1)
    assert item["image"]
    assert set(item) == {"place", "classes", "image", "width", "height", "problem"}
    assert "error" in call("opinion_outlines", opinion=opinion, skip=[], limit=8, size=128)
    assert call("opinion_answer", opinion=opinion, place=0, nothing=True)["waiting"] == 0
    (one,) = call("disagreements", opinion=opinion, offset=0, limit=8, size=128)["disagreements"]
    assert (one["second"], one["now"]) == ("", one["first"])
    done = call("settle", opinion=opinion, place=0, label="", expected=one["first"])
    assert (done["action"], done["applied"]) == ("remove", 1)
